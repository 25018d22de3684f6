#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# /init of every guest kernel, the first and all that follow it.
#
# The runner puts /case into the initrd: the steps, the command line of every
# kernel, the name and the date. Each kexec passes the same initrd on, and kx.at= on
# the command line is the step at which the next kernel continues. So a kernel needs
# no driver to report that it runs; only loading needs the 9p share with the kernels
# in it. Kernels that have their drivers in modules find those below /modules.
#
# Messages go to /dev/kmsg: one write is one line with a time, and no kernel message
# can cut it in two.
#
# The step "some-verb ARG..." is the function step_some_verb of this file or of
# kdump.sh, ima.sh and device.sh. ../steps.toml describes all of them.
export PATH=/bin

sys=/sys/kernel
unpack=/proc/sys/kernel/kexec_unpack_initrd
share=/share
cache=loose
# shellcheck source=kdump.sh
. /kdump.sh
# shellcheck source=ima.sh
. /ima.sh
# shellcheck source=device.sh
. /device.sh

say() {
	echo "<5>KX: $*" >/dev/kmsg
}

off() {
	sync
	poweroff -f
	sleep 60
}

die() {
	say "FAIL step $step ($line): $*"
	off
}

# say_lines PREFIX FILE: a line of the log for each line of the file
say_lines() {
	while IFS= read -r said; do
		say "$1$said"
	done <"$2"
}

# run COMMAND...: dies with the command's output when it fails
run() {
	"$@" >/tmp/said 2>&1 && return
	status=$?
	say_lines "  " /tmp/said
	die "$1 failed with status $status"
}

value() {
	sed -n "s/.*\<$1=\([^ ]*\).*/\1/p" /proc/cmdline
}

# with_share COMMAND...: the share is mounted only while it is used, so that
# leaving and hibernating never meet a mounted file system. Debian's kernels have no
# driver for it; they find an archive of the same on /dev/vda.
with_share() {
	if grep -q "9p$" /proc/filesystems; then
		run mount -t 9p -o "trans=virtio,version=9p2000.L,msize=512000,cache=$cache" \
			kx $share
	else
		run mount -t tmpfs share $share
		run tar xf /dev/vda -C $share
	fi
	"$@"
	run umount $share
}

# The number of online CPUs, or the list itself where one in the middle is missing
count_cpus() {
	read -r online </sys/devices/system/cpu/online
	case $online in
	0) echo 1 ;;
	0-*[,-]*) echo "$online" ;;
	0-*) echo $((${online#0-} + 1)) ;;
	*) echo "$online" ;;
	esac
}

# Facts about the machine and this kernel, as name=value words. A new process takes
# long in an emulated guest, so the shell reads most files itself.
describe() {
	fw=dt
	[ ! -d /sys/firmware/acpi/tables ] || fw=acpi
	said=$(dmesg | awk '
		BEGIN { el = "el1"; its = "no"; kaslr = "none" }
		/CPU\(s\) started at EL2/ { el = "nvhe" }
		/detected: Virtualization Host Ext/ { vhe = 1 }
		/KASLR enabled/ { kaslr = "on" }
		/KASLR disabled on command/ { kaslr = "off" }
		/KASLR disabled due to/ { kaslr = "noseed" }
		/ITS.*: allocated.*Devices/ { its = "yes" }
		END { print "el=" (el == "nvhe" && vhe ? "vhe" : el), "its=" its, "kaslr=" kaslr }')
	read -r release </proc/sys/kernel/osrelease
	read -r _ mem _ </proc/meminfo
	while read -r text _ name && [ "$name" != _stext ]; do
		:
	done </proc/kallsyms
	info=$(guest_info) || die "guest_info failed"
	echo "release=$release $said cpus=$(count_cpus) $info fw=$fw mem=${mem}kB text=$text"
}

# step_after VERB: the step after the next VERB, where the next kernel continues
step_after() {
	sed -n "$((step + 1)),\${/^$1/=}" /case/steps | { read -r n && echo $((n + 1)); }
}

next_cmdline() {
	echo "$(cat /case/cmdline) kx.boot=$((boot + 1)) kx.at=$(step_after "$1")"
}

pack_kernel() {
	[ "$how" = packed ] || return 0
	busybox gzip -c "$kernel" >/tmp/Image.gz || die "gzip failed"
	kernel=/tmp/Image.gz
}

# kexec_program HOW ARG...: kexec-tools of this release, or of a later one
kexec_program() {
	tree=$share/${1%%-*}
	case $1 in
	kexec1*) shift ;;
	*)
		shift
		kexec "$@"
		return
		;;
	esac
	"$tree/usr/lib/ld-linux-aarch64.so.1" --library-path "$tree/usr/lib/aarch64-linux-gnu" \
		"$tree/usr/sbin/kexec" "$@"
}

