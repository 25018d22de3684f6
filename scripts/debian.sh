#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs the commands of Documentation/arch/arm64/kexec/debian.rst in Debian guests, after
# building the small package and the disks of the guests if they are missing. The units of
# kexec-ready are checked before, which takes a few seconds.
#
#	debian.sh [MACHINE...]      see debian/debian.py for their names
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

selftests=$top/tools/testing/selftests/kexec-arm64
disks=$build/debian/disks
extra=$build/debian/extra

# systemd of Debian 14, in packages that are not configured; prints the folder.
newer_systemd() {
	local suite=forky tree=$build/debian/systemd-forky log=$log_dir/debian-systemd.log
	[ -e "$tree/done" ] || {
		rm -rf --one-file-system "$tree"
		mmdebstrap --quiet --arch=arm64 --variant=extract \
			--aptopt='Acquire::Check-Valid-Until "false"' \
			--include=systemd,libseccomp2,libc-bin,dpkg,tar,dash,coreutils,diffutils \
			"$suite" "$tree" >"$log" 2>&1 || {
			tail -n 5 "$log" >&2
			log=${log#"$top"/}
			die "systemd: no packages of $suite can be fetched (network, $log)"
		}
		touch "$tree/done"
	}
	echo "$tree"
}

"$top/scripts/deps.sh" debian
need_qemu
"$top/scripts/prepare.sh"
"$top/scripts/deb.sh" small
mkdir -p "$disks" "$extra" "$log_dir"
used=()
status=0
for suite in bookworm trixie; do
	case " $* " in
	'  ' | *" $suite-"*)
		disk=$("$top/scripts/debian-guest.sh" "$suite" | tail -n 1)
		ln -sfn "$disk" "$disks/$suite.img"
		used+=("$disks/$suite.img")
		[ "$suite" != trixie ] ||
			"$top/scripts/debian-packages.sh" forky "$disk" "$extra/tools-$suite" \
				kexec-tools kdump-tools makedumpfile
		;;
	esac
done
if [ $# = 0 ]; then
	newer=$(newer_systemd)
	used+=("$newer")
fi
need_space "$build" 10000 'Debian machines'
"$selftests/debian/units_test.sh" "$build/deb/small" "${used[@]}" || status=1
"$selftests/debian/debian.py" --disks "$disks" --packages "$build/deb/small" \
	--extra "$extra" --work "$build/debian" --logs "$log_dir/debian" "$@" || status=1
exit "$status"
