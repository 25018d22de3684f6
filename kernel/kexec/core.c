// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: life of an image
 *
 * An image goes through these states, always forward::
 *
 *	alloc -> (segments added and filled) -> sealed -> published -> freed
 *	                 |                        |
 *	                 +------- any error ------+--> freed
 *
 * Until it is published nobody but the loading task knows of it, so an error
 * frees it and leaves the image that was loaded before as it was.  Publishing
 * cannot fail.
 *
 * There are two slots: kexec_image, started by reboot(KEXEC), and
 * kexec_crash_image, started by a panic.  A crash image that takes the place of
 * another one first waits outside of the reservation, and while it moves in
 * kexec_crash_moving names it: so a panic finds one of them at any moment.
 *
 * reboot(KEXEC) first does all that can still say no, and only then begins to
 * shut things down.  CPU hotplug is disabled before the first check.  Once the
 * other CPUs are parked, at the end of core_quiesce(), the task that asked for the
 * reboot is alone in this kernel: it must not sleep, wait for RCU or for anybody
 * else any more.
 *
 * Locks, outermost first: kexec_lock(), then CPU hotplug read lock, then memory
 * hotplug read lock (while memblock or the linear map is walked, and the former
 * alone while CPUs are called together).  kexec_lock() is a try-lock made of one
 * atomic, because the panic path takes it too: a panic that meets a load in
 * progress must find out at once and go on.  Everybody else gets -EBUSY, which
 * the system calls document.
 *
 * The atomic says more than held or not.  While the ELF core header of a loaded
 * crash image is refreshed, which happens whenever memory comes or goes, the
 * image can be started at any moment, so a panic takes the lock over::
 *
 *	FREE --> HELD ----------------------------------------> FREE
 *	FREE --> RECHECKING ----------------------------------> FREE
 *	FREE --> STAGING --> COMMITTING ----------------------> FREE
 *	            |            |
 *	            +------------+--> HELD, by the panicking CPU
 *
 * In STAGING nothing of the image has changed.  In COMMITTING the new header is
 * complete elsewhere, and whoever takes over finishes it, see crash_refresh.c.
 * A CPU that refreshes finds out at the next step that it has lost the lock.  In
 * RECHECKING the other image is checked, updated or discarded after CPUs or memory
 * have changed; a panic takes the lock over as well, because the crash image is not
 * concerned.
 *
 * Loads, unloads and reboot(KEXEC) wait for RECHECKING, STAGING and COMMITTING to
 * end, for a limited time: user space did not ask for these and cannot avoid them.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/ima.h>
#include <linux/kexec_reserve.h>
#include <linux/kmsg_dump.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/syscore_ops.h>
#include <linux/time64.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define CREATE_TRACE_POINTS
#include <trace/events/kexec.h>

/* Pages worked on between two chances for other tasks to run. */
#define CORE_STEP_PAGES	((unsigned long)SZ_1M >> PAGE_SHIFT)

struct kimage *kexec_image;
struct kimage *kexec_crash_image;
struct kexec_image *kexec_crash_moving;
bool kexec_in_progress;
bool kexec_file_dbg_print;

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static bool core_fail_seal;
module_param_named(fail_seal, core_fail_seal, bool, 0644);
MODULE_PARM_DESC(fail_seal, "let loads fail when all has been read");
#else
#define core_fail_seal false
#endif

enum core_lock_state {
	CORE_FREE,
	CORE_HELD,
	CORE_RECHECKING,
	CORE_STAGING,
	CORE_COMMITTING,
};

static atomic_t core_lock = ATOMIC_INIT(CORE_FREE);

static bool core_lock_move(enum core_lock_state from, enum core_lock_state to)
{
	int now = from;

	/* Whoever sees the new state sees what was done in the old one. */
	return atomic_try_cmpxchg(&core_lock, &now, to);
}

/**
 * kexec_lock() - try to become the only one who loads, unloads or leaves
 *
 * Context: any, the panic path and pseudo-NMI included; never waits.
 * Return: true when the caller now holds the lock.
 */
bool kexec_lock(void)
{
	int unlocked = CORE_FREE;

	/* Acquire: what the last holder did to the images is seen; pairs with the unlock. */
	return atomic_try_cmpxchg_acquire(&core_lock, &unlocked, CORE_HELD);
}

