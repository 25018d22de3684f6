/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_PAGES_H
#define _KERNEL_KEXEC_PAGES_H

#include <linux/types.h>

struct kexec_backing;
struct kexec_image;
struct kexec_runs;
struct page;

long kexec_pages_headroom(unsigned long nr_pages);
bool kexec_pages_claim(struct kexec_image *img, struct page *page);
int kexec_pages_place(struct kexec_image *img);
void *kexec_pages_safe_page(void *img);
void kexec_pages_free_padding(struct kexec_backing *b);
void kexec_pages_trim_pool(struct kexec_image *img);
void kexec_pages_free_runs(struct kexec_runs *runs);
void kexec_pages_release(struct kexec_backing *b);
void kexec_pages_trim(struct kexec_backing *b, unsigned long nr_pages);
void kexec_pages_free(struct kexec_image *img);

#endif /* _KERNEL_KEXEC_PAGES_H */
