#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# /init of every guest kernel, the first and all that follow it.
#
# The runner puts /case into the initrd: what to do (steps), what to put on every
# kernel's command line (cmdline), the name and the date. The same initrd is
# handed on by every kexec, and kx.at= on the command line says at which step
# the next kernel goes on. So a kernel needs no driver at all to report that
# it runs; only loading needs the 9p share with the kernels in it. Kernels that
# have their drivers in modules find those below /modules.
#
# Everything is said through /dev/kmsg: one write is one line with a time, and
# no kernel message can cut it in two.
#
# Steps, one to a line:
#   load HOW KERNEL [initrd=FILE] [WORD...]   HOW: direct, debug (the same, and the
#                           kernel says what it does), packed (an Image.gz),
#                           kexec-s, kexec-c, kexec-ci, kexec-ci-high, kexec-ci-dtb,
#                           flag-ci (see hotflag.c)
#                           (-i leaves out the checksum that kexec-tools' purgatory
#                           takes of all segments: ten seconds in an emulated guest;
#                           high: away from where the kernel keeps its own things;
#                           dtb: with the device tree of next_dtb)
#   load-crash HOW KERNEL [WORD...]
#   refuse HOW KERNEL ERRNO the kernel must not take it; HOW: direct or packed
#   unload HOW | unload-crash HOW
#   stage FILE [FS]         copies a file of the share to /tmp, for initrd=/tmp/FILE; FS is
#                           mounted there before
#   time [ARG...]           kexec_time, which says figures
#   stress MIB              processes that use that much memory in turns, and go on
#   rest                    two seconds, for what goes on behind a load
#   unchecked               the digest is not compared when leaving
#   leave HOW               HOW: kexec-e, syscall, or timed, which says when this kernel
#                           was left and when the next one ran /init; goes on below there
#   state LOADED CRASH      what /sys/kernel must say
#   param NAME VALUE        a parameter of our kernel, by sysfs
#   sum FILE                sha256 of a file of the share, or of an absolute path
#   tap PROGRAM [ARG...]    runs it and passes on its TAP lines
#   hibernate               to /dev/vda, and back
#   fill MIB                writes to that much memory and frees it
#   host COMMAND NAME=VALUE...  the host does it, see monitor.py
#   memory MIN MAX          waits until there are so many MiB of memory
#   block ADDR STATE [no]   the memory block there goes offline or online, or must not
#   cpu N STATE             0 or 1
#   cpu-later N USECS       brings CPU N up in the background, as soon as it is possible
#                           after so long
#   route N                 all interrupts that can be are routed to CPU N
#   pattern write ADDR MIB  a process fills memory above ADDR with a random pattern
#   pattern verify          /proc/vmcore has it, byte for byte
#   map present|absent START END    whether /proc/vmcore has memory there
#   write FILE TEXT         below /proc/sys or /sys
#   want FILE TEXT
#   run PROGRAM [ARG...]    must succeed
#   fails PROGRAM [ARG...]  must not
#   hammer START:BYTES      loads an image there over and over, in the background
#   calm                    ends that
#   refused                 reboot(KEXEC), and it comes back
#   io                      reads /dev/vda and sees its interrupts
#   skip-if FILE N          leaves out the next N steps when FILE is there
#   reset-when ADDR WORD    the host resets the machine when memory there is WORD
#   leave-to-reset          reboot(KEXEC) that ends in that reset; begins with the first step
# and those of kdump.sh, ima.sh and device.sh
export PATH=/bin

sys=/sys/kernel
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

# run COMMAND...: passes on what the command said when it fails, and dies
run() {
	"$@" >/tmp/said 2>&1 && return
	while IFS= read -r said; do
		say "  $said"
	done </tmp/said
	die "$1 failed"
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

# How many CPUs are online, or the list itself where one in the middle is missing
count_cpus() {
	read -r online </sys/devices/system/cpu/online
	case $online in
	0) echo 1 ;;
	0-*[,-]*) echo "$online" ;;
	0-*) echo $((${online#0-} + 1)) ;;
	*) echo "$online" ;;
	esac
}

# What this kernel says of the machine and of itself, as name=value words. A new
# process is dear in an emulated guest, so the shell reads most files itself.
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
	echo "release=$release $said cpus=$(count_cpus) $(facts) fw=$fw mem=${mem}kB text=$text"
}

# The step below the next one that is called $1: there the next kernel goes on
step_after() {
	sed -n "$((step + 1)),\${/^$1/=}" /case/steps | { read -r n && echo $((n + 1)); }
}

