// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory and processors that come and go
 *
 * Memory that an image uses never goes offline: it was there at boot, see ram.c,
 * and arm64 keeps that online.  Three things can happen to a loaded image while it
 * waits:
 *
 * - A place that it goes to is reserved, as the tables of a CPU that comes up are.
 *   The image is discarded, at the latest by reboot(KEXEC), which then fails.
 *
 * - Memory is reserved that every later kernel has to be told of.  It is added to
 *   the image's device tree.  A tree that user space has made, and may have taken a
 *   checksum of, cannot be changed: such an image is discarded.
 *
 * - Memory comes or goes that a dump has to show: the ELF core header of the
 *   crash image is made anew, see crash_refresh.c.
 *
 * What has to be done is noted in hotplug_pending first and carried out by
 * whoever gets the kexec lock: by the one who noted it when the lock is free,
 * else by the holder after giving it up.  So nobody here waits for that lock,
 * and nothing that was noted is forgotten.
 *
 * Locks, outermost first:
 *
 *	cpu_hotplug_lock	(read, or written by the bring-up of a CPU)
 *	mem_hotplug_lock	(read, or written by whoever runs the notifier)
 *	kexec lock		(only tried)
 *
 * A load holds the kexec lock and may wait for mem_hotplug_lock; that order is the
 * other way round, and harmless, because the notifier, which runs with that lock
 * held for writing, never waits for the kexec lock.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/crash_dump.h>
#include <linux/delay.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kexec_reserve.h>
#include <linux/memory.h>
#include <linux/memory_hotplug.h>
#include <linux/moduleparam.h>
#include <linux/notifier.h>

#include "internal.h"

/* Who else is held up while we work. */
enum hotplug_context {
	HOTPLUG_ALONE,
	HOTPLUG_MEMORY_NOTIFIER,
	HOTPLUG_CPU_CALLBACK,
};

/* Bits of hotplug_pending. */
enum {
	HOTPLUG_MAP,
	HOTPLUG_RESERVED,
};

static unsigned long hotplug_pending;

/* Why there is no image, for the next reboot(KEXEC); guarded by the kexec lock. */
static char hotplug_lost[96];

#ifdef CONFIG_CRASH_HOTPLUG
static bool hotplug_supported;

/**
 * crash_check_hotplug_support() - may user space leave hotplug to the kernel?
 *
 * The answer is for cpu/crash_hotplug and memory/crash_hotplug in sysfs, where
 * udev rules look before they load the crash image again.
 *
 * Context: any.
 * Return: 1 when the header of the loaded crash image is kept up to date, 0 when
 * not or when none is loaded.
 */
int crash_check_hotplug_support(void)
{
	return READ_ONCE(hotplug_supported);
}

static void hotplug_set_supported(bool supported)
{
	WRITE_ONCE(hotplug_supported, supported);
}
#else
static void hotplug_set_supported(bool supported) { }
#endif

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

/* Approximate: nobody guards it. */
static unsigned int hotplug_deferred;
module_param_named(deferred, hotplug_deferred, uint, 0444);
MODULE_PARM_DESC(deferred, "how often a change of memory or CPUs was left to who had the lock");

static void hotplug_count_deferred(void)
{
	WRITE_ONCE(hotplug_deferred, READ_ONCE(hotplug_deferred) + 1);
}

static unsigned int hotplug_inject_recheck_ms;
module_param_named(inject_recheck_ms, hotplug_inject_recheck_ms, uint, 0644);
MODULE_PARM_DESC(inject_recheck_ms, "time that a recheck of the image takes longer");

static void hotplug_inject_recheck(void)
{
	fsleep(hotplug_inject_recheck_ms * USEC_PER_MSEC);
}
#else
static void hotplug_count_deferred(void) { }
static void hotplug_inject_recheck(void) { }
#endif

/* Keep memblock still: it has no lock, but those who change it have. */
static void hotplug_hold_still(enum hotplug_context context)
{
	if (context == HOTPLUG_ALONE)
		cpus_read_lock();
	if (context != HOTPLUG_MEMORY_NOTIFIER)
		get_online_mems();
}

static void hotplug_let_go(enum hotplug_context context)
{
	if (context != HOTPLUG_MEMORY_NOTIFIER)
		put_online_mems();
	if (context == HOTPLUG_ALONE)
		cpus_read_unlock();
}

static void hotplug_discard(const char *what, const struct place_range *where, const char *event)
{
	struct kexec_image *img = to_kexec_image(kexec_image);

	pr_warn("the image (entry %pap) is discarded: memory [%#llx, %#llx), %s, %s; load it again\n",
		&img->plan.entry_pa, where->start, where->end, what, event);
	kexec_image_unload(KEXEC_TYPE_DEFAULT);
	snprintf(hotplug_lost, sizeof(hotplug_lost),
		 ": it was discarded when memory [%#llx, %#llx) %s",
		 where->start, where->end, event);
}

