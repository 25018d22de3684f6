/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_TIMELINE_NOTES_H
#define _KERNEL_KEXEC_TIMELINE_NOTES_H

#include <linux/types.h>

/* Ticks of the counter at the panic of the kernel before, 0 if there was none. */
#ifdef CONFIG_PROC_VMCORE
extern u64 kexec_timeline_panic_ticks;
#else
static const u64 kexec_timeline_panic_ticks;
#endif

#endif /* _KERNEL_KEXEC_TIMELINE_NOTES_H */