next_cmdline() {
	echo "$(cat /case/cmdline) kx.boot=$((boot + 1)) kx.at=$(step_after "$1")"
}

pack_kernel() {
	[ "$how" = packed ] || return 0
	busybox gzip -c "$kernel" >/tmp/Image.gz
	kernel=/tmp/Image.gz
}

# do_load WAY FLAG HOW KERNEL [initrd=FILE] [WORD...]
do_load() {
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
	kexec-* | flag-*)
		[ "${how%%-*}" = kexec ] || export LD_PRELOAD=/bin/hotflag.so
		[ "$how" != kexec-ci-high ] || set -- "$1" --mem-min=0x68000000
		[ "$how" != kexec-ci-dtb ] || set -- "$1" --dtb=$share/dtb
		flags=${how#*-}
		run kexec "-${flags%%-*}" "${flag:--l}" "$kernel" \
			--initrd="$initrd" --command-line "$@"
		;;
	*) die "no such way to load" ;;
	esac
	unset LD_PRELOAD
	say "loaded $how ${kernel##*/} $(stat -c %s "$initrd")"
}

# do_refuse HOW KERNEL ERRNO
do_refuse() {
	how=$1 kernel=$share/Image-$2
	pack_kernel
	! kexec_direct --kernel "$kernel" --initrd "$share/initrd" >/tmp/said 2>&1 ||
		die "it was loaded"
	grep -q ": $3\$" /tmp/said || die "$(cat /tmp/said), not $3"
	say "refused $1 $2: $3"
}

do_unload() {
	case $1 in
	direct | packed) run kexec_direct --unload ${2:+--on-crash} ;;
	kexec-*) run kexec "-${1#kexec-}" ${2:+-p} -u ;;
	esac
}

want() {
	[ "$(cat "$1")" = "$2" ] || die "$1 is $(cat "$1"), not $2"
}

do_leave() {
	want $sys/kexec_loaded 1
	say "leave $1"
	case $1 in
	kexec-e) run kexec -e ;;
	syscall) run kexec_direct --exec ;;
	timed) run kexec_time leave ;;
	esac
	die "came back"
}

do_sum() {
	case $1 in
	/*) set -- "$(sha256sum "$1")" ;;
	*) set -- "$(sha256sum "$share/$1")" ;;
	esac
	say "sum ${1%% *}"
}

do_tap() {
	"$@" 2>&1 | while IFS= read -r said; do
		echo "<5>KXTAP: $said" >/dev/kmsg
	done
}

do_time() {
	run kexec_time "$@"
	while IFS= read -r said; do
		say "figure $said"
	done </tmp/said
}

# Where the first kernel of a resume attempt comes here a second time, the
# image that it should have resumed from is still on the disk.
do_hibernate() {
	[ "$(dd if=/dev/vda bs=1 skip=4086 count=9 2>/dev/null)" != S1SUSPEND ] ||
		die "the image on disk was not resumed"
	run mkswap /dev/vda
	run swapon /dev/vda
	token=$(date +%s).$boot
	echo "$token" >/tmp/token
	echo reboot >/sys/power/disk
	say "suspend"
	echo disk >/sys/power/state || die "suspend failed"
	want /tmp/token "$token"
	run swapoff /dev/vda
	say "resumed"
}

# do_memory MIN MAX: a block of memory takes its time to arrive or to leave
do_memory() {
	tries=0
	while :; do
		read -r _ mem _ </proc/meminfo
		[ $((mem >> 10)) -lt "$1" ] || [ $((mem >> 10)) -gt "$2" ] || break
		tries=$((tries + 1))
		[ $tries -lt 300 ] || die "$((mem >> 10)) MiB of memory"
		sleep 0.2
	done
	say "memory $((mem >> 10)) MiB"
}

# do_block ADDR STATE [no]
do_block() {
	size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
	file=/sys/devices/system/memory/memory$(($1 / size))/state
	if echo "$2" 2>/dev/null >"$file"; then
		[ -z "${3:-}" ] || die "the block at $1 is $2"
	else
		[ -n "${3:-}" ] || die "the block at $1 is not $2"
	fi
	say "block $1 $(cat "$file")"
}

do_pattern() {
	case $1 in
	write) run hotmem write $share/pattern "$2" "$3" ;;
	verify) run hotmem verify $share/pattern /proc/vmcore ;;
	esac
	say "pattern $1: $(cat /tmp/said)"
}

do_hammer() {
	: >/tmp/hammer
	while [ -e /tmp/hammer ]; do
		kexec_direct --segment "$1" --entry "${1%:*}"
	done >/dev/null 2>&1 &
}

do_cpu_later() {
	usleep "$2"
	until echo 1 >"/sys/devices/system/cpu/cpu$1/online"; do
		say "cpu $1 is refused"
		usleep 100000
	done 2>/dev/null
	say "cpu $1 is online"
}

do_route() {
	routed=0
	for file in /proc/irq/*/smp_affinity; do
		! printf %x $((1 << $1)) 2>/dev/null >"$file" || routed=$((routed + 1))
	done
	[ $routed -gt 0 ] || die "no interrupt can be routed"
	say "routed $routed interrupts to CPU $1"
}

