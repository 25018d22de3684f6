// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of calling CPUs together
 *
 * A CPU that is busy with preemption off does not run its stopper, which is what
 * the probe before a reboot has to find out.  Parking itself needs a reboot to be
 * seen; the QEMU cases do that.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kexec_machine.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/smp.h>

#include "../../../../kernel/kexec/internal.h"

struct park_test_busy {
	bool begun;
	bool end;
};

static int park_test_be_busy(void *data)
{
	struct park_test_busy *busy = data;

	preempt_disable();
	WRITE_ONCE(busy->begun, true);
	while (!READ_ONCE(busy->end))
		cpu_relax();
	preempt_enable();

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static void park_test_probe(struct kunit *test)
{
	int i;

	for (i = 0; i < 50; i++)
		KUNIT_ASSERT_EQ(test, 0, kexec_arch_park(KEXEC_PARK_PROBE));
}

static void park_test_busy_cpu(struct kunit *test)
{
	struct park_test_busy busy = {};
	struct task_struct *task;
	unsigned int cpu;
	int first = 0, second = 0, i;

	/* Any but the one that this test and the timekeeping most likely run on. */
	cpu = cpumask_last(cpu_online_mask);
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");

	migrate_disable();
	if (cpu == smp_processor_id())
		cpu = cpumask_first(cpu_online_mask);
	task = kthread_create(park_test_be_busy, &busy, "park_test");
	if (!IS_ERR(task)) {
		kthread_bind(task, cpu);
		wake_up_process(task);
		for (i = 0; i < 1000 && !READ_ONCE(busy.begun); i++)
			fsleep(1000);
		first = kexec_arch_park(KEXEC_PARK_PROBE);
		WRITE_ONCE(busy.end, true);
		second = kexec_arch_park(KEXEC_PARK_PROBE);
		kthread_stop(task);
	}
	migrate_enable();

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_TRUE(test, busy.begun);
	KUNIT_EXPECT_EQ(test, -EBUSY, first);
	/* The call that was not answered then is answered now, and so is a new one. */
	KUNIT_EXPECT_EQ(test, 0, second);
	KUNIT_EXPECT_EQ(test, 0, kexec_arch_park(KEXEC_PARK_PROBE));
}

static void park_test_unlock(void *unused)
{
	kexec_unlock();
}

/* Loads and reboot(KEXEC) call CPUs together as well, and hold this lock. */
static int park_test_init(struct kunit *test)
{
	if (!kexec_lock_patiently())
		return -EBUSY;
	return kunit_add_action_or_reset(test, park_test_unlock, NULL);
}

static struct kunit_case park_test_cases[] = {
	KUNIT_CASE(park_test_probe),
	KUNIT_CASE_SLOW(park_test_busy_cpu),
	{}
};

static struct kunit_suite park_test_suite = {
	.name = "kexec-park",
	.init = park_test_init,
	.test_cases = park_test_cases,
};

kunit_test_suite(park_test_suite);

MODULE_DESCRIPTION("KUnit tests of kexec: calling CPUs together");
MODULE_LICENSE("GPL");
