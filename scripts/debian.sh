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

"$top/scripts/deps.sh" debian
need_qemu
"$top/scripts/prepare.sh"
"$top/scripts/deb.sh" small
mkdir -p "$disks"
used=()
status=0
for suite in bookworm trixie; do
	case " $* " in
	'  ' | *" $suite-"*)
		disk=$("$top/scripts/debian-guest.sh" "$suite" | tail -n 1)
		ln -sfn "$disk" "$disks/$suite.img"
		used+=("$disks/$suite.img")
		;;
	esac
done
need_space "$build" 10000 'Debian machines'
"$selftests/debian/units_test.sh" "$build/deb/small" "${used[@]}" || status=1
"$selftests/debian/debian.py" --disks "$disks" --packages "$build/deb/small" \
	--work "$build/debian" --logs "$log_dir/debian" "$@" || status=1
exit "$status"
