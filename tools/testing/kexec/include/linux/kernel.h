/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_KERNEL_H
#define _KEXEC_SIM_LINUX_KERNEL_H

#include_next <linux/kernel.h>

#include <assert.h>
#include <stdio.h>

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/types.h>

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define container_of(p, type, member)	((type *)((char *)(p) - offsetof(type, member)))

#endif /* _KEXEC_SIM_LINUX_KERNEL_H */