/**
 * kexec_lock_patiently() - kexec_lock() that waits for a refresh or recheck to end
 *
 * Either is short and user space did not ask for it, so it is no reason to fail.
 *
 * Context: process context, may sleep for KEXEC_PATIENCE_MS; never waits for a
 * load or a reboot.
 * Return: true when the caller now holds the lock.
 */
bool kexec_lock_patiently(void)
{
	const ktime_t end = ktime_add_ms(ktime_get(), KEXEC_PATIENCE_MS);

	while (!kexec_lock()) {
		if (atomic_read(&core_lock) == CORE_HELD || ktime_after(ktime_get(), end))
			return false;
		/* A sleep may take far longer than it should, so tries say nothing of time. */
		fsleep(USEC_PER_MSEC);
	}
	return true;
}

/**
 * kexec_lock_panic() - take the lock in a panic
 * @commit: set when a new ELF core header was being written, which the caller
 *          has to finish; valid when the lock was acquired
 *
 * Context: any, the panic path and pseudo-NMI included; never waits.
 * Return: true when the caller now holds the lock.
 */
bool kexec_lock_panic(bool *commit)
{
	static const enum core_lock_state from[] = {
		/* In the order in which another CPU may be passing through them. */
		CORE_FREE, CORE_RECHECKING, CORE_STAGING, CORE_COMMITTING, CORE_FREE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		*commit = from[i] == CORE_COMMITTING;
		if (core_lock_move(from[i], CORE_HELD))
			return true;
	}
	return false;
}

/**
 * kexec_lock_recheck() - acquire the lock to check the image for reboot(KEXEC)
 *
 * Context: any; never waits.
 * Return: true when the caller now holds the lock, until a panic takes it.
 */
bool kexec_lock_recheck(void)
{
	return core_lock_move(CORE_FREE, CORE_RECHECKING);
}

/**
 * kexec_unlock_recheck() - release the lock after kexec_lock_recheck()
 *
 * Context: any.
 * Return: false when a panic has taken the lock.
 */
bool kexec_unlock_recheck(void)
{
	return core_lock_move(CORE_RECHECKING, CORE_FREE);
}

/**
 * kexec_lock_refresh() - begin to refresh what describes this kernel's memory
 *
 * Context: any; never waits.
 * Return: true when the caller now holds the lock, until a panic takes it.
 */
bool kexec_lock_refresh(void)
{
	return core_lock_move(CORE_FREE, CORE_STAGING);
}

/**
 * kexec_lock_commit() - from here on a panic has to finish the refresh
 *
 * Context: any; after kexec_lock_refresh().
 * Return: false when a panic has taken the lock: leave the image alone.
 */
bool kexec_lock_commit(void)
{
	return core_lock_move(CORE_STAGING, CORE_COMMITTING);
}

/**
 * kexec_unlock_refresh() - the refresh has ended
 *
 * Context: any; after kexec_lock_refresh().
 * Return: false when a panic has taken the lock.
 */
bool kexec_unlock_refresh(void)
{
	return core_lock_move(CORE_COMMITTING, CORE_FREE) ||
	       core_lock_move(CORE_STAGING, CORE_FREE);
}

/**
 * kexec_unlock_only() - let others load, unload or leave
 *
 * Context: any, the panic path included; the caller holds the lock.
 */
void kexec_unlock_only(void)
{
	/* Release: what we did to the images is done; pairs with kexec_lock(). */
	atomic_set_release(&core_lock, CORE_FREE);
}

/**
 * kexec_unlock() - let others go on, after what came up meanwhile was done
 *
 * Context: process context, may sleep; the caller holds the lock, and neither
 * that of CPU hotplug nor that of memory hotplug.
 */
void kexec_unlock(void)
{
	kexec_unlock_only();
	kexec_hotplug_settle();
}

/* The image that was replaced last, until a worker has freed it. */
static struct kexec_image *core_replaced;

static void core_free_replaced(struct work_struct *work)
{
	kexec_image_free(core_replaced);
	core_replaced = NULL;
}

static DECLARE_WORK(core_replaced_work, core_free_replaced);

/**
 * kexec_image_reap() - wait until a replaced image has given everything back
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_image_reap(void)
{
	flush_work(&core_replaced_work);
}

/*
 * Giving back hundreds of megabytes takes as long as placing them, so nobody who
 * loads waits for it, unless there is one more to be given back.
 */
static void core_retire(struct kimage *old)
{
	if (!old)
		return;
	kexec_image_reap();
	core_replaced = to_kexec_image(old);
	queue_work(system_unbound_wq, &core_replaced_work);
}

