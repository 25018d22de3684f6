/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_REBOOT_H
#define _KERNEL_KEXEC_REBOOT_H

struct kexec_refusal;

int kexec_reboot_ask(struct kexec_refusal *refusal);

#endif /* _KERNEL_KEXEC_REBOOT_H */
