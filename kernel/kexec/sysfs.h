/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_SYSFS_H
#define _KERNEL_KEXEC_SYSFS_H

#include <linux/types.h>

struct attribute_group;

int kexec_sysfs_add(const struct attribute_group *files);
int kexec_sysfs_add_old(const char *file, const char *old);
void kexec_sysfs_notify(bool crash);
void kexec_sysfs_flush(void);

#endif /* _KERNEL_KEXEC_SYSFS_H */
