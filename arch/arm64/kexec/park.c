// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: parking the other CPUs
 *
 * booting.rst ("CPUs must be in PSCI OFF") wants every CPU but the one that
 * enters the next kernel turned off.  CPU hotplug could do that, one CPU after
 * the other and each through a hundred callbacks and several RCU grace periods:
 * some 37 ms for each CPU.  Nobody will ever use this kernel's bookkeeping of
 * those CPUs again, so here they all go at the same time, and directly.
 *
 * A CPU is called through its stopper thread, which runs only when that CPU
 * holds no spinlock and is in no section without preemption.  So no lock that
 * printk() or anybody else takes afterwards stays locked for ever, as it could
 * if an interrupt parked a CPU wherever it happens to be.
 *
 * Two questions are asked, see &enum kexec_park:
 *
 * KEXEC_PARK_PROBE, before anything is shut down
 *	Does every CPU come when it is called, and may it be turned off?  One
 *	that does not is named and the reboot refused; nothing is lost.
 *
 * KEXEC_PARK_OFF, when devices are quiet
 *	First all CPUs gather in their stoppers, with interrupts on.  Only when
 *	the last has come they all go: one that left earlier could be waited for,
 *	with preemption off, by another that is in the middle of
 *	smp_call_function_many(), and that one would never come.
 *
 * The gathering can meet another one, of stop_machine() or stop_two_cpus(): each
 * then holds a CPU that the other waits for.  So it is given up after a while,
 * which lets the other one through, and begun again.
 *
 * What CPU hotplug would have done besides, and why it may be left out.  The
 * panic path (ipi_cpu_crash_stop()) leaves out the same and more:
 *
 * ============================  ==============================================
 * timers, works, RCU, tasks     nothing of them runs again: from the gathering
 *                               on, the calling task is alone in this kernel.
 *                               It must not sleep or wait for a grace period.
 * clock events of the core      DAIF is masked; power-off ends them, and
 *                               CPU_ON does not bring them back enabled
 *                               without the next kernel's own set-up
 * SPIs and LPIs routed there    devices were shut down; the next kernel routes
 *                               all of them anew before it enables any.  Only
 *                               CPU_ON wakes a CPU that is OFF (PSCI, DEN0022,
 *                               "CPU_OFF"), a pending interrupt does not.
 * GICR, with its LPI tables     hotplug does not touch them either
 * EL2 of KVM                    given back on every CPU by KVM's shutdown in
 *                               syscore_shutdown(), before this
 * PMU, SPE, TRBE, ETM by perf   stopped on every CPU by perf's reboot notifier
 * SDEI                          reset by its reboot notifier
 * FP, SVE and SME state         belongs to tasks
 * caches of the core            cleaned by CPU_OFF, as PSCI requires of it
 * ============================  ==============================================
 *
 * Locks: the caller holds the kexec lock.  KEXEC_PARK_PROBE takes the CPU hotplug
 * read lock below it; for KEXEC_PARK_OFF hotplug is off for good, see
 * migrate_to_reboot_cpu().  All data below belongs to the holder of the kexec
 * lock; stoppers read park_order and write to their own &struct park_cpu.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/iopoll.h>
#include <linux/irqflags.h>
#include <linux/kexec_machine.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/printk.h>
#include <linux/psci.h>
#include <linux/reboot.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>

#include <asm/barrier.h>
#include <asm/cpu_ops.h>
#include <asm/daifflags.h>
#include <asm/smp_plat.h>

#include <uapi/linux/psci.h>

/* How long a CPU may take to come, when it can still be left where it is. */
#define PARK_PROBE_US		(2 * USEC_PER_SEC)

/*
 * The first gathering; each further one gets twice as long, because the reason
 * may also be a hypervisor that rarely runs all CPUs at once.  13 s in all.
 */
#define PARK_GATHER_US		(100 * USEC_PER_MSEC)
#define PARK_GATHERINGS		7

/* From the call to PSCI OFF; firmware takes milliseconds at most. */
#define PARK_OFF_US		USEC_PER_SEC

/* The same, where PSCI 0.1 cannot be asked. */
#define PARK_BLIND_MS		2

/* Wait for whoever is just writing to the console. */
#define PARK_CONSOLE_US		(100 * USEC_PER_MSEC)

