#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Replaces each instruction of cache and TLB maintenance in our objects by NOP, one at a
# time, and runs the result under the cache model. The status is not zero if one
# survives without a reason; see tools/testing/coherency/README.rst.
#
# Arguments are passed to mutants.py, such as --filter or --list.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

coherency=$top/tools/testing/coherency
start=$SECONDS

"$top/scripts/deps.sh"
"$top/scripts/prepare.sh"
"$top/scripts/build-kernel.sh" 4k
"$top/tools/testing/selftests/kexec-arm64/rootfs.sh"
"$coherency/qemu.sh"
make -s -C "$coherency" OUT="$build/coherency"
status=0
"$coherency/mutants.py" "$@" || status=$?
say "$((SECONDS - start)) s"
exit "$status"