/**
 * kexec_image_alloc() - make an empty image
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 * @file_mode: it is loaded by kexec_file_load()
 *
 * Waits until memory that a replaced image held is free again.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 * Return: the image, to be given to kexec_image_free(), or NULL.
 */
struct kexec_image *kexec_image_alloc(int type, bool file_mode)
{
	struct kexec_image *img;

	kexec_image_reap();
	img = kzalloc(sizeof(*img), GFP_KERNEL);
	if (!img) {
		pr_err("no memory for the image descriptor (%zu bytes)\n", sizeof(*img));
		return NULL;
	}

	INIT_LIST_HEAD(&img->safe_pages);
	INIT_LIST_HEAD(&img->refused_pages);
	INIT_LIST_HEAD(&img->staging_pages);
	img->name = type == KEXEC_TYPE_CRASH ? "crash image" : "image";
	img->kimage.type = type;
	img->kimage.file_mode = file_mode;
	img->generation = kexec_reserve_runtime_generation();
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_LOAD);
#ifdef CONFIG_CRASH_HOTPLUG
	img->kimage.elfcorehdr_index = -1;
	img->kimage.hotplug_support = file_mode && type == KEXEC_TYPE_CRASH;
#endif
	return img;
}

/**
 * kexec_image_free() - give back everything that an image holds
 * @img: the image, or NULL
 *
 * Context: process context, may sleep.
 */
void kexec_image_free(struct kexec_image *img)
{
	if (!img)
		return;

	kexec_verify_forget(img);
	kexec_crash_release_note(img);
	kexec_crash_refresh_detach(img);
	kexec_arch_release(&img->plan);
	kexec_hold_free(img);
	kvfree(img->copies);
	kfree(img);
}

#ifdef CONFIG_IMA_KEXEC
/* IMA keeps a mapping of the memory that its list goes to; from now on it has none. */
static void core_let_ima_go(struct kimage *kimage)
{
	kimage->ima_buffer_addr = 0;
	kimage->ima_buffer_size = 0;
	ima_kexec_post_load(kimage);
}

/*
 * With each load IMA makes its copy of the list as large as that load wants it, and
 * at reboot copies what is in there to the image that is loaded, looking at no limit.
 */
static void core_check_ima_room(struct kexec_image *failed)
{
	struct kimage *loaded = kexec_image;

	if (!loaded || !loaded->ima_buffer_size || failed->ima_len <= loaded->ima_buffer_size)
		return;
	pr_warn("the loaded image has %zu bytes for the IMA list, %zu are wanted by now: its kernel will begin a new list; load it again\n",
		loaded->ima_buffer_size, failed->ima_len);
	core_let_ima_go(loaded);
}

/* IMA copies as much of its list as fits, and only at reboot. */
static void core_check_ima_full(const struct kimage *kimage)
{
	unsigned long len = ima_get_binary_runtime_size();

	if (kimage->ima_buffer_size && len >= kimage->ima_buffer_size)
		pr_warn("IMA list: %lu bytes do not fit the image (%zu): load it just before the reboot\n",
			len, kimage->ima_buffer_size);
}
#else
static void core_let_ima_go(struct kimage *kimage) { }
static void core_check_ima_full(const struct kimage *kimage) { }
static void core_check_ima_room(struct kexec_image *failed) { }
#endif

/**
 * kexec_image_give_up() - free an image whose load has failed
 * @img: the image
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_image_give_up(struct kexec_image *img)
{
	core_check_ima_room(img);
	kexec_image_free(img);
}

/* Let other tasks run now and then while the pages of a segment are walked. */
static void core_walk_resched(unsigned long i)
{
	if (!(i % CORE_STEP_PAGES))
		cond_resched();
}

/* Pages of @b that will have to be copied. */
static unsigned long core_pages_to_copy(const struct kexec_backing *b)
{
	unsigned long i, n = 0;

	for (i = 0; i < b->nr_pages && !b->complete; i++) {
		n += page_to_pfn(b->pages[i]) != PHYS_PFN(b->dst_pa) + i;
		core_walk_resched(i);
	}
	return n;
}

static int core_add_copies(struct extent_list *list, const struct kexec_backing *b)
{
	unsigned long i;
	int ret;

	for (i = 0; i < b->nr_pages && !b->complete; i++) {
		if (!(i % CORE_STEP_PAGES) && fatal_signal_pending(current))
			return -EINTR;
		core_walk_resched(i);
		ret = kexec_extent_add(list, b->dst_pa + PFN_PHYS(i),
				       page_to_phys(b->pages[i]), PAGE_SIZE);
		if (ret)
			return ret;
	}
	return 0;
}

