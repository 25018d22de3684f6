// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that keeps its value from one kernel to the next.
 */
#include <linux/kexec_arch.h>

#include <asm/barrier.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

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
 * The driver of the timer selects the counter, and works around errata, through pointers to
 * functions, which the panic path does not follow.  Without the latter, one of many reads may
 * be off.
 *
 * Return: ticks.
 */
u64 __kexec_panic kexec_arch_counter_panic(void)
{
	/* The counter must not be read before the instructions above. */
	isb();
	/* A host at EL1 may be interrupted while the virtual counter has a guest's offset. */
	if (is_hyp_mode_available() && !is_kernel_in_hyp_mode())
		return read_sysreg(cntpct_el0);
	return read_sysreg(cntvct_el0);
}
