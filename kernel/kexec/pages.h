/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pages that back an image.
 */
#ifndef _KERNEL_KEXEC_PAGES_H
#define _KERNEL_KEXEC_PAGES_H

#include <linux/types.h>

struct kexec_backing;
struct kexec_image;
struct page;

long kexec_usable_headroom(unsigned long nr_pages);
struct page *kexec_pages_assign(struct kexec_image *img, struct page *page);
int kexec_pages_segment(struct kexec_image *img, unsigned int seg);
void kexec_pages_release(struct kexec_backing *b);
void kexec_pages_trim(struct kexec_backing *b, unsigned long nr_pages);
void *kexec_pages_linear(const struct kexec_backing *b);
int kexec_pages_map(struct kexec_backing *b);
void kexec_pages_unmap(struct kexec_backing *b);
void *kexec_pages_safe_page(void *img);
void kexec_pages_trim_pool(struct kexec_image *img);
void kexec_pages_copy_to_crash(struct kexec_image *img);
void kexec_pages_copy_to_crash_panic(struct kexec_image *img);
void kexec_pages_map_reserved(struct kexec_image *img);
void kexec_pages_free_staging(struct kexec_image *img);
void kexec_pages_clean_segment(const struct kexec_backing *b);
void kexec_pages_clean(const struct kexec_image *img);
void kexec_pages_free(struct kexec_image *img);

#endif /* _KERNEL_KEXEC_PAGES_H */
