#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the source tree of the kernels: Debian's kernel source, the new files of this
# project, and the hook patches.
#
# A second run updates changed files only: a new base is unpacked, changed hooks are
# reverted and applied again, and files of the overlay are compared one by one.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	cat <<-USAGE
	usage: prepare.sh [--copy | --link]
	       prepare.sh --pristine [DIR]

	--copy       copy the overlay to build/src/ours (default)
	--link       symlink it, so that an edit requires no second run
	             (neither: as in the last run)
	--pristine   only unpack the base to DIR (default: build/src/base)
	USAGE
}

state=$build/src/.ours
mode=$(cat "$state/mode" 2>/dev/null || echo copy)

# Keep git apply from using the project's repository.
apply() {
	(cd "$src_ours" && env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE \
		GIT_CEILING_DIRECTORIES="$build/src" git apply "$@")
}

makefile_value() {
	sed -n "s/^$2 = *//p" "$1/Makefile" | head -n 1
}

check_version() {
	local version patchlevel
	version=$(makefile_value "$1" VERSION)
	patchlevel=$(makefile_value "$1" PATCHLEVEL)
	[ "$version.$patchlevel" = "$base_version.$base_patchlevel" ] ||
		die "the base is ${version:-?}.${patchlevel:-?}," \
			"this overlay requires $base_version.$base_patchlevel"
}

# unpack DIR: unpack the base to DIR. Output folders (out-*) are kept; make rebuilds
# objects that are out of date.
unpack() {
	local dir=$1 old
	need_base
	need_space "$build" 3000 'kernel source'
	say "unpacking $(basename "$base_tarball") into ${dir#"$top"/}"
	rm -rf "$dir.new"
	mkdir -p "$dir.new"
	tar -C "$dir.new" --strip-components=1 -I 'xz -T0' -xf "$base_tarball" ||
		die "$base_tarball cannot be unpacked (damaged, disk space)"
	check_version "$dir.new"
	for old in "$dir"/out-*; do
		[ ! -d "$old" ] || mv "$old" "$dir.new/"
	done
	rm -rf "$dir"
	mv "$dir.new" "$dir"
}

pristine() {
	local dir=$1
	if [ -f "$dir/Makefile" ] && [ "$(cat "$dir/.base-id" 2>/dev/null)" = "$(base_id)" ]; then
		return
	fi
	unpack "$dir"
	base_id >"$dir/.base-id"
}

forget() {
	rm -rf "$state"
	mkdir -p "$state"
	: >"$state/files"
}

fresh_base() {
	forget
	unpack "$src_ours"
	base_id >"$state/base"
}

series() {
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$top/patches/series"
}

series_text() {
	local p
	while IFS= read -r p; do
		cat "$top/patches/$p"
	done < <(series)
}

put_hooks() {
	local p
	: >"$state/hooks"
	while IFS= read -r p; do
		apply --whitespace=nowarn "$top/patches/$p" ||
			die "patches/$p does not apply to this base: update it by hand"
		cat "$top/patches/$p" >>"$state/hooks"
	done < <(series)
	say "$(series | wc -l) hook patch(es) applied"
}

refresh_hooks() {
	if [ -e "$state/hooks" ]; then
		if series_text | cmp -s - "$state/hooks"; then
			return
		fi
		say "hooks changed"
		if [ -s "$state/hooks" ] &&
			! apply -R --whitespace=nowarn "$state/hooks" 2>/dev/null; then
			fresh_base
		fi
	fi
	put_hooks
}

# install_one FROM TO: install FROM of the project as TO in the tree; true if that
# changed TO.
install_one() {
	local from=$top/$1 to=$src_ours/$2
	if [ "$mode" = link ]; then
		if [ "$(readlink "$to" 2>/dev/null)" = "$from" ]; then
			return 1
		fi
		mkdir -p "$(dirname "$to")"
		ln -sfn "$from" "$to"
	else
		if [ ! -L "$to" ] && cmp -s "$from" "$to"; then
			return 1
		fi
		mkdir -p "$(dirname "$to")"
		cp --remove-destination "$from" "$to"
	fi
}

# The files of the overlay as "FROM TO" pairs.
overlay_pairs() {
	overlay_files | sed 's/.*/& &/'
	echo 'Kconfig kernel/kexec/Kconfig'
}

refuse_overwriting() {
	local clash
	clash=$(LC_ALL=C comm -23 "$state/files.new" "$state/files" | while IFS= read -r f; do
		# A link to the project is not a file of the base.
		case $(readlink "$src_ours/$f") in
		"$top"/*) continue ;;
		esac
		if [ -e "$src_ours/$f" ] || [ -L "$src_ours/$f" ]; then
			printf ' %s' "$f"
		fi
	done)
	[ -z "$clash" ] ||
		die "would overwrite file(s) of the base:$clash." \
			"Changes to the base are hooks in patches/"
}

lay_over() {
	local from to n=0
	overlay_pairs | cut -d' ' -f2 | LC_ALL=C sort >"$state/files.new"
	[ -z "$(uniq -d "$state/files.new")" ] ||
		die "duplicate in the overlay: $(uniq -d "$state/files.new" | tr '\n' ' ')"
	refuse_overwriting

	LC_ALL=C comm -13 "$state/files.new" "$state/files" | while IFS= read -r to; do
		rm -f "$src_ours/$to"
		(cd "$src_ours" &&
			rmdir -p --ignore-fail-on-non-empty "$(dirname "$to")" 2>/dev/null) || :
	done

	# If this run is interrupted, the next one must know these files.
	LC_ALL=C sort -u "$state/files" "$state/files.new" -o "$state/files"
	while read -r from to; do
		if install_one "$from" "$to"; then
			n=$((n + 1))
		fi
	done < <(overlay_pairs)
	mv "$state/files.new" "$state/files"
	echo "$mode" >"$state/mode"
	say "overlay: $(wc -l <"$state/files") files, $n new or changed ($mode)"
}

while [ $# -gt 0 ]; do
	case $1 in
	--copy | --link) mode=${1#--} ;;
	--pristine)
		mkdir -p "$build/src"
		pristine "${2:-$src_base}"
		exit ;;
	-h | --help)
		usage
		exit ;;
	*)
		usage >&2
		exit 2 ;;
	esac
	shift
done

need_base
mkdir -p "$build/src"
exec 9>"$build/src/.lock"
flock 9
if [ ! -f "$src_ours/Makefile" ] || [ "$(cat "$state/base" 2>/dev/null)" != "$(base_id)" ]; then
	fresh_base
fi
check_version "$src_ours"
refresh_hooks
lay_over
