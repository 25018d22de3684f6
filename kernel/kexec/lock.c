// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the kexec lock
 *
 * One atomic guards both image slots.  A panic only tries it, and the system calls wait for
 * short operations alone, because they document -EBUSY.
 *
 * Locks of a task that waits, outermost first: kexec lock, cpu_hotplug_lock,
 * mem_hotplug_lock, usable_reserved_lock.  A task that holds a hotplug lock only tries the
 * kexec lock: hotplug callbacks leave their work to its holder.
 *
 * The state identifies the operation of the holder, because a panic may start the crash
 * image during some of them, see drawings.rst::
 *
 *	FREE --> HELD ----------------------------------------> FREE
 *	FREE --> RECHECKING ----------------------------------> FREE
 *	FREE --> STAGING --> COMMITTING ----------------------> FREE
 *	   (each but HELD) ---> HELD, by the CPU that panics
 *
 * System calls wait for RECHECKING, STAGING and COMMITTING, which are short.  A reader of
 * /sys/kernel/kexec/ready holds RECHECKING while it patches a copy of a device tree.
 *
 * A holder that lost the lock to a panic notices at its next transition and leaves the image
 * alone.
 *
 * Lockdep checks every use outside of the panic path, where a stopped CPU may hold the lock
 * of lockdep.  It reports a task that waits for a lock that it holds, or that a holder needs.
 * tools/testing/kexec/litmus tests each order.
 */
#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/delay.h>
#include <linux/kexec_arch.h>
#include <linux/ktime.h>
#include <linux/time64.h>

#include "lock.h"

enum lock_state {
	LOCK_FREE,
	LOCK_HELD,
	LOCK_RECHECKING,
	LOCK_STAGING,
	LOCK_COMMITTING,
};

struct kexec_lock_state kexec_lock_state = {
	.word = ATOMIC_INIT(LOCK_FREE),
#ifdef CONFIG_LOCKDEP
	.dep_map = STATIC_LOCKDEP_MAP_INIT("kexec_lock", &kexec_lock_state),
#endif
};

/* Bits of enum kexec_pending, left for kexec_hotplug_unlock(). */
static unsigned long lock_pending;

static bool __kexec_panic lock_move(enum lock_state from, enum lock_state to)
{
	int now = from;

	/* Fully ordered: observing @to implies observing all stores made in @from. */
	return atomic_try_cmpxchg(&kexec_lock_state.word, &now, to);
}

/* Only tried, so this is no part of a deadlock; kexec_lock_timeout() may be. */
static __always_inline bool lock_map_acquired(bool acquired)
{
	if (acquired)
		lock_acquire_exclusive(&kexec_lock_state.dep_map, 0, 1, NULL, _RET_IP_);
	return acquired;
}

/* Before the lock is free, as another task may acquire it at once. */
static __always_inline void lock_map_released(void)
{
	lock_release(&kexec_lock_state.dep_map, _RET_IP_);
}

/**
 * kexec_lock() - try to acquire the kexec lock
 *
 * Return: true on success.
 */
bool kexec_lock(void)
{
	int unlocked = LOCK_FREE;

	/* Acquire: pairs with the release in kexec_unlock_nowork(). */
	return lock_map_acquired(atomic_try_cmpxchg_acquire(&kexec_lock_state.word, &unlocked,
							    LOCK_HELD));
}

/**
 * kexec_lock_is_busy() - would a system call fail to acquire the kexec lock?
 *
 * Return: true if a load, an unload or a reboot is in progress; may be stale.
 */
bool __kexec_panic kexec_lock_is_busy(void)
{
	/* Acquire: pairs with kexec_unlock_nowork().  If free, its images are seen. */
	return atomic_read_acquire(&kexec_lock_state.word) == LOCK_HELD;
}

/**
 * kexec_lock_is_free() - is the kexec lock free?
 *
 * Return: true if it is; may be stale.
 */
bool kexec_lock_is_free(void)
{
	return atomic_read(&kexec_lock_state.word) == LOCK_FREE;
}

/**
 * kexec_lock_is_refreshing() - is the ELF core header being updated?
 *
 * Return: true if it is; may be stale, but is newer than all earlier loads of the caller.
 */
bool kexec_lock_is_refreshing(void)
{
	int now;

	/*
	 * Pairs with kexec_pending_clear(): a CPU that finds the bit clear finds the state
	 * that was entered before.
	 */
	smp_rmb();
	/* Acquire: pairs with lock_move() at the end of the update, which set its result. */
	now = atomic_read_acquire(&kexec_lock_state.word);
	return now == LOCK_STAGING || now == LOCK_COMMITTING;
}

/**
 * kexec_lock_timeout() - acquire the kexec lock, wait for an update or a check
 *
 * Return: true on success; false at once if the lock is held for a load, an unload or a
 * reboot, else after KEXEC_LOCK_TIMEOUT_MS.
 */
