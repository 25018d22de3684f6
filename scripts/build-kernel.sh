#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Builds guest kernels: build/out/VARIANT/arch/arm64/boot/Image for each VARIANT
# given (see configs/), from build/src/ours; "base" from the unmodified base. The
# log is build/log/kernel-VARIANT.log. Builds are incremental.
#
# The objects are in a folder of the source tree, and build/out/VARIANT is a link to
# it. There kbuild passes relative paths to the compiler, so that one compiler cache
# serves all variants, all checkouts and the base.
#
# Every 20 s a line says how far the build is: the number of objects, and how many the last
# complete build of the variant had, which is kept beside the compiler cache.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

usage() {
	cat <<-USAGE
	usage: build-kernel.sh [--config-only] [--keep-going] VARIANT... | all
	variants: ${variants[*]} ${prove_variants[*]} demo base
	          ${deb_variants[*]} (configured by scripts/deb.sh)
	USAGE
}

config_only=
keep_going=()
progress_s=${PROGRESS_S:-20}

source_of() {
	if [ "$1" = base ]; then
		echo "$src_base"
	else
		echo "$src_ours"
	fi
}

# The fragments of a variant, in order; the last one is its own and may override.
fragments() {
	local f
	while read -r f; do
		echo "$top/configs/$f.config"
	done < <(sed -n 's/^# uses: *//p' "$top/configs/$1.config" | tr ' ' '\n')
	echo "$top/configs/$1.config"
}

fragment_text() {
	local -a files
	mapfile -t files < <(fragments "$1")
	cat "${files[@]}"
}

# The configuration of Debian's that a variant starts from, if it has one.
debian_config() {
	local name
	name=$(sed -n 's/^# from: *//p' "$top/configs/$1.config")
	[ -z "$name" ] || echo "$debian_configs/$name"
}

# The options of the fragments; of two lines for one option, the last.
fragment_options() {
	fragment_text "$1" | sed -nE '/^CONFIG_|^# CONFIG_.* is not set$/p' | tac |
		awk '{ name = $1 == "#" ? $2 : $0; sub(/=.*/, "", name) } !seen[name]++' | tac
}

# Lines of the fragments that are not in the configuration: options that do not exist
# or whose dependencies are not met.
missing_lines() {
	fragment_options "$1" |
		while IFS= read -r line; do
			grep -qxF -- "$line" "$2/.config" || {
				# An option that does not exist is not set, either.
				case $line in
				'# '*) ! grep -q "^$(echo "$line" | cut -d' ' -f2)=" "$2/.config" ;;
				*) false ;;
				esac
			} || printf '  %s\n' "$line"
		done
}

# configure VARIANT SRC OUT: only if a fragment or Kconfig has changed.
configure() {
	local variant=$1 src=$2 out=$3 missing debian
	debian=$(debian_config "$variant")
	[ -z "$debian" ] || [ -r "$debian" ] || {
		echo "${debian#"$top"/} is missing: run scripts/deb.sh"
		return 1
	}
	{
		[ -z "$debian" ] || cat "$debian"
		fragment_text "$variant"
		cat "$top/Kconfig" "$top/patches/series"
	} >"$out/.fragment.new"
	if [ ! -f "$out/.config" ] || ! cmp -s "$out/.fragment.new" "$out/.fragment"; then
		rm -f "$out/.fragment"
		if [ -n "$debian" ]; then
			{
				cat "$debian"
				fragment_text "$variant"
			} >"$out/.config"
			"${kernel_make[@]}" -C "$src" O="$out" olddefconfig || return
		else
			fragment_options "$variant" >"$out/.allconfig"
			"${kernel_make[@]}" -C "$src" O="$out" \
				KCONFIG_ALLCONFIG="$out/.allconfig" allnoconfig || return
		fi
	fi
	missing=$(missing_lines "$variant" "$out")
	[ -z "$missing" ] || {
		printf 'not in the configuration:\n%s\n' "$missing"
		return 1
	}
	mv "$out/.fragment.new" "$out/.fragment"
}

# Variables of kbuild for a variant in which a sanitizer instruments the overlay alone.
sanitizer_args() {
	local name folder
	name=$(sed -n 's/^# instrument: *//p' "$top/configs/$1.config")
	[ -n "$name" ] || return 0
	echo "${name}_SANITIZE=n"
	for folder in kernel/kexec arch/arm64/kexec; do
		(cd "$top/$folder" && find . -name '*.c' -printf "${name}_SANITIZE_%P\n")
	done | LC_ALL=C sort -u | sed 's/\.c$/.o=y/'
}

