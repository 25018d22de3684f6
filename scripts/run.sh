#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make run: installs packages, builds a kernel and shows it starting the next one.
# Prints each step and its time; the last line is the result.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

selftests=$top/tools/testing/selftests/kexec-arm64
steps=5
number=0
times=()

step() {
	local text=$1 start=$SECONDS
	shift
	number=$((number + 1))
	printf '\n==> %d/%d %s\n' "$number" "$steps" "$text"
	"$@"
	times+=("$(printf '%5d s  %s' $((SECONDS - start)) "$text")")
}

trap 'echo "FAILED in step $number of $steps" >&2' ERR
step 'Packages' "$top/scripts/deps.sh"
step 'Kernel source: base, hooks, overlay' "$top/scripts/prepare.sh"
need_qemu
step 'Kernel demo' "$top/scripts/build-kernel.sh" demo
step 'Root file system of the guest' "$selftests/rootfs.sh"
step 'Kexec and kdump in QEMU' "$selftests/demo" 4k=demo

printf '\n==> Times (%d s in all)\n' "$SECONDS"
printf '%s\n' "${times[@]}"
printf '\nThe next kernel booted: all %d steps done\n' "$steps"
