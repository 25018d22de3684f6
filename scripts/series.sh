#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes build/series/*.patch, a series for "git am" on the base: one patch for each
# layer of new files (patches/layers), and the hooks. The result is applied to a new
# repository and compared with the checkout.
#
#	series.sh            make, apply, compare
#	series.sh --build    also build and boot each step, see series-build.sh
#	series.sh --objects  also compile our folders at each step
#
# A file in patches/layers is a commit message and these lines:
#
#	Files:	patterns of the new files that it adds; "!" excludes, the last
#		matching pattern decides
#	Hook:	patterns of hooks that belong to the same commit; a layer without
#		a message uses that of the hook
#	Switch:	the new code is linked from this layer on. In earlier layers its
#		objects are compiled into archives that vmlinux does not link. The
#		hooks that are in no layer follow, one commit each.
#
# Each step has makefiles for the objects that exist.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

dest=$build/series
work=$build/series.work
switched=0

# Before git's configuration is disabled, because git may require it for this checkout.
names_here=$(overlay_files)

# Ignore the user's configuration and hooks; use the author of the last commit.
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

# Unpack only the files of the base that the hooks change.
make_base() {
	local name=linux-source-$base_version.$base_patchlevel
	local -a names
	mapfile -t names < <(hooks | sed "s|^|$top/patches/|" |
		xargs -d '\n' sed -n 's|^--- a/||p' | LC_ALL=C sort -u)
	[ "${#names[@]}" -gt 0 ] || die "the hooks change nothing"
	need_base
	git init -q -b base "$work/tree"
	tar -C "$work/tree" --strip-components=1 --occurrence=1 -I 'xz -T0' -xf "$base_tarball" \
		"${names[@]/#/$name/}"
	in_work add -A
	in_work commit -q -m "$name"
}

# All new files: name in the tree, name in the project.
new_files() {
	printf '%s\n' "$names_here" | sed 's/.*/& &/'
	echo 'kernel/kexec/Kconfig Kconfig'
}

is_makefile() {
	[[ $1 == @(kernel|arch/arm64)/kexec/?(*/)Makefile ]]
}

# value KEY FILE: the words after "KEY:" in a layer.
value() {
	sed -n "s/^$1: *//p" "$2"
}

