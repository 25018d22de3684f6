#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/series/*.patch, a series for "git am" on the base: one patch for
# each layer of new files (patches/layers, message and file patterns), then the
# hooks, which switch the new code on. So every step of it builds and boots.
#
# The result is applied to a fresh repository and compared with the checkout.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dest=$build/series
work=$build/series.work

# Before the configuration goes: it may be what lets git read this checkout.
names_here=$(overlay_files)

# Nobody's configuration or hooks; the author is whoever owns this checkout.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
GIT_AUTHOR_NAME=$(git -C "$top" log -1 --format=%an 2>/dev/null || echo 'arm64 kexec')
GIT_AUTHOR_EMAIL=$(git -C "$top" log -1 --format=%ae 2>/dev/null || echo kexec@localhost)
GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME
GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

hooks() {
	sed -e 's/[[:space:]]*#.*//' -e '/^$/d' "$top/patches/series"
}

in_work() {
	git -C "$work/tree" "$@"
}

# The files of the base that the hooks change are all of it that is needed.
make_base() {
	local name=linux-source-$base_version.$base_patchlevel
	local -a names
	mapfile -t names < <(hooks | sed "s|^|$top/patches/|" |
		xargs -d '\n' sed -n 's|^--- a/||p' | LC_ALL=C sort -u)
	[ "${#names[@]}" -gt 0 ] || die "the hooks change nothing"
	need_base
	git init -q -b base "$work/tree"
	tar -C "$work/tree" --strip-components=1 -I 'xz -T0' -xf "$base_tarball" \
		"${names[@]/#/$name/}"
	in_work add -A
	in_work commit -q -m "$name"
}

# Names in the tree of all new files, and where each comes from.
new_files() {
	printf '%s\n' "$names_here" | sed 's/.*/& &/'
	echo 'kernel/kexec/Kconfig Kconfig'
}

# commit_layer FILE: takes from $work/left what its patterns match.
commit_layer() {
	local name from pattern taken=0
	local -a patterns
	read -ra patterns < <(sed -n 's/^Files: *//p' "$1")
	: >"$work/left.new"
	while read -r name from; do
		for pattern in "${patterns[@]}"; do
			# shellcheck disable=SC2053 # a pattern it is
			if [[ $name == $pattern ]]; then
				mkdir -p "$(dirname "$work/tree/$name")"
				cp -p "$top/$from" "$work/tree/$name"
				in_work add "$name"
				taken=$((taken + 1))
				continue 2
			fi
		done
		printf '%s %s\n' "$name" "$from" >>"$work/left.new"
	done <"$work/left"
	mv "$work/left.new" "$work/left"
	if [ "$taken" -gt 0 ]; then
		sed '/^Files:/,$d' "$1" | in_work commit -q -F -
	fi
}

commit_hook() {
	in_work apply --index "$top/patches/$1"
	sed -e '1s/^Subject: *\(\[PATCH\] *\)\?//' -e '/^---$/,$d' "$top/patches/$1" |
		in_work commit -q -F -
}

# What was made must apply where it is meant to, and give what is here.
verify() {
	local name from
	git init -q -b base "$work/check"
	git -C "$work/check" pull -q "$work/tree" base
	git -C "$work/check" am -q "$dest"/*.patch
	[ "$(git -C "$work/check" rev-parse 'HEAD^{tree}')" = \
		"$(in_work rev-parse 'HEAD^{tree}')" ] ||
		die "the series gives another tree when it is applied"
	while read -r name from; do
		cmp -s "$top/$from" "$work/check/$name" || die "the series has another $name"
	done < <(new_files)
}

rm -rf "$work" "$dest"
mkdir -p "$work" "$dest"
make_base
in_work checkout -q -b series
new_files >"$work/left"
for layer in "$top"/patches/layers/*; do
	commit_layer "$layer"
done
[ ! -s "$work/left" ] || die "no layer takes: $(cut -d' ' -f1 "$work/left" | tr '\n' ' ')"
while IFS= read -r hook; do
	commit_hook "$hook"
done < <(hooks)
in_work format-patch -q --no-signature -o "$dest" base
verify
rm -rf "$work"
say "$(find "$dest" -name '*.patch' | wc -l) patches in build/series, applied and compared"
