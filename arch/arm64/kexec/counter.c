// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counter that keeps its value from one kernel to the next.
 */
#include <linux/kexec_arch.h>
#include <linux/minmax.h>

#include <asm/barrier.h>
#include <asm/sysreg.h>
#include <asm/virt.h>

#include <clocksource/arm_arch_timer.h>

static __always_inline u64 counter_read(void)
{
	/* The counter must not be read before the instructions above. */
	isb();
	/* As the driver of the timer: a host's virtual counter may have a guest's offset. */
	return is_hyp_mode_available() ? read_sysreg(cntpct_el0) : read_sysreg(cntvct_el0);
}

/**
 * kexec_arch_counter() - read a counter that runs from power-on on, through all kernels
 * @hz: receives its frequency, 0 before the driver of the timer is initialized; may be NULL
 *
 * See the Arm ARM, "The Generic Timer".  The driver works around errata by which one of many
 * reads is off, through pointers to functions, which the panic path does not follow.  Here the
 * median of three reads is used.
 *
 * Context: any, the panic path included.
 * Return: ticks.
 */
u64 __kexec_panic kexec_arch_counter(u64 *hz)
{
	u64 a = counter_read(), b = counter_read(), c = counter_read();

	if (hz)
		*hz = arch_timer_get_rate();
	return max(min(a, b), min(max(a, b), c));
}
