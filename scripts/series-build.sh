#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds each step of build/series and prints TAP: the kernel 4k for arm64, arm64
# without kexec and kdump, and kernel/ for x86-64. Each arm64 kernel that differs from
# the previous one boots in QEMU and starts itself by kexec, before the switch with the
# code of the base, after it with ours. A build is omitted, and reported as unchanged, if
# the patch changes no file that it reads.
#
# With --objects only kernel/kexec/ and arch/arm64/kexec/ are compiled, for arm64, which
# finds missing headers and symbols of a step in a few minutes.
#
# The tree is build/src/series, the log of a step is build/log/series-NNNN.log.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

src=$build/src/series
# A copy: series.sh, which make check runs, too, makes build/series again.
queue=$build/src/series.patches
selftests=$top/tools/testing/selftests/kexec-arm64
boot_case='^chain-kexec-s-el1$'
booted=
# Empty in the first step, which builds everything.
first=

# The options of the kernel 4k that exist at this step.
fragments() {
	local f
	while read -r f; do
		cat "$top/configs/$f.config"
	done < <(sed -n 's/^# uses: *//p' "$top/configs/4k.config" | tr ' ' '\n')
	cat "$top/configs/4k.config"
}

# build NAME TARGET...: build with the configuration from standard input.
build() {
	local out=$src/out-$1
	shift
	mkdir -p "$out"
	cat >"$out/.allconfig.new"
	# Configure again: the patch may have changed Kconfig.
	cp "$out/.allconfig.new" "$out/.allconfig"
	"${mk[@]}" O="$out" KCONFIG_ALLCONFIG="$out/.allconfig" allnoconfig &&
		"${mk[@]}" O="$out" "$@"
}

arm64() {
	local -a mk=("${kernel_make[@]}" -C "$src")
	fragments | build series Image
}

# Before the folders are entered there is nothing to compile.
objects() {
	local -a mk=("${kernel_make[@]}" -C "$src") dirs=()
	local dir
	for dir in kernel/kexec arch/arm64/kexec; do
		[ ! -f "$src/$dir/Makefile" ] || dirs+=("$dir/")
	done
	fragments | build objects "${dirs[@]:-prepare}"
}

arm64_without() {
	local -a mk=("${kernel_make[@]}" -C "$src")
	fragments | grep -vE '^CONFIG_(KEXEC|CRASH|PROC_VMCORE|IMA_KEXEC)' |
		build without kernel/ arch/arm64/ drivers/of/ drivers/irqchip/
}

x86() {
	local -a mk=(make "-j$(nproc)" -C "$src" ARCH=x86_64 "CC=ccache gcc" "HOSTCC=ccache gcc")
	printf 'CONFIG_%s=y\n' 64BIT SMP RELOCATABLE SYSFS PROC_FS KEXEC KEXEC_FILE CRASH_DUMP |
		build x86 kernel/
}

# boots ARM64: prints a line if the kernel does not start itself. ARM64 is the complaint of
# its build: the last image would be that of another step.
boots() {
	local image=$src/out-series/arch/arm64/boot/Image sum
	if [ -n "$1" ]; then
		echo "not built"
		return
	fi
	sum=$(sha256sum <"$image")
	if [ "$sum" = "$booted" ]; then
		return
	fi
	booted=$sum
	ln -sfn ../src/series/out-series "$build/out/series"
	"$selftests/run.py" --groups all --filter "$boot_case" --kernel 4k=series -j1 \
		--patience 4 >>"$log" 2>&1 || echo "does not start itself, see ${log#"$top"/}"
}

# changes BUILD PATCH: true if the patch has a file that this build may read.
changes() {
	local unread='Documentation/|tools/|MAINTAINERS$'
	[ "$1" != x86 ] || unread+='|arch/arm64/|kernel/kexec/[^K]|drivers/irqchip/irq-gic'
	sed -n 's|^+++ b/||p' "$2" | grep -qvE "^($unread)"
}

# step FILE: apply, build and boot it.
step() {
	local name what complaint arm64=
	name=$(basename "$1" .patch)
	log=$log_dir/series-${name%%-*}.log
	patch -d "$src" -p1 -s -i "$1" >"$log" 2>&1 || {
		ok "$name" "does not apply, see ${log#"$top"/}"
		return
	}
	for what in "${builds[@]}"; do
		if [ -n "$first" ] && ! changes "$what" "$1"; then
			ok "$name: $what (unchanged)"
			continue
		fi
		complaint=
		"$what" >>"$log" 2>&1 ||
			complaint="see ${log#"$top"/}: $(grep -m 1 -E 'error|Error' "$log" || :)"
		ok "$name: $what" "$complaint"
		[ "$what" != arm64 ] || arm64=$complaint
	done
	first=built
	if [ "${builds[0]}" = objects ]; then
		return
	fi
	boots "$arm64" >"$build/series-boot"
	ok "$name: boots and starts itself" "$(cat "$build/series-boot")"
}

builds=(arm64 arm64_without x86)
case ${1:-} in
'') ;;
--objects) builds=(objects) ;;
*) die "usage: series-build.sh [--objects]" ;;
esac

kernel_env
mkdir -p "$log_dir" "$build/out" "$build/src"
rm -rf "$queue"
cp -r "$build/series" "$queue"
[ "${builds[0]}" = objects ] || "$selftests/rootfs.sh" >/dev/null
# Unpack the tree again, keep the objects.
rm -f "$src/.base-id"
"$top/scripts/prepare.sh" --pristine "$src"
# Objects of the last run may have been built from patched files.
(cd "$src" && sed -n 's|^--- a/||p' "$top"/patches/0*.patch | sort -u | xargs -d '\n' touch)
tap_start
for patch in "$queue"/*.patch; do
	step "$patch"
done
rm -rf "$build/series-boot" "$build/out/series" "$queue"
tap_end