# load_image VERB FLAG HOW KERNEL [initrd=FILE] [WORD...]: VERB will start it
load_image() {
	way=$1 flag=$2 how=$3 kernel=$share/Image-$4 initrd=$share/initrd
	shift 4
	case ${1:-} in
	initrd=/*)
		initrd=${1#*=}
		shift
		;;
	initrd=*)
		initrd=$share/${1#*=}
		shift
		;;
	esac
	if [ "$how" = uki ]; then
		given=$*
		run kexec_direct --kernel "$kernel" ${given:+--cmdline "$given"} ${flag:+--on-crash}
		say "loaded $how ${kernel##*/}"
		return
	fi
	set -- "$(next_cmdline "$way")${*:+ $*}"
	# kexec-tools draws the next kernel's seeds only if that does not make it wait
	head -c 1 /dev/random >/dev/null
	case $how in
	direct | packed | debug)
		pack_kernel
		set -- --cmdline "$1" ${flag:+--on-crash}
		[ "$how" != debug ] || set -- "$@" --debug
		run kexec_direct --kernel "$kernel" --initrd "$initrd" "$@"
		;;
	kexec* | flag-* | update-*)
		[ "${how#kexec}" != "$how" ] || export LD_PRELOAD=/bin/preload_hotplug_flag.so
		[ "${how%%-*}" != update ] || export PRELOAD_UPDATE=1
		[ "$how" != kexec-ci-high ] || set -- "$1" --mem-min=0x68000000
		[ "$how" != kexec-ci-dtb ] || set -- "$1" --dtb=$share/dtb
		flags=${how#*-}
		run kexec_program "$how" "-${flags%%-*}" "${flag:--l}" "$kernel" \
			--initrd="$initrd" --command-line "$@"
		;;
	*) die "no such way to load" ;;
	esac
	unset LD_PRELOAD PRELOAD_UPDATE
	say "loaded $how ${kernel##*/} $(stat -c %s "$initrd")"
}

# tool_result HOW KERNEL loaded|rejected
tool_result() {
	flags=${1#*-} result=loaded
	kexec_program "$1" "-$flags" -l "$share/Image-$2" --initrd="$share/initrd" \
		--command-line=quiet >/tmp/said 2>&1 || result=rejected
	say_lines "  $1 $2: " /tmp/said
	say "tool $1 $2 $result"
	[ "$result" = "$3" ] || die "it is $result"
}

step_tool() {
	with_share tool_result "$@"
}

step_load() {
	with_share load_image leave "" "$@"
}

step_load_crash() {
	with_share load_image panic -p "$@"
}

refuse_image() {
	how=$1 kernel=$share/Image-$2 name=$2 error=$3 initrd=$share/initrd
	shift 3
	case ${1:-} in
	initrd=*)
		initrd=$share/${1#*=}
		shift
		;;
	esac
	pack_kernel
	given=$*
	set -- ${given:+--cmdline "$given"}
	[ "$how" = uki ] || set -- --initrd "$initrd" "$@"
	! kexec_direct --kernel "$kernel" "$@" >/tmp/said 2>&1 || die "it was loaded"
	grep -q ": $error\$" /tmp/said || die "$(cat /tmp/said), not $error"
	say "refused $how $name: $error"
}

step_refuse() {
	with_share refuse_image "$@"
}

step_revoke() {
	with_share revoke_key
}

revoke_key() {
	run key_add blacklist "$(cat $share/revoked)" .blacklist $share/revoked.p7
	say "revoked"
}

step_trust() {
	with_share run key_add asymmetric issuer .secondary_trusted_keys $share/issuer
	say "trusted"
}

# unload_image HOW [FLAG]
unload_image() {
	case $1 in
	direct | packed) run kexec_direct --unload ${2:+--on-crash} ;;
	kexec-*) run kexec "-${1#kexec-}" ${2:+-p} -u ;;
	esac
}

