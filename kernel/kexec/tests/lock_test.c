// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-lock
 *
 * Owners of the kexec lock.  A panic acquires the lock from an update of the ELF core
 * header and from no other holder.  An update that has lost the lock detects it at its
 * next step.  No image is loaded while the suites run.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/workqueue.h>

#include "../lock.h"

static void lock_test_held(struct kunit *test)
{
	bool commit;

	KUNIT_ASSERT_TRUE(test, kexec_lock());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	KUNIT_EXPECT_FALSE(test, kexec_lock_refresh());
	KUNIT_EXPECT_FALSE(test, kexec_lock_panic(&commit));
	kexec_unlock_nowork();
	KUNIT_EXPECT_TRUE(test, kexec_lock_timeout());
	kexec_unlock_nowork();
}

static void lock_test_refresh(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, kexec_lock_refresh());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	KUNIT_EXPECT_FALSE(test, kexec_lock_refresh());
	KUNIT_EXPECT_TRUE(test, kexec_unlock_refresh());

	KUNIT_ASSERT_TRUE(test, kexec_lock_refresh());
	KUNIT_EXPECT_TRUE(test, kexec_lock_commit());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	KUNIT_EXPECT_TRUE(test, kexec_unlock_refresh());

	KUNIT_EXPECT_TRUE(test, kexec_lock());
	kexec_unlock_nowork();
}

static void lock_test_recheck(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, kexec_lock_recheck());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	KUNIT_EXPECT_FALSE(test, kexec_lock_recheck());
	KUNIT_EXPECT_FALSE(test, kexec_lock_refresh());
	KUNIT_EXPECT_TRUE(test, kexec_unlock_recheck());

	KUNIT_EXPECT_TRUE(test, kexec_lock());
	KUNIT_EXPECT_FALSE(test, kexec_lock_recheck());
	kexec_unlock_nowork();
}

static DECLARE_COMPLETION(lock_test_acquired);
static DECLARE_COMPLETION(lock_test_waited);

/* Milliseconds until @hold had the lock and this task's attempt returned @got. */
static s64 lock_test_wait(work_func_t hold, bool *got)
{
	struct work_struct work;
	ktime_t begin;
	s64 ms;

	INIT_WORK_ONSTACK(&work, hold);
	reinit_completion(&lock_test_acquired);
	reinit_completion(&lock_test_waited);
	begin = ktime_get();
	schedule_work(&work);
	wait_for_completion(&lock_test_acquired);
	*got = kexec_lock_timeout();
	ms = ktime_ms_delta(ktime_get(), begin);
	if (*got)
		kexec_unlock_nowork();
	complete(&lock_test_waited);
	flush_work(&work);
	destroy_work_on_stack(&work);
	return ms;
}

static void lock_test_load(struct work_struct *work)
{
	bool held = kexec_lock();

	complete(&lock_test_acquired);
	wait_for_completion(&lock_test_waited);
	if (held)
		kexec_unlock_nowork();
}

static void lock_test_update(struct work_struct *work)
{
	bool held = kexec_lock_refresh();

	complete(&lock_test_acquired);
	wait_for_completion(&lock_test_waited);
	if (held)
		kexec_unlock_refresh();
}

/* Attempts at a wait that a busy host may make longer. */
#define LOCK_TEST_TRIES	5

/* Waiting for an update has a time limit; a load is not waited for. */
static void lock_test_patience(struct kunit *test)
{
	unsigned int i = 0;
	bool got;
	s64 ms;

	ms = lock_test_wait(lock_test_update, &got);
	KUNIT_EXPECT_FALSE(test, got);
	KUNIT_EXPECT_GE(test, ms, KEXEC_LOCK_TIMEOUT_MS);
	KUNIT_EXPECT_LT(test, ms, 10 * KEXEC_LOCK_TIMEOUT_MS);

	do {
		ms = lock_test_wait(lock_test_load, &got);
		KUNIT_EXPECT_FALSE(test, got);
	} while (ms >= KEXEC_LOCK_TIMEOUT_MS && ++i < LOCK_TEST_TRIES);
	KUNIT_EXPECT_LT(test, ms, KEXEC_LOCK_TIMEOUT_MS);
}

static void lock_test_commit(struct work_struct *work)
{
	bool held = kexec_lock_refresh();

	held = held && kexec_lock_commit();
	complete(&lock_test_acquired);
	if (!held)
		return;
	msleep(KEXEC_LOCK_TIMEOUT_MS / 20);
	kexec_unlock_refresh();
}

static void lock_test_check(struct work_struct *work)
{
	bool held = kexec_lock_recheck();

	complete(&lock_test_acquired);
	if (!held)
		return;
	msleep(KEXEC_LOCK_TIMEOUT_MS / 20);
	kexec_unlock_recheck();
}

