#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Checks the devicetree bindings of this project with dt-schema: the schema, and its
# example as compiled by dtc. The example with another magic number, with too few cells
# and with another version must be refused. Prints complaints only.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

bindings=$top/Documentation/devicetree/bindings/kexec
work=$build/binding

# validate SCHEMA NAME: complaints about the tree NAME.dts. dt-validate prints them and
# does not fail.
validate() {
	dtc -q -I dts -O dtb -o "$work/$2.dtb" "$work/$2.dts" &&
		dt-validate -s "$bindings" -l "$(basename "$1" .yaml)" "$work/$2.dtb"
}

# refuse SCHEMA NAME SED: the example, edited, must not be valid.
refuse() {
	sed -z "$3" "$work/example.dts" >"$work/$2.dts"
	if cmp -s "$work/example.dts" "$work/$2.dts"; then
		echo "$2: the edit does not change the example"
	elif [ -z "$(validate "$1" "$2" 2>&1)" ]; then
		echo "$2: a tree with a wrong property is accepted"
	fi
}

rm -rf "$work"
mkdir -p "$work"
for schema in "$bindings"/*.yaml; do
	dt-doc-validate -u "$top/Documentation/devicetree/bindings" "$schema" 2>&1
	dt-extract-example "$schema" >"$work/example.dts"
	validate "$schema" example 2>&1
	refuse "$schema" magic 's/<0x6b657874 1>/<0x6b657875 1>/'
	refuse "$schema" version 's/<0x6b657874 1>/<0x6b657874 2>/'
	refuse "$schema" short 's/,[^,]*, <0x0 0x0>;/;/'
done
