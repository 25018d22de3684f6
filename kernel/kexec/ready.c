// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: /sys/kernel/kexec/ready and crash_ready
 *
 * Readers run the checks of reboot(KEXEC) and of a panic without leaving, so they learn of
 * a refusal while all services still run.
 *
 * A read changes nothing.  It holds a reference to the image instead of the kexec lock,
 * see kexec_image_get(), so a load, an unload or a panic proceeds.  A load that replaces
 * the image ends the read with EBUSY.  The kexec lock is held only while a copy of a
 * device tree that is not current is patched; system calls wait for that.  CPU hotplug and
 * reboot(KEXEC) wait while the CPUs are called.
 */
#include <linux/capability.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kexec_arch.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "crash_elfcorehdr.h"
#include "image.h"
#include "lock.h"
#include "reboot.h"
#include "sysfs.h"
#include "verify.h"

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
static int ready_no_crash_image(struct kexec_refusal *refusal)
{
	if (kexec_lock_is_busy()) {
		kexec_sysfs_notify(true);
		kexec_refusal_err(refusal, "no dump: the first crash image is still being loaded, or one is being unloaded\n");
		return -EBUSY;
	}
	kexec_refusal_err(refusal, "no dump: no crash image is loaded (kexec -p loads one)\n");
	return -ENOENT;
}

static int ready_replaced(struct kexec_refusal *refusal)
{
	/* Lines of a check of content that may have been overwritten meanwhile. */
	refusal->len = 0;
	kexec_refusal_err(refusal, "the crash image is being replaced; ask again\n");
	kexec_sysfs_notify(true);
	return -EBUSY;
}

/*
 * Returns 0 if a panic would start the crash image now; -ENOENT if none is loaded, -EBUSY
 * if a load, an unload or an update of the ELF core header is in progress, -EUCLEAN if the
 * image has changed or has a memory error, -ESTALE if its ELF core header lacks changes of
 * memory.
 */
static int ready_check_crash(struct kexec_refusal *refusal)
{
	struct kexec_image *img;
	bool leaving;
	int ret;

	if (!crash_get_memory_size()) {
		kexec_refusal_err(refusal, "no dump: no memory is reserved (crashkernel=)\n");
		return -ENOENT;
	}
	img = kexec_image_get(KEXEC_TYPE_CRASH);
	if (IS_ERR(img))
		return ready_replaced(refusal);
	if (!img)
		return ready_no_crash_image(refusal);
	ret = kexec_verify_ask_crash(img, refusal);
	if (ret)
		kexec_refusal_err(refusal, "no dump: the crash image is not what was loaded\n");
	else
		ret = kexec_elfcorehdr_ask(img, refusal);
	leaving = READ_ONCE(img->leaving);
	kexec_image_put(img);
	return leaving ? ready_replaced(refusal) : ret;
}

static ssize_t crash_ready_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return ready_answer(buf, ready_check_crash);
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
