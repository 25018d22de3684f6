#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compiles our two folders, and the files of the base that include our headers, in
# configurations that the guest kernels do not have; a warning is an error. For each one,
# a symbol of ours that is used must be defined as well. The build checks the sections of
# kernels for tests; here those of the production row are checked. Nothing is linked or booted.
# Prints TAP; the log of a row is build/log/matrix-ROW.log.
#
#	matrix.sh [ROW...]
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# One row a line: its name, the configuration to start with, and the options that differ.
# The final configuration must have these values.
rows() {
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' <<-LIST
	full 4k                        # the reference for the symbols of the others
	production 4k KEXEC_DEBUG_PARAMS=n KUNIT=n KEXEC_KUNIT_TEST=n KEXEC_CRASH_TEST=n
	no-kexec 4k KEXEC=n KEXEC_FILE=y
	no-kexec-file 4k KEXEC=y KEXEC_FILE=n
	no-crash-dump 4k CRASH_DUMP=n CRASH_HOTPLUG=n KEXEC_CORE=y
	no-crash-hotplug 4k CRASH_HOTPLUG=n CRASH_DUMP=y
	no-hotplug-cpu 4k SUSPEND=n HIBERNATION=n HOTPLUG_CPU=n KEXEC_FILE=y
	no-contig-alloc 4k CMA=n DMA_CMA=n MEMORY_HOTPLUG=n MEMORY_FAILURE=n CONTIG_ALLOC=n KEXEC=y
	memory-failure 4k ACPI_APEI=y MEMORY_FAILURE=y KEXEC=y
	only-hibernation 4k KEXEC=n KEXEC_FILE=n CRASH_DUMP=n KEXEC_CORE=n HIBERNATION=y
	no-sysctl 4k SYSCTL=n PROC_SYSCTL=n PRINTK=n KEXEC=y
	compat 4k COMPAT=y KEXEC=y
	big-endian 4k CPU_LITTLE_ENDIAN=n CPU_BIG_ENDIAN=y KEXEC=y KEXEC_FILE=y CRASH_DUMP=y
	defconfig defconfig KEXEC=y KEXEC_CORE=y
	LIST
}

out=$src_ours/out-matrix
folders=(kernel/kexec arch/arm64/kexec)
includers=(arch/arm64/kernel/setup.o drivers/irqchip/irq-gic-v3-its.o)
make_row=("${kernel_make[@]}" -s -C "$src_ours" "O=$out" KCFLAGS=-Werror)

# start_from BASE: copy its configuration to the output folder.
start_from() {
	case $1 in
	defconfig) "${make_row[@]}" defconfig ;;
	*) cp "$build/out/$1/.config" "$out/.config" ;;
	esac
}

# set_options OPTION=VALUE...
set_options() {
	local o
	for o in "$@"; do
		case $o in
		*=n) "$src_ours/scripts/config" --file "$out/.config" --disable "${o%=*}" ;;
		*) "$src_ours/scripts/config" --file "$out/.config" --set-val "${o%=*}" "${o#*=}" ;;
		esac
	done
	"${make_row[@]}" olddefconfig
}

# Options that Kconfig has changed because of dependencies.
changed_options() {
	local o
	for o in "$@"; do
		case $o in
		*=n) ! grep -q "^CONFIG_${o%=*}=" "$out/.config" || echo "$o" ;;
		*) grep -qx "CONFIG_$o" "$out/.config" || echo "$o" ;;
		esac
	done
}

row_objects() {
	local dir
	for dir in "${folders[@]}"; do
		find "$out/$dir" -name '*.o' 2>/dev/null || :
	done
}

# symbols FLAG...: names that nm lists for the objects of the row. crash_test.o is a module.
symbols() {
	row_objects | grep -v '/crash_test\.\|\.mod\.o$\|built-in' |
		xargs -r aarch64-linux-gnu-nm -P "$@" 2>/dev/null |
		awk 'NF >= 2 { print $1 }' | LC_ALL=C sort -u
}

# Symbols of ours that the row uses and does not define.
undefined() {
	LC_ALL=C comm -12 "$out/defined-full" <(symbols -u) |
		LC_ALL=C comm -23 - <(symbols --defined-only)
}

compile_row() {
	local from=$1 dir
	local -a targets
	shift
	for dir in "${folders[@]}"; do
		rm -rf "${out:?}/$dir"
		targets+=("$dir/")
	done
	start_from "$from" && set_options "$@" || return
	targets+=("${includers[@]}")
	! grep -q '^CONFIG_HIBERNATION=y' "$out/.config" || targets+=(arch/arm64/kernel/hibernate.o)
	"${make_row[@]}" -k "${targets[@]}"
}

check_row() {
	local name=$1 log=$log_dir/matrix-$1.log missing
	shift
	if ! compile_row "$@" >"$log" 2>&1; then
		grep -E -m 5 'error|Error' "$log" || echo "see ${log#"$top"/}"
		return
	fi
	shift
	missing=$(changed_options "$@" | tr '\n' ' ')
	[ -z "$missing" ] || echo "changed by Kconfig: $missing"
	[ "$name" != full ] || symbols --defined-only >"$out/defined-full"
	missing=$(undefined | tr '\n' ' ')
	[ -z "$missing" ] || echo "used and not defined: $missing"
	[ "$name" != production ] || "$top/scripts/check-sections.sh" "$out" 2>&1 || :
}

# chosen NAME [ROW...]: true for all rows, or for those given and the reference
chosen() {
	local name=$1
	shift
	case " $* " in
	'  ' | *" $name "*) ;;
	*) [ "$name" = full ] ;;
	esac
}

# 32-bit Arm has GICv3 and kexec, and uses the base's code for both. The change to the
# driver must have no effect there.
check_arm32() {
	local out=$src_ours/out-arm32 its=drivers/irqchip/irq-gic-v3-its.o
	local -a mk=(make "-j$(nproc)" -s -C "$src_ours" "O=$out" ARCH=arm KCFLAGS=-Werror
		CROSS_COMPILE=arm-linux-gnueabihf- "CC=ccache arm-linux-gnueabihf-gcc"
		"HOSTCC=ccache gcc")
	mkdir -p "$out"
	printf 'CONFIG_%s=y\n' MMU ARCH_MULTI_V7 ARCH_VIRT PCI PCI_MSI KEXEC >"$out/.allconfig"
	if ! { "${mk[@]}" KCONFIG_ALLCONFIG="$out/.allconfig" allnoconfig && "${mk[@]}" "$its"; } \
		>"$log_dir/matrix-arm32.log" 2>&1; then
		grep -E -m 5 'error|Error' "$log_dir/matrix-arm32.log"
		return
	fi
	grep -qx 'CONFIG_KEXEC_CORE=y' "$out/.config" || echo "KEXEC is not set"
	! arm-linux-gnueabihf-nm "$out/$its" | grep 'kexec_\|its_cpu_memreserve' || :
}

kernel_env
mkdir -p "$out" "$log_dir"
"$top/scripts/build-kernel.sh" --config-only 4k

tap_start
while read -r name from options; do
	chosen "$name" "$@" || continue
	start=$SECONDS
	# shellcheck disable=SC2086 # the options are words
	complaint=$(check_row "$name" "$from" $options)
	echo "# $name: $((SECONDS - start)) s, $(row_objects | wc -l) objects"
	ok "configuration $name" "$complaint"
done < <(rows)
if chosen arm32 "$@"; then
	ok 'configuration of 32-bit Arm' "$(check_arm32)"
fi
tap_end
