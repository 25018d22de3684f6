#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests the package kexec-ready with the systemd of Debian guests: it installs, systemd accepts
# its units, and it is removed without a trace. The programs of the disk run in qemu-user, on a
# copy that is in memory.
#
#	units_test.sh PACKAGES DISK...     see scripts/debian.sh
#
# A DISK may be a folder with the files of packages that are not configured.
set -uo pipefail
# shellcheck source=../../../../../scripts/lib.sh
. "$(dirname "$0")/../../../../../scripts/lib.sh"

# Of the root file system, see scripts/debian-guest.sh
offset=$(((1 + 256) << 20))
units='kexec-reboot.service systemd-kexec.service'

# The file systems are mounted in a mount namespace, which ends with the script.
[ -n "${UNITS_TEST:-}" ] || UNITS_TEST=1 exec unshare --mount "$0" "$@"

work=$(mktemp -d)
trap 'umount -R "$work"/* 2>/dev/null; rm -rf --one-file-system "$work"' EXIT
package=$(find "$1" -name 'kexec-ready_*_all.deb')
shift

# complete FOLDER: links and folders that no package has.
complete() {
	local name
	mkdir -p "$1/run" "$1/tmp"
	for name in bin sbin lib; do
		[ -e "$1/$name" ] || ln -s "usr/$name" "$1/$name"
	done
}

# open_disk DISK: its files and a tmpfs for changes at $root.
open_disk() {
	local top
	top=$work/$(basename "$1" .img)
	mkdir -p "$top"
	mount -t tmpfs none "$top"
	root=$top/root
	mkdir "$top"/{disk,upper,work,root}
	if [ -d "$1" ]; then
		mount --bind "$1" "$top/disk"
	else
		mount -o ro,loop,noload,offset=$offset "$(readlink -f "$1")" "$top/disk"
	fi &&
		mount -t overlay none "$root" \
			-o "lowerdir=$top/disk,upperdir=$top/upper,workdir=$top/work" &&
		complete "$root" && cp "$package" "$root/tmp/kexec-ready.deb"
}

there() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C chroot "$root" "$@" 2>&1
}

# quiet COMMAND...: its output if it fails.
quiet() {
	local said
	said=$("$@") || echo "${said:-$1 failed}"
}

# systemd only warns of a name that it does not know.
verify() {
	# shellcheck disable=SC2086 # a list of names
	there systemd-analyze --man=no verify $units
}

wrong_unit() {
	echo 'NoSuchName=1' >>"$root/usr/lib/systemd/system/kexec-reboot.service"
	grep -q NoSuchName <<<"$(verify)" || echo 'a name that systemd does not know'
}

left_files() {
	find "$root/usr/lib" -path '*kexec-re*'
}

tap_start
for disk in "$@"; do
	name=$(basename "$disk" .img)
	ok "$name: the disk" "$(quiet open_disk "$disk")"
	root=$work/$name/root
	ok "$name: kexec-ready installs" "$(quiet there dpkg -i /tmp/kexec-ready.deb)"
	ok "$name: systemd accepts its units" "$(verify)"
	ok "$name: a wrong unit is found" "$(wrong_unit)"
	ok "$name: kexec-ready is removed" "$(quiet there dpkg -P kexec-ready)$(left_files)"
done
tap_end
