#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Installs the Debian packages that building and testing requires, on Debian 12 or 13.
# Root is required only if a package is missing. The script that makes the root file
# system of the guests downloads their arm64 programs.
#
#	deps.sh             for every command
#	deps.sh deb         and for packages from Debian's configurations
#	deps.sh debian      and for Debian guests
#	deps.sh --list [deb | debian]   only prints their names
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# One package a line, with its purpose.
packages() {
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' <<-LIST
	linux-source-6.12        # the base that is overlaid
	xz-utils                 # unpacks it
	gcc                      # host programs of the kernel build, host simulator
	libc6-dev                # the same
	make                     # every build
	gcc-aarch64-linux-gnu    # compiles the kernel and guest programs
	libc6-dev-arm64-cross    # guest programs
	binutils-aarch64-linux-gnu # link map check
	gcc-arm-linux-gnueabihf  # one driver of 32-bit Arm, in the matrix of configurations
	ccache                   # shortens rebuilds
	flex                     # kernel configuration parser
	bison                    # the same
	bc                       # kernel time constants
	libssl-dev               # kernel host programs that sign and hash
	openssl                  # makes the keys of the kernel build
	sbsigntool               # signs kernels for the guests
	bsdextrautils            # hexdump, for EFI zboot kernels
	libelf-dev               # objtool, for the x86-64 check
	perl                     # checkpatch, kernel-doc
	python3                  # test runner, kernel-doc helpers
	git                      # applies hooks, makes the patch series
	cpio                     # initramfs images
	gzip                     # the same
	lz4                      # packs kernels for the guests
	lzop                     # the same
	zstd                     # the same
	sparse                   # make check
	python3-sphinx           # the same: the documents
	python3-yaml             # the same: sources of the kernel's documents
	shellcheck               # make check
	device-tree-compiler     # device trees of unusual guests
	clang                    # fuzz targets
	libclang-rt-dev          # the same: libFuzzer, sanitizers
	zlib1g-dev               # the same: unpacks what the kernel's zlib has unpacked
	libfdt-dev               # host simulator: reads the trees that the kernel code writes
	qemu-system-arm          # the guests
	qemu-efi-aarch64         # UEFI for them
	swtpm                    # TPM for the guests
	kmod                     # order of modules of Debian's kernels
	mmdebstrap               # root file system of arm64 packages
	qemu-user-static         # runs their maintainer scripts, makedumpfile and crash
	python3-drgn             # reads dumps
	e2fsprogs                # swap and data disks of the guests
	debhelper                # make deb, and its test
	rsync                    # the same
	busybox-static           # the same: runs the scripts of the package
	LIST
	# make check: devicetree bindings. Debian 13 has no such package.
	[ "$release" != 12 ] || echo dt-schema
	case $1 in
	deb)
		echo dwarves     # type information of the kernel (BTF)
		;;
	debian)
		echo dosfstools  # EFI system partition
		echo mtools      # the same
		echo fdisk       # partition table
		echo arch-test   # mmdebstrap: whether arm64 programs run
		;;
	esac
}

missing() {
	local p
	while read -r p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] ||
			printf '%s\n' "$p"
	done < <(packages "$for")
}

list_only=
[ "${1:-}" != --list ] || {
	list_only=1
	shift
}
for=${1:-all}
need_release
[ -z "$list_only" ] || {
	packages "$for"
	exit
}
mapfile -t wanted < <(missing)
if [ "${#wanted[@]}" -eq 0 ]; then
	say "all $(packages "$for" | wc -l) packages are there"
	exit 0
fi

say "installing: ${wanted[*]}"
[ "$(id -u)" = 0 ] || die "not root: run 'apt-get install ${wanted[*]}' as root"
export DEBIAN_FRONTEND=noninteractive
# The package lists may be missing or old.
apt-get -q update || die "apt-get update: no package lists (network, /etc/apt)"
apt-get -q install -y --no-install-recommends "${wanted[@]}" ||
	die "apt-get install: not installed: ${wanted[*]} (network, disk space)"
mapfile -t wanted < <(missing)
[ "${#wanted[@]}" -eq 0 ] || die "still missing: ${wanted[*]}"
