// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: from a panic to the capture kernel
 *
 * panic() and die() come here.  Which of them goes on is settled by panic_cpu
 * (kernel/panic.c).  The panic path only tries the kexec lock, because the holder may
 * never release it: the panic interrupted a load on this CPU, it came in the middle of
 * reboot(KEXEC), or an earlier try faulted.  The other CPUs are stopped before anything
 * is decided, because until then the holder continues::
 *
 *	lock held		tried again after the stop; a holder that was refreshing
 *				the ELF core header by then loses the lock, and its new
 *				header is written to the end
 *	which image to start	looked for after the stop
 *	digests			compared after the stop
 *	registers		saved after the stop; they do not change
 *
 * Two decisions are made before the stop and hold afterwards: without a reservation
 * there can be no crash image (it only shrinks), and where no crash image is found with
 * the lock acquired no other CPU can install one.  In both cases the CPUs are left to
 * panic().  A CPU that cannot be stopped may still write; see kexec_arch_crash_stop().
 *
 * After the stop, whatever is complete is started:
 *
 * =======================  ===================================================
 * kexec_crash_image        the loaded crash image lies in the reservation
 * else kexec_crash_moving  it is being replaced; the new one is complete where
 *                          it waits, and is moved in here
 * neither                  one line says that there will be no dump
 * =======================  ===================================================
 *
 * What runs between crash_kexec() and machine_kexec() allocates nothing,
 * waits for no lock, and waits only for the other CPUs to stop, for a limited time.
 * A fault in there leads here again; that ends after CRASH_TRIES.
 *
 * Each CPU leaves its registers in a note of its own.  The notes exist from boot
 * on, because the ELF core header and sysfs name their addresses, and nobody but
 * the CPU itself writes there, once.
 *
 * The size of the reservation changes only under the kexec lock and only while
 * no crash image is loaded.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/btf.h>
#include <linux/elfcore.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/vmalloc.h>

#include "internal.h"

/* How often a panic may strike on the way to the capture kernel. */
#define CRASH_TRIES	3

note_buf_t __percpu *crash_notes;

/* Panics come one at a time, so these need no care. */
static unsigned int crash_tries;
/* The ELF core header is partly written; true until a try has finished it. */
static bool crash_header_torn;

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static unsigned int crash_again;
module_param_named(crash_again, crash_again, uint, 0644);
MODULE_PARM_DESC(crash_again, "panic in the first N tries to start the crash image");

static void crash_strike_again(void)
{
	if (crash_tries <= crash_again)
		panic("kexec.crash_again");
}
#else
static void crash_strike_again(void) { }
#endif

static int __init crash_alloc_notes(void)
{
	/*
	 * Readers know a note by its first physical address and its length, so
	 * it must not cross a page: aligned to a power of two that is no
	 * smaller than itself, it cannot.
	 */
	const size_t align = roundup_pow_of_two(sizeof(note_buf_t));

	BUILD_BUG_ON(sizeof(note_buf_t) > PAGE_SIZE);

	crash_notes = __alloc_percpu(sizeof(note_buf_t), align);
	if (crash_notes)
		return 0;
	pr_err("no memory for the register notes (%zu bytes per CPU): there will be no dump\n",
	       align);
	return -ENOMEM;
}
subsys_initcall(crash_alloc_notes);

/**
 * crash_save_cpu() - leave a CPU's registers where the dump will show them
 * @regs: the registers
 * @cpu: the CPU that they belong to
 *
 * Context: panic path, interrupts off, on @cpu itself.
 */
void crash_save_cpu(struct pt_regs *regs, int cpu)
{
	struct elf_prstatus status = { .common.pr_pid = current->pid };
	u32 *note;

	if (cpu < 0 || cpu >= nr_cpu_ids || !crash_notes)
		return;

	elf_core_copy_regs(&status.pr_reg, regs);
	note = append_elf_note((u32 *)per_cpu_ptr(crash_notes, cpu), CRASH_CORE_NOTE_NAME,
			       NT_PRSTATUS, &status, sizeof(status));
	final_note(note);
}

