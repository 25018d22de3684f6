#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks the references of the panic path, the relocation page and the idmap, see
# kernel/kexec/sections.txt. The build checks each folder; this checks both folders together,
# and that the list has no entry that is not needed.
#
#	check-sections.sh [OUT]			objects of OUT (default: the 4k kernel)
#	check-sections.sh --self-test [OUT]	plants one fault at a time, in a copy; each
#						must be reported
#	check-sections.sh --kernels VARIANT...	each of these kernels, as TAP
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

list=$top/kernel/kexec/sections.txt
copy=$build/check-sections

# Objects of both folders that are linked. Tests are not on any of these paths.
linked_objects() {
	local dir
	for dir in kernel arch/arm64; do
		(cd "$out" && aarch64-linux-gnu-ar t "$dir/kexec/built-in.a") |
			sed -nE "s,^(.*/)?($dir/kexec/.*),\2,p" | grep -v '_test\.o$'
	done
}

# check LIST OBJECT...: in the output folder.
check() {
	local list=$1
	shift
	(cd "$out" && perl "$top/kernel/kexec/check-sections.pl" --unused "$list" \
		include/config/auto.conf "$@" 2>&1)
}

# compile SOURCE OBJECT: SOURCE, a changed copy, with the command that made OBJECT.
compile() {
	local source=$1 object=$2 command
	command=$(sed -nE \
		-e 's/-Wp,-MMD,[^ ]* //' \
		-e "s| -c -o .*| -iquote ../${object%/*} -c -o $copy/${object##*/} $source|" \
		-e 's/^savedcmd_[^ ]* := //p' "$out/${object%/*}/.${object##*/}.cmd")
	(cd "$out" && eval "$command")
}

# fault NAME FILE SCRIPT MESSAGE: change FILE by a sed script, expect MESSAGE.
fault() {
	local name=$1 file=$2 script=$3 message=$4 said object=${2%.[cS]}.o
	local changed=$copy/${2##*/}
	local -a objects
	sed -E "$script" "$top/$file" >"$changed"
	if cmp -s "$top/$file" "$changed"; then
		ok "$name" "the change does not apply to $file"
		return
	fi
	if ! compile "$changed" "$object" >"$copy/log" 2>&1; then
		ok "$name" "does not compile: $(head -n 5 "$copy/log")"
		return
	fi
	mapfile -t objects < <(linked_objects | sed "s|^$object\$|$copy/${object##*/}|")
	said=$(check "$list" "${objects[@]}" || :)
	expect "$name" "$message" "$said"
}

# list_fault NAME SCRIPT MESSAGE: change the list by a sed script, expect MESSAGE.
list_fault() {
	local name=$1 script=$2 message=$3
	local -a objects
	sed "$script" "$list" >"$copy/sections.txt"
	mapfile -t objects < <(linked_objects)
	expect "$name" "$message" "$(check "$copy/sections.txt" "${objects[@]}" || :)"
}

expect() {
	if grep -qE "$2" <<<"$3"; then
		ok "$1: $(grep -m 1 -oE "$2" <<<"$3")"
	else
		ok "$1" "not reported; the output was: ${3:-empty}"
	fi
}

plant_all() {
	fault 'a call that sleeps on the panic path' kernel/kexec/crash.c \
		'/#include <linux\/panic.h>/i #include <linux/delay.h>
		s/^\tcrash_smp_send_stop\(\);/\tmsleep(1);\n&/' \
		'crash_stop_others\(\)|__crash_kexec\(\): calls msleep'
	fault 'a check that may sleep, of the other form' kernel/kexec/verify.c \
		's/kexec_digest_panic\(b\)/kexec_digest_segment(img, seg)/' \
		'(kexec_verify_check_crash|verify_compare_panic)\(\): calls kexec_digest_segment'
	fault 'an allocation on the panic path' arch/arm64/kexec/crash_stop.c \
		'/#include <linux\/smp.h>/i #include <linux/slab.h>
		s/^\tbegun = true;/&\n\tif (!kmalloc(left + 1, GFP_ATOMIC))\n\t\treturn;/' \
		'crash_stop_irqs\(\): calls _*kmalloc'
	fault 'a function that has lost its annotation' arch/arm64/kexec/exit.c \
		's/void __kexec_panic machine_kexec/void machine_kexec/' \
		'machine_kexec\(\) is in .text instead of'
	fault 'a function pointer on the panic path' kernel/kexec/sysctl.c \
		's/^bool __kexec_panic kexec_verify_wanted/bool (*hook)(bool crash);\n&/
		s/^\treturn READ_ONCE/\treturn hook ? hook(crash) : READ_ONCE/' \
		'kexec_verify_wanted\(\): indirect branch'
	fault 'a call out of the relocation page' arch/arm64/kexec/relocate.S \
		's/^\.Lall_copied:/&\n\tbl\tmemcpy/' \
		'arm64_relocate_new_kernel\(\): calls memcpy'
	fault 'an absolute address in the relocation page' arch/arm64/kexec/relocate.S \
		's/^\t\.quad\t0, 0/\t.quad\tkexec_fault_vectors, 0/' \
		'refers to kexec_fault_vectors of .kexec_relocate.text'
	fault 'an alternative in the relocation page' arch/arm64/kexec/relocate.S \
		's/^\.Lenter:/alternative_if ARM64_HAS_CRC32\nnop\nalternative_else_nop_endif\n&/' \
		'has .altinstructions, which .kexec_relocate.text'
	fault 'a reference out of the idmap' arch/arm64/kexec/cpu_reset.S \
		's/^\tadr_l\tx23, kexec_fault_page/\tadr_l\tx23, init_mm/' \
		'__cpu_soft_restart\(\): refers to init_mm'
	fault 'a call out of the EL2 vectors' arch/arm64/kexec/el2_vectors.S \
		's/^\.Lreturn:/&\n\tbl\t__hyp_set_vectors/' \
		'trans_pgd_stub_vectors\(\): calls __hyp_set_vectors'
	list_fault 'an entry that is not needed' '/^own crash_kexec/a call schedule : never' \
		'call schedule is not needed'
	list_fault 'an entry without a reason' '/^own crash_kexec/a call schedule' \
		'without a reason'
	list_fault 'an entry for kernels with an option' \
		's/^call irq_to_desc/& if CONFIG_NO_SUCH_OPTION/' \
		'crash_stop_irqs\(\): calls irq_to_desc'
	list_fault 'an entry for kernels without an option' \
		's/^call irq_to_desc/& if !CONFIG_KEXEC_CORE/' \
		'crash_stop_irqs\(\): calls irq_to_desc'
}

# set_out DIR: the output folder that the functions above read.
set_out() {
	out=$(cd "$1" && pwd -P)
}

check_out() {
	local -a objects
	mapfile -t objects < <(linked_objects)
	[ "${#objects[@]}" -ge 20 ] || die "only ${#objects[@]} objects in $out: was it built?"
	check "$list" "${objects[@]}"
}

# Prints the output of a check that fails.
complaint_of() {
	local said
	said=$(set_out "$build/out/$1" 2>&1 && check_out 2>&1) || echo "${said:-status $?}"
}

kernel_env
case ${1:-} in
--self-test)
	set_out "${2:-$build/out/4k}"
	rm -rf "$copy"
	mkdir -p "$copy"
	tap_start
	plant_all
	tap_end ;;
--kernels)
	shift
	tap_start
	for variant in "$@"; do
		ok "sections of kernel $variant" "$(complaint_of "$variant")"
	done
	tap_end ;;
*)
	set_out "${1:-$build/out/4k}"
	check_out ;;
esac
