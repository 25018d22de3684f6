#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Compares memory hotplug and reservations with the base kernel: runs the same cases on
# both and prints a table of the results for the README. Only a case that fails on our
# kernel is an error.
#
#	compare.sh [--built] [OPTION...]
#
# --built uses the kernels that exist; other options are passed to run.py.
#
# Logs: build/log/compare/ours/ and base/.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

selftests=$top/tools/testing/selftests/kexec-arm64
logs=$log_dir/compare

# A case and its description.
rows() {
	cat <<-ROWS
	hotplug-its-chain-direct|device tree, ITS: 6 kexecs by kexec_file_load
	hotplug-its-chain-kexec-ci|device tree, ITS: 6 kexecs by kexec_load
	hotplug-its-stock|... through Debian's 6.1 and 6.12 and back
	hotplug-its-dump-direct|... a dump from the third kernel
	hotplug-its-uefi|UEFI, ACPI, ITS: 4 kexecs
	hotplug-kdump-virtio-kexec-s|virtio-mem plugged in after kexec -p is in the dump
	hotplug-kdump-dimm|a DIMM plugged in after kexec -p is in the dump
	hotplug-kdump-unplug-virtio|virtio-mem unplugged after kexec -p is not
	hotplug-kdump-unplug-dimm|a DIMM unplugged after kexec -p is not
	hotplug-away|an image loaded while memory was plugged in starts
	hotplug-sources|no destination and no source in memory that was plugged in
	ima-anew|kexec -c, kexec -s, kexec -c: the IMA list begins anew
	hotplug-storm-4k|random loads, unloads, plugs and moves at once
	ROWS
}

prepare() {
	local script
	for script in deps.sh prepare.sh; do
		"$top/scripts/$script"
	done
	"$top/scripts/prepare.sh" --pristine
	"$selftests/rootfs.sh"
	"$selftests/stock.sh"
	"$top/scripts/build-kernel.sh" 4k base
}

# run_side NAME [OPTION...]: run all rows on one kernel
run_side() {
	local side=$1 names
	shift
	names=$(rows | cut -d'|' -f1 | paste -sd'|')
	mkdir -p "$logs/$side"
	"$selftests/run.py" --groups all --filter "^($names)\$" "$@" >"$logs/$side.tap" || :
	rows | cut -d'|' -f1 | while read -r name; do
		cp "$log_dir/qemu/$name.log" "$logs/$side/" || :
	done
}

# verdict SIDE NAME: "passed", or the step that failed, or the number of the kernel that
# did not boot and its last message
verdict() {
	awk -v name="$2" '
		/^# kernels seen: / { split($0, seen, "],"); kernels = gsub(/[0-9]+/, "", seen[1]) }
		/^# forbidden: / && !bad { bad = substr($0, 14) }
		/^# / && !why { why = substr($0, 3) }
		/^(not )?ok / {
			if ($NF != name) {
				why = bad = kernels = ""
				next
			}
			if (/^ok/)
				why = "passed"
			else if (bad ~ /FAIL step/)
				why = bad
			else if (kernels)
				why = "kernel " kernels + 1 (bad ? ": " bad : " does not boot")
			else if (bad)
				why = bad
			print why
			exit
		}' "$logs/$1.tap" |
		sed -E 's/KX: FAIL step [0-9]+ \((.*)\): .*/"\1" fails/; s/\|/\\|/g'
}

print_table() {
	echo '| case | base 6.12 | here |'
	echo '|---|---|---|'
	rows | while IFS='|' read -r name text; do
		echo "| $text | $(verdict base "$name") | $(verdict ours "$name") |"
	done
}

if [ "${1:-}" = --built ]; then
	shift
else
	prepare
fi
run_side ours "$@"
run_side base --kernel 4k=base "$@"
print_table | tee "$logs/table.md"
! tail -n +3 "$logs/table.md" | grep -qv '| passed |$'