/**
 * kexec_should_crash() - does a task that dies take the kernel with it?
 * @p: the task
 *
 * die() asks, to start the dump with the registers of the fault instead of those
 * of the panic that would follow.
 *
 * Context: any.
 * Return: 1 when the dump should start at once, 0 when not or when panic
 * notifiers have to run first.
 */
int kexec_should_crash(struct task_struct *p)
{
	if (crash_kexec_post_notifiers)
		return 0;
	/* The four reasons for which make_task_dead() would panic. */
	return panic_on_oops || in_interrupt() || !p->pid || is_global_init(p);
}

/**
 * kexec_crash_loaded() - is there a capture kernel to go to?
 *
 * Context: any.  The answer may be out of date as soon as it is given.
 * Return: 1 or 0.
 */
int kexec_crash_loaded(void)
{
	return !!READ_ONCE(kexec_crash_image);
}
EXPORT_SYMBOL_GPL(kexec_crash_loaded);

/* The image that a panic can start, in the reservation or about to move in. */
static struct kexec_image *crash_find_image(void)
{
	/* Acquire: once this one is gone the other is seen; see core_publish_crash(). */
	struct kimage *loaded = smp_load_acquire(&kexec_crash_image);
	struct kexec_image *moving;

	if (!loaded) {
		/* Acquire: once the move is over, what has moved is seen below. */
		moving = smp_load_acquire(&kexec_crash_moving);
		if (moving)
			return moving;
		/* Acquire: as above. */
		loaded = smp_load_acquire(&kexec_crash_image);
	}
	return loaded ? to_kexec_image(loaded) : NULL;
}

/* Does not come back.  Nobody else touches the images from now on. */
static void __noreturn crash_leave(struct kexec_image *img, struct pt_regs *regs)
{
	if (&img->kimage != kexec_crash_image) {
		kexec_hold_move_in(img, false);
		kexec_crash_use_note(img);
	}
	crash_strike_again();
	crash_save_vmcoreinfo();
	machine_crash_shutdown(regs);
	machine_kexec(&img->kimage);
}

static bool crash_is_intact(const struct kexec_image *img)
{
	if (!kexec_verify_check(img))
		return true;
	pr_emerg("no dump: the crash image is not what was loaded\n");
	return false;
}

/* Inlined, so that a dump shows the frames that tools expect: __crash_kexec(), machine_kexec(). */
static __always_inline void crash_start(struct kexec_image *img, struct pt_regs *regs)
{
	struct pt_regs at_crash;

	if (!crash_is_intact(img))
		return;
	/*
	 * The dump shows these registers as the state of this CPU, so they are
	 * taken here: this frame stays on the stack.
	 */
	kexec_arch_save_regs(&at_crash, regs);
	crash_leave(img, &at_crash);
}

static void crash_explain(bool locked)
{
	/* Without a reservation no dump is expected. */
	if (!crash_get_memory_size())
		return;
	pr_emerg("no dump: %s\n", locked ? "no crash image is loaded (kexec -p loads one)" :
		 "the first crash image is still being loaded, or one is being unloaded");
}

static bool crash_lock(void)
{
	bool commit;

	if (!kexec_lock_panic(&commit))
		return false;
	if (commit)
		crash_header_torn = true;
	return true;
}

/* Stop the other CPUs; returns whether the lock is held afterwards, given @locked before. */
static bool crash_stop_others(bool locked)
{
	if (!locked && crash_tries == 1)
		pr_emerg("an image is being loaded, unloaded or started: other CPUs are stopped first\n");
	kexec_inject_meet(2);
	crash_smp_send_stop();
	/* The holder may have released the lock, and begun a refresh, before it stopped. */
	locked = locked || crash_lock();
	if (crash_header_torn)
		kexec_crash_refresh_finish();
	crash_header_torn = false;
	return locked;
}