/* The low bits of park_order; those above count calls, so that each is new. */
#define PARK_PASS		0U	/* say that you are here and go on */
#define PARK_STAY		1U	/* ... and wait for another order */
#define PARK_GO			2U	/* be off */
#define PARK_ORDERS		3U
#define PARK_CALL		4U

/**
 * struct park_cpu - how one CPU is called
 * @work: for its stopper
 * @called: @work is queued and not yet begun
 * @seen: the last call that it answered
 */
struct park_cpu {
	struct cpu_stop_work work;
	bool called;
	unsigned int seen;
};

static DEFINE_PER_CPU(struct park_cpu, park_cpu);
static unsigned int park_order;
static cpumask_t park_missing;

#ifdef CONFIG_HOTPLUG_CPU
static bool park_may_go(unsigned int cpu)
{
	const struct cpu_operations *ops = get_cpu_ops(cpu);

	return ops && ops->cpu_die && (!ops->cpu_can_disable || ops->cpu_can_disable(cpu));
}

static void park_die(unsigned int cpu)
{
	get_cpu_ops(cpu)->cpu_die(cpu);
}
#else
static bool park_may_go(unsigned int cpu)
{
	return false;
}

static void park_die(unsigned int cpu)
{
}
#endif

/* The end of a CPU. */
static void __noreturn park_self(void)
{
	unsigned int cpu = smp_processor_id();

	local_daif_mask();
	set_cpu_online(cpu, false);
	park_die(cpu);
	/* Refused: AFFINITY_INFO goes on to say ON, and the caller notices. */
	cpu_park_loop();
}

static int park_stopper(void *unused)
{
	struct park_cpu *this = this_cpu_ptr(&park_cpu);
	unsigned int order;

	WRITE_ONCE(this->called, false);
	/*
	 * The store above before the load below; pairs with park_call(), which
	 * has them the other way round.  Either this is the newest order or the
	 * caller sees that the work is free and queues it again.
	 */
	smp_mb();
	order = READ_ONCE(park_order);

	/* Release: all that this CPU did for tasks is seen; pairs with park_all_came(). */
	smp_store_release(&this->seen, order & ~PARK_ORDERS);
	if ((order & PARK_ORDERS) != PARK_STAY)
		return 0;

	/* Acquire: pairs with park_tell(). */
	order = smp_cond_load_acquire(&park_order, VAL != order);
	if ((order & PARK_ORDERS) == PARK_GO)
		park_self();
	return 0;
}

/* Call the CPUs of park_missing; returns the number of the call. */
static unsigned int park_call(unsigned int order)
{
	unsigned int cpu, call = (park_order & ~PARK_ORDERS) + PARK_CALL;

	/* The order before the look at @called; pairs with park_stopper(). */
	smp_store_mb(park_order, call | order);
	for_each_cpu(cpu, &park_missing) {
		struct park_cpu *p = per_cpu_ptr(&park_cpu, cpu);

		if (READ_ONCE(p->called))
			continue;
		WRITE_ONCE(p->called, true);
		if (!stop_one_cpu_nowait(cpu, park_stopper, NULL, &p->work))
			WRITE_ONCE(p->called, false);
	}
	return call;
}

/* Tell those who stay what to do. */
static void park_tell(unsigned int order)
{
	/* Release: they go behind everything that we did; pairs with park_stopper(). */
	smp_store_release(&park_order, (park_order & ~PARK_ORDERS) | order);
}

static bool park_all_came(unsigned int call)
{
	unsigned int cpu;

	for_each_cpu(cpu, &park_missing)
		/* Acquire: pairs with the release in park_stopper(). */
		if (smp_load_acquire(&per_cpu(park_cpu.seen, cpu)) == call)
			cpumask_clear_cpu(cpu, &park_missing);
	return cpumask_empty(&park_missing);
}

/* PSCI 0.1 cannot be asked. */
static bool park_is_off(unsigned int cpu)
{
	if (cpu_online(cpu))
		return false;
	return !psci_ops.affinity_info ||
	       psci_ops.affinity_info(cpu_logical_map(cpu), 0) == PSCI_0_2_AFFINITY_LEVEL_OFF;
}

static bool park_all_off(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &park_missing)
		if (park_is_off(cpu))
			cpumask_clear_cpu(cpu, &park_missing);
	return cpumask_empty(&park_missing);
}

