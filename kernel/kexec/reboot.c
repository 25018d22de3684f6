// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reboot(LINUX_REBOOT_CMD_KEXEC)
 *
 * All checks that can refuse the reboot run before anything is shut down.  CPU hotplug is
 * disabled before, because CPU bring-up reserves memory.  After reboot_quiesce() no other
 * CPU is online: it must not sleep or wait for RCU.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/kmsg_dump.h>
#include <linux/reboot.h>
#include <linux/syscore_ops.h>

#include "hotplug.h"
#include "image.h"
#include "lock.h"
#include "runs.h"
#include "sysctl.h"
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
	kexec_arch_shutdown_cpus(KEXEC_CPUS_OFF);
}

static int reboot_verify(struct kexec_image *img)
{
	int ret;

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_VERIFY);
	kexec_verify_wait(img);
	ret = kexec_verify_check(img);
	if (ret) {
		pr_err("reboot refused: the image is not what was loaded; load it again\n");
	} else {
		/* The digests were read through the cache; the next kernel bypasses it. */
		if (kexec_verify_wanted(false))
			kexec_runs_clean(img);
		ret = kexec_arch_shutdown_cpus(KEXEC_CPUS_PROBE);
	}
	kexec_timeline_pause(&img->timeline);
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

	if (!kexec_lock_timeout()) {
		pr_err("reboot refused: a load or unload is in progress; try again\n");
		return -EBUSY;
	}
	if (!kexec_image) {
		pr_err("reboot refused: no image is loaded%s; load one with kexec -l\n",
		       kexec_image_discard_reason());
		kexec_unlock();
		return -EINVAL;
	}

	/*
	 * The CPUs that the check sees are the ones that are turned off later.  Memory
	 * hotplug cannot interfere: images use boot memory only.
	 */
	cpu_hotplug_disable();
	ret = kexec_hotplug_recheck();
	if (!ret)
		ret = reboot_verify(to_kexec_image(kexec_image));
	if (ret) {
		cpu_hotplug_enable();
		kexec_unlock();
		return ret;
	}
	img = to_kexec_image(kexec_image);
	kexec_image_check_ima_full(img);
	reboot_quiesce(img);
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_RELOCATION);
	kexec_timeline_store(img);
	machine_kexec(&img->kimage);
	unreachable();
}