step_unload() {
	unload_image "$1" ""
}

step_unload_crash() {
	unload_image "$1" -p
}

step_expect_file() {
	[ "$(cat "$1")" = "$2" ] || die "$1 is $(cat "$1"), not $2"
}

step_state() {
	step_expect_file $sys/kexec_loaded "$1"
	step_expect_file $sys/kexec_crash_loaded "$2"
	say "state $1 $2"
}

step_leave() {
	step_expect_file $sys/kexec_loaded 1
	say "leave $1"
	case $1 in
	kexec-e) run kexec -e ;;
	syscall) run kexec_direct --exec ;;
	timed) run kexec_time leave ;;
	esac
	die "came back"
}

step_leave_to_reset() {
	run kexec_direct --exec
}

step_param() {
	echo "$2" >"/sys/module/kexec/parameters/$1" || die "no parameter"
}

sum_file() {
	digest=$(sha256sum "$1") || die "sha256sum failed"
	say "sum ${digest%% *}"
}

# Names, modes, owners, links, times and content of the root
list_root() {
	find / -mindepth 1 \( -path /dev -o -path /proc -o -path /share -o -path /sys \
		-o -path /tmp \) -prune -o -print | sort >/tmp/names
	tr '\n' '\0' </tmp/names | xargs -0 stat -c '%n %f %u %g %h %s %t %T %Y %N' || return
	while IFS= read -r name; do
		[ ! -f "$name" ] || [ -L "$name" ] || echo "$name"
	done </tmp/names | tr '\n' '\0' | xargs -0 sha256sum
}

step_root() {
	list_root >/tmp/root || die "no list of the root"
	digest=$(sha256sum /tmp/root)
	say "root ${digest%% *} of $(wc -l </tmp/names)"
}

