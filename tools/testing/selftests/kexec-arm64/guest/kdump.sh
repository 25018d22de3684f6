# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154 # sys and share are set in init.sh
#
# The steps of init.sh that have to do with dumps, read by it.
#
#   panic [HOW...]          HOW: sysrq (default); awaited: it comes by itself; oom; load
#                           KERNEL USECS: that long after a crash image began to be
#                           loaded over and over; move KERNEL: while it moves in; reboot:
#                           in the middle of kexec -e; leave: there, by itself; busy:
#                           there, because a CPU does not come; inject PARAM POINT
#                           KERNEL: at that point of a parameter, while a crash image is
#                           replaced; meet KERNEL: on
#                           another CPU than the one that has just loaded, see
#                           kernel/kexec/tests/inject.c; or an action of crash_test, see
#                           kernel/kexec/tests/crash_test.c
#   fatal [HOW...]          the same, but nothing is started; the machine resets
#   save-dump NAME [OPTION...]      /proc/vmcore through makedumpfile into the
#                           share; OPTIONs instead of -l -d 31
#   bad-dump                makedumpfile must fail, and say why
#   no-vmcore               there must be no /proc/vmcore
#   vmcore-dmesg            and the log that it finds must hold the panic
#   sysctl NAME VALUE       NAME with slashes
#   module KERNEL           loads crash_test
#   crash-test ACTION PLACE for actions that come back; PLACE: crash+BYTES from
#                           the start of the reservation, note+BYTES for the copy
#                           of vmcoreinfo, segment+N+BYTES for segment N of what
#                           was loaded last with debug
#   plant FILE              FILE of the share in the memory of a process, and
#                           something in the page cache
#   guest CPU               a KVM guest that spins there
#   spin-user CPU           a process that spins there
#   shrink BYTES            the reservation
#   regions                 says where it is
#   ticks                   says the counter, once what runs behind is done
#   digests                 what digests cost
#   cycle STATE             sleeps in that state of /sys/power/state for two seconds
#   copy-dump NAME          /proc/vmcore as it is, into the share
#   oops                    a task dies of a bad pointer, and the kernel goes on
#   watch start|stop        counts the lines "Crash kernel" in each read of /proc/iomem

# The words that follow "Crash kernel" in /proc/iomem, the main region last
kdump_regions() {
	sed -n 's/^ *\([0-9a-f]*-[0-9a-f]*\) : Crash kernel$/\1/p' /proc/iomem
}

kdump_debug() {
	dmesg | sed -n "s/.*$1\\(0x[0-9a-f]*\\).*/\\1/p" | tail -n 1
}

# kdump_place PLACE: a physical address
kdump_place() {
	at=${1#*+}
	case $1 in
	crash+*) from=0x$(kdump_regions | tail -n 1 | cut -d- -f1) ;;
	note+*) from=$(kdump_debug 'vmcoreinfo copy at ') ;;
	segment+*)
		from=$(kdump_debug "segment\\[${at%%+*}\\]: mem=")
		at=${at#*+}
		;;
	esac
	[ -n "$from" ] || die "$1 is not known"
	printf '0x%x\n' $((from + at))
}

kdump_module() {
	run insmod "$share/crash_test-$1.ko"
}

kdump_test() {
	# Not on the last CPU, which some actions want to find at work
	taskset 1 sh -c "echo $* >/sys/module/crash_test/parameters/do"
}

# For an image that is loaded here and started by this very step
kdump_mount() {
	run mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 kx "$share"
	next="$(cat /case/cmdline) kx.boot=$((boot + 1)) kx.at=$((step + 1))"
	next="$next nr_cpus=1 reset_devices"
}

# kdump_reload KERNEL [USECS]: for ever, with a panic after so long; or once
kdump_reload() {
	kdump_mount
	while :; do
		kexec -s -p "$share/Image-$1" --initrd="$share/initrd" --command-line="$next" \
			>/tmp/said 2>&1
	done &
	[ $# -gt 1 ] || return
	usleep "$2"
	echo c >/proc/sysrq-trigger
}

# kdump_meet KERNEL: the load goes on only when the panic on another CPU has begun
kdump_meet() {
	kdump_mount
	echo 1 >/sys/module/kexec/parameters/inject_meet
	LD_PRELOAD=/bin/hotflag.so taskset 2 kexec -ci -p "$share/Image-$1" \
		--initrd="$share/initrd" --command-line="$next" >/tmp/said 2>&1 &
	for _ in $(seq 300); do
		read -r point </sys/module/kexec/parameters/inject_meet
		[ "$point" = 1 ] || break
		usleep 100000
	done
	taskset 1 sh -c "echo c >/proc/sysrq-trigger"
}

kdump_cause() {
	case ${1:-sysrq} in
	sysrq) echo c >/proc/sysrq-trigger ;;
	awaited) sleep 40 ;;
	oom)
		# One that asks for more than there is would be refused
		for _ in 1 2 3 4; do
			membrk 400 &
		done
		;;
	load) kdump_reload "$2" "$3" ;;
	move)
		echo 2 >/sys/module/kexec/parameters/inject_panic_in_copy
		kdump_reload "$2"
		;;
	inject)
		echo "$3" >"/sys/module/kexec/parameters/$2"
		kdump_reload "$4"
		;;
	meet) kdump_meet "$2" ;;
	reboot | busy)
		kdump_test "$1"
		kexec -e
		;;
	leave) kexec_direct --exec ;;
	*) kdump_test "$@" ;;
	esac
}

