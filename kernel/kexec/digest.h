/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_DIGEST_H
#define _KERNEL_KEXEC_DIGEST_H

#include <linux/sizes.h>
#include <linux/types.h>

struct kexec_backing;
struct kexec_image;

/* Pages between two calls of cond_resched(). */
#define KEXEC_DIGEST_STEP	(SZ_1M >> PAGE_SHIFT)

u32 kexec_digest_buffer(const void *va, size_t len);
u32 kexec_digest_segment(const struct kexec_image *img, unsigned int seg);
u32 kexec_digest_parallel(const struct kexec_image *img, unsigned int seg);
u32 kexec_digest_panic(const struct kexec_backing *b);

#endif /* _KERNEL_KEXEC_DIGEST_H */
