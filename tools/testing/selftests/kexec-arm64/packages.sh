#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches programs of other Debian releases than that of the guests.
#
# usage: packages.sh [BUILD]    (default: build/ of the project)
# result: BUILD/packages/ukify: ukify of Debian 13, pefile, and the stubs for arm64; the
#         Python code runs on the host
#         BUILD/packages/kexec13, kexec14: kexec-tools with the libraries that they name
#
# The host's package lists are left alone, as in stock.sh. Those of a release in development
# expire within days.
set -eu

libraries="libc6 zlib1g libxenmisc4.20 libxencall1 libxendevicemodel1 libxenevtchn1"
libraries="$libraries libxenforeignmemory1 libxengnttab1 libxentoolcore1 libxentoollog1"

# A folder, a release, and packages
sets() {
	echo ukify trixie systemd-ukify systemd-boot-efi python3-pefile
	echo kexec13 trixie kexec-tools "$libraries"
	echo kexec14 forky kexec-tools "$libraries"
}

# as hook: packages.sh --hook FOLDER DIR
if [ "${1:-}" = --hook ]; then
	cd "$2"
	APT_CONFIG=$MMDEBSTRAP_APT_CONFIG
	export APT_CONFIG
	sets | while read -r name _ packages; do
		[ "$name" = "${2##*/}" ] || continue
		for package in $packages; do
			apt-get -qq download "$package"
		done
	done
	exit
fi

here=$(cd "$(dirname "$0")" && pwd -P)
build=${1:-$here/../../../../build}
mkdir -p "$build/packages"
out=$(cd "$build/packages" && pwd -P)

# fetch NAME SUITE
fetch() {
	new=$out/$1.new/$1
	rm -rf "$out/$1.new"
	mkdir -p "$new"
	mmdebstrap --quiet --arch=arm64 --variant=extract \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--extract-hook="$here/packages.sh --hook $new" "$2" "$out/$1.new/lists" \
		2>"$out/log" || {
		cat "$out/log" >&2
		echo "packages.sh: $1 cannot be fetched (network, disk space)" >&2
		exit 1
	}
	for package in "$new"/*.deb; do
		dpkg-deb --extract "$package" "$new"
		rm "$package"
	done
	mv "$new" "$out/$1"
	rm -rf "$out/$1.new"
}

command -v mmdebstrap >/dev/null || {
	echo "packages.sh: mmdebstrap is missing" >&2
	exit 1
}
sets | while read -r name suite _; do
	[ -d "$out/$name" ] || fetch "$name" "$suite"
done
