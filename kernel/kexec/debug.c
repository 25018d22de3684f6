// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: test parameters
 *
 * The parameters of /sys/module/kexec force rare paths, see testing.rst.  They count from
 * the start of each load or update and some act on the panic path, so they do not use
 * fault_attr, which counts calls since boot and is set up in debugfs.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/memory_hotplug.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/panic.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "debug.h"
#include "lock.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

struct kexec_debug_params kexec_debug = {
	.in_place = true,
	.cma_wait_ms = KEXEC_CMA_WAIT_MS,
};

module_param_named(in_place, kexec_debug.in_place, bool, 0644);
MODULE_PARM_DESC(in_place, "allocate the destinations of segments (N: copy everything)");

module_param_named(fail_seal, kexec_debug.fail_seal, bool, 0644);
MODULE_PARM_DESC(fail_seal, "make loads fail after all files were read");

module_param_cb(demand_signature, &param_ops_bool_enable_only, &kexec_debug.demand_signature, 0644);
MODULE_PARM_DESC(demand_signature, "refuse kernels without a good signature from now on");

module_param_named(inject_recheck_ms, kexec_debug.recheck_ms, uint, 0644);
MODULE_PARM_DESC(inject_recheck_ms, "delay of each check of the image, in ms");

module_param_named(inject_refresh_size, kexec_debug.refresh_size, uint, 0644);
MODULE_PARM_DESC(inject_refresh_size, "maximum size of an updated ELF core header, in bytes (0: its segment)");

module_param_named(cma_wait_ms, kexec_debug.cma_wait_ms, uint, 0644);
MODULE_PARM_DESC(cma_wait_ms, "wait of a panic for DMA to CMA areas, in ms");

/* Approximate: no lock guards it. */
static unsigned int debug_deferred;
module_param_named(deferred, debug_deferred, uint, 0444);
MODULE_PARM_DESC(deferred, "number of hotplug events that were left to the lock holder");

/**
 * kexec_debug_count_deferred() - count a hotplug event that was left to the lock holder
 */
void kexec_debug_count_deferred(void)
{
	WRITE_ONCE(debug_deferred, READ_ONCE(debug_deferred) + 1);
}

/* Longer than the other CPU needs, but bounded. */
#define DEBUG_MEET_MS	(20 * MSEC_PER_SEC)

static unsigned int debug_meet;
module_param_named(inject_meet, debug_meet, uint, 0644);
MODULE_PARM_DESC(inject_meet, "next point of a sequence on several CPUs (1: start, 0: off)");

/**
 * kexec_debug_meet() - wait until another CPU has reached the next point
 * @point: number of this point, from 1 on
 *
 * Some faults require a panic on one CPU between two steps of another one.  Writing 1 to
 * kexec.inject_meet starts the sequence; the value read is the number of the next point.
 *
 * Context: any, the panic path included; busy for DEBUG_MEET_MS at most.
 */
void __kexec_panic kexec_debug_meet(unsigned int point)
{
	unsigned int ms;

	/* Full barrier: stores before this point are seen at the next one. */
	if (cmpxchg(&debug_meet, point, point + 1) != point)
		return;
	for (ms = 0; ms < DEBUG_MEET_MS && READ_ONCE(debug_meet) == point + 1; ms++)
		mdelay(1);
}

/* Stop at a point if @hold is @point; it is @held then. */
static void debug_hold(unsigned int *hold, unsigned int point, unsigned int held)
{
	if (cmpxchg(hold, point, held) != point)
		return;
	while (READ_ONCE(*hold) == held && !fatal_signal_pending(current))
		fsleep(USEC_PER_MSEC);
}

static unsigned int debug_hold_read;
module_param_named(hold_read, debug_hold_read, uint, 0644);
MODULE_PARM_DESC(hold_read, "stop the next load before it reads its files (1); it is stopped (2); continue (0)");

/**
 * kexec_debug_hold_read() - stop a load between looking at its files and reading them
 *
 * Context: the kexec lock is held; a fatal signal ends the wait.
 */
void kexec_debug_hold_read(void)
{
	debug_hold(&debug_hold_read, 1, 2);
}

