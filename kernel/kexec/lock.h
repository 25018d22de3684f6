/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_LOCK_H
#define _KERNEL_KEXEC_LOCK_H

#include <linux/atomic.h>
#include <linux/lockdep.h>
#include <linux/types.h>

/* For an update of the ELF core header or a check of the image. */
#define KEXEC_LOCK_TIMEOUT_MS	2000

enum kexec_pending {
	KEXEC_PENDING_ELFCOREHDR,
	KEXEC_PENDING_RECHECK,
};

/**
 * struct kexec_lock_state - the kexec lock
 * @word: state, see lock.c
 * @dep_map: the holder, for lockdep; not on the panic path
 */
struct kexec_lock_state {
	atomic_t word;
	struct lockdep_map dep_map;
};

extern struct kexec_lock_state kexec_lock_state;

/* This task holds the lock, or a panic has acquired it from this task. */
#define kexec_lock_assert_held()	lockdep_assert_held(&kexec_lock_state)

bool kexec_lock(void);
bool kexec_lock_is_busy(void);
bool kexec_lock_is_free(void);
bool kexec_lock_is_refreshing(void);
bool kexec_lock_timeout(void);
bool kexec_lock_panic(bool *commit);
bool kexec_lock_recheck(void);
bool kexec_unlock_recheck(void);
bool kexec_lock_refresh(void);
bool kexec_lock_commit(void);
bool kexec_unlock_refresh(void);
void kexec_unlock_nowork(void);
void kexec_unlock_panic(void);
void kexec_pending_set(enum kexec_pending work);
void kexec_pending_clear(enum kexec_pending work);
bool kexec_pending_test(enum kexec_pending work);

#endif /* _KERNEL_KEXEC_LOCK_H */
