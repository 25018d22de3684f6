#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds packages for arm64 Debian machines: one with the kernel and its modules, one
# with its debug symbols. Their version ends in -kexec-FORM, so they install beside
# Debian's kernels. A third one, kexec-ready, has the systemd units that ask before a kexec.
#
#	deb.sh small      the 4k kernel of the tests
#	deb.sh generic    Debian's arm64 configuration with KEXEC_FILE: over an hour
#	deb.sh cloud      Debian's cloud-arm64 configuration, likewise
#
# An interrupted build continues. The packages are in build/deb/FORM/, the logs are
# build/log/kernel-VARIANT.log and deb-FORM.log.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	echo 'usage: deb.sh [--config-only] small | generic | cloud'
}

config_only=
form=
variant=
space_mb=
source_package=linux-source-$base_version.$base_patchlevel
config_package=linux-config-$base_version.$base_patchlevel

# The suite of the build host, from which its linux-source package is.
codename() {
	sed -n 's/^VERSION_CODENAME=//p' /etc/os-release
}

# Download Debian's configurations for the version of the base.
fetch_config() {
	local version suite tree=$build/deb/tree log=$log_dir/deb-config.log
	version=$(dpkg-query -W -f '${Version}' "$source_package")
	suite=$(codename)
	if [ "$(cat "$debian_configs/version" 2>/dev/null)" = "$version" ]; then
		return
	fi
	say "fetching $config_package $version for arm64"
	rm -rf "$tree" "$debian_configs"
	mkdir -p "$build/deb"
	mmdebstrap --quiet --arch=arm64 --variant=extract \
		--include="$config_package" "$suite" "$tree" >"$log" 2>&1 || {
		tail -n 5 "$log" >&2
		die "$config_package: no package of $suite can be fetched (network, /etc/apt)"
	}
	mkdir "$debian_configs"
	unpack_config "$tree/usr/src/$config_package"
	rm -rf "$tree"
	echo "$version" >"$debian_configs/version"
}

unpack_config() {
	local file name
	for file in "$1"/config.arm64_*.xz; do
		name=$(basename "$file" .xz)
		xz -dc "$file" >"$debian_configs/$name"
	done
}

# List the options that differ from Debian's configuration.
show_differences() {
	local debian log=$log_dir/deb-$form.diff
	debian=$(sed -n 's/^# from: *//p' "$top/configs/$variant.config")
	"$src_ours/scripts/diffconfig" "$debian_configs/$debian" \
		"$build/out/$variant/.config" >"$log"
	say "$form: $(grep -c . "$log") options differ from Debian's: ${log#"$top"/}"
}

# No hyphen: kbuild uses the text after it as the number of the build, which links the
# kernel of the tests again.
package_version() {
	local number
	number=$(git -C "$top" rev-list --count HEAD 2>/dev/null || echo 0)
	echo "$("${kernel_make[@]}" -s -C "$src_ours" kernelversion)+kexec$number"
}

# Package the kernel that build-kernel.sh has built, under the same lock.
package() {
	local out=$build/out/$variant log=$log_dir/deb-$form.log
	exec 9>"$build/out/.lock-$variant"
	flock 9
	rm -f "$src_ours"/linux-*.deb "$src_ours"/linux-kexec_*
	"${kernel_make[@]}" -C "$src_ours" O="$out" KBUILD_IMAGE=arch/arm64/boot/Image \
		KDEB_SOURCENAME=linux-kexec KDEB_PKGVERSION="$(package_version)" \
		KDEB_CHANGELOG_DIST="$(codename)" KDEB_COMPRESS="$compress" \
		DPKG_FLAGS='-Ppkg.linux-kexec.nokernelheaders' bindeb-pkg \
		>"$log" 2>&1 9>&- || {
		tail -n 20 "$log" >&2
		die "$form: packaging failed, see ${log#"$top"/}"
	}
	flock -u 9
	rm -rf "$build/deb/$form"
	mkdir -p "$build/deb/$form"
	# linux-libc-dev would replace Debian's package
	mv "$src_ours"/linux-image-*.deb "$build/deb/$form"
	rm -f "$src_ours"/linux-*.deb "$src_ours"/linux-kexec_*
}

# The files of tools/kexec-ready; they fit any kernel.
package_ready() {
	local root version from=$top/tools/kexec-ready
	root=$(mktemp -d)
	version=$(package_version)
	install -D -m 755 -t "$root/usr/lib/kexec-ready" "$from/kexec-ready"
	install -D -m 644 -t "$root/usr/lib/systemd/system" "$from/kexec-reboot.service"
	install -D -m 644 "$from/systemd-kexec.conf" \
		"$root/usr/lib/systemd/system/systemd-kexec.service.d/kexec-ready.conf"
	chmod 755 "$root"
	mkdir -m 755 "$root/DEBIAN"
	cat >"$root/DEBIAN/control" <<-CONTROL
	Package: kexec-ready
	Version: $version
	Architecture: all
	Maintainer: root <root@localhost>
	Section: admin
	Priority: optional
	Description: checks of a kexec before services are stopped
	 A systemd unit that reboots by kexec only if the kernel says that the loaded
	 image can be started, and a drop-in for systemctl kexec.
	CONTROL
	dpkg-deb --root-owner-group -b "$root" "$build/deb/$form/kexec-ready_${version}_all.deb" \
		>>"$log_dir/deb-$form.log"
	rm -rf "$root"
}

while [ $# -gt 0 ]; do
	case $1 in
	--config-only) config_only=1 ;;
	small) form=$1 variant=4k space_mb=1500 compress=gzip ;;
	generic) form=$1 variant=deb-$1 space_mb=30000 compress=xz ;;
	cloud) form=$1 variant=deb-$1 space_mb=15000 compress=xz ;;
	-h | --help)
		usage
		exit ;;
	*)
		usage >&2
		exit 2 ;;
	esac
	shift
done
[ -n "$form" ] || {
	usage >&2
	exit 2
}

[ -f "$src_ours/Makefile" ] || die "${src_ours#"$top"/} is missing: run scripts/prepare.sh"
mkdir -p "$log_dir"
need_space "$build" "$space_mb" "$form"
kernel_env
if [ "$form" != small ]; then
	debian_env
	fetch_config
	"$top/scripts/build-kernel.sh" --config-only "$variant"
	show_differences
fi
[ -z "$config_only" ] || exit 0
"$top/scripts/build-kernel.sh" "$variant"
package
package_ready
for deb in "$build/deb/$form"/*.deb; do
	say "${deb#"$top"/}: $(stat -c %s "$deb") bytes"
done