static unsigned int debug_hold_reboot;
module_param_named(hold_reboot, debug_hold_reboot, uint, 0644);
MODULE_PARM_DESC(hold_reboot, "stop the next reboot before it checks the image (1); it is stopped (2); continue (0)");

/**
 * kexec_debug_hold_reboot() - stop a reboot while it checks the image
 *
 * Context: the kexec lock is held, CPU hotplug is disabled; a fatal signal ends the wait.
 */
void kexec_debug_hold_reboot(void)
{
	debug_hold(&debug_hold_reboot, 1, 2);
}

static unsigned int debug_hold_unpack;
module_param_named(hold_unpack, debug_hold_unpack, uint, 0644);
MODULE_PARM_DESC(hold_unpack, "stop the next load while it counts (1) or stores (2) an unpacked initrd; it is stopped (3); continue (0)");

/**
 * kexec_debug_hold_unpack() - stop a load in the middle of unpacking an initrd
 * @store: the pass that stores, not the one that counts
 *
 * Context: the kexec lock is held; a fatal signal ends the wait.
 */
void kexec_debug_hold_unpack(bool store)
{
	debug_hold(&debug_hold_unpack, store ? 2 : 1, 3);
}

static unsigned int debug_panic_again;
module_param_named(inject_crash_again, debug_panic_again, uint, 0644);
MODULE_PARM_DESC(inject_crash_again, "panic in the first N attempts to start the crash image");

/**
 * kexec_debug_panic_again() - panic in an attempt to start the crash image
 * @tries: number of this attempt, from 1 on
 */
void __kexec_panic kexec_debug_panic_again(unsigned int tries)
{
	if (tries <= debug_panic_again)
		panic("kexec.inject_crash_again");
}

static unsigned int debug_panic_copy;
module_param_named(inject_panic_in_copy, debug_panic_copy, uint, 0644);
MODULE_PARM_DESC(inject_panic_in_copy, "panic when N segments of a crash image are in the reservation (0: no)");

/**
 * kexec_debug_panic_copy() - panic while a crash image is copied to the reservation
 * @segments: segments that are complete
 */
void kexec_debug_panic_copy(unsigned int segments)
{
	if (segments && segments == debug_panic_copy)
		panic("kexec.inject_panic_in_copy: %u segments are there", segments);
}

static unsigned int debug_panic_publish;
module_param_named(inject_panic_publish, debug_panic_publish, uint, 0644);
MODULE_PARM_DESC(inject_panic_publish, "panic when N segments of a new crash image are in place, or all staging pages are freed (17)");

/**
 * kexec_debug_panic_publish() - panic while a crash image is published
 * @point: segments that are in place, or one more than the maximum
 */
void kexec_debug_panic_publish(unsigned int point)
{
	if (point == debug_panic_publish)
		panic("kexec.inject_panic_publish");
}

static unsigned int debug_panic_refresh;
module_param_named(inject_refresh_panic, debug_panic_refresh, uint, 0644);
MODULE_PARM_DESC(inject_refresh_panic, "panic at the Nth point of the next update of the ELF core header");

/**
 * kexec_debug_panic_refresh() - panic at a point of an update of the ELF core header
 */
void __kexec_panic kexec_debug_panic_refresh(void)
{
	if (debug_panic_refresh && !--debug_panic_refresh)
		panic("kexec.inject_refresh_panic");
}

static unsigned int debug_panic_grow;
module_param_named(inject_grow_panic, debug_panic_grow, uint, 0644);
MODULE_PARM_DESC(inject_grow_panic, "panic at the Nth point of the next change of the crash reservation");

/**
 * kexec_debug_panic_grow() - panic at a point of a change of the crash reservation
 */
void kexec_debug_panic_grow(void)
{
	if (debug_panic_grow && !--debug_panic_grow)
		panic("kexec.inject_grow_panic");
}

/* In the ELF header, after e_phnum, in the first two program headers, and later. */
static const size_t debug_cuts[] = { 20, 60, 130, 400, SIZE_MAX };

/**
 * kexec_debug_copy_refresh() - copy an ELF core header with points in between
 * @dst: destination
 * @src: source
 * @len: bytes
 */