step_sum() {
	case $1 in
	/*) sum_file "$1" ;;
	*) with_share sum_file "$share/$1" ;;
	esac
}

# The status goes through a file: that of a pipe is the reader's
tap_program() {
	{
		"$@" 2>&1
		echo $? >/tmp/status
	} | while IFS= read -r said; do
		echo "<5>KXTAP: $said" >/dev/kmsg
	done
	read -r status </tmp/status
	[ "$status" = 0 ] || die "$1 ended with status $status"
}

step_tap() {
	with_share tap_program "$@"
}

# kselftest_program FOLDER KERNEL: with the files that an installed kernel has
kselftest_program() {
	release=$(uname -r)
	mkdir -p /boot "/lib/modules/$release"
	[ -e /dev/stdout ] || ln -s /proc/self/fd/1 /dev/stdout
	ln -sf "$share/Image-$2" "/boot/vmlinuz-$release"
	ln -sf $share/initrd "/boot/initrd.img-$release"
	[ ! -e "$share/$1/config-$2" ] || cp "$share/$1/config-$2" "/lib/modules/$release/config"
	tap_program "$share/$1/run_kselftest.sh"
}

step_kselftest() {
	with_share kselftest_program "$@"
}

time_program() {
	run kexec_time "$@"
	say_lines "figure " /tmp/said
}

step_time() {
	with_share time_program "$@"
}

# Where the first kernel of a resume attempt comes here a second time, the
# image that it should have resumed from is still on the disk.
step_hibernate() {
	[ "$(dd if=/dev/vda bs=1 skip=4086 count=9 2>/dev/null)" != S1SUSPEND ] ||
		die "the image on disk was not resumed"
	run mkswap /dev/vda
	run swapon /dev/vda
	token=$(date +%s).$boot
	echo "$token" >/tmp/token
	echo reboot >/sys/power/disk
	say "suspend"
	echo disk >/sys/power/state || die "suspend failed"
	step_expect_file /tmp/token "$token"
	run swapoff /dev/vda
	say "resumed"
}

step_fill() {
	run mem_hog "$1" 0
}

stage_file() {
	run cp "$share/$1" /tmp
}

# Without the page cache of the share, whose pages would fill this CPU's free lists
step_stage() {
	[ -z "${2:-}" ] || run mount -t "$2" none /tmp
	cache=none
	with_share stage_file "$1"
	cache=loose
}

step_sleep() {
	sleep "$1"
}

step_no_verify() {
	[ ! -e /proc/sys/kernel/kexec_verify ] || echo 0 >/proc/sys/kernel/kexec_verify
}

step_host() {
	say "host $*"
}

# A block of memory takes its time to arrive or to leave
step_memory() {
	tries=0
	while :; do
		read -r _ mem _ </proc/meminfo
		[ $((mem >> 10)) -lt "$1" ] || [ $((mem >> 10)) -gt "$2" ] || break
		tries=$((tries + 1))
		[ $tries -lt 900 ] || die "$((mem >> 10)) MiB of memory"
		sleep 0.2
	done
	say "memory $((mem >> 10)) MiB"
}

step_block() {
	size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	file=/sys/devices/system/memory/memory$(($1 / size))/state
	if echo "$2" 2>/dev/null >"$file"; then
		[ -z "${3:-}" ] || die "the block at $1 is $2"
	else
		[ -n "${3:-}" ] || die "the block at $1 is not $2"
	fi
	say "block $1 $(cat "$file")"
}

step_cpu() {
	echo "$2" >"/sys/devices/system/cpu/cpu$1/online" || die "CPU $1 is not $2"
}

# Once, while the reboot is stopped between its two checks
bring_up_in_reboot() {
	hold=/sys/module/kexec/parameters/hold_reboot
	until [ "$(cat $hold)" = 2 ]; do
		usleep 10000
	done
	if echo 1 2>/dev/null >"/sys/devices/system/cpu/cpu$1/online"; then
		say "cpu $1 is online"
	else
		say "cpu $1 is refused"
	fi
	echo 0 >$hold
}

step_cpu_in_reboot() {
	step_param hold_reboot 1
	bring_up_in_reboot "$@" &
}

step_route() {
	routed=0
	for file in /proc/irq/*/smp_affinity; do
		! printf %x $((1 << $1)) 2>/dev/null >"$file" || routed=$((routed + 1))
	done
	[ $routed -gt 0 ] || die "no interrupt can be routed"
	say "routed $routed interrupts to CPU $1"
}

pattern_program() {
	case $1 in
	write) run mem_pattern write $share/pattern "$2" "$3" "$4" ;;
	verify) run mem_pattern verify $share/pattern /proc/vmcore ;;
	esac
	say "pattern $1: $(cat /tmp/said)"
}

step_pattern() {
	with_share pattern_program "$@"
}

step_map() {
	run mem_pattern "$1" /proc/vmcore "$2" "$3"
	say "map $*: $(cat /tmp/said)"
}

step_write() {
	echo "$2" >"$1" || die "cannot write $2"
}

step_run() {
	run "$@"
}

step_fails() {
	! "$@" >/tmp/said 2>&1 || die "it did not fail"
	say "failed: $(cat /tmp/said)"
}

step_stress_memory() {
	run load_low_memory stress "$1"
}

