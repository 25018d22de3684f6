#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches the kernels that Debian ships for arm64, to be started as next kernel.
#
# usage: stock.sh [BUILD]       (default: build/ of the project)
# result: BUILD/stock/6.1/vmlinuz and BUILD/stock/6.12/vmlinuz, and in modules/ beside
#         each the drivers for the guest's disk, named in the order of loading
#
# The host's package lists are left alone: mmdebstrap brings arm64 lists of its
# own, and this script runs itself as a hook to download with them.
set -eu

suite=bookworm
modules="virtio_pci virtio_blk"
kernels="6.1:linux-image-cloud-arm64 6.12:linux-image-6.12-arm64"

# newest META: the package that META stands for today
newest() {
	apt-cache depends "$1" | sed -n 's/^ *Depends: *\(linux-image\)/\1/p' | head -n 1
}

# as hook: stock.sh --hook DIR
if [ "${1:-}" = --hook ]; then
	cd "$2"
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
	export APT_CONFIG
	for kernel in $kernels; do
		image=$(newest "${kernel#*:}")
		mkdir -p "${kernel%%:*}"
		(cd "${kernel%%:*}" && apt-get -qq download "$image")
		echo "stock.sh: ${kernel%%:*} is $image"
	done
	exit
fi

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../../build}
sbin=/usr/sbin/
[ -x ${sbin}depmod ] || sbin=/sbin/
mkdir -p "$build/stock"
out=$(cd "$build/stock" && pwd -P)

# unpack_modules DIR: what modules/ of a kernel consists of, out of DIR/lib/modules
unpack_modules() {
	release=$(ls "$1/tree/lib/modules")
	"${sbin}depmod" -b "$1/tree" "$release"
	mkdir -p "$1/modules"
	n=10
	for name in $modules; do
		"${sbin}modprobe" -d "$1/tree" -S "$release" --show-depends "$name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' | while read -r file; do
		base=${file##*/}
		case $file in
		*.xz) xz -dc "$file" ;;
		*) cat "$file" ;;
		esac >"$1/modules/$n-${base%%.ko*}.ko"
		n=$((n + 1))
	done
	echo "$release" >"$1/modules/release"
}

unpack() {
	mkdir -p "$out/$1/tree"
	dpkg-deb --fsys-tarfile "$out/$1"/*.deb |
		tar -x -C "$out/$1/tree" --wildcards './boot/vmlinuz-*' './lib/modules/*'
	unpack_modules "$out/$1"
	mv "$out/$1"/tree/boot/vmlinuz-* "$out/$1/vmlinuz"
	rm -rf "$out/$1"/*.deb "$out/$1/tree"
}

missing=0
for kernel in $kernels; do
	[ -s "$out/${kernel%%:*}/vmlinuz" ] || missing=1
	[ -s "$out/${kernel%%:*}/modules/release" ] || missing=1
done
[ "$missing" = 1 ] || exit 0

command -v mmdebstrap >/dev/null || {
	echo "stock.sh: mmdebstrap is missing" >&2
	exit 1
}
rm -rf "$out/lists"
mmdebstrap --quiet --arch=arm64 --variant=extract \
	--extract-hook="$here/stock.sh --hook $out" "$suite" "$out/lists" 2>"$out/log" || {
	cat "$out/log" >&2
	echo "stock.sh: Debian's kernels cannot be fetched (network, disk space)" >&2
	exit 1
}
rm -rf "$out/lists"
for kernel in $kernels; do
	unpack "${kernel%%:*}"
done
