// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: panic path, from __crash_kexec() to the capture kernel
 *
 * Runs on the owner of panic_cpu, allocates nothing, and waits only for the other CPUs to
 * stop and for DMA to CMA areas, for a limited time.  The kexec lock is tried, because its
 * holder may be the interrupted task, and tried again after the stop: the holder runs until
 * then.  So everything is decided after the stop, except that panic() continues without a
 * reservation, or without an image while no load, unload or reboot is in progress.
 *
 * The image to start is kexec_crash_image, or else kexec_crash_pending, which is copied to
 * the reservation from its staging pages.
 *
 * A fault on this path panics again, at most CRASH_TRIES times.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/btf.h>
#include <linux/compiler.h>
#include <linux/debug_locks.h>
#include <linux/irqflags.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/preempt.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>

#include "crash_cma.h"
#include "crash_elfcorehdr.h"
#include "crash_vmcoreinfo.h"
#include "debug.h"
#include "image.h"
#include "lock.h"
#include "runs.h"
#include "verify.h"

#define CRASH_TRIES	3

/* Only written by the owner of panic_cpu. */
static unsigned int crash_tries;
static bool crash_header_torn;
static bool crash_others_stopped;

/**
 * kexec_should_crash() - should an oops start the crash image?
 * @p: the task that oopses
 *
 * Called by die(), so that the dump has the registers of the fault instead of those of the
 * panic that would follow.
 *
 * Return: 1, or 0 if not or if panic notifiers run first.
 */
int __kexec_panic kexec_should_crash(struct task_struct *p)
{
	if (crash_kexec_post_notifiers)
		return 0;
	/* The conditions on which make_task_dead() panics. */
	return panic_on_oops || in_interrupt() || !p->pid || is_global_init(p);
}

/**
 * kexec_crash_loaded() - is a crash image loaded?
 *
 * Return: 1 or 0; may be stale.
 */
int __kexec_panic kexec_crash_loaded(void)
{
	return !!READ_ONCE(kexec_crash_image);
}
EXPORT_SYMBOL_GPL(kexec_crash_loaded);

static __kexec_panic struct kexec_image *crash_find_image(void)
{
	/* Acquire: if this is NULL, kexec_crash_pending is seen.  See image_publish_crash(). */
	struct kimage *loaded = smp_load_acquire(&kexec_crash_image);
	struct kexec_image *pending;

	if (!loaded) {
		/* Acquire: if this is NULL again, the published image is seen below. */
		pending = smp_load_acquire(&kexec_crash_pending);
		if (pending)
			return pending;
		/* Acquire: pairs with the release in image_publish_crash(). */
		loaded = smp_load_acquire(&kexec_crash_image);
	}
	return loaded ? to_kexec_image(loaded) : NULL;
}

static void __noreturn __kexec_panic crash_leave(struct kexec_image *img, struct pt_regs *regs)
{
	if (&img->kimage != kexec_crash_image) {
		kexec_runs_copy_to_crash_panic(img);
		kexec_vmcoreinfo_copy_activate(img);
	}
	kexec_debug_panic_again(crash_tries);
	crash_save_vmcoreinfo();
	machine_crash_shutdown(regs);
	if (img->nr_cma)
		kexec_crash_cma_wait();
	machine_kexec(&img->kimage);
	unreachable();
}

static bool __kexec_panic crash_verify(const struct kexec_image *img)
{
	if (!kexec_verify_check_crash(img))
		return true;
	pr_emerg("no dump: the crash image is not what was loaded\n");
	return false;
}

/* Inlined, so that the caller of machine_kexec() in a dump is __crash_kexec(). */
static __always_inline void __kexec_panic crash_start(struct kexec_image *img, struct pt_regs *regs)
{
	struct pt_regs at_crash;

	if (!crash_verify(img))
		return;
	/* The dump has these registers for this CPU; this frame stays on the stack. */
	kexec_arch_save_regs(&at_crash, regs);
	crash_leave(img, &at_crash);
}

static void __kexec_panic crash_report_no_image(bool locked)
{
	if (!crash_get_memory_size())
		return;
	pr_emerg("no dump: %s\n", locked ? "no crash image is loaded (kexec -p loads one)" :
		 "the first crash image is still being loaded, or one is being unloaded");
}

static bool __kexec_panic crash_lock(void)
{
	bool commit;

	if (!kexec_lock_panic(&commit))
		return false;
	if (commit)
		crash_header_torn = true;
	return true;
}

static void __kexec_panic crash_stop_others(bool locked)
{
	if (!locked && crash_tries == 1)
		pr_emerg("an image is being loaded, unloaded or started: other CPUs are stopped first\n");
	kexec_debug_meet(2);
	crash_smp_send_stop();
	crash_others_stopped = true;
	/* A stopped CPU may hold the lock of lockdep. */
	__debug_locks_off();
}

static void __kexec_panic crash_finish_header(void)
{
	if (crash_header_torn)
		kexec_elfcorehdr_finish();
	crash_header_torn = false;
}

/* After the stop only this CPU changes images. */
static __always_inline void __kexec_panic crash_stop_and_start(struct pt_regs *regs)
{
	bool locked = crash_lock();
	struct kexec_image *img;

	kexec_vmcoreinfo_mark_panic(kexec_arch_counter(NULL));
	crash_stop_others(locked);
	/* The holder may have released the lock and started an update before it stopped. */
	locked = locked || crash_lock();
	crash_finish_header();
	img = crash_find_image();
	if (img)
		crash_start(img, regs);
	else
		crash_report_no_image(locked);
	if (locked)
		kexec_unlock_panic();
}

/**
 * __crash_kexec() - start the crash image, if one is loaded
 * @regs: registers at the fault, or NULL for those of the caller
 *
 * Without an image the lock is left alone: a reader or an update may hold it, on a CPU that
 * still runs.
 *
 * Context: any, pseudo-NMI included; panic_cpu is this CPU.
 */
void __kexec_panic __crash_kexec(struct pt_regs *regs)
{
	unsigned long flags;
	bool busy;

	/* crash_kexec() is a kfunc: BPF programs may call it with interrupts enabled. */
	raw_local_irq_save(flags);
	/* Before the image: one that is published before the unlock is found. */
	busy = kexec_lock_is_busy();
	if (!crash_get_memory_size() || (!busy && !crash_find_image()))
		crash_report_no_image(!busy);
	else if (++crash_tries > CRASH_TRIES)
		pr_emerg("no dump: starting the crash image failed %d times\n", CRASH_TRIES);
	else
		crash_stop_and_start(regs);
	raw_local_irq_restore(flags);
}

/**
 * crash_kexec() - start the crash image without a panic
 * @regs: registers at the fault, or NULL for those of the caller
 *
 * Panics if the image is not started after the other CPUs were stopped, for instance because
 * its content has changed.
 *
 * Context: any, pseudo-NMI included.  Returns if no image is loaded, or if another CPU is in
 * panic().
 */
__bpf_kfunc void __kexec_panic crash_kexec(struct pt_regs *regs)
{
	/* The panic that usually follows reports it. */
	if (!crash_get_memory_size() || !crash_find_image())
		return;
	if (!panic_try_start())
		return;
	__crash_kexec(regs);
	if (crash_others_stopped)
		panic("kexec: the crash image was not started");
	/* The panic that usually follows must become the owner of panic_cpu. */
	panic_reset();
}