bool kexec_lock_timeout(void)
{
	const ktime_t end = ktime_add_ms(ktime_get(), KEXEC_LOCK_TIMEOUT_MS);

	/* A deadlock would be a failure after the timeout. */
	might_lock(&kexec_lock_state);
	while (!kexec_lock()) {
		if (kexec_lock_is_busy() || ktime_after(ktime_get(), end))
			return false;
		/* fsleep() may oversleep: bound by time, not by iterations. */
		fsleep(USEC_PER_MSEC);
	}
	return true;
}

/**
 * kexec_lock_panic() - try to acquire the kexec lock on the panic path
 * @commit: on success: the caller must complete the copy of an ELF core header
 *
 * Return: true on success.
 */
bool __kexec_panic kexec_lock_panic(bool *commit)
{
	static const enum lock_state from[] = {
		/* In the order in which another CPU may be passing through them. */
		LOCK_FREE, LOCK_RECHECKING, LOCK_STAGING, LOCK_COMMITTING, LOCK_FREE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(from); i++) {
		*commit = from[i] == LOCK_COMMITTING;
		if (lock_move(from[i], LOCK_HELD))
			return true;
	}
	return false;
}

/**
 * kexec_lock_recheck() - try to acquire the kexec lock for a check of the image
 *
 * Return: true on success; a panic may acquire the lock before it is released.
 */
bool kexec_lock_recheck(void)
{
	return lock_map_acquired(lock_move(LOCK_FREE, LOCK_RECHECKING));
}

/**
 * kexec_unlock_recheck() - release the lock after kexec_lock_recheck()
 *
 * Return: false if a panic has acquired the lock.
 */
bool kexec_unlock_recheck(void)
{
	lock_map_released();
	return lock_move(LOCK_RECHECKING, LOCK_FREE);
}

/**
 * kexec_lock_refresh() - try to acquire the kexec lock for an update of the ELF core header
 *
 * Return: true on success; a panic may acquire the lock before it is released.
 */
bool kexec_lock_refresh(void)
{
	return lock_map_acquired(lock_move(LOCK_FREE, LOCK_STAGING));
}

/**
 * kexec_lock_commit() - start to overwrite the ELF core header
 *
 * Return: false if a panic has acquired the lock: leave the image alone.
 */
bool kexec_lock_commit(void)
{
	return lock_move(LOCK_STAGING, LOCK_COMMITTING);
}

/**
 * kexec_unlock_refresh() - release the lock after kexec_lock_refresh()
 *
 * Return: false if a panic has acquired the lock.
 */
bool kexec_unlock_refresh(void)
{
	lock_map_released();
	return lock_move(LOCK_COMMITTING, LOCK_FREE) ||
	       lock_move(LOCK_STAGING, LOCK_FREE);
}

/**
 * kexec_unlock_nowork() - release the kexec lock without doing pending work
 */
void kexec_unlock_nowork(void)
{
	lock_map_released();
	/* Release: pairs with the acquire in kexec_lock(). */
	atomic_set_release(&kexec_lock_state.word, LOCK_FREE);
}

/**
 * kexec_unlock_panic() - release the lock after kexec_lock_panic()
 */
void __kexec_panic kexec_unlock_panic(void)
{
	/* Release: pairs with the acquire in kexec_lock(). */
	atomic_set_release(&kexec_lock_state.word, LOCK_FREE);
}

/**
 * kexec_pending_set() - request work from the lock holder
 * @work: the work
 *
 * The caller then tries to do it, see hotplug.c.
 */
void kexec_pending_set(enum kexec_pending work)
{
	/*
	 * The CPU that clears the bit sees the effect of the event.  Pairs with
	 * kexec_pending_clear().
	 */
	smp_mb__before_atomic();
	set_bit(work, &lock_pending);
}

/**
 * kexec_pending_clear() - withdraw a request, before the work is done
 * @work: the work
 */
void kexec_pending_clear(enum kexec_pending work)
{
	kexec_lock_assert_held();
	clear_bit(work, &lock_pending);
	/*
	 * Memory is read after the bit was cleared: an event whose effect is not seen sets
	 * the bit again.  Pairs with kexec_pending_set().
	 */
	smp_mb__after_atomic();
}

/**
 * kexec_pending_test() - is work requested?
 * @work: the work
 *
 * Return: true if it is.
 */
bool kexec_pending_test(enum kexec_pending work)
{
	/*
	 * Store buffering: one CPU sets the bit, then tries the lock; the holder releases
	 * the lock, then tests the bit.  Both pass through here in between, so one of them
	 * sees the store of the other.
	 */
	smp_mb();
	return test_bit(work, &lock_pending);
}