# matches NAME PATTERN...: the last matching pattern decides.
matches() {
	local name=$1 pattern found=1
	shift
	for pattern in "$@"; do
		# shellcheck disable=SC2053 # a pattern it is
		if [[ $pattern == !* && $name == ${pattern#!} ]]; then
			found=1
		elif [[ $name == $pattern ]]; then
			found=0
		fi
	done
	return "$found"
}

# makefile FILE DIR: FILE without objects whose source is not in DIR. Before the switch
# objects are put into archives, and paragraphs that check objects are removed.
makefile() {
	DIR=$2 SWITCHED=$switched perl -0777 -ne '
		sub known {
			my ($word) = @_;
			return () = glob("$ENV{DIR}/$word*.[cS]") if $word =~ m{/$};
			return 1 unless $word =~ s/\.o$//;
			return -e "$ENV{DIR}/$word.c" || -e "$ENV{DIR}/$word.S";
		}
		sub assignment {
			my ($text, $head, $words) = @_;
			(my $flat = $words) =~ s/\\\n/ /g;
			my @all = split " ", $flat;
			my @kept = grep { known($_) } @all;
			return "" unless @kept;
			$text = "$head @kept\n" if @kept < @all;
			$text =~ s/^obj-/lib-/ if !$ENV{SWITCHED} && !grep { m{/$} } @kept;
			return $text;
		}
		for (split /(?<=\n)(?=\n)/) {
			next if !$ENV{SWITCHED} && /check-sections/;
			s/^((obj-[^=\n]*=)((?:[^\n\\]|\\\n)*)\n)/assignment($1, $2, $3)/gem;
			$out .= $_;
		}
		# A condition has no objects yet.
		$out =~ s/^ifn?def \S+\n(?:#.*\n)*endif\n//gm;
		$out =~ s/\n{3,}/\n\n/g;
		$out =~ s/\n+\z/\n/;
		print $out;' "$1"
}

# The makefiles of the two folders that kbuild enters, and of their subfolders that have
# a source file.
add_makefiles() {
	local name dir
	if ! grep -q ' kexec/$' "$work/tree/arch/arm64/Kbuild"; then
		return
	fi
	while read -r name _; do
		dir=$work/tree/$(dirname "$name")
		if is_makefile "$name" &&
			{ [[ $name == */kexec/Makefile ]] ||
				compgen -G "$dir/*.[cS]" >/dev/null; }; then
			mkdir -p "$dir"
			makefile "$top/$name" "$dir" >"$work/tree/$name"
			in_work add "$name"
		fi
	done < <(new_files)
}

# check_patterns LAYER LIST PATTERN...: each one must match a name in the first column of
# the file LIST. An excluding pattern has to match a file of the project.
check_patterns() {
	local layer=$1 list=$2 pattern names
	shift 2
	for pattern in "$@"; do
		names=$(cut -d' ' -f1 "$list")
		[[ $pattern != !* ]] || names=$names_here
		while read -r name; do
			# shellcheck disable=SC2053 # a pattern it is
			[[ $name != ${pattern#!} ]] || continue 2
		done <<<"$names"
		die "${layer#"$top"/}: no file matches $pattern"
	done
}

# add_files PATTERN...: move the matching files from $work/left to the tree.
add_files() {
	local name from
	: >"$work/left.new"
	while read -r name from; do
		if matches "$name" "$@"; then
			mkdir -p "$(dirname "$work/tree/$name")"
			cp -p "$top/$from" "$work/tree/$name"
			in_work add "$name"
		else
			printf '%s %s\n' "$name" "$from" >>"$work/left.new"
		fi
	done <"$work/left"
	mv "$work/left.new" "$work/left"
}

hook_message() {
	sed -e '1s/^Subject: *\(\[PATCH\] *\)\?//' -e '/^---$/,$d' "$top/patches/$1"
}

# apply_hooks PATTERN...: apply the matching ones of $work/hooks; $hook is the last one.
apply_hooks() {
	local name
	hook=
	while read -r name; do
		if matches "$name" "$@"; then
			in_work apply --index "$top/patches/$name"
			sed -i "/^$name\$/d" "$work/hooks"
			hook=$name
		fi
	done < <(cat "$work/hooks")
}

commit_layer() {
	local message
	local -a files wanted
	read -ra files < <(value Files "$1") || :
	read -ra wanted < <(value Hook "$1") || :
	[ -z "$(value Switch "$1")" ] || switched=1
	check_patterns "$1" "$work/left" "${files[@]}"
	check_patterns "$1" "$work/hooks" "${wanted[@]}"
	add_files "${files[@]}"
	apply_hooks "${wanted[@]}"
	add_makefiles
	if in_work diff --cached --quiet; then
		return
	fi
	message=$(sed -E '/^(Files|Hook|Switch):/d' "$1")
	printf '%s\n' "${message:-$(hook_message "$hook")}" | in_work commit -q -F -
	if [ -n "$(value Switch "$1")" ]; then
		commit_other_hooks
	fi
}

# The hooks that are in no layer.
commit_other_hooks() {
	local name
	local -a named
	read -ra named < <(cat "$top"/patches/layers/* | sed -n 's/^Hook: *//p' | tr '\n' ' ') || :
	while read -r name; do
		if ! matches "$name" "${named[@]}"; then
			apply_hooks "$name"
			hook_message "$name" | in_work commit -q -F -
		fi
	done < <(cat "$work/hooks")
}

# The series must apply to the base and result in the files of the checkout.
verify() {
	local name from
	git init -q -b base "$work/check"
	git -C "$work/check" pull -q "$work/tree" base
	git -C "$work/check" am -q "$dest"/*.patch
	[ "$(git -C "$work/check" rev-parse 'HEAD^{tree}')" = \
		"$(in_work rev-parse 'HEAD^{tree}')" ] ||
		die "applying the series results in another tree"
	while read -r name from; do
		cmp -s "$top/$from" "$work/check/$name" || die "$name differs in the series"
	done < <(new_files)
}

case ${1:-} in
'' | --build | --objects) ;;
*) die "usage: series.sh [--build | --objects]" ;;
esac

shopt -s extglob
rm -rf "$work" "$dest"
mkdir -p "$work" "$dest"
make_base
in_work checkout -q -b series
new_files | while read -r name from; do
	is_makefile "$name" || echo "$name $from"
done >"$work/left"
hooks >"$work/hooks"
for layer in "$top"/patches/layers/*; do
	commit_layer "$layer"
done
[ ! -s "$work/left" ] || die "no layer adds: $(cut -d' ' -f1 "$work/left" | tr '\n' ' ')"
[ ! -s "$work/hooks" ] || die "no layer applies: $(tr '\n' ' ' <"$work/hooks")"
in_work format-patch -q --no-signature -o "$dest" base
verify
rm -rf "$work"
say "$(find "$dest" -name '*.patch' | wc -l) patches in build/series, applied and compared"
case ${1:-} in
--build) exec "$top/scripts/series-build.sh" ;;
--objects) exec "$top/scripts/series-build.sh" --objects ;;
esac
