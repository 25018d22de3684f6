// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: order of events on several CPUs
 *
 * Some faults require a panic on one CPU between two steps of another one.  Each
 * point of such a sequence calls kexec_inject_meet() with its number, starting at 1,
 * and waits there until the next point is reached.  Writing 1 to kexec.inject_meet
 * starts the sequence.  The value read is the number of the next point.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/delay.h>
#include <linux/kexec_arch.h>
#include <linux/moduleparam.h>
#include <linux/time64.h>

#include "../debug.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

/* Longer than the other CPU needs, but bounded. */
#define INJECT_WAIT_MS	(20 * MSEC_PER_SEC)

static unsigned int inject_meet;
module_param(inject_meet, uint, 0644);
MODULE_PARM_DESC(inject_meet, "next point of a sequence on several CPUs (1: start, 0: off)");

/**
 * kexec_inject_meet() - wait until another CPU has reached the next point
 * @point: number of this point
 *
 * Returns at once unless @point is the next one of the sequence.
 *
 * Context: any, the panic path included; busy for INJECT_WAIT_MS at most.
 */
void __kexec_panic kexec_inject_meet(unsigned int point)
{
	unsigned int ms;

	/* Full barrier: stores before this point are visible at the next one. */
	if (cmpxchg(&inject_meet, point, point + 1) != point)
		return;
	for (ms = 0; ms < INJECT_WAIT_MS && READ_ONCE(inject_meet) == point + 1; ms++)
		mdelay(1);
}
