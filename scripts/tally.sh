# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # top is set by lib.sh
#
# Sums of TAP results; sourced after lib.sh, never run.

passed=0
failed=0
skipped=0
# One line for each failure, for the end of a long log.
failures=()

# Results start in the first column. Indented lines are subtests, which a result in the
# first column sums up.
count() {
	grep -cE "$1" "$2" || :
}

# names LOG REGEX: names of the results whose lines match REGEX
names() {
	sed -nE "/$2/s/^(not )?ok [0-9]+ (- )?//p" "$1" | sed 's/ # SKIP.*//'
}

# refused_skips LOG: names of skipped tests that allowed-skips.txt does not list
refused_skips() {
	names "$1" '^ok .*# SKIP' |
		grep -vxF -f <(sed -nE 's/^([^#[:space:]]+)[[:space:]].*/\1/p' \
			"$top/scripts/allowed-skips.txt")
}

# fail LOG TEXT: count a failure that has no result of its own
fail() {
	echo "# $2"
	failures+=("$(step_of "$1"): $2")
	bad=$((bad + 1))
}

# step_of LOG: the step that wrote it
step_of() {
	basename "$1" .log | sed 's/^test-//'
}

# tally LOG STATUS: add up the results. A result that is missing, is not planned or
# comes twice has failed, and so has a skip that is not allowed.
tally() {
	local log=$1 status=$2 good bad skip planned seen name
	skip=$(count '^ok .*# SKIP' "$log")
	good=$(($(count '^ok ' "$log") - skip))
	bad=$(count '^not ok ' "$log")
	seen=$((good + bad + skip))
	planned=$(sed -nE 's/^1\.\.([0-9]+).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')

	while IFS= read -r name; do
		failures+=("$(step_of "$log"): $name")
	done < <(names "$log" '^not ok ')
	[ "$planned" -eq "$seen" ] || fail "$log" "$seen results, $planned tests are planned"
	while IFS= read -r name; do
		fail "$log" "more than one result: $name"
	done < <(names "$log" '^(not )?ok ' | sort | uniq -d)
	while IFS= read -r name; do
		fail "$log" "skipped, but not in scripts/allowed-skips.txt: $name"
		skip=$((skip - 1))
	done < <(refused_skips "$log")
	if [ "$seen" -eq 0 ] || { [ "$status" -ne 0 ] && [ "$bad" -eq 0 ]; }; then
		fail "$log" "the step failed (status $status), see ${log#"$top"/}"
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
}
