#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the first root of every guest: real arm64 tools from Debian packages,
# only those that a case needs and the libraries they name, our /init and the
# guest programs of guest/.
#
# usage: rootfs.sh [BUILD]      (default: build/ of the project)
# result: BUILD/rootfs/initramfs.cpio.gz
#
# The packages are fetched once; a second run only rebuilds what is ours.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../../build}
packages=kexec-tools,makedumpfile,busybox-static
suite=bookworm
programs="sbin/kexec sbin/vmcore-dmesg usr/bin/makedumpfile bin/busybox"
libdirs="lib/aarch64-linux-gnu usr/lib/aarch64-linux-gnu lib usr/lib"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}

mkdir -p "$build/rootfs"
out=$(cd "$build/rootfs" && pwd -P)
tree=$out/debian root=$out/root

say() {
	echo "rootfs.sh: $*"
}

need() {
	command -v "$1" >/dev/null || {
		say "$1 is missing" >&2
		exit 1
	}
}

fetch() {
	[ "$(cat "$out/debian.stamp" 2>/dev/null)" != "$suite $packages" ] || return 0
	rm -rf "$tree" "$out/debian.stamp"
	say "fetching $packages for arm64"
	mmdebstrap --quiet --arch=arm64 --variant=extract \
		--include="$packages" "$suite" "$tree" 2>"$out/mmdebstrap.log" || {
		cat "$out/mmdebstrap.log" >&2
		exit 1
	}
	echo "$suite $packages" >"$out/debian.stamp"
}

# needed FILE: the shared libraries that its dynamic section names
needed() {
	"${cross}readelf" -d "$1" 2>/dev/null |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

find_lib() {
	for dir in $libdirs; do
		if [ -e "$tree/$dir/$1" ]; then
			echo "$tree/$dir/$1"
			return
		fi
	done
	say "no library $1 in the packages" >&2
	exit 1
}

# add_libs FILE: all that FILE is linked with, and what that is linked with
add_libs() {
	for lib in $(needed "$1"); do
		[ ! -e "$root/lib/$lib" ] || continue
		cp -L "$(find_lib "$lib")" "$root/lib/$lib"
		add_libs "$root/lib/$lib"
	done
}

add_debian() {
	for program in $programs; do
		cp -L "$tree/$program" "$root/bin/${program##*/}"
		add_libs "$root/bin/${program##*/}"
	done
	for name in sh mount umount; do
		ln -s busybox "$root/bin/$name"
	done
}

add_ours() {
	cp "$here/guest/init.sh" "$root/init"
	chmod 755 "$root/init"
	"${cross}gcc" -static -s -O2 -Wall -Wextra -o "$root/bin/facts" "$here/guest/facts.c"
	make -s -C "$here/guest" CC="${cross}gcc" OUT="$out/guest"
	for program in "$out/guest"/*; do
		[ ! -x "$program" ] || "${cross}strip" -o "$root/bin/${program##*/}" "$program"
	done
}

need mmdebstrap
need "${cross}gcc"
fetch
rm -rf "$root"
mkdir -p "$root/bin" "$root/lib" "$root/proc" "$root/sys" "$root/dev" \
	"$root/tmp" "$root/share" "$out/guest"
add_debian
add_ours
python3 "$here/cpio.py" "$root" | gzip -9n >"$out/initramfs.tmp"
mv "$out/initramfs.tmp" "$out/initramfs.cpio.gz"
say "initramfs.cpio.gz: $(stat -c %s "$out/initramfs.cpio.gz") bytes"
