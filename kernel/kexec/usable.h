/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_USABLE_H
#define _KERNEL_KEXEC_USABLE_H

#include <linux/types.h>

struct kexec_range;
struct range_map;

struct range_map *kexec_usable_map(bool crash, bool by_user);
void kexec_usable_report(unsigned int seg, u64 start, u64 end);
int kexec_usable_check_errors(unsigned int seg, u64 start, u64 end);
bool kexec_usable_has_error(u64 start, u64 end, u64 *where);
int kexec_usable_reserve(u64 start, u64 end);
void kexec_usable_unreserve(u64 start, u64 end);
bool kexec_usable_contains(u64 start, u64 end);
bool kexec_usable_block_below(u64 *below, u64 size);
bool kexec_usable_find_reserved(u64 start, u64 end, struct kexec_range *where);

#endif /* _KERNEL_KEXEC_USABLE_H */
