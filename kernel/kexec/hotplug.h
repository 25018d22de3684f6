/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_HOTPLUG_H
#define _KERNEL_KEXEC_HOTPLUG_H

struct kexec_refusal;

void kexec_hotplug_unlock(void);
int kexec_hotplug_recheck(void);
int kexec_hotplug_ask(struct kexec_refusal *refusal);

#endif /* _KERNEL_KEXEC_HOTPLUG_H */
