#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches ukify of Debian 13 and what it needs: pefile, and the stubs for arm64. Its Python
# code runs on the host.
#
# usage: ukify.sh [BUILD]       (default: build/ of the project)
# result: BUILD/ukify/tree/usr/bin/ukify
#
# The host's package lists are left alone, as in stock.sh.
set -eu

suite=trixie
packages="systemd-ukify systemd-boot-efi python3-pefile"

# as hook: ukify.sh --hook DIR
if [ "${1:-}" = --hook ]; then
	cd "$2"
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
	export APT_CONFIG
	for package in $packages; do
		apt-get -qq download "$package"
	done
	exit
fi

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../../build}
mkdir -p "$build/ukify"
out=$(cd "$build/ukify" && pwd -P)
[ ! -e "$out/tree" ] || exit 0

command -v mmdebstrap >/dev/null || {
	echo "ukify.sh: mmdebstrap is missing" >&2
	exit 1
}
rm -rf "$out"/lists "$out"/*.deb "$out/new"
mmdebstrap --quiet --arch=arm64 --variant=extract \
	--extract-hook="$here/ukify.sh --hook $out" "$suite" "$out/lists" 2>"$out/log" || {
	cat "$out/log" >&2
	echo "ukify.sh: ukify cannot be fetched (network, disk space)" >&2
	exit 1
}
mkdir "$out/new"
for package in "$out"/*.deb; do
	dpkg-deb --extract "$package" "$out/new"
done
mv "$out/new" "$out/tree"
rm -rf "$out"/lists "$out"/*.deb
