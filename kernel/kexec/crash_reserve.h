/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_RESERVE_H
#define _KERNEL_KEXEC_CRASH_RESERVE_H

#include <linux/types.h>

/**
 * struct crash_rules - where crashkernel= wants memory
 * @forbidden: no memory may be reserved: "crashkernel=0", or this is a capture kernel
 * @high: memory out of the reach of 32-bit devices is tried first
 * @low_size: bytes of the low region if the main region is out of their reach
 */
struct crash_rules {
	bool forbidden;
	bool high;
	u64 low_size;
};

extern struct crash_rules kexec_crash_rules;

#endif /* _KERNEL_KEXEC_CRASH_RESERVE_H */
