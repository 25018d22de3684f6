#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# kselftest: arguments that both system calls refuse, each with its errno and its line in
# the log. Nothing is started.
cd "$(dirname "$0")" || exit 1
# shellcheck source=kselftest_lib.sh
. ./kselftest_lib.sh

need_machine
need_unloaded
need_files
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
if [ -z "$(unpacked "$kernel")" ]; then
	gzip -dc "$kernel" >"$folder/Image" 2>/dev/null
	kernel=$(unpacked "$folder/Image")
	[ -n "$kernel" ] || skip 'the kernel is neither an Image nor an Image.gz: set KERNEL'
fi
set -- --kernel "$kernel" --initrd "$initrd" --dir "$folder"
[ "$(number "$sys/kexec_crash_size")" = 0 ] || set -- "$@" --crash
./kexec_bad_input "$@"
