#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Tests the small package: it has every file of a Debian kernel package, shares none with
# another kernel, and dpkg installs and removes it in an empty root, with the calls of the
# hooks that initramfs-tools, kdump-tools and boot loaders install.
#
#	package_test.sh FOLDER      with the packages by scripts/deb.sh
set -uo pipefail
# shellcheck source=../../../../../scripts/lib.sh
. "$(dirname "$0")/../../../../../scripts/lib.sh"

folder=${1:?folder of the packages}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root

image=$(find "$folder" -name 'linux-image-*.deb' ! -name '*-dbg_*')
debug=$(find "$folder" -name 'linux-image-*-dbg_*.deb')
name=$(dpkg-deb -f "$image" Package)
release=${name#linux-image-}

wrong_packages() {
	if [ ! -f "$image" ] || [ ! -f "$debug" ]; then
		ls "$folder"
	fi
}

missing_files() {
	local file
	dpkg-deb --fsys-tarfile "$image" | tar -t | sed 's|^\./||' >"$work/files"
	for file in boot/{vmlinuz,config,System.map}-"$release" \
		lib/modules/"$release"/modules.{dep,builtin,order} \
		lib/modules/"$release"/kernel/fs/ext4/ext4.ko \
		lib/modules/"$release"/kernel/drivers/net/virtio_net.ko; do
		grep -qxF "$file" "$work/files" || echo "missing: $file"
	done
}

# Files without the version in their path; folders are shared.
foreign_files() {
	grep -v '/$' "$work/files" | grep -vF "$release"
}

wrong_config() {
	local option
	for option in KEXEC KEXEC_FILE CRASH_DUMP CRASH_HOTPLUG CGROUPS; do
		grep -qx "CONFIG_$option=y" "$root/boot/config-$release" || echo "not set: $option"
	done
}

# UEFI requires a PE header, the arm64 boot protocol the magic number.
wrong_image() {
	local file=$root/boot/vmlinuz-$release
	[ "$(head -c 2 "$file")" = MZ ] || echo "no PE header"
	[ "$(dd if="$file" bs=1 skip=56 count=4 status=none)" = ARMd ] || echo "no Image magic"
}

# Kernel and debug symbols have the same build ID.
wrong_symbols() {
	local vmlinux=$work/debug/usr/lib/debug/lib/modules/$release/vmlinux id
	dpkg-deb -x "$debug" "$work/debug"
	id=$(aarch64-linux-gnu-readelf -n "$vmlinux" 2>/dev/null | sed -n 's/.*Build ID: //p')
	[ ${#id} -eq 40 ] || echo "build ID of vmlinux: ${id:-none}"
	python3 - "$id" "$root/boot/vmlinuz-$release" <<-'CODE'
	import pathlib, sys
	if bytes.fromhex(sys.argv[1]) not in pathlib.Path(sys.argv[2]).read_bytes():
	    print("build ID of vmlinux: not in vmlinuz")
	CODE
	aarch64-linux-gnu-readelf -SW "$vmlinux" | grep -q ' \.debug_info ' ||
		echo "vmlinux: no debug information"
}

# A static busybox runs the scripts of the package in the new root. The hooks record
# their arguments.
make_root() {
	local program hook
	mkdir -p "$root"/{bin,etc,tmp,var/lib/dpkg/{info,updates,triggers}}
	: >"$root/var/lib/dpkg/status"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for program in sh run-parts; do
		ln -s busybox "$root/bin/$program"
	done
	for hook in preinst postinst prerm postrm; do
		mkdir -p "$root/etc/kernel/$hook.d"
		cat >"$root/etc/kernel/$hook.d/zz-test" <<-HOOK
		#!/bin/sh
		echo "$hook \$1 \$2 INITRD=\$INITRD" >>/tmp/calls
		HOOK
		chmod 755 "$root/etc/kernel/$hook.d/zz-test"
	done
}

# dpkg_there OPTION...: a chroot needs root, or a user namespace.
dpkg_there() {
	local -a as_root=()
	[ "$(id -u)" = 0 ] || as_root=(unshare --map-root-user)
	"${as_root[@]}" dpkg --root="$root" --force-architecture --force-not-root "$@" \
		>"$work/dpkg" 2>&1 || cat "$work/dpkg"
}

# Each hook was called once, with the version and the path of the kernel.
wrong_calls() {
	local hook
	for hook in "$@"; do
		grep -cxF "$hook $release /boot/vmlinuz-$release INITRD=Yes" "$root/tmp/calls" |
			grep -qx 1 || echo "$hook: not called as it should be"
	done
}

# The package of the units: what it has at which place.
wrong_ready() {
	local deb file
	deb=$(find "$folder" -name 'kexec-ready_*_all.deb')
	[ -f "$deb" ] || {
		echo "no package kexec-ready"
		return
	}
	dpkg-deb -x "$deb" "$work/ready"
	[ -x "$work/ready/usr/lib/kexec-ready/kexec-ready" ] || echo "missing: kexec-ready"
	for file in kexec-reboot.service systemd-kexec.service.d/kexec-ready.conf; do
		[ -f "$work/ready/usr/lib/systemd/system/$file" ] || echo "missing: $file"
	done
}

left_files() {
	find "$root/boot" "$root/lib" "$root/usr" -name "*$release*" 2>/dev/null
}

tap_start
ok 'one package of the kernel, one of its symbols' "$(wrong_packages)"
ok "$name has every file" "$(missing_files)"
ok "$name has no file of another kernel" \
	"$(foreign_files | grep -v "^usr/share/doc/$name/")"
ok 'the package of the units has every file' "$(wrong_ready)"
make_root
ok "$name installs" "$(dpkg_there -i "$image")"
ok 'the hooks of the installation are called' "$(wrong_calls preinst postinst)"
ok 'the configuration is the right one' "$(wrong_config)"
ok 'the kernel is for UEFI and for kexec' "$(wrong_image)"
ok 'the symbols belong to the kernel' "$(wrong_symbols)"
ok "$name is removed" "$(dpkg_there -P "$name")"
ok 'the hooks of the removal are called' "$(wrong_calls prerm)"
ok 'no file is left' "$(left_files)"
tap_end