/* The first segment at or above @pa, or NULL; segments do not overlap. */
static const struct kexec_backing *core_segment_from(const struct kexec_image *img, u64 pa)
{
	const struct kexec_backing *b, *next = NULL;
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		b = &img->backing[i];
		if (b->nr_pages && b->dst_pa >= pa && (!next || b->dst_pa < next->dst_pa))
			next = b;
	}
	return next;
}

/* In ascending order of the destinations, so that the list need not be sorted. */
static int core_add_all_copies(const struct kexec_image *img, struct extent_list *list)
{
	const struct kexec_backing *b = core_segment_from(img, 0);
	int ret;

	for (; b; b = core_segment_from(img, b->dst_pa + PFN_PHYS(b->nr_pages))) {
		ret = core_add_copies(list, b);
		if (ret)
			return ret;
	}
	return kexec_extent_check(list);
}

/* Pages copied at worst: no two of them neighbours, one entry each. */
static int core_list_copies(struct kexec_image *img)
{
	struct extent_list list = { };
	unsigned long worst = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < img->kimage.nr_segments; i++) {
		unsigned long n = core_pages_to_copy(&img->backing[i]);

		trace_kexec_segment(i, img->kimage.segment[i].mem,
				    img->kimage.segment[i].memsz, n << PAGE_SHIFT);
		worst += n;
	}
	if (!worst)
		return 0;

	list.max = min_t(unsigned long, worst, UINT_MAX);
	list.copies = kvcalloc(list.max, sizeof(*list.copies),
			       GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!list.copies) {
		pr_err("no memory for a copy list of %u entries; free some and load again\n",
		       list.max);
		return -ENOMEM;
	}
	img->copies = list.copies;

	ret = core_add_all_copies(img, &list);
	if (ret == -EINTR)
		pr_err("loading the %s was interrupted by a signal\n", img->name);
	else if (ret)
		pr_err("copy list of the %s is not consistent (%d); the image is dropped\n",
		       img->name, ret);
	if (ret)
		return ret;

	img->plan.copies = list.copies;
	img->plan.nr_copies = list.nr;
	return 0;
}

/**
 * kexec_image_sync_segment() - clean a segment to memory
 * @b: a segment that has its pages
 *
 * Each run of neighbouring pages is cleaned in pieces of bounded size.
 *
 * Context: process context, may sleep.
 */
void kexec_image_sync_segment(const struct kexec_backing *b)
{
	unsigned long i, first = 0;

	for (i = 1; i <= b->nr_pages; i++) {
		if (i < b->nr_pages && i - first < CORE_STEP_PAGES &&
		    page_to_pfn(b->pages[i]) == page_to_pfn(b->pages[i - 1]) + 1)
			continue;
		kexec_arch_sync(kexec_run_va(b->pages[first]), (i - first) << PAGE_SHIFT);
		first = i;
		cond_resched();
	}
}

/**
 * kexec_image_sync() - clean an image to memory
 * @img: an image that has its pages
 *
 * The next kernel begins with its caches off.
 *
 * Context: process context, may sleep.
 */
void kexec_image_sync(const struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_image_sync_segment(&img->backing[i]);
}

static void core_print_plan(const struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		kexec_dprintk("segment[%u]: mem=%#lx memsz=%#zx to copy=%lu of %lu pages\n",
			      i, img->kimage.segment[i].mem, img->kimage.segment[i].memsz,
			      core_pages_to_copy(&img->backing[i]),
			      img->backing[i].nr_pages);
	for (i = 0; i < img->plan.nr_copies; i++)
		kexec_dprintk("extent[%u]: %pap -> %pap, %#llx bytes\n", i,
			      &img->copies[i].src_pa, &img->copies[i].dst_pa,
			      img->copies[i].len);
	kexec_dprintk("%s: entry=%pap dtb=%pap extents=%u\n", img->name,
		      &img->plan.entry_pa, &img->plan.dtb_pa, img->plan.nr_copies);
}

/**
 * kexec_image_seal() - make an image ready to be started
 * @img: an image whose segments are all filled and whose plan names the entry
 *
 * Fixes the copy list and lets the machine half build what it needs.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 * Return: 0, or a negative errno after one message.
 */
