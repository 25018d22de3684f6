/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_FREE_HINT_H
#define _KERNEL_KEXEC_FREE_HINT_H

#include <linux/types.h>

struct page;

bool kexec_free_hint_range(u64 start, u64 end, bool from_end, u64 *used);
bool kexec_free_hint_order(struct page *page, unsigned int *order);

#endif /* _KERNEL_KEXEC_FREE_HINT_H */
