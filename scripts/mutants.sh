#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes small changes, one at a time, each of which a test must notice:
#
# - each instruction of cache and TLB maintenance in our objects becomes NOP, see
#   tools/testing/coherency/README.rst
# - operators of all files of the host simulator, see tools/testing/kexec/README.rst
# - the changes of tools/testing/kexec/mutation/review.toml
#
# Results of operators are kept in build/mutants/ until a source or a test changes, so a run
# that was stopped goes on. The status is not zero if a mutant survives without a reason.
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
mutation=$top/tools/testing/kexec/mutation
status=0
"$coherency/mutants.py" || status=1
"$mutation/host.py" || status=1
"$mutation/review.py" || status=1
say "$((SECONDS - start)) s"
exit "$status"
