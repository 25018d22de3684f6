# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash disable=SC2154 # sys and boot are set in init.sh
#
# The steps of init.sh that have to do with devices, see ../steps.toml.

efivars=/sys/firmware/efi/efivars
device_variable=$efivars/KexecTest-6b1c6f3a-5d0e-4c55-9d6e-52a1a7c5b0f1
# EFI_GLOBAL_VARIABLE (UEFI 2.10, 3.3)
device_boot_order=$efivars/BootOrder-8be4df61-93ca-11d2-aa0d-00e098032b8c

device_read() {
	[ -b "/dev/$1" ] || die "no /dev/$1"
	while :; do
		dd if="/dev/$1" of=/dev/null bs=1M count=256 iflag=direct || break
	done >/tmp/read 2>&1 &
	usleep 300000
	run kill -0 $!
	say "reading $1"
}

device_received() {
	cat "/sys/class/net/$1/statistics/rx_packets"
}

device_receive() {
	run frames "$1" "$2"
	before=$(device_received "$1")
	usleep 500000
	after=$(device_received "$1")
	[ "$after" -gt $((before + 10)) ] || die "$1 received $before frames, then $after"
	say "received $((after - before)) frames"
}

# The port's count leaves out what printk wrote, so a line is written as a process writes it
device_console() {
	grep -q "^$1 .*(E" /proc/consoles || die "consoles: $(cat /proc/consoles)"
	before=$(device_console_sent "$1")
	echo "console $1" >"/dev/$1"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		after=$(device_console_sent "$1")
		[ "${after:-0}" -le "${before:-0}" ] || break
		usleep 100000
	done
	[ "${after:-0}" -gt "${before:-0}" ] || die "$1 sent $before bytes, then $after"
	say "console $1 sent $((after - before)) bytes"
}

device_console_sent() {
	sed -n "s/^${1#ttyS}: .* tx:\([0-9]*\).*/\1/p" /proc/tty/driver/serial
}

device_watchdog() {
	run watchdog -T "$1" -t 100000 /dev/watchdog0
	usleep 500000
	step_expect_file /sys/class/watchdog/watchdog0/state active
	step_expect_file /sys/class/watchdog/watchdog0/timeout "$1"
	say "watchdog $1 s"
}

device_firmware() {
	[ -e "$device_boot_order" ] || run mount -t efivarfs efivarfs "$efivars"
	if [ -n "${1:-}" ]; then
		# Attributes: non-volatile, boot services, runtime
		printf '\007\000\000\000kexec' >"$device_variable" || die "no variable"
	fi
	say "firmware tables $(dmesg | sed -n 's/.*efi: \(.*ACPI.*=.*\)/\1/p' | tr ' ' '\n' |
		grep -v -e ^RNG= -e ^MEMRESERVE= -e ^INITRD= | sort | tr '\n' ' ')"
	say "firmware map $(dmesg | sed -n 's/.*efi:   *\(0x.*\)/\1/p' | sha256sum)"
	say "firmware attributes $(dmesg | sed -n 's/.*efi: memattr: *//p' | sha256sum)"
	say "firmware boot order $(sha256sum <"$device_boot_order")"
	say "firmware variable $(sha256sum <"$device_variable")"
}

device_clock() {
	clock=$(cat /sys/class/rtc/rtc*/name | tr '\n' ' ')
	for rtc in /sys/class/rtc/rtc*; do
		case $(cat "$rtc/name") in
		rtc-efi*) hw=$(cat "$rtc/since_epoch") ;;
		esac
	done
	[ -n "${hw:-}" ] || die "no clock of the firmware's: $clock"
	off_by=$((hw - $(date +%s)))
	[ "${off_by#-}" -lt "$1" ] || die "the firmware's clock is off by $off_by s"
	say "clock agrees"
}

step_device() {
	what=$1
	shift
	case $what in
	read) device_read "$1" ;;
	receive) device_receive "$1" "$2" ;;
	console) device_console "$1" ;;
	watchdog) device_watchdog "$1" ;;
	wait) sleep "$1" ;;
	fb) say "fb $(tr '\n' ' ' </proc/fb)" ;;
	firmware) device_firmware "$@" ;;
	clock) device_clock "$1" ;;
	iommu)
		[ -e /sys/kernel/iommu_groups/0 ] || die "no IOMMU group"
		say "iommu is in use"
		;;
	*) die "no such step" ;;
	esac
}