do_refused() {
	if kexec_direct --exec >/tmp/said 2>&1; then
		die "came back and was no error"
	fi
	say "refused: $(cat /tmp/said)"
}

count_interrupts() {
	awk '/MSI.*virtio/ { for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

do_io() {
	before=$(count_interrupts)
	run dd if=/dev/vda of=/dev/null bs=64k count=64
	echo 3 >/proc/sys/vm/drop_caches
	run dd if=/dev/vda of=/dev/null bs=64k count=64
	after=$(count_interrupts)
	[ "$after" -gt "$before" ] || die "no interrupt from /dev/vda: $after"
	say "io $((after - before)) interrupts"
}

do_step() {
	verb=$1
	shift
	case $verb in
	load) with_share do_load leave "" "$@" ;;
	load-crash) with_share do_load panic -p "$@" ;;
	refuse) with_share do_refuse "$@" ;;
	unload) do_unload "$1" "" ;;
	unload-crash) do_unload "$1" -p ;;
	leave) do_leave "$1" ;;
	state)
		want $sys/kexec_loaded "$1"
		want $sys/kexec_crash_loaded "$2"
		say "state $1 $2"
		;;
	param) echo "$2" >"/sys/module/kexec/parameters/$1" || die "no parameter" ;;
	sum) with_share do_sum "$1" ;;
	tap) with_share do_tap "$@" ;;
	hibernate) do_hibernate ;;
	fill) run membrk "$1" 0 ;;
	stage)
		[ -z "${2:-}" ] || run mount -t "$2" none /tmp
		# What was in the page cache would fill the free lists of this CPU.
		cache=none
		with_share run cp "$share/$1" /tmp
		cache=loose
		;;
	rest) sleep 2 ;;
	unchecked)
		[ ! -e /proc/sys/kernel/kexec_verify ] ||
			echo 0 >/proc/sys/kernel/kexec_verify
		;;
	stress) run kexec_squeeze stress "$1" ;;
	time) with_share do_time "$@" ;;
	host) say "host $*" ;;
	memory) do_memory "$1" "$2" ;;
	block) do_block "$@" ;;
	cpu) echo "$2" >"/sys/devices/system/cpu/cpu$1/online" || die "CPU $1 is not $2" ;;
	pattern) with_share do_pattern "$@" ;;
	map)
		run hotmem "$1" /proc/vmcore "$2" "$3"
		say "map $*: $(cat /tmp/said)"
		;;
	write) echo "$2" >"$1" || die "cannot write $2" ;;
	want) want "$1" "$2" ;;
	run) run "$@" ;;
	fails)
		! "$@" >/tmp/said 2>&1 || die "it did not fail"
		say "failed: $(cat /tmp/said)"
		;;
	hammer) do_hammer "$1" ;;
	calm)
		rm /tmp/hammer
		wait
		;;
	refused) do_refused ;;
	io) do_io ;;
	ima) do_ima "$@" ;;
	skip-if) [ ! -e "$1" ] || at=$((step + 1 + $2)) ;;
	reset-when) say "reset-when $*" ;;
	leave-to-reset) run kexec_direct --exec ;;
	route) do_route "$1" ;;
	cpu-later) do_cpu_later "$@" & ;;
	device) do_device "$@" ;;
	*) kdump_step "$verb" "$@" ;;
	esac
}

step=0 line=boot
# First of all, and only where somebody asks: a process takes milliseconds
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
	[ ! -e $sys/kexec_timeline ] || while read -r phase _ took; do
		say "figure phase_${phase}_us $took"
	done <$sys/kexec_timeline
fi
say "boot $boot $(describe)"
while read -r line <&3; do
	step=$((step + 1))
	[ $step -ge "$at" ] || continue
	# shellcheck disable=SC2086 # a step is made of words
	do_step $line
done 3</case/steps
say "done $(cat /case/name)"
off
