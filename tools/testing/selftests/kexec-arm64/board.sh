#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The checklist of Documentation/arch/arm64/kexec/board.rst on a real machine.
#
#	board.sh                  describe the machine, run the kselftests
#	board.sh --kexec          start the running kernel by kexec
#	board.sh --panic          panic; kdump has to be set up
#	board.sh --report [FILE]  print all results, or write them
#
# Results are kept in /var/lib/kexec-arm64, or FOLDER of the environment. The exit status
# of --report is 0 if all steps have passed.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
# shellcheck source=kselftest_lib.sh
. "$here/kselftest_lib.sh"

state=${FOLDER:-/var/lib/kexec-arm64}
dumps=${DUMPS:-$root/var/crash}
tests='load.sh bad_input.sh'
passed=0
bad=0

boot_id() {
	cat "$root/proc/sys/kernel/random/boot_id"
}

fact() {
	printf '%-10s %s\n' "$1:" "$2"
}

model() {
	cat "$root/sys/firmware/devicetree/base/model" "$root/sys/class/dmi/id/sys_vendor" \
		"$root/sys/class/dmi/id/product_name" 2>/dev/null | tr '\0\n' '  '
}

firmware() {
	if [ -d "$root/sys/firmware/acpi/tables" ]; then
		echo "ACPI"
	else
		echo "device tree"
	fi
	[ ! -d "$root/sys/firmware/efi" ] || echo "UEFI"
}

# log PATTERN: the last line of the kernel's log with it.
log() {
	dmesg 2>/dev/null | sed 's/^\[[^]]*\] *//' | grep -E "$1" | tail -n 1
}

describe() {
	fact machine "$(model)"
	fact kernel "$(uname -srv)"
	fact CPUs "$(cat "$root/sys/devices/system/cpu/online"), $(log 'CPU.*started at EL')"
	fact parts "$(sed -n 's/^CPU part.*: //p' "$root/proc/cpuinfo" | sort | uniq -c |
		tr -s ' \n' ' ')"
	fact memory "$(sed -n 's/^MemTotal: *//p' "$root/proc/meminfo")"
	fact page "$(getconf PAGESIZE) bytes"
	fact firmware "$(firmware | tr '\n' ' ')$(log 'psci: PSCIv')"
	fact interrupts "$(log 'GIC(v[0-9]|: Using)|ITS')"
	fact reserved "$(number "$sys/kexec_crash_size") bytes for the crash kernel"
	fact cmdline "$(cat "$root/proc/cmdline")"
	fact tools "$(kexec --version 2>/dev/null | head -n 1)"
}

run_tests() {
	mkdir -p "$state" || exit 1
	describe | tee "$state/machine"
	for test in $tests; do
		echo "# $test"
		status=0
		(cd "$here" && "./$test") >"$state/$test.tap" || status=$?
		echo "$status" >"$state/$test.status"
		cat "$state/$test.tap"
	done
}

start_kexec() {
	need_machine
	need_files
	mkdir -p "$state"
	"$here/kexec_direct" --kernel "$kernel" --initrd "$initrd" --same-cmdline || exit 1
	has "$sys/kexec/ready" 0 || exit 1
	rm -f "$state/timeline"
	boot_id >"$state/kexec"
	sync
	systemctl kexec 2>/dev/null || "$here/kexec_direct" --exec
}

start_panic() {
	[ "$(number "$sys/kexec/crash_ready" | head -n 1)" = 0 ] || {
		cat "$sys/kexec/crash_ready"
		echo 'board.sh: no crash image can be started (kdump-config load)' >&2
		exit 1
	}
	mkdir -p "$state"
	keep_timeline
	boot_id >"$state/panic"
	sync
	echo c >"$root/proc/sysrq-trigger"
}

# step RESULT TEXT: pass, fail or open.
step() {
	case $1 in
	pass) passed=$((passed + 1)) ;;
	*) bad=$((bad + 1)) ;;
	esac
	printf '[%-4s] %s\n' "$1" "$2"
}

report_test() {
	if [ ! -e "$state/$1.status" ]; then
		step open "$1: board.sh has not been run"
	elif [ "$(cat "$state/$1.status")" = $ksft_skip ]; then
		step open "$1: $(sed -n 's/.*# SKIP //p' "$state/$1.tap" | head -n 1)"
	elif [ "$(cat "$state/$1.status")" = 0 ]; then
		step pass "$1: $(grep -c '^ok' "$state/$1.tap") tests"
	else
		step fail "$1: $(grep -m 3 '^not ok' "$state/$1.tap" | tr '\n' ';')"
	fi
}

# The kernel that kexec has started has the times of the reboot.
report_kexec() {
	if [ ! -e "$state/kexec" ]; then
		step open 'kexec: board.sh --kexec has not been run'
	elif [ "$(cat "$state/kexec")" = "$(boot_id)" ]; then
		step fail 'kexec: still the same boot'
	elif [ -s "$state/timeline" ]; then
		step pass "kexec: the next kernel runs, $(tr -s ' \n' ' ' <"$state/timeline")"
	else
		step fail 'kexec: the next boot was not by kexec'
	fi
}

report_panic() {
	dump=$(find "$dumps" -name 'dump*' -newer "$state/panic" 2>/dev/null | tail -n 1)
	if [ ! -e "$state/panic" ]; then
		step open 'panic: board.sh --panic has not been run'
	elif [ "$(cat "$state/panic")" = "$(boot_id)" ]; then
		step fail 'panic: still the same boot'
	elif [ -n "$dump" ] && [ -s "$dump" ]; then
		step pass "panic: $dump, $(wc -c <"$dump") bytes"
	else
		step fail "panic: no dump in $dumps"
	fi
}

# The times are those of the last kexec, so they are kept before the next reboot.
keep_timeline() {
	[ ! -e "$state/kexec" ] || [ "$(cat "$state/kexec")" = "$(boot_id)" ] ||
		[ -e "$state/timeline" ] || [ ! -s "$sys/kexec_timeline" ] ||
		cat "$sys/kexec_timeline" >"$state/timeline"
}

report() {
	keep_timeline
	cat "$state/machine" 2>/dev/null || describe
	echo
	for test in $tests; do
		report_test "$test"
	done
	report_kexec
	report_panic
	echo "$passed of $((passed + bad)) steps have passed"
	[ $bad = 0 ]
}

case ${1:-} in
'') run_tests ;;
--kexec) start_kexec ;;
--panic) start_panic ;;
--report)
	if [ -n "${2:-}" ]; then
		report >"$2"
	else
		report
	fi ;;
*)
	echo 'usage: board.sh [--kexec | --panic | --report [FILE]]' >&2
	exit 2 ;;
esac
