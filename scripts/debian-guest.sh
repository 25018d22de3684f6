#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the disk of a Debian machine for QEMU: systemd, kexec-tools, kdump-tools,
# initramfs-tools and Debian's cloud kernel on ext4, and an EFI system partition with
# systemd-boot (Debian 13) or GRUB (Debian 12).
#
#	debian-guest.sh bookworm | trixie
#
# Maintainer scripts run in qemu-user by binfmt_misc, which takes some minutes. The
# disk is cached by the hash of its recipe; remove it there to get newer packages.
# Its path is the last line of the output.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

making=
[ "${1:-}" != --make ] || {
	making=1
	shift
}
suite=${1:-}
root_mb=3072
esp_mb=256
cache=${XDG_CACHE_HOME:-$HOME/.cache}/arm64-kexec/debian
packages=systemd-sysv,udev,dbus,kmod,file,procps,iproute2,busybox,zstd,e2fsprogs
packages+=,initramfs-tools,kexec-tools,kdump-tools,makedumpfile,linux-image-cloud-arm64
cmdline='root=LABEL=root rw console=ttyAMA0'

case $suite in
trixie) loader=systemd-boot packages+=,systemd-boot ;;
bookworm) loader=grub packages+=,grub-efi-arm64-bin,grub2-common ;;
*) die "usage: debian-guest.sh bookworm | trixie" ;;
esac
work=$build/debian/$suite
tree=$work/tree
log=$log_dir/debian-$suite.log

# Register qemu-user for arm64 programs with the kernel of the host.
need_binfmt() {
	local dir=/proc/sys/fs/binfmt_misc conf=/usr/lib/binfmt.d/qemu-aarch64.conf
	[ -e $dir/register ] || mount -t binfmt_misc binfmt_misc $dir 2>/dev/null ||
		die "binfmt_misc: cannot be mounted (CONFIG_BINFMT_MISC, container)"
	[ -e $dir/qemu-aarch64 ] || {
		[ -r $conf ] || die "$conf is missing: install qemu-user-static"
		cat $conf >$dir/register
	}
}

in_tree() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C chroot "$tree" "$@"
}

# INITRD=No: customize() makes the initrd, once.
bootstrap() {
	rm -rf --one-file-system "$tree"
	INITRD=No mmdebstrap --quiet --arch=arm64 --variant=minbase --mode=root \
		--aptopt='Apt::Install-Recommends "false"' \
		--include="$packages" "$suite" "$tree"
}

# The serial line has a root shell, timers of apt are off.
customize() {
	local getty=$tree/etc/systemd/system/serial-getty@ttyAMA0.service.d
	mkdir -p "$getty" "$tree/boot/efi"
	cat >"$getty/autologin.conf" <<-'CONF'
	[Service]
	ExecStart=
	ExecStart=-/sbin/agetty --autologin root --noclear --keep-baud 115200 - dumb
	CONF
	cat >"$tree/etc/fstab" <<-'CONF'
	LABEL=root / ext4 errors=remount-ro 0 1
	LABEL=ESP /boot/efi vfat umask=0077,x-systemd.device-timeout=10min 0 1
	CONF
	echo debian >"$tree/etc/hostname"
	echo "$cmdline" >"$tree/etc/kernel/cmdline"
	rm -f "$tree"/etc/systemd/system/timers.target.wants/apt-daily*.timer
	in_tree passwd -d root
	in_tree update-initramfs -c -k "$release"
}

# Write the EFI system partition as an installer does.
esp_systemd_boot() {
	local id dir boot=$tree/usr/lib/systemd/boot/efi/systemd-bootaa64.efi
	in_tree systemd-machine-id-setup
	id=$(cat "$tree/etc/machine-id")
	dir=$work/esp/$id/$release
	[ -e "$boot" ] || boot=$boot.signed
	mkdir -p "$work"/esp/{EFI/BOOT,EFI/systemd,loader/entries} "$dir"
	cp "$boot" "$work/esp/EFI/BOOT/BOOTAA64.EFI"
	cp "$boot" "$work/esp/EFI/systemd/systemd-bootaa64.efi"
	echo 'timeout 0' >"$work/esp/loader/loader.conf"
	echo type1 >"$work/esp/loader/entries.srel"
	cp "$tree/boot/vmlinuz-$release" "$dir/linux"
	cp "$tree/boot/initrd.img-$release" "$dir/initrd.img-$release"
	cat >"$work/esp/loader/entries/$id-$release.conf" <<-CONF
	title Debian
	version $release
	machine-id $id
	sort-key debian
	options $cmdline systemd.machine_id=$id
	linux /$id/$release/linux
	initrd /$id/$release/initrd.img-$release
	CONF
}