/* The caller holds the kexec lock and keeps memblock still. */
static bool hotplug_dst_is_lost(const struct kexec_image *img, struct place_range *where)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		const struct kexec_segment *seg = &img->kimage.segment[i];

		if (seg->memsz &&
		    kexec_ram_now_reserved(seg->mem, (u64)seg->mem + seg->memsz, where))
			return true;
	}
	return false;
}

/* Returns a negative errno when the tree cannot be changed. */
static int hotplug_patch_tree(struct kexec_image *img)
{
#ifdef CONFIG_KEXEC_FILE
	struct kexec_backing *b;
	unsigned int seg;
	int ret;

	for (seg = 0; seg < img->kimage.nr_segments; seg++)
		if (img->plan.dtb_pa && img->backing[seg].dst_pa == img->plan.dtb_pa)
			break;
	if (seg == img->kimage.nr_segments)
		return -ENOENT;

	b = &img->backing[seg];
	kexec_verify_wait(img);
	ret = kexec_hold_map(b);
	if (ret)
		return ret;
	ret = kexec_reserve_runtime_top_up(b->va);
	kexec_hold_unmap(b);
	kexec_image_sync_segment(b);
	kexec_verify_again(img, seg);
	return ret;
#else
	return -ENOENT;
#endif
}

/* What later kernels must know, the tree of the image must say. */
static void hotplug_hand_on(struct kexec_image *img)
{
	unsigned int generation = kexec_reserve_runtime_generation();

	if (img->generation == generation)
		return;
	if (hotplug_patch_tree(img) >= 0) {
		img->generation = generation;
		return;
	}
	pr_warn("the image (entry %pap) is discarded: its device tree does not hand on memory that hardware keeps since a CPU came up; load it again\n",
		&img->plan.entry_pa);
	kexec_image_unload(KEXEC_TYPE_DEFAULT);
	snprintf(hotplug_lost, sizeof(hotplug_lost),
		 ": it was discarded when a CPU came up");
}

/* Is the image still right after something was reserved?  The caller holds the lock. */
static int hotplug_recheck_image(void)
{
	struct place_range where;

	if (kexec_image && hotplug_dst_is_lost(to_kexec_image(kexec_image), &where))
		hotplug_discard("a destination of it", &where, "was reserved");
	if (kexec_image)
		hotplug_hand_on(to_kexec_image(kexec_image));
	return kexec_image ? 0 : -EADDRNOTAVAIL;
}

/* True when it was done; false when somebody else holds the lock and will do it. */
static bool hotplug_recheck(enum hotplug_context context)
{
	bool mine;

	hotplug_hold_still(context);
	mine = kexec_lock_recheck();
	if (mine) {
		clear_bit(HOTPLUG_RESERVED, &hotplug_pending);
		/* Who notes more from here on is seen by the loop in hotplug_settle(). */
		smp_mb__after_atomic();
		hotplug_recheck_image();
		hotplug_inject_recheck();
		mine = kexec_unlock_recheck();
	}
	hotplug_let_go(context);
	return mine;
}

/* True when it was done; false when somebody else holds the lock and will do it. */
static bool hotplug_refresh(enum hotplug_context context)
{
	bool mine;

	hotplug_hold_still(context);
	mine = kexec_lock_refresh();
	if (mine) {
		clear_bit(HOTPLUG_MAP, &hotplug_pending);
		/* Memory is looked at after the note is gone, never before. */
		smp_mb__after_atomic();
		kexec_crash_refresh();
		mine = kexec_unlock_refresh();
	}
	hotplug_let_go(context);
	return mine;
}

static void hotplug_settle(enum hotplug_context context)
{
	bool mine;

	do {
		/*
		 * Either we see what another one has noted, or that one finds
		 * the lock free: its note comes before its try, our last unlock
		 * before this look.
		 */
		smp_mb();
		if (test_bit(HOTPLUG_RESERVED, &hotplug_pending))
			mine = hotplug_recheck(context);
		else if (test_bit(HOTPLUG_MAP, &hotplug_pending))
			mine = hotplug_refresh(context);
		else
			return;
	} while (mine);
	hotplug_count_deferred();
}

/**
 * kexec_hotplug_settle() - do what was noted while somebody held the kexec lock
 *
 * Context: process context, may sleep; the caller holds neither the kexec lock
 * nor one of CPU or memory hotplug.
 */
void kexec_hotplug_settle(void)
{
	hotplug_settle(HOTPLUG_ALONE);
}

