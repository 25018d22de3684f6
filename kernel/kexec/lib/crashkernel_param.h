/* SPDX-License-Identifier: GPL-2.0-only */
/* The crashkernel= parameter, as text. */
#ifndef _KERNEL_KEXEC_RESERVE_H
#define _KERNEL_KEXEC_RESERVE_H

#include <linux/types.h>

/**
 * struct crashkernel_request - request of crashkernel=
 * @size: bytes of the main region; 0 when no range holds for this machine
 * @base: its first byte, 0 for any
 * @low_size: bytes of the low region, 0 for none
 * @low_given: @low_size is that of ",low"
 * @high: place the main region out of the reach of 32-bit devices
 * @zero: the request is "crashkernel=0", not a range of 0 bytes
 * @why: reason of -EINVAL; after 0, the fault of ",low" or NULL
 * @where: with @why, position of the fault in the command line
 */
struct crashkernel_request {
	u64 size;
	u64 base;
	u64 low_size;
	bool low_given;
	bool high;
	bool zero;
	const char *why;
	const char *where;
};

int crashkernel_param_parse(const char *cmdline, u64 ram, u64 low_default,
			    struct crashkernel_request *req);
int crashkernel_param_parse_cma(const char *cmdline, u64 ram, struct crashkernel_request *req);
u64 crashkernel_param_fit_low(u64 size, u64 largest, u64 free, u64 align);

#endif /* _KERNEL_KEXEC_RESERVE_H */
