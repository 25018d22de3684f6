#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches the QEMU of bookworm-backports, whose plugins can read registers, and
# unpacks it beside the one that is installed, with the libraries that it needs.
#
# usage: qemu.sh [BUILD]        (default: build/ of the project)
# result: BUILD/coherency/qemu, a program that is called like qemu-system-aarch64
#
# The host's package lists are left alone: mmdebstrap brings lists of its own.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../build}
suite=bookworm
packages=qemu-system-arm
mirror=http://deb.debian.org/debian

mkdir -p "$build/coherency"
out=$(cd "$build/coherency" && pwd -P)
tree=$out/qemu.tree
libs=x86_64-linux-gnu

[ "$(cat "$out/qemu.stamp" 2>/dev/null)" != "$suite-backports $packages" ] || exit 0

command -v mmdebstrap >/dev/null || {
	echo "qemu.sh: mmdebstrap is missing" >&2
	exit 1
}
rm -rf "$tree" "$out/qemu.stamp"
echo "qemu.sh: fetching $packages of $suite-backports"
mmdebstrap --quiet --arch=amd64 --variant=extract \
	--aptopt="APT::Default-Release \"$suite-backports\"" \
	--aptopt='APT::Install-Recommends "false"' --include="$packages" "$suite" "$tree" \
	"deb $mirror $suite main" "deb $mirror $suite-backports main" 2>"$out/qemu.log" || {
	cat "$out/qemu.log" >&2
	exit 1
}
cat >"$out/qemu.tmp" <<PROGRAM
#!/bin/sh
exec $tree/lib64/ld-linux-x86-64.so.2 \\
	--library-path $tree/lib/$libs:$tree/usr/lib/$libs:$tree/usr/lib/$libs/pulseaudio \\
	$tree/usr/bin/qemu-system-aarch64 -L $tree/usr/share/qemu "\$@"
PROGRAM
chmod 755 "$out/qemu.tmp"
mv "$out/qemu.tmp" "$out/qemu"
"$out/qemu" --version | head -n 1
echo "$suite-backports $packages" >"$out/qemu.stamp"
