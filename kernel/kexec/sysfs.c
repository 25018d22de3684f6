// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the folder /sys/kernel/kexec
 *
 * Linux 6.19 moved the sysfs files of kexec to this folder, without the prefix of their
 * names.  Here it has links to the files of the base, so that tools for either place work.
 *
 * ready and crash_ready, see ready.c, have events for poll().  Readers that are woken while
 * the kexec lock is held may be answered EBUSY.  So events wait until it is released.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/bitops.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kexec.h>
#include <linux/kobject.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "lock.h"
#include "sysfs.h"

static struct kobject *sysfs_folder __ro_after_init;

/* Files with an event that was not sent yet: bit 0 is ready, bit 1 is crash_ready. */
static unsigned long sysfs_events;

/* Name in /sys/kernel, name in the folder. */
static const char *const sysfs_links[][2] __initconst = {
	{ "kexec_loaded", "loaded" },
#ifdef CONFIG_CRASH_DUMP
	{ "kexec_crash_loaded", "crash_loaded" },
	{ "kexec_crash_size", "crash_size" },
#endif
#ifdef CONFIG_CRASH_HOTPLUG
	{ "crash_elfcorehdr_size", "crash_elfcorehdr_size" },
#endif
};

static int __init sysfs_add_folder(void)
{
	unsigned int i;
	int ret;

	sysfs_folder = kobject_create_and_add("kexec", kernel_kobj);
	if (!sysfs_folder)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(sysfs_links); i++) {
		ret = compat_only_sysfs_link_entry_to_kobj(sysfs_folder, kernel_kobj,
							   sysfs_links[i][0], sysfs_links[i][1]);
		if (ret)
			pr_warn("sysfs: no link kexec/%s (%d)\n", sysfs_links[i][1], ret);
	}
	return 0;
}

/* ksysfs.c creates the files that are linked to in a core_initcall. */
postcore_initcall(sysfs_add_folder);

/**
 * kexec_sysfs_add() - add files to /sys/kernel/kexec
 * @files: the files
 *
 * Context: boot, from subsys_initcall on.
 * Return: 0, or a negative errno.
 */
int __init kexec_sysfs_add(const struct attribute_group *files)
{
	return sysfs_folder ? sysfs_create_group(sysfs_folder, files) : -ENOENT;
}

/**
 * kexec_sysfs_add_old() - add a link at the place that a file had before Linux 6.19
 * @file: name of the file in /sys/kernel/kexec
 * @old: name of the link in /sys/kernel
 *
 * Context: boot, after kexec_sysfs_add() for the file.
 * Return: 0, or a negative errno.
 */
int __init kexec_sysfs_add_old(const char *file, const char *old)
{
	return compat_only_sysfs_link_entry_to_kobj(kernel_kobj, sysfs_folder, file, old);
}

/**
 * kexec_sysfs_notify() - report that an answer of ready or crash_ready may have changed
 * @crash: the latter
 *
 * The event is sent now, or at the release of the kexec lock if that is held.
 */
void kexec_sysfs_notify(bool crash)
{
	set_bit(crash, &sysfs_events);
	/*
	 * Store buffering: this CPU sets a bit of sysfs_events, then reads kexec_lock_state.
	 * The holder releases the lock, then reads sysfs_events in kexec_sysfs_flush().
	 */
	smp_mb__after_atomic();
	if (kexec_lock_is_free())
		kexec_sysfs_flush();
}

/**
 * kexec_sysfs_flush() - send the events of kexec_sysfs_notify()
 *
 * Context: process context, after each release of the kexec lock.
 */
void kexec_sysfs_flush(void)
{
	static const char *const file[] = { "ready", "crash_ready" };
	unsigned int i;

	/* Pairs with the barrier in kexec_sysfs_notify(). */
	smp_mb();
	for (i = 0; i < ARRAY_SIZE(file); i++)
		if (test_and_clear_bit(i, &sysfs_events) && sysfs_folder)
			sysfs_notify(sysfs_folder, NULL, file[i]);
}
