/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_IMA_LIST_H
#define _KERNEL_KEXEC_IMA_LIST_H

#include <linux/types.h>

struct kexec_fdt_request;
struct kexec_image;

#ifdef CONFIG_IMA_KEXEC
size_t kexec_ima_list_size(bool crash);
int kexec_ima_list_fill(struct kexec_image *img, struct kexec_fdt_request *fdt);
#else
static inline size_t kexec_ima_list_size(bool crash)
{
	return 0;
}

static inline int kexec_ima_list_fill(struct kexec_image *img, struct kexec_fdt_request *fdt)
{
	return 0;
}
#endif

#endif /* _KERNEL_KEXEC_IMA_LIST_H */