/**
 * kexec_hotplug_published() - an image has taken its slot
 * @img: the image
 *
 * Context: process context; the caller holds the kexec lock.
 */
void kexec_hotplug_published(const struct kexec_image *img)
{
	if (!kexec_image_is_crash(img)) {
		hotplug_lost[0] = '\0';
		return;
	}
#ifdef CONFIG_CRASH_HOTPLUG
	hotplug_set_supported(img->kimage.hotplug_support);
	/* The header that user space made knows the present CPUs only. */
	if (img->kimage.hotplug_support && !img->kimage.file_mode)
		set_bit(HOTPLUG_MAP, &hotplug_pending);
#endif
}

/**
 * kexec_hotplug_unloaded() - a slot was emptied
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 *
 * Context: process context; the caller holds the kexec lock.
 */
void kexec_hotplug_unloaded(int type)
{
	if (type == KEXEC_TYPE_CRASH)
		hotplug_set_supported(false);
	else
		hotplug_lost[0] = '\0';
}

/**
 * kexec_hotplug_why_none() - why there is no image any more
 *
 * Context: process context; the caller holds the kexec lock.
 * Return: text that begins with a colon, or an empty one when nothing was
 * discarded since the last load or unload.
 */
const char *kexec_hotplug_why_none(void)
{
	return hotplug_lost;
}

/**
 * kexec_hotplug_recheck() - may the loaded image still be started?
 *
 * The image is discarded when the answer is no.
 *
 * Context: process context, may sleep; the caller holds the kexec lock and an
 * image is loaded.
 * Return: 0, or -EADDRNOTAVAIL after one message.
 */
int kexec_hotplug_recheck(void)
{
	int ret;

	hotplug_hold_still(HOTPLUG_ALONE);
	ret = hotplug_recheck_image();
	hotplug_let_go(HOTPLUG_ALONE);
	return ret;
}

/* A capture kernel finds the memory of the kernel that died by way of ACPI, too. */
static int hotplug_going_online(const struct place_range *where)
{
	if (!is_kdump_kernel())
		return NOTIFY_OK;
	pr_notice("memory [%#llx, %#llx) stays offline: it belongs to the kernel that crashed\n",
		  where->start, where->end);
	return notifier_from_errno(-EBUSY);
}

static int hotplug_memory(struct notifier_block *nb, unsigned long action, void *data)
{
	const struct memory_notify *mem = data;
	const struct place_range where = {
		.start = PFN_PHYS(mem->start_pfn),
		.end = PFN_PHYS(mem->start_pfn + mem->nr_pages),
	};

	switch (action) {
	case MEM_GOING_ONLINE:
		return hotplug_going_online(&where);
	case MEM_ONLINE:
	case MEM_OFFLINE:
		set_bit(HOTPLUG_MAP, &hotplug_pending);
		hotplug_settle(HOTPLUG_MEMORY_NOTIFIER);
		break;
	}
	return NOTIFY_OK;
}

/* GICv3 reserves the LPI table of a CPU when that comes up for the first time. */
static int hotplug_cpu_online(unsigned int cpu)
{
	set_bit(HOTPLUG_RESERVED, &hotplug_pending);
	hotplug_settle(HOTPLUG_CPU_CALLBACK);
	return 0;
}

static struct notifier_block hotplug_memory_nb = {
	.notifier_call = hotplug_memory,
};

/* Early: ACPI finds memory devices from subsys_initcall on. */
static int __init hotplug_watch_memory(void)
{
	return register_memory_notifier(&hotplug_memory_nb);
}
core_initcall(hotplug_watch_memory);

/* Late: a dynamic state comes behind those of the drivers that reserve memory. */
static int __init hotplug_watch_cpus(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "kexec:online",
					    hotplug_cpu_online, NULL);

	if (ret < 0)
		pr_err("CPUs that come up will not be noticed (%d)\n", ret);
	return ret < 0 ? ret : 0;
}
late_initcall(hotplug_watch_cpus);

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
/* Reserve memory as a driver would, for instance 0x48000000:0x10000. */
static int hotplug_param_reserve(const char *val, const struct kernel_param *kp)
{
	unsigned long long base, len;
	int ret;

	if (system_state != SYSTEM_RUNNING || sscanf(val, "%lli:%lli", &base, &len) != 2)
		return -EINVAL;

	cpus_read_lock();
	get_online_mems();
	ret = kexec_reserve_runtime(base, len);
	put_online_mems();
	cpus_read_unlock();
	return ret;
}

static const struct kernel_param_ops hotplug_reserve_ops = {
	.set = hotplug_param_reserve,
};
module_param_cb(reserve, &hotplug_reserve_ops, NULL, 0200);
MODULE_PARM_DESC(reserve, "reserve memory at run time, START:BYTES");
#endif
