# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154 # sys and boot are set in init.sh
#
# The steps of init.sh that have to do with IMA's measurement list, see ../steps.toml.
#
# Lists are said in the same words when they are left and when they have come, so the
# table can ask that they be equal. Every kernel begins its own part of the list with
# an entry called boot_aggregate.

ima=$sys/security/ima

# ima_say KERNEL FILE
ima_say() {
	say "ima list of kernel $1: $(awk '
		/ kexec-cmdline / { loads++ }
		/ \/tmp\/late\./ { late++ }
		END { print NR " lines, " loads + 0 " loads, " late + 0 " late" }
	' "$2") $(sha256sum <"$2")"
}

# No write takes more than one rule
ima_policy() {
	for func in BPRM_CHECK KEXEC_KERNEL_CHECK KEXEC_INITRAMFS_CHECK KEXEC_CMDLINE \
		"CRITICAL_DATA label=kexec_load"; do
		echo "measure func=$func"
	done >/tmp/policy
	cat /tmp/policy >"$ima/policy" || die "the policy is refused"
}

# ima_add N [PADDING]
ima_add() {
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		late=/tmp/late.${2:-}$n
		printf '#!/bin/sh\n# %s\n' "$boot.$n" >"$late"
		chmod 755 "$late"
		run "$late"
	done
}

# A digest of zeroes stands for a violation, and all ones are extended
ima_pcr() {
	pcr=$(printf %064d 0) n=0
	while read -r _ digest _; do
		n=$((n + 1))
		[ "$digest" != "$(printf %064d 0)" ] || digest=$(printf %064d 0 | tr 0 f)
		pcr=$(echo "$pcr$digest" | xxd -r -p | sha256sum)
		pcr=${pcr%% *}
	done <"$ima/ascii_runtime_measurements_sha256"
	read -r found </sys/class/tpm/tpm0/pcr-sha256/10
	[ "$pcr" = "$(echo "$found" | tr A-F a-f)" ] ||
		die "PCR 10 is $found, the list of $n gives $pcr"
	say "ima pcr equals a list of $n"
}

# Inherited measurements are before the last boot_aggregate; of these, the ones that the
# previous kernel inherited are before the last but one, and so on.
ima_came() {
	cat "$ima/ascii_runtime_measurements" >/tmp/list
	parts=$(grep -c " boot_aggregate\$" /tmp/list)
	[ "$parts" = $(($1 + 1)) ] || die "the list is of $parts kernels"
	n=0
	while [ $n -lt "$1" ]; do
		n=$((n + 1))
		awk -v last=$((n + 1)) '
			/ boot_aggregate$/ && ++seen == last { exit }
			{ print }
		' /tmp/list >/tmp/part
		ima_say $((boot - $1 + n - 1)) /tmp/part
	done
	[ ! -e /proc/device-tree/chosen/linux,ima-kexec-buffer ] || die "the property stays"
	say "ima freed $(dmesg | grep -c "memblock_free_late.* ima_free_kexec_buffer+")"
}

step_ima() {
	[ -d "$ima" ] || run mount -t securityfs security "$sys/security"
	case $1 in
	policy) ima_policy ;;
	add) ima_add "$2" ;;
	fill) ima_add "$2" "$(printf %0200d 0)" ;;
	log)
		cat "$sys/security/tpm0/binary_bios_measurements" >/tmp/log
		[ -s /tmp/log ] || die "the event log is empty"
		say "ima log $(stat -c %s /tmp/log) $(sha256sum </tmp/log)"
		;;
	pcr) ima_pcr ;;
	segments)
		grep -e " kexec_load-segment-" -e " kexec_uki-" -e " kexec-cmdline " \
			"$ima/ascii_runtime_measurements" |
			while IFS= read -r said; do
				say "  $said"
			done
		;;
	leave)
		cat "$ima/ascii_runtime_measurements" >/tmp/list
		ima_say "$boot" /tmp/list
		;;
	came) ima_came "$2" ;;
	*) die "no such step" ;;
	esac
}