static void lock_test_ends_in_time(struct kunit *test, work_func_t hold)
{
	bool got;
	s64 ms = lock_test_wait(hold, &got);

	KUNIT_EXPECT_TRUE(test, got);
	KUNIT_EXPECT_GE(test, ms, KEXEC_LOCK_TIMEOUT_MS / 20);
}

/* An update that ends in time does not cause a failure. */
static void lock_test_patience_pays(struct kunit *test)
{
	lock_test_ends_in_time(test, lock_test_commit);
}

/* The same for the check of the other image after a CPU came online. */
static void lock_test_patience_recheck(struct kunit *test)
{
	lock_test_ends_in_time(test, lock_test_check);
}

/* A panic on another CPU while the new header is built: the old one is used. */
static void lock_test_panic_staging(struct kunit *test)
{
	bool commit = true;

	KUNIT_ASSERT_TRUE(test, kexec_lock_refresh());
	KUNIT_ASSERT_TRUE(test, kexec_lock_panic(&commit));
	KUNIT_EXPECT_FALSE(test, commit);
	KUNIT_EXPECT_FALSE(test, kexec_lock_commit());
	KUNIT_EXPECT_FALSE(test, kexec_unlock_refresh());
	/* The panic CPU still holds the lock. */
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	kexec_unlock_panic();
}

/* ... and while it is copied: the panic CPU has to complete it. */
static void lock_test_panic_committing(struct kunit *test)
{
	bool commit = false;

	KUNIT_ASSERT_TRUE(test, kexec_lock_refresh());
	KUNIT_ASSERT_TRUE(test, kexec_lock_commit());
	KUNIT_ASSERT_TRUE(test, kexec_lock_panic(&commit));
	KUNIT_EXPECT_TRUE(test, commit);
	KUNIT_EXPECT_FALSE(test, kexec_unlock_refresh());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	kexec_unlock_panic();
}

/* A panic while the other image is checked does not affect the crash image. */
static void lock_test_panic_rechecking(struct kunit *test)
{
	bool commit = true;

	KUNIT_ASSERT_TRUE(test, kexec_lock_recheck());
	KUNIT_ASSERT_TRUE(test, kexec_lock_panic(&commit));
	KUNIT_EXPECT_FALSE(test, commit);
	KUNIT_EXPECT_FALSE(test, kexec_unlock_recheck());
	KUNIT_EXPECT_FALSE(test, kexec_lock());
	kexec_unlock_panic();
}

static void lock_test_panic_free(struct kunit *test)
{
	bool commit = true;

	KUNIT_ASSERT_TRUE(test, kexec_lock_panic(&commit));
	KUNIT_EXPECT_FALSE(test, commit);
	KUNIT_EXPECT_FALSE(test, kexec_lock_panic(&commit));
	kexec_unlock_panic();
}

#ifdef CONFIG_LOCKDEP
/* Lockdep's holder is the task that has acquired the lock, also after a panic took it. */
static void lock_test_lockdep(struct kunit *test)
{
	bool commit;

	KUNIT_EXPECT_EQ(test, lockdep_is_held(&kexec_lock_state), LOCK_STATE_NOT_HELD);
	KUNIT_ASSERT_TRUE(test, kexec_lock());
	KUNIT_EXPECT_EQ(test, lockdep_is_held(&kexec_lock_state), LOCK_STATE_HELD);
	kexec_unlock_nowork();
	KUNIT_EXPECT_EQ(test, lockdep_is_held(&kexec_lock_state), LOCK_STATE_NOT_HELD);

	KUNIT_ASSERT_TRUE(test, kexec_lock_recheck());
	KUNIT_ASSERT_TRUE(test, kexec_lock_panic(&commit));
	KUNIT_EXPECT_EQ(test, lockdep_is_held(&kexec_lock_state), LOCK_STATE_HELD);
	KUNIT_EXPECT_FALSE(test, kexec_unlock_recheck());
	KUNIT_EXPECT_EQ(test, lockdep_is_held(&kexec_lock_state), LOCK_STATE_NOT_HELD);
	kexec_unlock_panic();
}
#endif

static struct kunit_case lock_test_cases[] = {
	KUNIT_CASE(lock_test_held),
	KUNIT_CASE(lock_test_refresh),
	KUNIT_CASE(lock_test_recheck),
	KUNIT_CASE_SLOW(lock_test_patience),
	KUNIT_CASE(lock_test_patience_pays),
	KUNIT_CASE(lock_test_patience_recheck),
	KUNIT_CASE(lock_test_panic_staging),
	KUNIT_CASE(lock_test_panic_committing),
	KUNIT_CASE(lock_test_panic_rechecking),
	KUNIT_CASE(lock_test_panic_free),
#ifdef CONFIG_LOCKDEP
	KUNIT_CASE(lock_test_lockdep),
#endif
	{ }
};

static struct kunit_suite lock_test_suite = {
	.name = "kexec-lock",
	.test_cases = lock_test_cases,
};

kunit_test_suite(lock_test_suite);
