/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_SEGMENT_H
#define _KERNEL_KEXEC_SEGMENT_H

#include <linux/types.h>

struct kexec_image;
struct kexec_segment;

int kexec_segment_add(struct kexec_image *img, phys_addr_t mem, u64 memsz);
void kexec_segment_drop(struct kexec_image *img);
void kexec_segment_move(struct kexec_image *img, unsigned int seg, phys_addr_t mem);
void kexec_segment_trim(struct kexec_image *img, unsigned int seg, u64 memsz);
int kexec_segment_fill_user(struct kexec_image *img, unsigned int seg,
			    const void __user *buf, size_t len);
int kexec_segment_fill_kernel(struct kexec_image *img, unsigned int seg,
			      const void *buf, size_t len);
int kexec_segment_read(struct kexec_image *img, unsigned int seg, size_t len,
		       int (*read)(void *va, size_t len, void *arg), void *arg);
int kexec_segment_clear(unsigned int seg, void *va, size_t len);
int kexec_segment_check(const struct kexec_image *img, const struct kexec_segment *s,
			unsigned int nr);

#endif /* _KERNEL_KEXEC_SEGMENT_H */
