# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154 # sys and share are set in init.sh
#
# The steps of init.sh that have to do with panics and dumps, see ../steps.toml.

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
	low+*) from=0x$(kdump_regions | head -n 1 | cut -d- -f1) ;;
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

kdump_load() {
	kexec -s -p "$share/Image-$1" --initrd="$share/initrd" --command-line="$next" \
		>/tmp/said 2>&1
}

# kdump_reload KERNEL USECS: for ever, with a panic after so long
kdump_reload() {
	kdump_mount
	while :; do
		kdump_load "$1"
	done &
	usleep "$2"
	echo c >/proc/sysrq-trigger
}

# kdump_load_panics KERNEL: the load does not return
kdump_load_panics() {
	kdump_mount
	kdump_load "$1"
	die "the load came back"
}

# kdump_meet KERNEL: the load goes on only when the panic on another CPU has begun
kdump_meet() {
	kdump_mount
	echo 1 >/sys/module/kexec/parameters/inject_meet
	LD_PRELOAD=/bin/preload_hotplug_flag.so taskset 2 kexec -ci -p "$share/Image-$1" \
		--initrd="$share/initrd" --command-line="$next" >/tmp/said 2>&1 &
	point=1
	while [ "$point" = 1 ]; do
		usleep 100000
		read -r point </sys/module/kexec/parameters/inject_meet
	done
	taskset 1 sh -c "echo c >/proc/sysrq-trigger"
}

kdump_cause() {
	case ${1:-sysrq} in
	sysrq) echo c >/proc/sysrq-trigger ;;
	awaited) ;;
	oom)
		# One that asks for more than there is would be refused
		for _ in 1 2 3 4; do
			mem_hog 400 &
		done
		;;
	load) kdump_reload "$2" "$3" ;;
	move)
		echo 2 >/sys/module/kexec/parameters/inject_panic_in_copy
		kdump_load_panics "$2"
		;;
	inject)
		echo "$3" >"/sys/module/kexec/parameters/$2"
		kdump_load_panics "$4"
		;;
	meet) kdump_meet "$2" ;;
	reboot | busy)
		kdump_test "$1"
		kexec -e
		;;
	leave) kexec_direct --exec ;;
	grow) echo "$2" >"$sys/kexec_crash_size" ;;
	*) kdump_test "$@" ;;
	esac
}

kdump_panic() {
	echo 1 >/proc/sys/kernel/sysrq
	say "panic"
	(kdump_cause "$@")
	# Some causes kill the task that asks, and the panic comes later: how much later is a
	# matter of the host, so the limit is the one of the case
	sleep 3600
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

step_watch() {
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

step_bad_dump() {
	if makedumpfile -l -d 31 /proc/vmcore /tmp/dump >/tmp/said 2>&1; then
		die "there is a dump after all"
	fi
	say_lines "makedumpfile: " /tmp/said
}

step_vmcore_dmesg() {
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

kdump_mark() {
	echo "kexec marker: a file in the page cache" >/tmp/kexec-marker
	kdump_start marked mem_marker "$share/$1" 9</tmp/kexec-marker
}

step_spin_user() {
	taskset "$(printf %x $((1 << $1)))" sh -c 'while :; do :; done' &
}

step_cycle() {
	echo +2 >/sys/class/rtc/rtc0/wakealarm || die "no alarm"
	echo "$1" >/sys/power/state || die "suspend failed"
	say "woke up"
}

step_panic() {
	step_expect_file "$sys/kexec_crash_loaded" 1
	kdump_panic "$@"
}

step_panic_no_dump() {
	kdump_panic "$@"
}

step_save_dump() {
	with_share kdump_save "$@"
}

step_no_vmcore() {
	[ ! -e /proc/vmcore ] || die "there is a /proc/vmcore"
}

step_sysctl() {
	echo "$2" >"/proc/sys/$1" || die "no such sysctl"
}

step_module() {
	with_share kdump_module "$1"
}

step_crash_test() {
	kdump_test "$1" "${2:+$(kdump_place "$2")}" || die "crash_test fails"
}

step_reserve() {
	echo "$(kdump_place "$1"):0x10000" >/sys/module/kexec/parameters/reserve ||
		die "cannot reserve $1"
}

step_mark_memory() {
	with_share kdump_mark "$1"
}

step_guest() {
	kdump_start running spin_guest "$1"
}

step_crash_size() {
	echo "$1" >"$sys/kexec_crash_size" || die "cannot change the crash reservation"
}

step_refuse_size() {
	run crash_size refuse "$@"
	say_lines "" /tmp/said
}

# How often the reservation can grow, and the time that it takes
step_grow_rate() {
	run crash_size rate "$1" "$2"
	say_lines "figure " /tmp/said
}

step_regions() {
	say "regions $(kdump_regions | tr '\n' ' ')size $(cat "$sys/kexec_crash_size")"
}

step_cma() {
	file=$sys/kexec/crash_cma_ranges
	step_expect_file "$sys/kexec_crash_cma_ranges" "$(cat "$file")"
	areas=0 bytes=0
	while IFS=- read -r start end; do
		areas=$((areas + 1))
		bytes=$((bytes + 0x$end + 1 - 0x$start))
	done <"$file"
	[ "$areas $((bytes >> 20))" = "$1 $2" ] || die "$areas areas with $((bytes >> 20)) MiB"
	total=$(sed -n 's/^CmaTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
	[ $((total >> 10)) -ge "$2" ] || die "$total kB of CMA"
	say "cma $(tr '\n' ' ' <"$file")"
}

step_cma_error() {
	IFS=- read -r start end <"$sys/kexec/crash_cma_ranges"
	printf '0x%x\n' $((0x$start + ($1 << 20))) >/sys/devices/system/memory/hard_offline_page ||
		die "no memory error in $start-$end"
}

step_own_memory() {
	sed -n 's/^\([0-9a-f]*\)-\([0-9a-f]*\) : System RAM$/\1 \2/p' /proc/iomem >/tmp/ram
	nr=0
	while read -r start end; do
		run mem_pattern absent /proc/vmcore "0x$start" $((0x$end + 1))
		say "own memory $start-$end: $(cat /tmp/said)"
		nr=$((nr + 1))
	done </tmp/ram
	[ $nr -eq "$1" ] || die "$nr ranges"
}

# Work that a load has left for later is over after two seconds
step_ticks() {
	usleep 2000000
	ticks=$(digest_cost now) || die "digest_cost failed"
	say "ticks $ticks"
}

step_digests() {
	run digest_cost
	say_lines "digest " /tmp/said
}

step_copy_dump() {
	with_share kdump_copy "$1"
}

step_oops() {
	(kdump_test oops)
	say "survived"
}
