/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_H
#define _KERNEL_KEXEC_CRASH_H

struct kexec_refusal;

int kexec_crash_ask(struct kexec_refusal *refusal);

#endif /* _KERNEL_KEXEC_CRASH_H */