void __kexec_panic kexec_debug_copy_refresh(void *dst, const void *src, size_t len)
{
	size_t at = 0, end;
	unsigned int i;

	for (i = 0; at < len; i++, at = end) {
		end = min(debug_cuts[i], len);
		kexec_debug_panic_refresh();
		memcpy(dst + at, src + at, end - at);
	}
}

/* Fails at once, because the lock is busy. */
static int debug_lock_twice(const char *val, const struct kernel_param *kp)
{
	if (!kexec_lock())
		return -EBUSY;
	WARN_ON(kexec_lock_timeout());
	kexec_unlock_nowork();
	return 0;
}

static const struct kernel_param_ops debug_lock_twice_ops = {
	.set = debug_lock_twice,
};
module_param_cb(inject_lock_twice, &debug_lock_twice_ops, NULL, 0200);
MODULE_PARM_DESC(inject_lock_twice, "wait for the kexec lock while holding it");

/* For instance 0x48000000:0x10000. */
static int debug_reserve(const char *val, const struct kernel_param *kp)
{
	unsigned long long base, len;
	int ret;

	if (system_state != SYSTEM_RUNNING || sscanf(val, "%lli:%lli", &base, &len) != 2)
		return -EINVAL;

	cpus_read_lock();
	get_online_mems();
	ret = kexec_memreserve_add(base, len);
	put_online_mems();
	cpus_read_unlock();
	return ret;
}

static const struct kernel_param_ops debug_reserve_ops = {
	.set = debug_reserve,
};
module_param_cb(reserve, &debug_reserve_ops, NULL, 0200);
MODULE_PARM_DESC(reserve, "reserve memory at run time, START:BYTES");

/*
 * After months of uptime every block of 2 MiB may contain an unmovable page.  For the same
 * effect kexec.fragment=1 allocates every free block and frees all of its pages but one, at
 * varying offsets.
 */
#define DEBUG_FRAGMENT_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, ilog2(SZ_2M) - PAGE_SHIFT)

/* Any odd number. */
#define DEBUG_FRAGMENT_STRIDE	37

static DEFINE_MUTEX(debug_fragment_lock);
static LIST_HEAD(debug_fragment_blocks);
static LIST_HEAD(debug_fragment_kept);
static unsigned int debug_fragment_nr;

/* All blocks first: a freed one could merge with another one. */
static bool debug_fragment_alloc(void)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page;

	while ((page = alloc_pages(gfp & ~__GFP_DIRECT_RECLAIM, DEBUG_FRAGMENT_ORDER))) {
		split_page(page, DEBUG_FRAGMENT_ORDER);
		list_add(&page->lru, &debug_fragment_blocks);
		cond_resched();
	}
	return !list_empty(&debug_fragment_blocks);
}

static void debug_fragment_free_most(void)
{
	struct page *block, *next;
	unsigned int i, keep;

	list_for_each_entry_safe(block, next, &debug_fragment_blocks, lru) {
		list_del(&block->lru);
		keep = debug_fragment_nr++ * DEBUG_FRAGMENT_STRIDE % (1U << DEBUG_FRAGMENT_ORDER);
		for (i = 0; i < 1U << DEBUG_FRAGMENT_ORDER; i++) {
			if (i != keep)
				__free_page(block + i);
		}
		list_add(&block[keep].lru, &debug_fragment_kept);
		cond_resched();
	}
}

static void debug_fragment_free(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &debug_fragment_kept, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	debug_fragment_nr = 0;
}

static int debug_fragment_set(const char *text, const struct kernel_param *kp)
{
	bool on;
	int ret = kstrtobool(text, &on);

	if (ret)
		return ret;
	guard(mutex)(&debug_fragment_lock);
	if (!on) {
		debug_fragment_free();
		return 0;
	}
	/* Keep the last blocks until other memory is free again. */
	while (debug_fragment_alloc())
		debug_fragment_free_most();
	return 0;
}

static const struct kernel_param_ops debug_fragment_ops = {
	.set = debug_fragment_set,
	.get = param_get_uint,
};
module_param_cb(fragment, &debug_fragment_ops, &debug_fragment_nr, 0600);
MODULE_PARM_DESC(fragment, "leave no free block of 2 MiB (0: undo)");