static int park_probe_firmware(void)
{
	unsigned int cpu, boot_cpu = reboot_cpu;

	/* As migrate_to_reboot_cpu() will choose. */
	if (!cpu_online(boot_cpu))
		boot_cpu = cpumask_first(cpu_online_mask);

	for_each_online_cpu(cpu) {
		if (cpu == boot_cpu || park_may_go(cpu))
			continue;
		pr_err("reboot refused: firmware does not let CPU%u be turned off; write %u to /sys/kernel/reboot/cpu to stay on it\n",
		       cpu, cpu);
		return -EPERM;
	}
	return 0;
}

static int park_probe(void)
{
	unsigned int call;
	bool came;
	int ret;

	guard(cpus_read_lock)();

	ret = park_probe_firmware();
	if (ret)
		return ret;
	cpumask_copy(&park_missing, cpu_online_mask);
	call = park_call(PARK_PASS);
	ret = read_poll_timeout(park_all_came, came, came, 50, PARK_PROBE_US, false, call);
	if (!ret)
		return 0;

	/* Their works stay queued; who comes late says so to the next call. */
	pr_err("reboot refused: CPU %*pbl did not answer within %ld ms; see what keeps it busy, then try again\n",
	       cpumask_pr_args(&park_missing), PARK_PROBE_US / USEC_PER_MSEC);
	return -EBUSY;
}

static void park_want_others(void)
{
	cpumask_andnot(&park_missing, cpu_online_mask, cpumask_of(smp_processor_id()));
}

/* By the clock: counted polls take far longer than they should where CPUs are slow. */
static bool park_await(unsigned int call, u64 us)
{
	const u64 end = local_clock() + us * NSEC_PER_USEC;
	bool late = false;

	while (!park_all_came(call)) {
		if (late)
			return false;
		udelay(1);
		/* One more look, however long this CPU was not run. */
		late = local_clock() > end;
	}
	return true;
}

/* On success the others stay in their stoppers, and preemption is off here. */
static bool park_gather(void)
{
	unsigned int i, call;

	for (i = 0; i < PARK_GATHERINGS; i++) {
		preempt_disable();
		park_want_others();
		call = park_call(PARK_STAY);
		if (park_await(call, PARK_GATHER_US << i))
			return true;
		park_tell(PARK_PASS);
		preempt_enable();
		/* This CPU's stopper may be the one that others wait for. */
		fsleep(USEC_PER_MSEC);
	}
	return false;
}

static bool park_turn_off(void)
{
	bool off;
	int ret;

	/* Nothing but this function runs in this kernel from here on. */
	local_irq_disable();
	park_want_others();
	park_tell(PARK_GO);
	ret = read_poll_timeout_atomic(park_all_off, off, off, 1, PARK_OFF_US, false);
	if (!psci_ops.affinity_info)
		mdelay(PARK_BLIND_MS);
	return !ret;
}

/*
 * A task that is parked while it owns the console takes it along, and what we
 * print then is never seen.  So have it ourselves; but not at any price.
 */
static bool park_take_console(void)
{
	int got;

	return !read_poll_timeout(console_trylock, got, got, 100, PARK_CONSOLE_US, false);
}

static void park_off(void)
{
	unsigned int nr = num_online_cpus() - 1;
	bool console = park_take_console();
	bool came = park_gather();
	bool off = came && park_turn_off();

	if (console)
		console_unlock();
	if (!off)
		panic("kexec: CPU %*pbl %s; devices are shut down, so there is no way back\n",
		      cpumask_pr_args(&park_missing),
		      came ? "was not turned off by the firmware" : "did not come to be parked");
	pr_debug("%u CPUs are off\n", nr);
}

/**
 * kexec_arch_park() - turn the other CPUs off, or see whether that would work
 * @how: KEXEC_PARK_PROBE or KEXEC_PARK_OFF
 *
 * After KEXEC_PARK_OFF this CPU is the only one, with interrupts and preemption
 * off.  A CPU that does not go then, after it answered the probe, ends in a
 * panic that names it.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.  For
 * KEXEC_PARK_OFF also: on the CPU that will enter the next kernel, hotplug off.
 * Return: 0; -EBUSY when a CPU does not answer or -EPERM when one must not be
 * turned off, both for KEXEC_PARK_PROBE only and after one message.
 */
int kexec_arch_park(enum kexec_park how)
{
	if (how == KEXEC_PARK_PROBE)
		return park_probe();
	park_off();
	return 0;
}