output_dir() {
	local src=$1 variant=$2
	mkdir -p "$src/out-$variant" "$build/out"
	if [ -d "$build/out/$variant" ] && [ ! -L "$build/out/$variant" ]; then
		die "build/out/$variant is a folder of an earlier layout: remove it"
	fi
	ln -sfn "../${src#"$build"/}/out-$variant" "$build/out/$variant"
	echo "$build/out/$variant"
}

objects() {
	find "$build/out/$1/" -name '*.o' | wc -l
}

# The objects of a build that starts from nothing or was interrupted; else the files that
# this run has compiled, and the folder of the last one.
progress_line() {
	local variant=$1 known
	if [ -e "$build/out/$variant/vmlinux" ]; then
		sed -nE 's/^  (CC|AS) +(\[M\] +)?//p' "$log_dir/kernel-$variant.log" |
			awk 'END { print NR + 0 " files compiled" (NR ? ", " $1 : "") }'
		return
	fi
	known=$(cat "$CCACHE_DIR/objects-$variant" 2>/dev/null || :)
	echo "$(objects "$variant") ${known:+of about $known }objects"
}

# show_progress VARIANT: until it is killed, or this script was.
show_progress() {
	local start=$SECONDS
	while sleep "$progress_s" >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
		say "$1: $(progress_line "$1"), $((SECONDS - start)) s"
	done
}

# run_make VARIANT SRC OUT TARGET...: with progress on the standard output.
run_make() {
	local variant=$1 src=$2 out=$3 status=0 watcher
	local -a sanitize
	shift 3
	mapfile -t sanitize < <(sanitizer_args "$variant")
	show_progress "$variant" 9>&- &
	watcher=$!
	"${kernel_make[@]}" "${keep_going[@]}" -C "$src" O="$out" "${sanitize[@]}" "$@" \
		>>"$log_dir/kernel-$variant.log" 2>&1 9>&- || status=$?
	kill "$watcher" 2>/dev/null || :
	wait "$watcher" 2>/dev/null || :
	return "$status"
}

build_one() {
	local variant=$1 src out log=$log_dir/kernel-$1.log start=$SECONDS targets
	[ -f "$top/configs/$variant.config" ] || die "no such variant: $variant"
	src=$(source_of "$variant")
	[ -f "$src/Makefile" ] || die "${src#"$top"/} is missing: run scripts/prepare.sh"
	out=$(output_dir "$src" "$variant")
	mkdir -p "$log_dir"

	kernel_env
	[ -z "$(debian_config "$variant")" ] || debian_env

	exec 9>"$build/out/.lock-$variant"
	flock 9
	if ! configure "$variant" "$src" "$out" >"$log" 2>&1 9>&-; then
		tail -n 20 "$log" >&2
		die "$variant: configuration failed"
	fi
	if [ -n "$config_only" ]; then
		return
	fi
	targets=(Image)
	! grep -q '^CONFIG_MODULES=y' "$out/.config" || targets+=(modules)
	! grep -q '^CONFIG_EFI_ZBOOT=y' "$out/.config" || targets+=(vmlinuz.efi)
	if ! run_make "$variant" "$src" "$out" "${targets[@]}"; then
		grep -E -A 3 '(error|warning): |undefined reference|\*\*\* ' "$log" |
			head -n 40 >&2 || :
		! grep -q 'No space left on device' "$log" ||
			die "$variant: disk space: none left in ${build#"$top"/}"
		die "$variant: build failed, see ${log#"$top"/}"
	fi
	flock -u 9
	objects "$variant" >"$CCACHE_DIR/objects-$variant"
	say "$variant: $(stat -L -c %s "$out/arch/arm64/boot/Image") bytes" \
		"in $((SECONDS - start)) s"
}

[ $# -gt 0 ] || {
	usage >&2
	exit 2
}
wanted=()
while [ $# -gt 0 ]; do
	case $1 in
	--config-only) config_only=1 ;;
	--keep-going) keep_going=(-k) ;;
	-h | --help)
		usage
		exit ;;
	all) wanted+=("${variants[@]}") ;;
	-*)
		usage >&2
		exit 2 ;;
	*) wanted+=("$1") ;;
	esac
	shift
done

for v in "${wanted[@]}"; do
	build_one "$v"
done
