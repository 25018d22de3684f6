#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Fails if a Debian release that is supported as build host lacks a package of deps.sh.
# apt resolves them for a new root, and downloads lists only. Prints TAP.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# unresolved SUITE NUMBER: the errors of apt.
unresolved() {
	local -a names
	printf 'ID=debian\nVERSION_ID="%s"\n' "$2" >"$work/os-release"
	mapfile -t names < <(OS_RELEASE=$work/os-release "$top/scripts/deps.sh" --list debian)
	mmdebstrap --simulate --variant=custom --include="$(IFS=,; echo "${names[*]}")" "$1" \
		/dev/null >"$work/log" 2>&1 && return
	grep '^E: [UP]' "$work/log" || tail -n 3 "$work/log"
}

tap_start
ok 'packages for a build host: Debian 12' "$(unresolved bookworm 12)"
ok 'packages for a build host: Debian 13' "$(unresolved trixie 13)"
tap_end
