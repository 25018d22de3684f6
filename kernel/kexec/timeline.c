// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: phases of a reboot, as seen by the kernel that is left
 *
 * Phases are recorded as ticks of the architected counter, which a kexec does not stop or
 * reset.  A tree of kexec_file_load(), unless for a capture kernel, has an empty property
 * of a fixed size, which is filled before the machine part is called.
 */

#include <linux/init.h>
#include <linux/libfdt.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>

#include <trace/events/kexec.h>

#include "image.h"
#include "runs.h"
#include "lib/timeline_abi.h"

static void timeline_close(struct kexec_timeline_log *log, u64 tick)
{
	if (log->now < KEXEC_NR_PHASES)
		log->end[log->now] = tick;
	log->now = KEXEC_NR_PHASES;
}

/**
 * kexec_timeline_enter() - record the end of one phase and the start of another
 * @log: log of the image
 * @phase: the phase that starts
 *
 * Context: any; the caller holds the kexec lock.
 */
void kexec_timeline_enter(struct kexec_timeline_log *log, enum kexec_phase phase)
{
	u64 tick = kexec_arch_counter(NULL);

	timeline_close(log, tick);
	log->start[phase] = tick;
	log->end[phase] = 0;
	log->now = phase;
	trace_kexec_phase(kexec_timeline_name(phase));
}

/**
 * kexec_timeline_pause() - record the end of a phase
 * @log: log of the image
 *
 * Context: any; the caller holds the kexec lock.
 */
void kexec_timeline_pause(struct kexec_timeline_log *log)
{
	timeline_close(log, kexec_arch_counter(NULL));
}

/* The last reboot notifier separates the notifiers from device_shutdown(). */
static int timeline_after_notifiers(struct notifier_block *nb, unsigned long action, void *data)
{
	if (kexec_in_progress && kexec_image)
		kexec_timeline_enter(&to_kexec_image(kexec_image)->timeline,
				     KEXEC_PHASE_DEVICES);
	return NOTIFY_DONE;
}

static struct notifier_block timeline_notifier = {
	.notifier_call = timeline_after_notifiers,
	.priority = INT_MIN,
};

/* Late, to run after others of the same priority. */
static int __init timeline_register(void)
{
	return register_reboot_notifier(&timeline_notifier);
}
late_initcall(timeline_register);

/**
 * kexec_timeline_attach() - locate the property in a finished tree
 * @img: the image
 * @seg: the segment of the tree
 * @fdt: the content of that segment
 */
void kexec_timeline_attach(struct kexec_image *img, unsigned int seg, const void *fdt)
{
	int node = fdt_path_offset(fdt, "/chosen"), len;
	const void *value = fdt_getprop(fdt, node, KEXEC_TIMELINE_PROP, &len);

	if (!value || len != sizeof(struct kexec_timeline))
		return;
	img->timeline.seg = seg;
	img->timeline.offset = value - fdt;
}

/**
 * kexec_timeline_store() - write the property of the next kernel, clean to the PoC
 * @img: the image to be started
 */
void kexec_timeline_store(struct kexec_image *img)
{
	const struct kexec_timeline_log *log = &img->timeline;
	struct kexec_timeline bytes;
	u64 hz;

	if (!log->offset)
		return;
	kexec_arch_counter(&hz);
	kexec_timeline_encode(log, img->plan.dtb_pa, hz, &bytes);
	kexec_runs_write(&img->backing[log->seg], log->offset, &bytes, sizeof(bytes));
}
