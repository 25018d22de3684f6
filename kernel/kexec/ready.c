// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: /sys/kernel/kexec/ready and crash_ready
 *
 * Readers run the checks of reboot(KEXEC) and of a panic without leaving, so they learn of
 * a refusal while all services still run.
 *
 * A question changes nothing.  It holds a reference to the image instead of the kexec lock,
 * see kexec_image_get(), so a load, an unload or a panic proceeds.  A load that replaces
 * the image ends the question with EBUSY.  The kexec lock is held only while a copy of a
 * device tree that is not current is patched; system calls wait for that.  CPU hotplug and
 * reboot(KEXEC) wait while the CPUs are called.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kexec_arch.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "crash.h"
#include "reboot.h"
#include "sysfs.h"

/* The errnos of the checks; CONFIG_SYMBOLIC_ERRNAME, which has all, may be off. */
static const struct ready_error {
	int error;
	const char *name;
} ready_errors[] = {
	{ -EADDRNOTAVAIL, "EADDRNOTAVAIL" },
	{ -EBUSY, "EBUSY" },
	{ -EINVAL, "EINVAL" },
	{ -ENOENT, "ENOENT" },
	{ -ENOMEM, "ENOMEM" },
	{ -ENOSPC, "ENOSPC" },
	{ -EPERM, "EPERM" },
	{ -ESTALE, "ESTALE" },
	{ -EUCLEAN, "EUCLEAN" },
};

static const char *ready_error_name(int error)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ready_errors); i++)
		if (ready_errors[i].error == error)
			return ready_errors[i].name;
	return "EIO";
}

static int ready_emit(char *buf, int ret, const struct kexec_refusal *refusal)
{
	int len;

	if (!ret)
		return sysfs_emit(buf, "0\n");
	len = sysfs_emit(buf, "%s\n", ready_error_name(ret));
	len += sysfs_emit_at(buf, len, "%s", refusal->text);
	return len;
}

static ssize_t ready_answer(char *buf, int (*check)(struct kexec_refusal *refusal))
{
	struct kexec_refusal *refusal __free(kfree) = kzalloc(sizeof(*refusal), GFP_KERNEL);

	if (!capable(CAP_SYS_BOOT))
		return -EPERM;
	return refusal ? ready_emit(buf, check(refusal), refusal) : -ENOMEM;
}

static ssize_t ready_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return ready_answer(buf, kexec_reboot_ask);
}

static struct kobj_attribute ready_attr = __ATTR(ready, 0400, ready_show, NULL);

#ifdef CONFIG_CRASH_DUMP
static ssize_t crash_ready_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return ready_answer(buf, kexec_crash_ask);
}

static struct kobj_attribute crash_ready_attr = __ATTR(crash_ready, 0400, crash_ready_show, NULL);
#endif

static struct attribute *ready_attrs[] = {
	&ready_attr.attr,
#ifdef CONFIG_CRASH_DUMP
	&crash_ready_attr.attr,
#endif
	NULL
};

static const struct attribute_group ready_files = { .attrs = ready_attrs };

static int __init ready_init(void)
{
	return kexec_sysfs_add(&ready_files);
}
late_initcall(ready_init);
