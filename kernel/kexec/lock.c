// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the kexec lock
 *
 * One atomic guards both image slots.  It is only ever tried: a panic cannot wait for
 * it, and the system calls document -EBUSY.  Outermost first, the locks are: the kexec
 * lock, the CPU hotplug read lock, the memory hotplug read lock.  The hotplug callbacks,
 * which run with one of the latter held, try the kexec lock and leave the work to its
 * holder if that fails.
 *
 * The state identifies the operation of the holder, because a panic may start the crash image
 * while its ELF core header is updated or while the other image is checked::
 *
 *	FREE --> HELD ----------------------------------------> FREE
 *	FREE --> RECHECKING ----------------------------------> FREE
 *	FREE --> STAGING --> COMMITTING ----------------------> FREE
 *	   (each but HELD) ---> HELD, by the CPU that panics
 *
 * RECHECKING: the image for reboot(KEXEC) is compared with the reservations; the crash
 * image is not involved.  STAGING: the new header is built outside of the crash image.
 * COMMITTING: it is copied over the old one, and the CPU that panics completes the copy,
 * see crash_elfcorehdr.c.  A holder that lost the lock to a panic notices at its next
 * transition and leaves the image alone.
 *
 * Outside of the panic path a holder is one task, which lockdep knows: acquiring, releasing
 * and kexec_lock_assert_held() are checked.  Lockdep has a lock of its own, which a CPU that
 * was stopped may hold, so the panic path does not call it.
 *
 * tools/testing/kexec/litmus has a litmus test for each order that is relied on.
 *
 * System calls wait for RECHECKING, STAGING and COMMITTING, for a limited time: these
 * are short and not caused by user space.
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

/* Work for the lock holder, see kexec_unlock() in hotplug.c. */
static unsigned long lock_pending;

static bool __kexec_panic lock_move(enum lock_state from, enum lock_state to)
{
	int now = from;

	/* Fully ordered: observing @to implies observing all stores made in @from. */
	return atomic_try_cmpxchg(&kexec_lock_state.word, &now, to);
}

/* The lock is only tried, so waiting for it is no part of a deadlock. */
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
 * kexec_lock() - acquire the kexec lock if it is free
 *
 * Context: any but the panic path, see kexec_lock_panic(); does not wait.
 * Return: true if the caller holds the lock.
 */
bool kexec_lock(void)
{
	int unlocked = LOCK_FREE;

	/* Acquire: pairs with the release in kexec_unlock_nowork(). */
	return lock_map_acquired(atomic_try_cmpxchg_acquire(&kexec_lock_state.word, &unlocked,
							    LOCK_HELD));
}

/**
 * kexec_lock_timeout() - acquire the kexec lock, wait for an update or a check
 *
 * Context: process context, may sleep for KEXEC_LOCK_TIMEOUT_MS; does not wait for a
 * load, an unload or a reboot.
 * Return: true if the caller holds the lock.
 */
bool kexec_lock_timeout(void)
{
	const ktime_t end = ktime_add_ms(ktime_get(), KEXEC_LOCK_TIMEOUT_MS);

	while (!kexec_lock()) {
		if (atomic_read(&kexec_lock_state.word) == LOCK_HELD ||
		    ktime_after(ktime_get(), end))
			return false;
		/* fsleep() may oversleep: bound by time, not by iterations. */
		fsleep(USEC_PER_MSEC);
	}
	return true;
}

/**
 * kexec_lock_panic() - acquire the kexec lock on the panic path
 * @commit: set if an ELF core header was being copied, which the caller must complete;
 *          valid if the lock was acquired
 *
 * Context: any, the panic path and pseudo-NMI included; does not wait.
 * Return: true if the caller holds the lock.
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
 * kexec_lock_recheck() - acquire the kexec lock to check the image for reboot(KEXEC)
 *
 * Context: any; does not wait.
 * Return: true if the caller holds the lock, until a panic acquires it.
 */
bool kexec_lock_recheck(void)
{
	return lock_map_acquired(lock_move(LOCK_FREE, LOCK_RECHECKING));
}

/**
 * kexec_unlock_recheck() - release the lock after kexec_lock_recheck()
 *
 * Context: any.
 * Return: false if a panic has acquired the lock.
 */
bool kexec_unlock_recheck(void)
{
	lock_map_released();
	return lock_move(LOCK_RECHECKING, LOCK_FREE);
}

/**
 * kexec_lock_refresh() - acquire the kexec lock to update the ELF core header
 *
 * Context: any; does not wait.
 * Return: true if the caller holds the lock, until a panic acquires it.
 */
bool kexec_lock_refresh(void)
{
	return lock_map_acquired(lock_move(LOCK_FREE, LOCK_STAGING));
}

/**
 * kexec_lock_commit() - start to overwrite the ELF core header
 *
 * Context: any; after kexec_lock_refresh().
 * Return: false if a panic has acquired the lock: leave the image alone.
 */
bool kexec_lock_commit(void)
{
	return lock_move(LOCK_STAGING, LOCK_COMMITTING);
}

/**
 * kexec_unlock_refresh() - release the lock after kexec_lock_refresh()
 *
 * Context: any.
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
 *
 * Context: any but the panic path.
 */
void kexec_unlock_nowork(void)
{
	lock_map_released();
	/* Release: pairs with the acquire in kexec_lock(). */
	atomic_set_release(&kexec_lock_state.word, LOCK_FREE);
}

/**
 * kexec_unlock_panic() - release the lock after kexec_lock_panic()
 *
 * Context: panic path.
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
 * Context: any.  The caller then tries to do it, see hotplug.c.
 */
void kexec_pending_set(enum kexec_pending work)
{
	/*
	 * The CPU that clears the bit sees the effect of the event.  Pairs with the barrier in
	 * kexec_pending_clear().
	 */
	smp_mb__before_atomic();
	set_bit(work, &lock_pending);
}

/**
 * kexec_pending_clear() - withdraw a request, before the work is done
 * @work: the work
 *
 * Context: any.
 */
void kexec_pending_clear(enum kexec_pending work)
{
	kexec_lock_assert_held();
	clear_bit(work, &lock_pending);
	/*
	 * Memory is read after the bit was cleared: an event whose effect is not seen
	 * sets the bit again.  Pairs with the barrier in kexec_pending_set().
	 */
	smp_mb__after_atomic();
}

/**
 * kexec_pending_test() - is work requested?
 * @work: the work
 *
 * Context: any.
 * Return: true if it is.
 */
bool kexec_pending_test(enum kexec_pending work)
{
	/*
	 * Store buffering: one CPU sets the bit, then tries the lock; the holder releases
	 * the lock, then tests the bit.  Both pass through here in between, so that one of
	 * them sees the store of the other.
	 */
	smp_mb();
	return test_bit(work, &lock_pending);
}
