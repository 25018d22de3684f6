/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CONTIG_H
#define _KERNEL_KEXEC_CONTIG_H

#include <linux/types.h>

struct kexec_image;

unsigned long kexec_contig_alloc_segment(struct kexec_image *img, unsigned int seg,
					 unsigned long *resume);
void kexec_contig_fill_gaps(struct kexec_image *img, unsigned int seg);
void kexec_contig_place(struct kexec_image *img);

#endif /* _KERNEL_KEXEC_CONTIG_H */
