/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_VERIFY_H
#define _KERNEL_KEXEC_VERIFY_H

#include <linux/types.h>

struct kexec_image;
struct kexec_refusal;

void kexec_verify_record(struct kexec_image *img);
void kexec_verify_cancel(struct kexec_image *img);
void kexec_verify_wait(struct kexec_image *img);
int kexec_verify_check(const struct kexec_image *img, struct kexec_refusal *refusal);
int kexec_verify_ask_crash(const struct kexec_image *img, struct kexec_refusal *refusal);
int kexec_verify_check_crash(const struct kexec_image *img);
void kexec_verify_update(struct kexec_image *img, unsigned int seg);

#endif /* _KERNEL_KEXEC_VERIFY_H */
