/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_VMCOREINFO_H
#define _KERNEL_KEXEC_CRASH_VMCOREINFO_H

#include <linux/types.h>

struct kexec_image;

void kexec_vmcoreinfo_mark_panic(u64 ticks);

#ifdef CONFIG_CRASH_DUMP
int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img);
void kexec_vmcoreinfo_copy_activate(struct kexec_image *img);
void kexec_vmcoreinfo_copy_free(struct kexec_image *img);
#else
static inline int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img) { return 0; }
static inline void kexec_vmcoreinfo_copy_activate(struct kexec_image *img) { }
static inline void kexec_vmcoreinfo_copy_free(struct kexec_image *img) { }
#endif

#endif /* _KERNEL_KEXEC_CRASH_VMCOREINFO_H */
