#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# All tests: installs packages, builds, runs each step, and adds up their TAP results.
# The last line is "N passed, N failed, N skipped".
#
#	test.sh             all tests that a change must pass
#	test.sh --quick     one kernel, the quick QEMU cases
#	test.sh --prove     all tests, and their long forms
#
# FUZZ_SECONDS is the time for each fuzz target, 35 s when not set.
#
# A step that fails without a failed test counts as one failed test. The output of a step
# is in build/log/test-STEP.log.
set -uo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tally.sh
. "$top/scripts/tally.sh"

mode=ci
case ${1:-} in
--quick) mode=quick ;;
--prove) mode=prove ;;
'') ;;
*) die "usage: test.sh [--quick | --prove]" ;;
esac

times=()
selftests=$top/tools/testing/selftests/kexec-arm64
coherency=$top/tools/testing/coherency
mutation=$top/tools/testing/kexec/mutation
fuzz_seconds=${FUZZ_SECONDS:-35}

# timed NAME TEXT COMMAND...: run it, print and keep its output.
timed() {
	local name=$1 text=$2 start=$SECONDS status
	shift 2
	printf '\n==> %s\n' "$text"
	"$@" 2>&1 | tee "$log_dir/test-$name.log"
	status=${PIPESTATUS[0]}
	times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$text")")
	return "$status"
}

# step NAME TEXT COMMAND...: run a command that prints TAP.
step() {
	local status=0
	timed "$@" || status=$?
	tally "$log_dir/test-$1.log" "$status"
}

# setup NAME TEXT COMMAND...: run a command that all steps require.
setup() {
	timed "$@" && return
	echo "set-up failed: $2" >&2
	failed=$((failed + 1))
	failures+=("set-up: $2")
	verdict
}

# shellcheck disable=SC2317 # called through step
build_kernels() {
	local v status=0
	tap_start
	for v in "$@"; do
		if "$top/scripts/build-kernel.sh" "$v"; then
			ok "kernel $v"
		else
			ok "kernel $v" "see build/log/kernel-$v.log"
		fi
	done
	tap_end || status=1
	return "$status"
}

# shellcheck disable=SC2317 # called through step
test_package() {
	scripts/deb.sh small && "$selftests/debian/package_test.sh" build/deb/small
}

# shellcheck disable=SC2317 # called through step
test_kselftest() {
	tap_start
	ok 'kselftests build and install' "$("$top/scripts/kselftest.sh" 2>&1 || echo "status $?")"
	tap_end
}

# shellcheck disable=SC2317 # called through step
show_demo() {
	local status=0
	tap_start
	"$selftests/demo" || status=$?
	ok 'the demonstration' "$([ "$status" -eq 0 ] || echo "status $status")"
	tap_end
}

# shellcheck disable=SC2317 # called through step
measure_coverage() {
	local status=0
	scripts/coverage.py || status=$?
	tap_start
	ok 'coverage is measured' "$([ "$status" -eq 0 ] || echo "status $status")"
	tap_end
}

# shellcheck disable=SC2317 # called through step
check_model() {
	make -s -C "$coherency" OUT="$build/coherency" &&
		make -s -C "$coherency" OUT="$build/coherency" check &&
		"$coherency/faults_test.py" "$build/coherency/qemu" "$build/coherency"
}

verdict() {
	local counts
	printf '\n==> Times (%d s in all)\n' "$SECONDS"
	printf '%s\n' "${times[@]}"
	[ "${#failures[@]}" -eq 0 ] || {
		printf '\n==> Failed\n'
		printf '%s\n' "${failures[@]}"
	}
	counts="$passed passed, $failed failed, $skipped skipped"
	[ "$mode" != prove ] || {
		printf '\n==> Report\n'
		"$top/scripts/prove-report.py" --verdict "$counts"
	}
	printf '\n%s\n' "$counts"
	[ "$failed" -eq 0 ]
	exit
}

mkdir -p "$log_dir"
cd "$top" || exit 1

