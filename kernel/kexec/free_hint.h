/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_FREE_HINT_H
#define _KERNEL_KEXEC_FREE_HINT_H

#include <linux/types.h>

struct page;

bool kexec_range_is_free_hint(u64 start, u64 end, bool from_end, u64 *used);
bool kexec_buddy_order_hint(struct page *page, unsigned int *order);

#endif /* _KERNEL_KEXEC_FREE_HINT_H */
