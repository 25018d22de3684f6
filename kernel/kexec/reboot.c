// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reboot(LINUX_REBOOT_CMD_KEXEC)
 *
 * All checks that can refuse the reboot run before anything is shut down.  CPU hotplug is
 * disabled before, because CPU bring-up reserves memory.  After reboot_quiesce() no other
 * CPU is online: this one must not sleep or wait for RCU.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/err.h>
#include <linux/kmsg_dump.h>
#include <linux/reboot.h>
#include <linux/syscore_ops.h>

#include "debug.h"
#include "hotplug.h"
#include "image.h"
#include "lock.h"
#include "reboot.h"
#include "runs.h"
#include "sysctl.h"
#include "sysfs.h"
#include "verify.h"

static void reboot_clean_late(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		if (img->backing[i].written_late)
			kexec_runs_clean_segment(&img->backing[i]);
}

static void reboot_quiesce(struct kexec_image *img)
{
	/* A reboot notifier starts KEXEC_PHASE_DEVICES, see timeline.c. */
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_NOTIFIERS);
	kexec_in_progress = true;
	kernel_restart_prepare("kexec reboot");

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_SYSCORE);
	migrate_to_reboot_cpu();
	syscore_shutdown();
	pr_notice("Starting new kernel\n");
	/* Dumpers may sleep, so they run before this CPU is alone. */
	kmsg_dump(KMSG_DUMP_SHUTDOWN);
	reboot_clean_late(img);

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_CPUS);
	kexec_arch_shutdown_cpus(KEXEC_CPUS_OFF, NULL);
}

/* The caller holds the kexec lock or a reference to @img. */
static int reboot_check_content(struct kexec_image *img, struct kexec_refusal *refusal)
{
	int ret;

	kexec_verify_wait(img);
	ret = kexec_verify_check(img, refusal);
	if (ret)
		kexec_refusal_err(refusal, "reboot refused: the image is not what was loaded; load it again\n");
	return ret;
}

static int reboot_verify(struct kexec_image *img)
{
	int ret;

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_VERIFY);
	ret = reboot_check_content(img, NULL);
	if (!ret) {
		/* The digests were read through the cache; the next kernel bypasses it. */
		if (kexec_verify_wanted(false))
			kexec_runs_clean(img);
		ret = kexec_arch_shutdown_cpus(KEXEC_CPUS_PROBE, NULL);
	}
	kexec_timeline_pause(&img->timeline);
	return ret;
}

static int reboot_refuse_busy(struct kexec_refusal *refusal)
{
	kexec_refusal_err(refusal, "reboot refused: a load or unload is in progress; try again\n");
	return -EBUSY;
}

static int reboot_ask_busy(struct kexec_refusal *refusal)
{
	kexec_sysfs_notify(false);
	return reboot_refuse_busy(refusal);
}

static int reboot_refuse_none(struct kexec_refusal *refusal)
{
	char reason[KEXEC_DISCARD_REASON];

	kexec_image_discard_reason(reason);
	kexec_refusal_err(refusal, "reboot refused: no image is loaded%s; load one with kexec -l\n",
			  reason);
	return -EINVAL;
}

static int reboot_ask_image(struct kexec_refusal *refusal)
{
	struct kexec_image *img = kexec_image_get(KEXEC_TYPE_DEFAULT);
	bool leaving;
	int ret;

	if (IS_ERR(img))
		return reboot_ask_busy(refusal);
	if (!img)
		return reboot_refuse_none(refusal);
	ret = reboot_check_content(img, refusal);
	if (!ret)
		ret = kexec_image_check_ima(img, refusal);
	leaving = READ_ONCE(img->leaving);
	kexec_image_put(img);
	if (!leaving)
		return ret;
	/* A part of its content may have been overwritten. */
	refusal->len = 0;
	return reboot_ask_busy(refusal);
}

/**
 * kexec_reboot_ask() - would reboot(KEXEC) be refused now?
 * @refusal: receives the lines that reboot(KEXEC) would print
 *
 * Nothing is changed, and no lock is held during a check of the content.
 *
 * Return: 0, the errno of kernel_kexec(), -ENOSPC if IMA's list does not fit the image, or
 * -ENOMEM if the device tree cannot be checked.
 */
int kexec_reboot_ask(struct kexec_refusal *refusal)
{
	int ret;

	if (kexec_lock_is_busy())
		return reboot_ask_busy(refusal);
	ret = kexec_hotplug_ask(refusal);
	if (!ret)
		ret = reboot_ask_image(refusal);
	if (ret)
		return ret;
	cpus_read_lock();
	ret = kexec_arch_shutdown_cpus(KEXEC_CPUS_PROBE, refusal);
	cpus_read_unlock();
	return ret;
}

/**
 * kernel_kexec() - start the loaded image
 *
 * Context: system_transition_mutex held.
 * Return: -EBUSY if a load is in progress or a CPU does not respond, -EINVAL if no image is
 * loaded, -EUCLEAN if the image has changed, -EADDRNOTAVAIL if a destination was reserved
 * since, -EPERM if a CPU must not be turned off, after one message; otherwise it does not
 * return.
 */
int kernel_kexec(void)
{
	struct kexec_image *img;
	int ret;

	if (!kexec_lock_timeout())
		return reboot_refuse_busy(NULL);
	if (!kexec_image) {
		ret = reboot_refuse_none(NULL);
		kexec_hotplug_unlock();
		return ret;
	}

	/*
	 * The CPUs that the check sees are the ones that are turned off later.  Memory
	 * hotplug cannot interfere: images use boot memory only.
	 */
	cpu_hotplug_disable();
	ret = kexec_hotplug_recheck();
	kexec_debug_hold_reboot();
	if (!ret)
		ret = reboot_verify(to_kexec_image(kexec_image));
	if (ret) {
		cpu_hotplug_enable();
		kexec_hotplug_unlock();
		return ret;
	}
	img = to_kexec_image(kexec_image);
	/* Measurements are lost, but the next kernel can run. */
	kexec_image_check_ima(img, NULL);
	reboot_quiesce(img);
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_RELOCATION);
	kexec_timeline_store(img);
	machine_kexec(&img->kimage);
	unreachable();
}
