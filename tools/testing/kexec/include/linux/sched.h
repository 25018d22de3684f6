/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_SCHED_H
#define _KEXEC_SIM_LINUX_SCHED_H

/* The host preempts by itself. */
static inline int cond_resched(void)
{
	return 0;
}

#endif /* _KEXEC_SIM_LINUX_SCHED_H */
