/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ELF core header and vmcoreinfo of a crash image.
 */
#ifndef _KERNEL_KEXEC_CRASH_LOAD_H
#define _KERNEL_KEXEC_CRASH_LOAD_H

#include <linux/errno.h>
#include <linux/types.h>

struct kexec_image;

#ifdef CONFIG_CRASH_DUMP
int kexec_elfcorehdr_build(void **buf, size_t *len);
int kexec_elfcorehdr_write(void *buf, size_t room, size_t *used);
void kexec_crash_check_elfcore(void);
int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img);
void kexec_vmcoreinfo_copy_activate(struct kexec_image *img);
void kexec_vmcoreinfo_copy_free(struct kexec_image *img);
#else
static inline int kexec_elfcorehdr_build(void **buf, size_t *len) { return -EOPNOTSUPP; }
static inline void kexec_crash_check_elfcore(void) { }
static inline int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img) { return 0; }
static inline void kexec_vmcoreinfo_copy_activate(struct kexec_image *img) { }
static inline void kexec_vmcoreinfo_copy_free(struct kexec_image *img) { }
#endif

#endif /* _KERNEL_KEXEC_CRASH_LOAD_H */