esp_grub() {
	mkdir -p "$work/esp/EFI/BOOT" "$work/esp/EFI/debian" "$tree/boot/grub"
	cp "$tree/usr/lib/grub/arm64-efi/monolithic/grubaa64.efi" "$work/esp/EFI/BOOT/BOOTAA64.EFI"
	cat >"$work/esp/EFI/debian/grub.cfg" <<-'CONF'
	search --label root --set=root
	set prefix=($root)/boot/grub
	configfile $prefix/grub.cfg
	CONF
	cat >"$tree/boot/grub/grub.cfg" <<-CONF
	linux /boot/vmlinuz-$release $cmdline
	initrd /boot/initrd.img-$release
	boot
	CONF
	cat >"$tree/etc/default/grub" <<-CONF
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=0
	GRUB_TERMINAL=console
	GRUB_CMDLINE_LINUX_DEFAULT=
	GRUB_CMDLINE_LINUX="console=ttyAMA0"
	CONF
}

# Join the two file systems to a disk with a GPT.
assemble() {
	local esp=$work/esp.img root=$work/root.img disk=$work/disk.img
	rm -f "$esp" "$root" "$disk"
	truncate -s "${esp_mb}M" "$esp"
	mkfs.vfat -F 32 -n ESP "$esp"
	mcopy -s -i "$esp" "$work"/esp/* ::
	truncate -s "${root_mb}M" "$root"
	mkfs.ext4 -q -L root -d "$tree" "$root"
	truncate -s "$((esp_mb + root_mb + 2))M" "$disk"
	sfdisk -q "$disk" <<-TABLE
	label: gpt
	start=1MiB, size=${esp_mb}MiB, type=uefi
	size=${root_mb}MiB, type=linux
	TABLE
	dd if="$esp" of="$disk" bs=1M seek=1 conv=notrunc,sparse status=none
	dd if="$root" of="$disk" bs=1M seek=$((1 + esp_mb)) conv=notrunc,sparse status=none
	rm -f "$esp" "$root"
}

# The text whose hash names the disk: all of its input but the versions of packages.
recipe() {
	echo "$suite $packages $cmdline $esp_mb $root_mb"
	declare -f bootstrap customize "esp_${loader//-/_}" assemble
}

# A separate process, because set -e has no effect in a function left of ||.
if [ -n "$making" ]; then
	bootstrap
	release=$(basename "$tree"/boot/vmlinuz-* | cut -d- -f2-)
	rm -rf "$work/esp"
	customize
	"esp_${loader//-/_}"
	assemble
	exit
fi

[ "$(id -u)" = 0 ] || die "not root: binfmt_misc and a chroot need it"
key=$(recipe | sha256sum | cut -c1-12)
disk=$cache/$suite-$key.img
mkdir -p "$cache" "$work" "$log_dir"
exec 9>"$work/lock"
flock 9
if [ ! -s "$disk" ]; then
	need_space "$work" 8000 "$suite"
	need_space "$cache" 4000 "$suite"
	need_binfmt
	say "$suite: makes a disk of Debian packages, some 15 minutes (${log#"$top"/})" >&2
	"$0" --make "$suite" >"$log" 2>&1 9>&- || {
		tail -n 10 "$log" >&2
		die "$suite: no disk (network? see ${log#"$top"/})"
	}
	rm -f "$cache/$suite"-*.img
	cp --sparse=always "$work/disk.img" "$disk.new"
	mv "$disk.new" "$disk"
	rm -rf --one-file-system "$work/tree" "$work/esp" "$work/disk.img"
fi
echo "$disk"
