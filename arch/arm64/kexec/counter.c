// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that keeps its value from one kernel to the next.
 */
#include <linux/kexec_arch.h>

#include <asm/barrier.h>
#include <asm/sysreg.h>

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

/**
 * kexec_arch_counter_panic() - read the same counter on the panic path
 *
 * The driver of the timer works around errata through pointers to functions, which the
 * panic path does not follow.  Without that, one of many reads may be off.
 *
 * Return: ticks.
 */
u64 __kexec_panic kexec_arch_counter_panic(void)
{
	/* The counter must not be read before the instructions above. */
	isb();
	return read_sysreg(cntvct_el0);
}
