#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the first root of every guest: real arm64 tools from Debian packages,
# only those that a case needs and the libraries they name, our /init and the
# guest programs of guest/.
#
# usage: rootfs.sh [BUILD]      (default: build/ of the project)
# result: BUILD/rootfs/initramfs.cpio.gz, what every guest has
#         BUILD/rootfs/tools.cpio.gz, what some need beside it
#         BUILD/rootfs/root, both in one folder, and what the host runs of it
#
# The packages are fetched once; a second run only rebuilds what is ours.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../../build}
packages=kexec-tools,makedumpfile,busybox-static,crash
suite=bookworm
common_programs="bin/busybox sbin/kexec"
dump_programs="sbin/vmcore-dmesg usr/bin/makedumpfile"
host_programs="usr/bin/crash"
common_ours="kexec_direct guest_info"
libdirs="lib/aarch64-linux-gnu usr/lib/aarch64-linux-gnu lib usr/lib"
cross=${CROSS_COMPILE:-aarch64-linux-gnu-}

mkdir -p "$build/rootfs"
out=$(cd "$build/rootfs" && pwd -P)
tree=$out/debian common=$out/common tools=$out/tools root=$out/root

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
		say "$packages: cannot be fetched (network, disk space)" >&2
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

# add_libs ROOT FILE: all that FILE is linked with, and what that is linked with
add_libs() {
	for lib in $(needed "$2"); do
		if [ -e "$1/lib/$lib" ] || [ -e "$common/lib/$lib" ]; then
			continue
		fi
		cp -L "$(find_lib "$lib")" "$1/lib/$lib"
		add_libs "$1" "$1/lib/$lib"
	done
}

# add_debian ROOT PROGRAM...
add_debian() {
	to=$1
	shift
	for program in "$@"; do
		cp -L "$tree/$program" "$to/bin/${program##*/}"
		add_libs "$to" "$to/bin/${program##*/}"
	done
}

add_ours() {
	cp "$here/guest/init.sh" "$common/init"
	chmod 755 "$common/init"
	cp "$here/guest/kdump.sh" "$here/guest/ima.sh" "$here/guest/device.sh" "$common"
	make -s -C "$here/guest" CC="${cross}gcc" AR="${cross}ar" OUT="$out/guest"
	for program in $(make -s -C "$here/guest" list); do
		case " $common_ours " in
		*" $program "*) to=$common ;;
		*) to=$tools ;;
		esac
		case $program in
		load_compat*) cp "$out/guest/$program" "$to/bin" ;;
		*) "${cross}strip" -o "$to/bin/$program" "$out/guest/$program" ;;
		esac
	done
}

# pack ROOT NAME
pack() {
	python3 "$here/cpio.py" "$1" | gzip -9n >"$out/$2.tmp"
	mv "$out/$2.tmp" "$out/$2.cpio.gz"
	say "$2.cpio.gz: $(stat -c %s "$out/$2.cpio.gz") bytes"
}

need mmdebstrap
need "${cross}gcc"
fetch
rm -rf "$common" "$tools" "$root"
mkdir -p "$common/bin" "$common/lib" "$common/proc" "$common/sys" "$common/dev" \
	"$common/tmp" "$common/share" "$tools/bin" "$tools/lib" "$out/guest"
for name in sh mount umount; do
	ln -s busybox "$common/bin/$name"
done
# shellcheck disable=SC2086 # lists of names
{
	add_debian "$common" $common_programs
	add_debian "$tools" $dump_programs
}
add_ours
pack "$common" initramfs
pack "$tools" tools
mkdir "$root"
cp -a "$common/." "$tools/." "$root"
# shellcheck disable=SC2086 # a list of names
add_debian "$root" $host_programs
# No program names it, but pthread_exit() of makedumpfile's threads opens it
cp -L "$(find_lib libgcc_s.so.1)" "$root/lib"
