#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Static checks: style, warnings, kernel-doc, words, structure, shell and Python, lines
# copied from the base. Prints TAP and, if all pass, "nothing to mend".
#
# It never writes to the checkout: checkpatch reads a copy, and the objects are compiled
# in a separate folder.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

copy=$build/check
out=$src_ours/out-check
log=$log_dir/check.log
shared_originality=$top/../shared/tools/originality
shared_prose=$top/../shared/tools/prose

max_function=50
max_file=800
max_columns=120
max_frames=6

# The functions named check_* print complaints only. They run in $(...), where a command
# that fails does not end the script.

# All files of the project that git does not ignore.
all_files() {
	git -C "$top" ls-files -co --exclude-standard | while IFS= read -r f; do
		[ ! -f "$top/$f" ] || printf '%s\n' "$f"
	done
}

# files_of KIND: files for that kind of tool, by name or first line.
files_of() {
	local f
	all_files | while IFS= read -r f; do
		case $1:$f in
		c:*.[chS]) echo "$f" ;;
		kernel-doc:kernel/*.[ch] | kernel-doc:arch/*.[ch]) echo "$f" ;;
		kernel-doc:include/*.h) echo "$f" ;;
		python:*.py | shell:*.sh) echo "$f" ;;
		python:* | shell:*)
			if head -n 1 "$top/$f" 2>/dev/null |
				grep -qE "^#!.*${1/shell/(bash|\/sh)}"; then
				echo "$f"
			fi ;;
		esac
	done
}

# each KIND COMMAND...: run COMMAND with all files of that kind.
each() {
	local kind=$1
	shift
	files_of "$kind" | (cd "$top" && xargs -d '\n' -r "$@")
}

# quiet COMMAND...: its output, but only if it fails.
quiet() {
	local said
	if ! said=$("$@" 2>&1); then
		printf '%s\n' "${said:-$1: failed without a word}"
	fi
}

# checkpatch [OPTION...]: check the files listed on standard input, in the copy. Outside
# of git, checkpatch reads the names of types from the tree's include/.
checkpatch() {
	(cd "$copy" && GIT_CEILING_DIRECTORIES=$build xargs -d '\n' -r -n 10 -P "$(nproc)" \
		"$src_ours/scripts/checkpatch.pl" --root="$src_ours" --strict \
		--no-summary --terse --show-types -q "$@" 2>&1)
}

check_style() {
	rm -rf "$copy"
	mkdir -p "$copy"
	all_files | (cd "$top" && cpio -pdm --quiet "$copy")
	all_files | grep -E '^(arch|kernel|include/linux|Kconfig|Documentation)' | checkpatch -f
	# TRACE_EVENT() is formatted like a structure.
	all_files | grep '^include/trace/' |
		checkpatch --ignore OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT -f
	# Programs of the host and the guest cannot use kernel headers, and
	# tools/testing/kexec/include has replacements of them. In shell, a
	# repeated word usually is an argument. libFuzzer and zlib have capitals.
	all_files | grep -E '^(tools|scripts|Makefile|configs)' |
		grep -vE '^tools/testing/kexec/include/|\.toml$' |
		checkpatch --ignore ARRAY_SIZE,BIT_MACRO,STRCPY,VOLATILE \
			--ignore PREFER_DEFINED_ATTRIBUTE_MACRO,REPEATED_WORD,CAMELCASE -f
	series_names | checkpatch --ignore MISSING_SIGN_OFF
}

series_names() {
	sed -e 's/[[:space:]]*#.*//' -e '/./s|^|patches/|' -e '/^$/d' "$top/patches/series"
}

# Warnings that name a file of ours; headers of the base cause others.
own_warnings() {
	overlay_files >"$copy/overlay"
	grep -E '(warning|error|Error)[: ]' "$log" | grep -F -f "$copy/overlay" | sort -u
	grep -E '^make.*Error [0-9]+$' "$log"
}