kdump_panic() {
	echo 1 >/proc/sys/kernel/sysrq
	say "panic"
	# Some causes kill the task that asks, and the panic comes a little later
	(kdump_cause "$@")
	sleep 60
	die "came back"
}

kdump_save() {
	name=$1
	shift
	mkdir -p "$share/out"
	say "vmcore $(stat -c %s /proc/vmcore)"
	[ $# -gt 0 ] || set -- -l -d 31
	run makedumpfile "$@" /proc/vmcore "$share/out/$name"
	say "saved $(stat -c %s "$share/out/$name")"
}

kdump_copy() {
	mkdir -p "$share/out"
	run cp /proc/vmcore "$share/out/$1"
	say "copied $(stat -c %s "$share/out/$1")"
}

kdump_watch() {
	case $1 in
	start)
		: >/tmp/watch
		while [ -e /tmp/watch ]; do
			grep -c "Crash kernel" /proc/iomem
		done >/tmp/watched &
		;;
	stop)
		rm /tmp/watch
		wait
		say "watched $(sort /tmp/watched | uniq -c | tr -s ' \n' ' ')"
		;;
	esac
}

kdump_bad() {
	if makedumpfile -l -d 31 /proc/vmcore /tmp/dump >/tmp/said 2>&1; then
		die "there is a dump after all"
	fi
	while IFS= read -r said; do
		say "makedumpfile: $said"
	done </tmp/said
}

kdump_log() {
	run vmcore-dmesg /proc/vmcore
	grep 'Kernel panic' /tmp/said >/tmp/found || die "no panic in the log"
	say "vmcore-dmesg finds the panic"
}

# kdump_start WORD PROGRAM...: in the background, until it says WORD
kdump_start() {
	word=$1
	shift
	"$@" >/tmp/started 2>&1 &
	for _ in $(seq 300); do
		if grep -q "$word" /tmp/started; then
			say "$(cat /tmp/started)"
			return
		fi
		usleep 200000
	done
	die "$1: $(cat /tmp/started)"
}

kdump_plant() {
	echo "kexec marker: a file in the page cache" >/tmp/kexec-marker
	kdump_start planted plant "$share/$1" 9</tmp/kexec-marker
}

kdump_spin_user() {
	taskset "$(printf %x $((1 << $1)))" sh -c 'while :; do :; done' &
}

kdump_cycle() {
	echo +2 >/sys/class/rtc/rtc0/wakealarm || die "no alarm"
	echo "$1" >/sys/power/state || die "suspend failed"
	say "woke up"
}

kdump_step() {
	verb=$1
	shift
	case $verb in
	panic)
		want "$sys/kexec_crash_loaded" 1
		kdump_panic "$@"
		;;
	fatal) kdump_panic "$@" ;;
	save-dump) with_share kdump_save "$@" ;;
	bad-dump) kdump_bad ;;
	no-vmcore) [ ! -e /proc/vmcore ] || die "there is a /proc/vmcore" ;;
	vmcore-dmesg) kdump_log ;;
	sysctl) echo "$2" >"/proc/sys/$1" || die "no such sysctl" ;;
	module) with_share kdump_module "$1" ;;
	crash-test) kdump_test "$1" "$(kdump_place "$2")" || die "crash_test fails" ;;
	plant) with_share kdump_plant "$1" ;;
	guest) kdump_start running spin_guest "$1" ;;
	spin-user) kdump_spin_user "$1" ;;
	shrink) echo "$1" >"$sys/kexec_crash_size" || die "cannot shrink" ;;
	regions) say "regions $(kdump_regions | tr '\n' ' ')size $(cat "$sys/kexec_crash_size")" ;;
	ticks)
		usleep 2000000
		say "ticks $(digest_cost now)"
		;;
	digests)
		run digest_cost
		while IFS= read -r said; do
			say "digest $said"
		done </tmp/said
		;;
	cycle) kdump_cycle "$1" ;;
	copy-dump) with_share kdump_copy "$1" ;;
	oops)
		(kdump_test oops)
		say "survived"
		;;
	watch) kdump_watch "$1" ;;
	*) die "no such step" ;;
	esac
}
