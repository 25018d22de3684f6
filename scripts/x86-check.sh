#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compiles kernel/ and arch/x86/kernel/ for x86-64 with the overlay applied and KEXEC,
# KEXEC_FILE and CRASH_DUMP set. This must build the code of the base and none of ours.
# Prints TAP; the log is build/log/x86.log.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

log=$log_dir/x86.log
out=$src_ours/out-x86
compile() {
	local -a mk=(make "-j$(nproc)" -C "$src_ours" "O=$out" ARCH=x86_64
		"CC=ccache gcc" "HOSTCC=ccache gcc")
	cat >"$out/.allconfig" <<-CONFIG
	CONFIG_64BIT=y
	CONFIG_SMP=y
	CONFIG_RELOCATABLE=y
	CONFIG_SYSFS=y
	CONFIG_PROC_FS=y
	CONFIG_KEXEC=y
	CONFIG_KEXEC_FILE=y
	CONFIG_CRASH_DUMP=y
	CONFIG
	"${mk[@]}" KCONFIG_ALLCONFIG="$out/.allconfig" allnoconfig &&
		"${mk[@]}" kernel/ arch/x86/kernel/
}

kernel_env
mkdir -p "$out" "$log_dir"
tap_start

complaint=
compile >"$log" 2>&1 || complaint="see ${log#"$top"/}: $(grep -m 1 -E 'error|Error' "$log" || :)"
ok 'x86-64: kernel/ and arch/x86/kernel/ compile' "$complaint"

complaint=
for o in kernel/{kexec,kexec_core,kexec_file,crash_core,crash_reserve,vmcore_info}.o \
	arch/x86/kernel/{machine_kexec_64,relocate_kernel_64,crash,kexec-bzimage64}.o; do
	[ -s "$out/$o" ] || complaint+=" $o"
done
ok "x86-64: the base's kexec is built" "${complaint:+not built:$complaint}"

complaint=$(find "$out/kernel/kexec" -name '*.o' 2>/dev/null | head -n 3 | tr '\n' ' ') || :
ok 'x86-64: nothing of ours is built' "${complaint:+built: $complaint}"

tap_end
