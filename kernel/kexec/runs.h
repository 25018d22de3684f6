/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_RUNS_H
#define _KERNEL_KEXEC_RUNS_H

#include <linux/types.h>

struct kexec_backing;
struct kexec_image;

void *kexec_runs_address(const struct kexec_backing *b);
int kexec_runs_map(struct kexec_backing *b);
void kexec_runs_unmap(struct kexec_backing *b);
void kexec_runs_write(const struct kexec_backing *b, size_t offset, const void *from, size_t len);
void kexec_runs_copy_to_crash(struct kexec_image *img);
void kexec_runs_copy_to_crash_panic(struct kexec_image *img);
void kexec_runs_map_reserved(struct kexec_image *img);
void kexec_runs_free_staging(struct kexec_image *img);
void kexec_runs_clean_segment(const struct kexec_backing *b);
void kexec_runs_clean(const struct kexec_image *img);

#endif /* _KERNEL_KEXEC_RUNS_H */
