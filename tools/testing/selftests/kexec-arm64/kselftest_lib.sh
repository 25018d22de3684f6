#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Sourced by the kselftests: requirements, files to load, results in TAP.
#
# KERNEL and INITRD in the environment replace the files of the running kernel in /boot.
# ROOT is for the tests of these scripts: a folder with sys/, proc/ and boot/.

ksft_skip=4
root=${ROOT:-}
sys=$root/sys/kernel
count=0
failed=0

# skip REASON: end without a result.
skip() {
	echo 'TAP version 13'
	echo "1..0 # SKIP $*"
	exit $ksft_skip
}

# ok DESCRIPTION COMMAND...: the result of a command; its output if it fails.
ok() {
	description=$1
	shift
	count=$((count + 1))
	if said=$("$@" 2>&1); then
		echo "ok $count $description"
	else
		echo "$said" | sed 's/^/# /'
		echo "not ok $count $description"
		failed=$((failed + 1))
	fi
}

# omit DESCRIPTION REASON: a result that this machine cannot give.
omit() {
	count=$((count + 1))
	echo "ok $count $1 # SKIP $2"
}

# has FILE TEXT: the first line of a file.
has() {
	read -r line <"$1" || line=
	[ "$line" = "$2" ] || {
		echo "$1: $line ($2)"
		return 1
	}
}

number() {
	cat "$1" 2>/dev/null || echo 0
}

# An arm64 Image that is not packed, or nothing.
unpacked() {
	case $(dd if="$1" bs=1 skip=56 count=4 2>/dev/null | tr -d '\0') in
	ARMd) echo "$1" ;;
	esac
}

need_machine() {
	case $(uname -m) in
	aarch64 | arm64) ;;
	*) skip "machine $(uname -m) (aarch64)" ;;
	esac
	[ "$(id -u)" = 0 ] || skip 'not root'
	[ -e "$sys/kexec/ready" ] ||
		skip "no $sys/kexec/ready: the kernel has another kexec, or no CONFIG_KEXEC"
	[ "$(number "$root/proc/sys/kernel/kexec_load_disabled")" = 0 ] ||
		skip 'kernel.kexec_load_disabled is 1 until the next boot'
}

# Tests of loads unload what is loaded.
need_unloaded() {
	[ "$(number "$sys/kexec_loaded")" = 0 ] ||
		skip 'an image is loaded: kexec -u'
	[ "$(number "$sys/kexec_crash_loaded")" = 0 ] ||
		skip 'a crash image is loaded: kexec -p -u, or kdump-config unload'
}

# Sets kernel and initrd.
need_files() {
	release=$(uname -r)
	kernel=${KERNEL:-$root/boot/vmlinuz-$release}
	initrd=${INITRD:-$root/boot/initrd.img-$release}
	[ -r "$kernel" ] || skip "no $kernel: set KERNEL to an Image"
	[ -r "$initrd" ] || skip "no $initrd: set INITRD to an initrd"
}
