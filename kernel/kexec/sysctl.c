// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: who may load, and how often
 *
 * kernel.kexec_load_disabled can only change from 0 to 1, and the limits of further loads,
 * kernel.kexec_load_limit_reboot and kernel.kexec_load_limit_panic, can only be lowered; -1
 * is no limit.  An attempt counts whether or not it succeeds.
 *
 * kernel.kexec_verify selects the images that are compared with their digests before they
 * are started: 1 for a panic, 2 for reboot.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/capability.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sysctl.h>

#include "sysctl.h"

static DEFINE_MUTEX(sysctl_lock);
static int sysctl_limit_reboot = -1;
static int sysctl_limit_panic = -1;
static int sysctl_disabled;

#define SYSCTL_VERIFY_CRASH	BIT(0)
#define SYSCTL_VERIFY_REBOOT	BIT(1)

static int sysctl_verify = SYSCTL_VERIFY_CRASH | SYSCTL_VERIFY_REBOOT;

#ifdef CONFIG_SYSCTL
static int sysctl_limit_set(int *limit, int val)
{
	guard(mutex)(&sysctl_lock);

	if (val < 0 || (*limit >= 0 && val >= *limit))
		return -EINVAL;
	*limit = val;
	return 0;
}

static int sysctl_limit_handler(const struct ctl_table *table, int write, void *buffer,
				size_t *lenp, loff_t *ppos)
{
	int *limit = table->data;
	int val = READ_ONCE(*limit);
	const struct ctl_table copy = {
		.procname = table->procname,
		.data = &val,
		.maxlen = sizeof(val),
		.mode = table->mode,
	};
	int ret = proc_dointvec(&copy, write, buffer, lenp, ppos);

	return ret || !write ? ret : sysctl_limit_set(limit, val);
}

static struct ctl_table sysctl_table[] = {
	{
		.procname = "kexec_load_disabled",
		.proc_handler = proc_dointvec_minmax,
		.mode = 0644,
		.maxlen = sizeof(sysctl_disabled),
		.data = &sysctl_disabled,
		.extra1 = SYSCTL_ONE,
		.extra2 = SYSCTL_ONE,
	}, {
		.procname = "kexec_load_limit_panic",
		.proc_handler = sysctl_limit_handler,
		.mode = 0644,
		.data = &sysctl_limit_panic,
	}, {
		.procname = "kexec_load_limit_reboot",
		.proc_handler = sysctl_limit_handler,
		.mode = 0644,
		.data = &sysctl_limit_reboot,
	}, {
		.procname = "kexec_verify",
		.proc_handler = proc_dointvec_minmax,
		.mode = 0644,
		.maxlen = sizeof(sysctl_verify),
		.data = &sysctl_verify,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_THREE,
	},
};

static int __init sysctl_register(void)
{
	register_sysctl_init("kernel", sysctl_table);
	return 0;
}
late_initcall(sysctl_register);
#endif

static bool sysctl_limit_take(int *limit)
{
	guard(mutex)(&sysctl_lock);

	if (!*limit)
		return false;
	if (*limit > 0)
		--*limit;
	return true;
}

/**
 * kexec_load_permitted() - may the caller load or unload an image now?
 * @kexec_image_type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 *
 * Return: true, or false after one message.
 */
bool kexec_load_permitted(int kexec_image_type)
{
	bool crash = kexec_image_type == KEXEC_TYPE_CRASH;

	if (!capable(CAP_SYS_BOOT)) {
		pr_err_ratelimited("load refused: %s[%d] has no capability CAP_SYS_BOOT\n",
				   current->comm, task_pid_nr(current));
		return false;
	}
	if (READ_ONCE(sysctl_disabled)) {
		pr_err("load refused: kernel.kexec_load_disabled is 1 until the next boot\n");
		return false;
	}
	if (!sysctl_limit_take(crash ? &sysctl_limit_panic : &sysctl_limit_reboot)) {
		pr_err("load refused: limit kernel.kexec_load_limit_%s is used up until the next boot\n",
		       crash ? "panic" : "reboot");
		return false;
	}
	return true;
}

/**
 * kexec_verify_wanted() - is this kind of image to be verified?
 * @crash: the one that a panic starts
 *
 * Return: true if kernel.kexec_verify selects it.
 */
bool __kexec_panic kexec_verify_wanted(bool crash)
{
	return READ_ONCE(sysctl_verify) & (crash ? SYSCTL_VERIFY_CRASH : SYSCTL_VERIFY_REBOOT);
}