int kexec_image_seal(struct kexec_image *img)
{
	int ret;

	if (core_fail_seal) {
		pr_err("the load fails because kexec.fail_seal asks for it\n");
		return -ENOMEM;
	}
	img->plan.crash = kexec_image_is_crash(img);
	img->plan.alloc_page = kexec_hold_safe_page;
	img->plan.alloc_ctx = img;

	/* A crash image lies in place once it is published. */
	ret = img->plan.crash ? kexec_crash_reserve_note(img) : core_list_copies(img);
	if (!ret)
		ret = kexec_crash_refresh_attach(img);
	if (ret)
		return ret;

	ret = kexec_arch_prepare(&img->plan);
	kexec_hold_settle(img);
	if (ret)
		return ret;

	core_print_plan(img);
	return 0;
}

static void core_publish_crash(struct kexec_image *img)
{
	struct kimage *old = kexec_crash_image;

	kexec_verify_record(img);
	kexec_protect_open();
	/*
	 * From here to the store below the reservation holds neither image as a
	 * whole.  A panic then moves the new one in by itself; there is no old
	 * one when it was put into the reservation in the first place.
	 */
	if (old)
		WRITE_ONCE(kexec_crash_moving, img);
	/* A full barrier: nobody finds neither, and nothing moves before this. */
	xchg(&kexec_crash_image, NULL);
	kexec_hold_move_in(img, true);
	/* Not earlier: a panic copies from the pages that the slots name. */
	kexec_hold_map_reserved(img);
	kexec_crash_use_note(img);

	/* The content is complete before a panic on another CPU can find it. */
	smp_store_release(&kexec_crash_image, &img->kimage);
	/* Release: nobody finds neither; see crash_find_image(). */
	smp_store_release(&kexec_crash_moving, NULL);
	/* Not before: a panic would have moved it in again, into read-only memory. */
	kexec_protect_close();
	kexec_hold_settle_crash(img);
	kexec_hotplug_published(img);
	if (old)
		kexec_image_free(to_kexec_image(old));
}

/**
 * kexec_image_publish() - make a sealed image the one that will be started
 * @img: the image; it belongs to its slot afterwards
 *
 * The image that was in the slot is freed; if it is no crash image, by a worker.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_image_publish(struct kexec_image *img)
{
	struct kimage *old;

	kexec_timeline_pause(&img->timeline);
	if (kexec_image_is_crash(img)) {
		core_publish_crash(img);
		kexec_inject_meet(1);
		return;
	}
#ifdef CONFIG_IMA_KEXEC
	/* IMA keeps a mapping of its segment; let go of the old image's. */
	ima_kexec_post_load(&img->kimage);
#endif
	kexec_verify_record(img);
	old = xchg(&kexec_image, &img->kimage);
	kexec_hotplug_published(img);
	core_retire(old);
}

/**
 * kexec_image_unload() - empty a slot
 * @type: KEXEC_TYPE_DEFAULT or KEXEC_TYPE_CRASH
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_image_unload(int type)
{
	struct kimage *old;

	old = xchg(type == KEXEC_TYPE_CRASH ? &kexec_crash_image : &kexec_image, NULL);
	if (type == KEXEC_TYPE_CRASH)
		kexec_protect_open();
	else if (old)
		core_let_ima_go(old);
	kexec_hotplug_unloaded(type);
	if (old)
		kexec_image_free(to_kexec_image(old));
	kexec_image_reap();
}

#ifdef CONFIG_IMA_KEXEC
/* Index of the segment that holds all of [start, end), or -1. */
static int core_find_segment(const struct kimage *kimage, phys_addr_t start, u64 end)
{
	unsigned int i;

	for (i = 0; i < kimage->nr_segments; i++)
		if (start >= kimage->segment[i].mem &&
		    end <= kimage->segment[i].mem + kimage->segment[i].memsz)
			return i;
	return -1;
}
#endif

/**
 * kimage_map_segment() - map a part of a loaded image that is written later
 * @image: a sealed image
 * @addr: physical address in the next kernel, page aligned
 * @size: bytes
 *
 * IMA writes its measurement list there after the load.
 *
 * Context: process context, may sleep.
 * Return: an address to be given to kimage_unmap_segment(), or NULL.
 */
