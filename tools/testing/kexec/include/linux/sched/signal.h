/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_SCHED_SIGNAL_H
#define _KEXEC_SIM_LINUX_SCHED_SIGNAL_H

#include <linux/types.h>

/* Set by a test: the task is about to be killed. */
extern bool sim_fatal_signal;

#define current		NULL

static inline bool fatal_signal_pending(const void *task)
{
	return sim_fatal_signal;
}

#endif /* _KEXEC_SIM_LINUX_SCHED_SIGNAL_H */