/**
 * __crash_kexec() - start the capture kernel, if one is loaded
 * @regs: registers at the fault, or NULL for those of the caller
 *
 * Context: any, pseudo-NMI included; panic_cpu is this CPU.  Comes back only
 * when there is nothing to start.
 */
void __crash_kexec(struct pt_regs *regs)
{
	struct kexec_image *img;
	unsigned long flags;
	bool locked;

	/* crash_kexec() is a kfunc: BPF programs may call it with interrupts enabled. */
	local_irq_save(flags);
	locked = crash_lock();
	if (!crash_get_memory_size() || (locked && !crash_find_image())) {
		crash_explain(locked);
	} else if (++crash_tries > CRASH_TRIES) {
		pr_emerg("no dump: starting the crash image failed %d times\n", CRASH_TRIES);
	} else {
		locked = crash_stop_others(locked);
		img = crash_find_image();
		if (img)
			crash_start(img, regs);
		else
			crash_explain(locked);
	}
	if (locked)
		kexec_unlock_only();
	local_irq_restore(flags);
}

/**
 * crash_kexec() - start the capture kernel before anybody panics
 * @regs: registers at the fault, or NULL for those of the caller
 *
 * Context: any, pseudo-NMI included.  Comes back when there is nothing to start
 * or when another CPU is in panic().
 */
__bpf_kfunc void crash_kexec(struct pt_regs *regs)
{
	if (!panic_try_start())
		return;
	__crash_kexec(regs);
	/* Let the panic that usually follows be the first again. */
	panic_reset();
}

/* Bytes reserved, for readers without the lock. */
static u64 crash_reserved;

/* An unused resource has both ends at 0. */
static u64 crash_res_size(const struct resource *res)
{
	return res->end ? resource_size(res) : 0;
}

static void crash_clear_res(struct resource *res)
{
	release_resource(res);
	res->start = 0;
	res->end = 0;
}

/* The caller holds the kexec lock or is alone. */
static u64 crash_count_reserved(void)
{
	u64 size = crash_res_size(&crashk_res) + crash_res_size(&crashk_low_res);

	WRITE_ONCE(crash_reserved, size);
	return size;
}

/* Before sysfs shows it; crashkernel= was read long before. */
static int __init crash_init_reserved(void)
{
	crash_count_reserved();
	return 0;
}
early_initcall(crash_init_reserved);

/**
 * crash_get_memory_size() - bytes that are reserved for capture kernels
 *
 * Without the kexec lock: any user may read the size in sysfs, and must not make a
 * load fail.
 *
 * Context: any.
 * Return: the bytes; while the reservation shrinks, those of before.
 */
ssize_t crash_get_memory_size(void)
{
	return READ_ONCE(crash_reserved);
}

/* Keep the first @keep bytes of @res, give the rest to the page allocator. */
static int crash_shrink_res(struct resource *res, u64 keep)
{
	const u64 start = res->start + keep, end = res->end + 1;
	struct resource *ram;
	int ret = 0;

	if (start == end)
		return 0;

	ram = kzalloc(sizeof(*ram), GFP_KERNEL);
	if (!ram)
		return -ENOMEM;
	*ram = DEFINE_RES_NAMED(start, end - start, "System RAM",
				IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY);

	if (keep)
		ret = adjust_resource(res, res->start, keep);
	else
		crash_clear_res(res);
	if (ret) {
		kfree(ram);
		return ret;
	}

	kexec_protect_release(start, end - start);
	crash_free_reserved_phys_range(start, end);
	kexec_ram_unreserve(start, end);
	/* Only /proc/iomem shows it; the memory is back whether it fits or not. */
	if (insert_resource(&iomem_resource, ram))
		kfree(ram);
	return 0;
}

/* Everybody takes crashk_res for the main region, so it is never the empty one. */
static void crash_promote_low(void)
{
	const u64 start = crashk_low_res.start, end = crashk_low_res.end;

	if (crashk_res.end || !crashk_low_res.end)
		return;
	crash_clear_res(&crashk_low_res);
	crashk_res.start = start;
	crashk_res.end = end;
	kexec_protect_open();
	insert_resource(&iomem_resource, &crashk_res);
}

