#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# For each VARIANT (default: all): vmlinux must contain every object of ours that the
# configuration selects, and no object of the base that these replace; none of the latter
# may be compiled, either. The symbols of tool-symbols.txt must be global and not be split
# into clones. Prints TAP.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

replaced=(
	kernel/{kexec,kexec_core,kexec_file,kexec_elf,crash_core,crash_reserve,vmcore_info}.o
	drivers/of/kexec.o
	arch/arm64/kernel/{machine_kexec,machine_kexec_file,kexec_image,relocate_kernel}.o
	arch/arm64/kernel/{cpu-reset,vmcore_info,crash_dump}.o
	arch/arm64/mm/{trans_pgd,trans_pgd-asm}.o
)

# Objects that were linked, relative to the output folder. The map has a line "[section]
# address size object" for each of their sections.
linked() {
	sed -nE 's/^ .*0x[0-9a-f]+ +0x[0-9a-f]+ ([^ ]+\.o)$/\1/p' "$1" | LC_ALL=C sort -u
}

# Objects that our makefiles select in this configuration.
own_objects() {
	local out=$1 dir
	for dir in kernel/kexec kernel/kexec/tests arch/arm64/kexec arch/arm64/kexec/tests; do
		[ ! -f "$src_ours/$dir/Makefile" ] ||
			make -s -f - -C "$src_ours" none <<-MAKE | sed "s|^|$dir/|"
			include $out/include/config/auto.conf
			obj := $dir
			src := $dir
			include $dir/Makefile
			\$(foreach o,\$(filter %.o,\$(obj-y)),\$(info \$o))
			none:;@:
			MAKE
	done
}

# Symbols that tools look up and that are missing or split.
lost_symbols() {
	local name type _ found
	while read -r name type _; do
		found=$(sed -nE "s/^[0-9a-f]+ (.) $name(\..*)?$/\1\2/p" "$1" | tr '\n' ' ')
		[[ $found =~ ^[$type]\ $ ]] || echo "$name (${found:-none}, not $type)"
	done < <(grep -v '^#' "$top/scripts/tool-symbols.txt")
}

check_variant() {
	local variant=$1 out=$build/out/$1 map o wrong=
	map=$(linked "$out/vmlinux.map" 2>/dev/null) || map=
	if [ -z "$map" ]; then
		ok "$variant: link map" "no objects in $out/vmlinux.map: was it built?"
		return
	fi

	for o in "${replaced[@]}"; do
		if grep -qxF "$o" <<<"$map" || [ -e "$out/$o" ]; then
			wrong+=" $o"
		fi
	done
	ok "$variant: none of ${#replaced[@]} objects of the base is built" \
		"${wrong:+built all the same:$wrong}"

	local -a own
	wrong=
	mapfile -t own < <(own_objects "$out")
	for o in "${own[@]}"; do
		grep -qxF "$o" <<<"$map" || wrong+=" $o"
	done
	[ "${#own[@]}" -ge 20 ] || wrong+=" (only ${#own[@]} asked for)"
	ok "$variant: all ${#own[@]} objects of ours are linked" "${wrong:+missing:$wrong}"

	wrong=$(lost_symbols "$out/System.map" | paste -sd ' ')
	ok "$variant: symbols that tools look up" "${wrong:+missing: $wrong}"
}

wanted=("$@")
[ $# -gt 0 ] || wanted=("${variants[@]}")
tap_start
for v in "${wanted[@]}"; do
	check_variant "$v"
done
tap_end
