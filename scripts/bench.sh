#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make bench: builds the base kernel and ours with the same options, measures both in
# turn and prints the table. Arguments are passed to tools/kexec-bench/bench.py.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

"$top/scripts/deps.sh"
# For the chart only; /usr/bin/python3 finds Debian's package.
if ! /usr/bin/python3 -c 'import matplotlib' 2>/dev/null; then
	[ "$(id -u)" = 0 ] || die "not root: run 'apt-get install python3-matplotlib' as root"
	DEBIAN_FRONTEND=noninteractive \
		apt-get -q install -y --no-install-recommends python3-matplotlib
fi
"$top/scripts/prepare.sh"
"$top/scripts/prepare.sh" --pristine
"$top/scripts/build-kernel.sh" 4k base
for script in rootfs stock packages; do
	"$top/tools/testing/selftests/kexec-arm64/$script.sh"
done
exec /usr/bin/python3 "$top/tools/kexec-bench/bench.py" "$@"