/* The main region gives first; devices need the low one. */
static int crash_shrink_to(u64 keep)
{
	const u64 low = crash_res_size(&crashk_low_res);
	int ret;

	ret = crash_shrink_res(&crashk_res, keep > low ? keep - low : 0);
	if (!ret && keep < low)
		ret = crash_shrink_res(&crashk_low_res, keep);
	crash_promote_low();
	return ret;
}

/**
 * crash_shrink_memory() - give back part of the crash reservation
 * @new_size: bytes to keep, rounded up to whole pages
 *
 * Context: process context, may sleep.
 * Return: 0; -EBUSY while a load is in progress; -ENOENT while a crash image is
 * loaded; -EINVAL for more than is reserved; -ENOMEM.
 */
int crash_shrink_memory(unsigned long new_size)
{
	int ret = 0;
	u64 now;

	if (!kexec_lock_patiently())
		return -EBUSY;

	now = crash_count_reserved();
	if (kexec_crash_image)
		ret = -ENOENT;
	else if (new_size > now)
		ret = -EINVAL;
	else if (ALIGN(new_size, KEXEC_CRASH_MEM_ALIGN) < now)
		ret = crash_shrink_to(ALIGN(new_size, KEXEC_CRASH_MEM_ALIGN));

	/* A part may be gone even when it failed. */
	crash_count_reserved();
	kexec_unlock();
	return ret;
}

#ifdef CONFIG_HIBERNATION
static bool crash_res_has(const struct resource *res, phys_addr_t pa)
{
	return res->end && pa >= res->start && pa <= res->end;
}

static bool crash_image_has(const struct kimage *image, phys_addr_t pa)
{
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++)
		if (pa - image->segment[i].mem < image->segment[i].memsz)
			return true;

	return image->vmcoreinfo_data_copy &&
	       vmalloc_to_pfn(image->vmcoreinfo_data_copy) == PHYS_PFN(pa);
}

/**
 * crash_is_nosave() - may hibernation leave a page out?
 * @pfn: the page
 *
 * What the loaded crash image consists of has to come back with the rest of the
 * kernel, the page for vmcoreinfo included; the other pages of the reservation
 * hold nothing.
 *
 * Context: any; no load is in progress, as user space is frozen.
 * Return: true for an unused page of the crash reservation.
 */
bool crash_is_nosave(unsigned long pfn)
{
	phys_addr_t pa = PFN_PHYS(pfn);

	if (!crash_res_has(&crashk_res, pa) && !crash_res_has(&crashk_low_res, pa))
		return false;
	return !kexec_crash_image || !crash_image_has(kexec_crash_image, pa);
}

/**
 * crash_prepare_suspend() - open the reservation for a hibernation image
 *
 * The kernel that resumes writes the saved pages back.
 *
 * Context: hibernation, one CPU, interrupts off.
 */
void crash_prepare_suspend(void)
{
	if (kexec_crash_image)
		kexec_protect_open();
}

/**
 * crash_post_resume() - undo crash_prepare_suspend()
 *
 * Context: resume from hibernation, one CPU, interrupts off.
 */
void crash_post_resume(void)
{
	if (kexec_crash_image)
		kexec_protect_close();
}

/**
 * crash_free_reserved_phys_range() - give reserved pages to the page allocator
 * @begin: first byte, page aligned
 * @end: first byte behind
 *
 * Context: process context, may sleep.
 */
void crash_free_reserved_phys_range(unsigned long begin, unsigned long end)
{
	unsigned long pfn;

	for (pfn = PFN_UP(begin); pfn < PFN_DOWN(end); pfn++) {
		free_reserved_page(pfn_to_page(pfn));
		cond_resched();
	}
}
#endif /* CONFIG_HIBERNATION */
