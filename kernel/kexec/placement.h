/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_PLACEMENT_H
#define _KERNEL_KEXEC_PLACEMENT_H

#include <linux/types.h>

struct kexec_image;
struct range_request;

int kexec_placement_segment(struct kexec_image *img, const struct range_request *req,
			    u64 offset, u64 memsz, bool first);

#endif /* _KERNEL_KEXEC_PLACEMENT_H */