void *kimage_map_segment(struct kimage *image, unsigned long addr, unsigned long size)
{
#ifdef CONFIG_IMA_KEXEC
	struct kexec_backing *b;
	int seg = core_find_segment(image, addr, (u64)addr + size);
	void *linear;

	if (seg < 0) {
		pr_err("no segment holds [%#lx, %#lx)\n", addr, addr + size);
		return NULL;
	}
	b = &to_kexec_image(image)->backing[seg];
	linear = kexec_hold_linear(b);
	if (linear)
		return linear + (addr - b->dst_pa);
	return vmap(b->pages + PHYS_PFN(addr - b->dst_pa), PFN_UP(size), VM_MAP, PAGE_KERNEL);
#else
	return NULL;
#endif
}

/**
 * kimage_unmap_segment() - undo kimage_map_segment()
 * @buffer: what that function returned
 *
 * Context: process context, may sleep.
 */
void kimage_unmap_segment(void *buffer)
{
	if (is_vmalloc_addr(buffer))
		vunmap(buffer);
}

/* What was written since the load is cleaned to memory only now. */
static void core_sync_late(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		if (img->backing[i].late)
			kexec_image_sync_segment(&img->backing[i]);
}

/* Bring the machine down to this CPU and quiet devices. */
static void core_quiesce(struct kexec_image *img)
{
	/* KEXEC_PHASE_DEVICES begins in there, see timeline.c. */
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_NOTIFIERS);
	kexec_in_progress = true;
	kernel_restart_prepare("kexec reboot");

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_SYSCORE);
	migrate_to_reboot_cpu();
	syscore_shutdown();
	pr_notice("Starting new kernel\n");
	/* Dumpers may sleep, so they cannot wait until this CPU is alone. */
	kmsg_dump(KMSG_DUMP_SHUTDOWN);
	core_sync_late(img);

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_CPUS);
	kexec_arch_park(KEXEC_PARK_OFF);
}

static int core_verify(struct kexec_image *img)
{
	int ret;

	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_VERIFY);
	kexec_verify_wait(img);
	ret = kexec_verify_check(img);
	if (ret) {
		pr_err("reboot refused: the image is not what was loaded; load it again\n");
	} else {
		/* Comparing read through the cache; the next kernel first writes past it. */
		if (kexec_verify_wanted(false))
			kexec_image_sync(img);
		ret = kexec_arch_park(KEXEC_PARK_PROBE);
	}
	kexec_timeline_pause(&img->timeline);
	return ret;
}

/**
 * kexec_image_plan() - find the plan of an image
 * @image: an image that was allocated by kexec_image_alloc()
 *
 * Context: any.
 * Return: the plan, part of the image.
 */
struct kexec_plan *kexec_image_plan(struct kimage *image)
{
	return &to_kexec_image(image)->plan;
}

/**
 * kernel_kexec() - start the loaded image, as reboot(LINUX_REBOOT_CMD_KEXEC) asks
 *
 * Context: process context, system_transition_mutex held.
 * Return: -EBUSY when a load is in progress or a CPU does not answer, -EINVAL
 * when nothing is loaded, -EUCLEAN when the image has changed since it was
 * loaded, -EADDRNOTAVAIL when a place that it goes to was reserved meanwhile,
 * -EPERM when a CPU must not be turned off, each after one message; otherwise it
 * does not return.
 */
int kernel_kexec(void)
{
	struct kexec_image *img;
	int ret;

	if (!kexec_lock_patiently()) {
		pr_err("reboot refused: a load or unload is in progress; try again\n");
		return -EBUSY;
	}
	if (!kexec_image) {
		pr_err("reboot refused: no image is loaded%s; load one with kexec -l\n",
		       kexec_hotplug_why_none());
		kexec_unlock();
		return -EINVAL;
	}

	/*
	 * The CPUs that the recheck sees are the ones that are parked: bringing
	 * up another one reserves memory.  Memory hotplug cannot interfere: images
	 * use boot memory only, and that stays online.
	 */
	cpu_hotplug_disable();
	ret = kexec_hotplug_recheck();
	if (!ret)
		ret = core_verify(to_kexec_image(kexec_image));
	if (ret) {
		cpu_hotplug_enable();
		kexec_unlock();
		return ret;
	}
	img = to_kexec_image(kexec_image);
	core_check_ima_full(&img->kimage);
	core_quiesce(img);
	kexec_timeline_enter(&img->timeline, KEXEC_PHASE_RELOCATION);
	kexec_timeline_store(img);
	machine_kexec(&img->kimage);
}