# A load may fail with EBUSY; the rest of the case has the forbidden events
step_stress_load() {
	: >/tmp/stress
	while [ -e /tmp/stress ]; do
		kexec_direct --segment "$1" --entry "${1%:*}"
	done >/dev/null 2>&1 &
}

step_stop_stress() {
	rm /tmp/stress
	wait
}

step_refuse_reboot() {
	if kexec_direct --exec >/tmp/said 2>&1; then
		die "came back and was no error"
	fi
	say "refused: $(cat /tmp/said)"
}

# step_ready FILE ANSWER: the answer's first line, which is 0 or the name of an errno
step_ready() {
	answer=
	{
		read -r answer
		say "$1 $answer"
		[ "$answer" = "$2" ] || die "$1 is $answer, not $2"
		while read -r more; do
			say "$1: $more"
		done
	} <"$sys/kexec/$1" || die "$1 cannot be read"
}

# The load is stopped until the CPU is online; then its unlock does the work of the CPU
bring_up_in_load() {
	hold=/sys/module/kexec/parameters/hold_read
	echo 1 >$hold
	kexec -s -p "$share/Image-$1" --initrd="$share/initrd" --command-line=none >/tmp/said 2>&1 &
	until [ "$(cat $hold)" = 2 ]; do
		usleep 10000
	done
	step_cpu "$2" 1
	echo 0 >$hold
	# Between the unlock and the work of the CPU the tree lacks a reservation
	answer=EBUSY
	while [ "$answer" = EBUSY ] || [ "$answer" = EADDRNOTAVAIL ]; do
		cat "$sys/kexec/ready" >/tmp/ready || die "ready cannot be read"
		read -r answer </tmp/ready
	done
	wait $! || die "$(cat /tmp/said)"
	say "pending $answer"
	sed 1d /tmp/ready >/tmp/lines
	say_lines "pending: " /tmp/lines
}

step_ready_pending() {
	with_share bring_up_in_load "$@"
}

count_interrupts() {
	awk '/MSI.*virtio/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

step_io() {
	before=$(count_interrupts)
	run dd if=/dev/vda of=/dev/null bs=64k count=64
	echo 3 >/proc/sys/vm/drop_caches
	run dd if=/dev/vda of=/dev/null bs=64k count=64
	after=$(count_interrupts)
	[ "$after" -gt "$before" ] || die "no interrupt from /dev/vda: $after"
	say "io $((after - before)) interrupts"
}

step_skip_if() {
	[ ! -e "$1" ] || at=$((step + 1 + $2))
}

step_reset_when() {
	say "reset-when $*"
}

step_timeline() {
	while read -r phase _ took; do
		say "figure phase_${phase}_us $took"
	done <$sys/kexec_timeline
}

do_step() {
	verb=$1
	shift
	# shellcheck disable=SC3060 # busybox has it
	"step_${verb//-/_}" "$@"
	[ $? != 127 ] || die "no such step"
}

step=0 line=boot
# First of all, and only where the case has the program: a process takes milliseconds
began=
[ ! -x /bin/kexec_time ] || began=$(kexec_time now init_ns)
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
boot=$(value kx.boot) at=$(value kx.at)
for module in "/modules/$(uname -r)"/*.ko; do
	[ ! -e "$module" ] || insmod "$module" || say "no $module"
done
date -s "@$(cat /case/date)" >/tmp/said 2>&1
if [ -n "$began" ]; then
	say "figure $began"
	[ ! -e $sys/kexec_timeline ] || step_timeline
fi
say "boot $boot $(describe)"
# Most cases are about the bytes of their initrd or its memory; the others leave the default
grep -q unpack /case/steps || [ ! -e $unpack ] || echo 0 >$unpack
while read -r line <&3; do
	step=$((step + 1))
	[ $step -ge "$at" ] || continue
	# shellcheck disable=SC2086 # a step is made of words
	do_step $line
done 3</case/steps
say "done $(cat /case/name)"
off
