// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that keeps its value from one kernel to the next.
 */
#include <linux/kexec_arch.h>

#include <clocksource/arm_arch_timer.h>

/**
 * kexec_arch_counter() - read a counter that runs from power-on on, through all kernels
 * @hz: receives its frequency, 0 before the driver of the timer is initialized; may be NULL
 *
 * See the Arm ARM, "The Generic Timer".
 *
 * Return: ticks.
 */
u64 kexec_arch_counter(u64 *hz)
{
	if (hz)
		*hz = arch_timer_get_rate();
	return arch_timer_read_counter();
}