setup deps 'Packages' scripts/deps.sh
setup qemu 'QEMU' need_qemu
setup prepare 'Kernel source: base, hooks, overlay' scripts/prepare.sh
setup rootfs 'Root file system of the guests' "$selftests/rootfs.sh"
setup packages 'Programs of Debian 13 and 14' "$selftests/packages.sh"

step runner 'The QEMU runner itself' "$selftests/test_runner.py"
step host 'Host simulator: KUnit suites and random tests under ASan and UBSan' \
	make -s -C tools/testing/kexec check
step litmus 'Memory order: litmus tests of the lock and of the change of images' \
	env MEMORY_MODEL="$src_ours/tools/memory-model" tools/testing/kexec/litmus/lkmm.py
relocate_o=build/out/4k/arch/arm64/kexec/relocate.o

if [ "$mode" = quick ]; then
	step kernels 'Kernel 4k' build_kernels 4k
	step linkmap 'Link map: none of the base, all of ours' scripts/linkmap-check.sh 4k
	step relocate 'Relocation on a model of the caches' \
		tools/testing/kexec/relocate_sim.py "$relocate_o"
	step demo 'What make run shows' show_demo
	step qemu 'QEMU: the quick cases' "$selftests/run.py" --groups quick -j2 --patience 3
	verdict
fi

[ "$mode" != prove ] || step coverage 'Lines and branches of the simulator' measure_coverage
step operators-some 'Some operators of the host simulator, changed' \
	"$mutation/host.py" --filter '^kernel/kexec/lib/extent'
step fuzz-self-test 'Fuzz targets find defects that are planted' \
	tools/testing/kexec/fuzz/run.py --self-test
if [ "$mode" = prove ]; then
	step fuzz 'Fuzz targets: 10 million executions each' \
		tools/testing/kexec/fuzz/run.py --runs 10000000
else
	step fuzz "Fuzz targets, $fuzz_seconds s each" \
		tools/testing/kexec/fuzz/run.py --seconds "$fuzz_seconds"
fi

setup stock "Debian's own arm64 kernels" "$selftests/stock.sh"
[ "$mode" != prove ] || variants+=("${prove_variants[@]}")
step kernels "Kernels: ${variants[*]}" build_kernels "${variants[@]}"
step linkmap 'Link maps: none of the base, all of ours' scripts/linkmap-check.sh
step sections 'Sections: the panic path, the relocation page and the idmap of each kernel' \
	scripts/check-sections.sh --kernels "${variants[@]}"
step relocate 'Relocation on a model of the caches' \
	tools/testing/kexec/relocate_sim.py "$relocate_o"
step matrix 'Configurations that no guest kernel has' scripts/matrix.sh
step x86 'Other architectures: x86-64' scripts/x86-check.sh
step deb 'Package for Debian' test_package
step kselftest 'Tests as the kernel installs them' test_kselftest
step check 'Static checks' scripts/check.sh
step demo 'What make run shows' show_demo
setup backport 'QEMU of bookworm-backports' "$coherency/qemu.sh"
step coherency-model 'Cache model: streams of events, and one fault of each kind' check_model
groups=quick,ci
[ "$mode" != prove ] || groups+=,prove
step qemu 'QEMU' "$selftests/run.py" --groups "$groups" -j2 --patience 3
step coherency 'Guests under the cache model' "$coherency/guest.py" --groups "$groups" -j2
if [ "$mode" = prove ]; then
	step mutants 'Cache and TLB maintenance, replaced by NOP' "$coherency/mutants.py"
	step operators 'Operators of the host simulator, changed' "$mutation/host.py"
	step review 'Changes that reviewers chose' "$mutation/review.py"
	step random 'Host simulator: longer random tests' make -s -C tools/testing/kexec fuzz
	step tools 'What dump tools read' "$selftests/debian/tools.py" --check
	step releases 'Build hosts' scripts/check-releases.sh
	step debian 'Debian machines' scripts/debian.sh
	step series 'The series for git am: each patch builds and boots' scripts/series.sh --build
fi
verdict