check_compile() {
	local built
	mkdir -p "$out" "$log_dir"
	cp "$build/out/4k/.config" "$out/.config"
	if ! "${kernel_make[@]}" -C "$src_ours" O="$out" olddefconfig prepare >"$log" 2>&1; then
		echo "cannot prepare, see ${log#"$top"/}"
		return
	fi
	"${kernel_make[@]}" -k -C "$src_ours" O="$out" W=1 C=2 CF=-D__CHECK_ENDIAN__ \
		kernel/kexec/ arch/arm64/kexec/ >"$log" 2>&1
	own_warnings
	built=$(find "$out/kernel/kexec" "$out/arch/arm64/kexec" -name '*.o' 2>/dev/null | wc -l)
	[ "$built" -ge 20 ] ||
		echo "only $built objects were built, see ${log#"$top"/}"
}

# Files that use each other: of the objects that check_compile() has built.
check_circles() {
	quiet "$top/scripts/check-circles.py" "$@" "$out"
}

check_kernel_doc() {
	each kernel-doc "$src_ours/scripts/kernel-doc" -none -Wall 2>&1
}

check_python() {
	each python python3 -c '
import sys
for name in sys.argv[1:]:
    compile(open(name, encoding="utf-8").read(), name, "exec")'
}

# A brace in the first column starts or ends a function.
check_lengths() {
	# shellcheck disable=SC2016 # the dollars are awk's
	each c awk -v max="$max_function" '
		FNR == 1 { start = 0 }
		/^[a-z].*\(/ { name = $0 }
		/^\{/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 >= max)
				printf "%s:%d: %d lines: %s\n", \
					FILENAME, start, FNR - start - 1, name
			start = 0
		}'
	all_files | grep -E '\.([chS]|py|sh)$' | (cd "$top" && xargs -d '\n' wc -l) |
		awk -v max="$max_file" '$2 != "total" && $1 >= max { print $2 ": " $1 " lines" }'
	all_files | grep '^tools/testing/selftests/.*\.toml$' | while IFS= read -r f; do
		expand "$top/$f" | awk -v file="$f" -v max="$max_columns" '
			length > max { print file ":" FNR ": " length " columns" }'
	done
}

# Absolute paths, marks of unfinished work, missing licence lines.
check_leftovers() {
	local marks='TO''DO|FIX''ME|XX''X'
	all_files | grep -v '^scripts/check\.sh$' | (cd "$top" && xargs -d '\n' \
		grep -nEI "(^|[^[:alnum:]_.}/])/(work|root|home)/|\\<($marks)\\>")
	all_files | grep -E '\.([chS]|py|sh)$|Makefile|Kconfig' | (cd "$top" && xargs -d '\n' \
		grep -L 'SPDX-License-Identi''fier: GPL-2.0-only' | sed 's/$/: no licence line/')
}

# The kernel's Sphinx; only warnings that name a file of ours count. It does not read
# unchanged documents again, so the old output is removed.
check_documents() {
	local out=$build/out/docs
	rm -rf "$out"
	mkdir -p "$out" "$log_dir"
	if ! "${kernel_make[@]}" -C "$src_ours" O="$out" htmldocs \
		SPHINXDIRS='arch/arm64/kexec admin-guide/kdump' >"$log_dir/documents.log" 2>&1; then
		echo "htmldocs failed, see ${log_dir#"$top"/}/documents.log"
	fi
	grep -E '(WARNING|ERROR|SEVERE|warning|error): ' "$log_dir/documents.log" |
		grep -F -f <(overlay_files)
	[ -f "$out/Documentation/output/arch/arm64/kexec/index.html" ] ||
		echo "no page was made, see ${log_dir#"$top"/}/documents.log"
}

# Phrases in comments, messages and documents.
check_words() {
	all_files | grep -vE '^(COPYING|patches/.*\.patch|scripts/check-words\.py|\.ci/.*)$' |
		(cd "$top" && xargs -d '\n' "$top/scripts/check-words.py") || :
}

# Names of files in comments and documents.
check_names() {
	all_files | (cd "$top" && xargs -d '\n' "$top/scripts/check-names.py" "$@" "$src_base")
}

