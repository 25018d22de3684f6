/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_HOTPLUG_H
#define _KERNEL_KEXEC_HOTPLUG_H

void kexec_unlock(void);
int kexec_hotplug_recheck(void);

#endif /* _KERNEL_KEXEC_HOTPLUG_H */
