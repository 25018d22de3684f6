#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# kselftest: loads the running kernel by both system calls, asks if it could be started,
# and unloads it. Nothing is started.
cd "$(dirname "$0")" || exit 1
# shellcheck source=kselftest_lib.sh
. ./kselftest_lib.sh

load() {
	./kexec_direct --kernel "$kernel" --initrd "$initrd" --same-cmdline "$@"
}

need_machine
need_unloaded
need_files
echo 'TAP version 13'
echo '1..15'
ok 'kexec_file_load' load
ok 'an image is loaded' has "$sys/kexec_loaded" 1
ok 'it can be started' has "$sys/kexec/ready" 0
ok 'it is replaced' load
ok 'it is unloaded' ./kexec_direct --unload
ok 'no image is loaded' has "$sys/kexec_loaded" 0
ok 'none can be started' has "$sys/kexec/ready" EINVAL

if command -v kexec >/dev/null; then
	ok 'kexec_load by kexec-tools' kexec -c -i -l "$kernel" --initrd="$initrd" --reuse-cmdline
	ok 'that can be started' has "$sys/kexec/ready" 0
	ok 'that is unloaded' kexec -c -u
else
	for test in 'kexec_load by kexec-tools' 'that can be started' 'that is unloaded'; do
		omit "$test" 'no kexec-tools'
	done
fi

if [ "$(number "$sys/kexec_crash_size")" != 0 ]; then
	ok 'kexec_file_load of a crash image' load --on-crash
	ok 'a crash image is loaded' has "$sys/kexec_crash_loaded" 1
	ok 'a panic would start it' has "$sys/kexec/crash_ready" 0
	ok 'the crash image is unloaded' ./kexec_direct --unload --on-crash
	ok 'no crash image is loaded' has "$sys/kexec_crash_loaded" 0
else
	for test in 'kexec_file_load of a crash image' 'a crash image is loaded' \
		'a panic would start it' 'the crash image is unloaded' \
		'no crash image is loaded'; do
		omit "$test" 'no crash reservation'
	done
fi
[ $failed = 0 ]