# Sysctls, parameters and sysfs files that have no entry in the documentation.
check_admin() {
	quiet "$top/scripts/check-admin.py" "$@" "$src_ours"
}

check_originality() {
	"$shared_originality" "$src_base" "$top" 2>/dev/null
}

kernel_env
# Warnings depend on what is a macro, so the compiler has to see the source.
unset CCACHE_NOCPP2
"$top/scripts/prepare.sh" >/dev/null
"$top/scripts/prepare.sh" --pristine >/dev/null
"$top/scripts/build-kernel.sh" --config-only 4k

tap_start
ok 'checkpatch --strict' "$(check_style)"
ok 'compiles without a warning: W=1, sparse' "$(check_compile)"
ok 'no circle between source files' "$(check_circles)"
ok 'a circle that is planted is found' "$(check_circles --self-test)"
ok 'sections: the panic path, the relocation page and the idmap call no other code' \
	"$(quiet "$top/scripts/check-sections.sh" "$out")"
ok 'sections: each fault that is planted is found' \
	"$(quiet "$top/scripts/check-sections.sh" --self-test "$out")"
ok 'kernel-doc -Wall' "$(check_kernel_doc)"
ok 'shellcheck' "$(quiet each shell shellcheck)"
ok 'Python compiles' "$(quiet check_python)"
ok "functions under $max_function lines, files under $max_file, cases of $max_columns columns" \
	"$(check_lengths)"
ok "frames from the system calls to alloc_contig_range(): $max_frames at most" \
	"$(quiet "$top/scripts/call-depth.py" --limit "$max_frames" "$out")"
ok 'plain words' "$(check_words)"
ok 'each phrase of the list is found' "$(quiet "$top/scripts/check-words.py" --self-test)"
ok 'files that comments and documents name exist' "$(quiet check_names)"
ok 'a wrong name of a file is found' "$(quiet check_names --self-test)"
ok 'no machine paths, no unfinished marks, licence lines' "$(check_leftovers)"
ok 'the generated documents are current' "$(quiet "$top/scripts/doc-tables.py" --check)"
ok 'sysctls, parameters and sysfs files are documented' "$(check_admin)"
ok 'an entry that is missing is found' "$(check_admin --self-test)"
ok 'tests that the threat notes name exist' "$(quiet "$top/scripts/check-threats.py")"
ok 'a wrong name in the threat notes is found' \
	"$(quiet "$top/scripts/check-threats.py" --self-test)"
ok 'no decision is recorded twice' "$(quiet "$top/scripts/check-decisions.py")"
ok 'a decision that is recorded twice is found' \
	"$(quiet "$top/scripts/check-decisions.py" --self-test)"
ok 'the series for git am is whole and applies' "$(quiet "$top/scripts/series.sh")"
ok 'README: commands, session, links' "$(quiet "$top/scripts/check-readme.py" "$src_ours")"
ok 'a wrong command, session or link is found' \
	"$(quiet "$top/scripts/check-readme.py" --self-test "$src_ours")"
if command -v dt-validate >/dev/null; then
	ok 'devicetree bindings' "$("$top/scripts/check-binding.sh" 2>&1 || echo "status $?")"
else
	need_release
	ok "bindings-debian-$release # SKIP dt-validate (dt-schema) is missing"
fi
if command -v sphinx-build >/dev/null; then
	ok 'documents build without a warning' "$(check_documents)"
else
	ok 'documents build without a warning # SKIP sphinx-build (python3-sphinx) is missing'
fi
if [ -x "$shared_originality" ]; then
	ok 'originality: no run of lines of the base' "$(check_originality)"
else
	echo "# originality: not run, ${shared_originality#"$top"/} does not exist"
fi
if [ -x "$shared_prose" ]; then
	ok 'rates of phrases, lengths of messages' "$(quiet "$shared_prose" "$top")"
else
	echo "# rates of phrases: not run, ${shared_prose#"$top"/} does not exist"
fi
if tap_end; then
	echo '# nothing to mend'
else
	exit 1
fi
