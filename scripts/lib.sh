# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2034 # the names are for the scripts that source this file
#
# Common functions and names of the scripts in this folder. Sourced, not run. Sets $top,
# the project's folder, and the names of files in build/.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
build=$top/build
src_ours=$build/src/ours
src_base=$build/src/base
log_dir=$build/log

# The base that this project is written for.
base_version=6
base_patchlevel=12
qemu_version=7.2
base_tarball=${BASE_TARBALL:-/usr/src/linux-source-$base_version.$base_patchlevel.tar.xz}

# The kernels that the tests build from the overlay, in this order,
variants=(4k 4k-va39 4k-va52 16k 64k)
# and those for make prove only.
prove_variants=(devices nocontig kcsan)
# ... and those for packages, from Debian's configurations.
deb_variants=(deb-generic deb-cloud)
debian_configs=$build/deb/config

# Folders that prepare.sh copies over the base.
overlay_dirs=(arch kernel include Documentation tools)

say() {
	printf '%s: %s\n' "${0##*/}" "$*"
}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# need_space DIR MB WHAT
need_space() {
	local free
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] || die "$3: disk space: $free MB in $1 (at least $2 MB)"
}

# The packages have other names, or do not exist, in other releases. Sets $release.
need_release() {
	local file=${OS_RELEASE:-/etc/os-release} id version
	id=$(sed -n 's/^ID=//p' "$file" 2>/dev/null)
	version=$(sed -n 's/^VERSION_ID="\(.*\)"/\1/p' "$file" 2>/dev/null)
	release=$version
	case $id-$version in
	debian-12 | debian-13) ;;
	*) die "build host: ${id:-unknown} ${version:-unknown} (Debian 12 or 13)" ;;
	esac
}

# Older versions lack machine options and plugins that the guests use.
need_qemu() {
	local version
	version=$(qemu-system-aarch64 --version 2>/dev/null |
		sed -n 's/^QEMU emulator version \([0-9]*\.[0-9]*\).*/\1/p')
	[ -n "$version" ] || die "qemu-system-aarch64: not found (package qemu-system-arm)"
	[ "$(printf '%s\n' "$qemu_version" "$version" | sort -V | head -n 1)" = "$qemu_version" ] ||
		die "qemu-system-aarch64: version $version (at least $qemu_version)"
}

need_base() {
	[ -r "$base_tarball" ] ||
		die "$base_tarball is missing: run scripts/deps.sh"
}

# A line that differs for each installed base.
base_id() {
	local package=linux-source-$base_version.$base_patchlevel

	printf '%s %s\n' "$(dpkg-query -W -f '${Version}' "$package" 2>/dev/null)" \
		"$(stat -c '%s %Y' "$base_tarball")"
}

# overlay_files: the names of all files of the overlay, relative to $top. In a git
# checkout, ignored files are excluded.
overlay_files() {
	if git -C "$top" rev-parse --git-dir >/dev/null 2>&1; then
		git -C "$top" ls-files -co --exclude-standard -- "${overlay_dirs[@]}"
	else
		(cd "$top" && find "${overlay_dirs[@]}" -type f 2>/dev/null)
	fi | LC_ALL=C sort -u | while IFS= read -r f; do
		[ ! -f "$top/$f" ] || printf '%s\n' "$f"
	done
}

# Environment of all kernel builds. The compiler gets relative paths (see
# build-kernel.sh), so that one compiler cache serves all checkouts.
kernel_env() {
	export CCACHE_DIR=${CCACHE_DIR:-$build/ccache}
	export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
	# Do not preprocess twice: a quarter less time from an empty cache, the
	# same objects.
	export CCACHE_NOCPP2=1
	# The name of the folder is in debug information only.
	export CCACHE_NOHASHDIR=1
	export KBUILD_BUILD_TIMESTAMP='2025-01-01 00:00:00 UTC'
	export KBUILD_BUILD_USER=kexec KBUILD_BUILD_HOST=localhost
	export LC_ALL=C
	unset KBUILD_OUTPUT KBUILD_EXTRA_SYMBOLS CROSS_COMPILE_COMPAT MAKEFLAGS MFLAGS MAKELEVEL
}

# Call after kernel_env for Debian's configurations. Kconfig's test for 128-bit integers
# fails with CCACHE_NOCPP2, and the 32-bit vDSO needs a compiler for arm.
debian_env() {
	unset CCACHE_NOCPP2
	export CROSS_COMPILE_COMPAT=arm-linux-gnueabihf-
}

kernel_make=(make "-j$(nproc)" ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-
	"CC=ccache aarch64-linux-gnu-gcc" "HOSTCC=ccache gcc")

# Test results in TAP: tap_start, then ok for each result, then tap_end, which fails if a
# result did.
tap_start() {
	tap_count=0
	tap_failed=0
	echo 'TAP version 13'
}

# ok DESCRIPTION [COMPLAINT]: fails if there is a complaint, of one or more lines.
ok() {
	tap_count=$((tap_count + 1))
	if [ -z "${2:-}" ]; then
		printf 'ok %d - %s\n' "$tap_count" "$1"
		return
	fi
	printf '# %s\n' "${2//$'\n'/$'\n# '}"
	printf 'not ok %d - %s\n' "$tap_count" "$1"
	tap_failed=$((tap_failed + 1))
}

tap_end() {
	printf '1..%d\n' "$tap_count"
	[ "$tap_failed" -eq 0 ]
}
