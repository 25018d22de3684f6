// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the rendezvous of CPUs
 *
 * A CPU that is busy with preemption off does not run its stopper, which the probe
 * before a reboot has to detect.  QEMU cases test the shutdown of the CPUs.
 */

#include <kunit/resource.h>
#include <kunit/test.h>
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kexec_arch.h>
#include <linux/kthread.h>
#include <linux/preempt.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/smp.h>

struct stop_test_busy {
	bool begun;
	bool end;
};

static int stop_test_be_busy(void *data)
{
	struct stop_test_busy *busy = data;

	preempt_disable();
	WRITE_ONCE(busy->begun, true);
	while (!READ_ONCE(busy->end))
		cpu_relax();
	preempt_enable();

	while (!kthread_should_stop())
		schedule_timeout_interruptible(1);
	return 0;
}

static int stop_test_ask(void)
{
	int ret;

	cpus_read_lock();
	ret = kexec_arch_shutdown_cpus(KEXEC_CPUS_PROBE, NULL);
	cpus_read_unlock();
	return ret;
}

static void stop_test_probe(struct kunit *test)
{
	int i;

	for (i = 0; i < 50; i++)
		KUNIT_ASSERT_EQ(test, 0, stop_test_ask());
}

static void stop_test_busy_cpu(struct kunit *test)
{
	struct stop_test_busy busy = {};
	struct task_struct *task;
	unsigned int cpu;
	int first = 0, second = 0, i;

	/* Not the CPU that probably runs this test and the timekeeping. */
	cpu = cpumask_last(cpu_online_mask);
	if (num_online_cpus() < 2)
		kunit_skip(test, "needs two CPUs");

	migrate_disable();
	if (cpu == smp_processor_id())
		cpu = cpumask_first(cpu_online_mask);
	task = kthread_create(stop_test_be_busy, &busy, "shutdown_cpus_test");
	if (!IS_ERR(task)) {
		kthread_bind(task, cpu);
		wake_up_process(task);
		for (i = 0; i < 20000 && !READ_ONCE(busy.begun); i++)
			fsleep(1000);
		first = stop_test_ask();
		WRITE_ONCE(busy.end, true);
		second = stop_test_ask();
		kthread_stop(task);
	}
	migrate_enable();

	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	KUNIT_EXPECT_TRUE(test, busy.begun);
	KUNIT_EXPECT_EQ(test, -EBUSY, first);
	/* The pending call and a new one are answered now. */
	KUNIT_EXPECT_EQ(test, 0, second);
	KUNIT_EXPECT_EQ(test, 0, stop_test_ask());
}

static struct kunit_case stop_test_cases[] = {
	KUNIT_CASE(stop_test_probe),
	KUNIT_CASE_SLOW(stop_test_busy_cpu),
	{}
};

static struct kunit_suite stop_test_suite = {
	.name = "kexec-shutdown-cpus",
	.test_cases = stop_test_cases,
};

kunit_test_suite(stop_test_suite);

MODULE_DESCRIPTION("KUnit tests of kexec: rendezvous of CPUs");
MODULE_LICENSE("GPL");
