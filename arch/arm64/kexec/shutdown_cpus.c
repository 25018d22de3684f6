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
 * PSCI (DEN0022, "CPU_OFF") requires the caller to migrate interrupts first.  This
 * CPU routes all SPIs and LPIs to itself while the others wait in their stoppers
 * with interrupts on; each of them then disables its own SGIs and PPIs.
 *
 * A CPU whose CPU_OFF returns still executes kernel text that relocation would
 * overwrite, so it ends in a panic.  A CPU that entered the firmware and is not
 * reported OFF does not, so it gets one warning; see decisions.rst.
 *
 * hotplug.rst has a table of the callbacks of CPU hotplug that this replaces or
 * leaves out, with the reason for each.
 *
 * Locks: the caller holds the kexec lock.  KEXEC_PARK_PROBE takes the CPU hotplug
 * read lock below it; for KEXEC_PARK_OFF hotplug is disabled for good, see
 * kernel_kexec().  All data below belongs to the holder of the kexec lock; stoppers
 * read stop_order and write to their own &struct stop_cpu.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqflags.h>
#include <linux/irqnr.h>
#include <linux/kexec_arch.h>
#include <linux/moduleparam.h>
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
#include <asm/virt.h>

#include <uapi/linux/psci.h>

#include "shutdown_cpus.h"

/* Without Hyper-V that header does not compile. */
#if IS_ENABLED(CONFIG_HYPERV)
#include <asm/mshyperv.h>
#else
#define hv_is_hyperv_initialized()	false
#endif

/* How long a CPU may take to come, when it can still be left where it is. */
#define STOP_PROBE_US		(2 * USEC_PER_SEC)

/*
 * The first gathering; each further one gets twice as long, because the reason
 * may also be a hypervisor that rarely runs all CPUs at once.  13 s in all.
 */
#define STOP_GATHER_US		(100 * USEC_PER_MSEC)
#define STOP_RENDEZVOUS_TRIES		7

/* From the call to PSCI OFF; firmware needs milliseconds at most. */
#define STOP_OFF_US		USEC_PER_SEC

/* The same, where PSCI 0.1 cannot be asked. */
#define STOP_BLIND_MS		2

/* Wait for whoever is just writing to the console. */
#define STOP_CONSOLE_US		(100 * USEC_PER_MSEC)

/* The low bits of stop_order; those above count calls, so that each is new. */
#define STOP_PASS		0U	/* say that you are here and go on */
#define STOP_STAY		1U	/* ... and wait for another order */
#define STOP_GO			2U	/* be off */
#define STOP_ORDERS		3U
#define STOP_CALL		4U

/* SGIs, PPIs and extended PPIs that a GIC can have. */
#define STOP_MAX_PERCPU_IRQS	96

/**
 * enum stop_state - how far a CPU has got with turning itself off
 * @STOP_ON: not there yet
 * @STOP_CALLS: it runs the last instructions before CPU_OFF, or firmware has it
 * @STOP_RETURNED: CPU_OFF returned, so it is in kernel text for good
 */
enum stop_state {
	STOP_ON,
	STOP_CALLS,
	STOP_RETURNED,
};

/**
 * struct stop_cpu - how one CPU is called
 * @work: for its stopper
 * @called: @work is queued and not yet begun
 * @seen: the last call that it answered
 * @state: written by the CPU itself after STOP_GO
 */
struct stop_cpu {
	struct cpu_stop_work work;
	bool called;
	unsigned int seen;
	enum stop_state state;
};

static DEFINE_PER_CPU(struct stop_cpu, stop_cpu);
static unsigned int stop_order;
static cpumask_t stop_missing;

/* Interrupts that each CPU has of its own; complete before STOP_GO. */
static unsigned int stop_irqs[STOP_MAX_PERCPU_IRQS];
static unsigned int stop_nr_irqs;

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static bool stop_show_irqs;
module_param_named(show_irqs, stop_show_irqs, bool, 0644);
MODULE_PARM_DESC(show_irqs, "count interrupts routed to CPUs that are off when leaving");

static bool stop_inject_on;
module_param_named(inject_cpu_on, stop_inject_on, bool, 0644);
MODULE_PARM_DESC(inject_cpu_on, "AFFINITY_INFO never reports OFF when leaving");
#else
#define stop_show_irqs false
#define stop_inject_on false
#endif

#ifdef CONFIG_HOTPLUG_CPU
/* Why no CPU can be turned off, with what helps, or NULL. */
static const char *stop_no_way_off(unsigned int cpu)
{
	const struct cpu_operations *ops = get_cpu_ops(cpu);

	if (!ops || !ops->cpu_die)
		return "CPUs without PSCI cannot be turned off; boot with nosmp";
	/* Only PSCI has this, and looks whether there is a CPU_OFF. */
	if (ops->cpu_disable && ops->cpu_disable(cpu) == -EOPNOTSUPP)
		return "firmware has no CPU_OFF; boot with nosmp";
	return NULL;
}

static bool cpu_can_disable(unsigned int cpu)
{
	const struct cpu_operations *ops = get_cpu_ops(cpu);

	return ops && ops->cpu_die && (!ops->cpu_can_disable || ops->cpu_can_disable(cpu));
}

static void stop_cpu_die(unsigned int cpu)
{
	get_cpu_ops(cpu)->cpu_die(cpu);
}
#else
static const char *stop_no_way_off(unsigned int cpu)
{
	return "no CONFIG_HOTPLUG_CPU to turn CPUs off; boot with nosmp";
}

static bool cpu_can_disable(unsigned int cpu)
{
	return false;
}

static void stop_cpu_die(unsigned int cpu)
{
}
#endif

/**
 * kexec_park_stuck() - find CPUs that would run while memory is overwritten
 *
 * A spin table counts even with one CPU online: the base does not tell whether
 * another one has failed to come up and is stuck in kernel text.
 *
 * Context: any.
 * Return: why reboot cannot start an image, with what helps, or NULL.
 */
const char *kexec_park_stuck(void)
{
	const char *why;

	if (is_protected_kvm_enabled())
		return "protected KVM keeps EL2; boot with kvm-arm.mode=nvhe";
	/* With nosmp no other CPU is present, so none was ever started. */
	if (num_present_cpus() == 1)
		return NULL;
	why = stop_no_way_off(raw_smp_processor_id());
	if (cpus_are_stuck_in_kernel())
		return why ?: "a CPU that failed to boot is stuck; boot with nosmp";
	if (num_online_cpus() == 1)
		return NULL;
	if (hv_is_hyperv_initialized())
		return "Hyper-V uses memory of other CPUs (SynIC); boot with nosmp";
	return why;
}

/* No interrupt may wake a CPU that is off (PSCI, DEN0022, "CPU_OFF"). */
static void stop_disable_irqs(void)
{
	unsigned int i;

	for (i = 0; i < stop_nr_irqs; i++)
		disable_percpu_irq(stop_irqs[i]);
}

/* The end of a CPU. */
static void __noreturn stop_self(void)
{
	unsigned int cpu = smp_processor_id();
	struct stop_cpu *this = this_cpu_ptr(&stop_cpu);

	local_daif_mask();
	stop_disable_irqs();
	/* Before the CPU is seen to be offline; pairs with stop_in_firmware(). */
	smp_store_release(&this->state, STOP_CALLS);
	set_cpu_online(cpu, false);
	stop_cpu_die(cpu);
	WRITE_ONCE(this->state, STOP_RETURNED);
	cpu_park_loop();
}

static int stop_stopper(void *unused)
{
	struct stop_cpu *this = this_cpu_ptr(&stop_cpu);
	unsigned int order;

	WRITE_ONCE(this->called, false);
	/*
	 * The store above before the load below; pairs with stop_call(), which
	 * has them the other way round.  Either this is the newest order or the
	 * caller sees that the work is free and queues it again.
	 */
	smp_mb();
	order = READ_ONCE(stop_order);

	/* Release: all that this CPU did for tasks is seen; pairs with stop_all_arrived(). */
	smp_store_release(&this->seen, order & ~STOP_ORDERS);
	if ((order & STOP_ORDERS) != STOP_STAY)
		return 0;

	/* Acquire: pairs with stop_set_order(). */
	order = smp_cond_load_acquire(&stop_order, VAL != order);
	if ((order & STOP_ORDERS) == STOP_GO)
		stop_self();
	return 0;
}

/* Call the CPUs of stop_missing; returns the number of the call. */
static unsigned int stop_call(unsigned int order)
{
	unsigned int cpu, call = (stop_order & ~STOP_ORDERS) + STOP_CALL;

	/* The order before the look at @called; pairs with stop_stopper(). */
	smp_store_mb(stop_order, call | order);
	for_each_cpu(cpu, &stop_missing) {
		struct stop_cpu *p = per_cpu_ptr(&stop_cpu, cpu);

		if (READ_ONCE(p->called))
			continue;
		WRITE_ONCE(p->called, true);
		if (!stop_one_cpu_nowait(cpu, stop_stopper, NULL, &p->work))
			WRITE_ONCE(p->called, false);
	}
	return call;
}

/* Tell those who stay what to do. */
static void stop_set_order(unsigned int order)
{
	/* Release: they go behind everything that we did; pairs with stop_stopper(). */
	smp_store_release(&stop_order, (stop_order & ~STOP_ORDERS) | order);
}

static bool stop_all_arrived(unsigned int call)
{
	unsigned int cpu;

	for_each_cpu(cpu, &stop_missing)
		/* Acquire: pairs with the release in stop_stopper(). */
		if (smp_load_acquire(&per_cpu(stop_cpu.seen, cpu)) == call)
			cpumask_clear_cpu(cpu, &stop_missing);
	return cpumask_empty(&stop_missing);
}

/* PSCI 0.1 cannot be asked. */
static bool stop_is_off(unsigned int cpu)
{
	if (cpu_online(cpu) || stop_inject_on)
		return false;
	return !psci_ops.affinity_info ||
	       psci_ops.affinity_info(cpu_logical_map(cpu), 0) == PSCI_0_2_AFFINITY_LEVEL_OFF;
}

static bool stop_all_off(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &stop_missing)
		if (stop_is_off(cpu))
			cpumask_clear_cpu(cpu, &stop_missing);
	return cpumask_empty(&stop_missing);
}

static int stop_probe_firmware(void)
{
	const char *why = kexec_park_stuck();
	unsigned int cpu, boot_cpu = reboot_cpu;

	/* As migrate_to_reboot_cpu() will choose. */
	if (!cpu_online(boot_cpu))
		boot_cpu = cpumask_first(cpu_online_mask);

	if (why) {
		pr_err("reboot refused: %s\n", why);
		return -EPERM;
	}
	for_each_online_cpu(cpu) {
		if (cpu == boot_cpu || cpu_can_disable(cpu))
			continue;
		pr_err("reboot refused: firmware does not let CPU%u be turned off; write %u to /sys/kernel/reboot/cpu to stay on it\n",
		       cpu, cpu);
		return -EPERM;
	}
	return 0;
}

static int stop_probe(void)
{
	unsigned int call;
	bool came;
	int ret;

	guard(cpus_read_lock)();

	ret = stop_probe_firmware();
	if (ret)
		return ret;
	cpumask_copy(&stop_missing, cpu_online_mask);
	call = stop_call(STOP_PASS);
	ret = read_poll_timeout(stop_all_arrived, came, came, 50, STOP_PROBE_US, false, call);
	if (!ret)
		return 0;

	/* Their works stay queued; who comes late says so to the next call. */
	pr_err("reboot refused: CPU %*pbl did not answer within %ld ms; see what keeps it busy, then try again\n",
	       cpumask_pr_args(&stop_missing), STOP_PROBE_US / USEC_PER_MSEC);
	return -EBUSY;
}

static void stop_select_others(void)
{
	cpumask_andnot(&stop_missing, cpu_online_mask, cpumask_of(smp_processor_id()));
}

/* By the clock: counted polls take far longer than they should where CPUs are slow. */
static bool stop_await(unsigned int call, u64 us)
{
	const u64 end = local_clock() + us * NSEC_PER_USEC;
	bool late = false;

	while (!stop_all_arrived(call)) {
		if (late)
			return false;
		udelay(1);
		/* One more look, however long this CPU was not run. */
		late = local_clock() > end;
	}
	return true;
}

/* On success the others stay in their stoppers, and preemption is off here. */
static bool stop_rendezvous(void)
{
	unsigned int i, call;

	for (i = 0; i < STOP_RENDEZVOUS_TRIES; i++) {
		preempt_disable();
		stop_select_others();
		call = stop_call(STOP_STAY);
		if (stop_await(call, STOP_GATHER_US << i))
			return true;
		stop_set_order(STOP_PASS);
		preempt_enable();
		/* This CPU's stopper may be the one that others wait for. */
		fsleep(USEC_PER_MSEC);
	}
	return false;
}

static bool stop_is_elsewhere(struct irq_data *d)
{
	const struct cpumask *route = irq_data_get_effective_affinity_mask(d);

	/* Some chips do not keep that mask. */
	if (cpumask_empty(route))
		route = irq_data_get_affinity_mask(d);
	return !cpumask_subset(route, cpumask_of(smp_processor_id()));
}

static bool stop_is_shared(struct irq_data *d)
{
	return irqd_is_started(d) && !irqd_is_per_cpu(d);
}

/*
 * Route SPIs and LPIs to this CPU and note the interrupts of each CPU.  The
 * others are in their stoppers with interrupts on, so none of them changes a
 * route, and each handles what it has pending.
 */
static void stop_route_irqs(void)
{
	struct irq_desc *desc;
	unsigned int irq;

	for_each_irq_desc(irq, desc) {
		struct irq_data *d = irq_desc_get_irq_data(desc);

		if (desc->percpu_enabled) {
			if (!cpumask_empty(desc->percpu_enabled) &&
			    stop_nr_irqs < ARRAY_SIZE(stop_irqs))
				stop_irqs[stop_nr_irqs++] = irq;
		} else if (stop_is_shared(d) && stop_is_elsewhere(d)) {
			/* A chip that cannot do it has no such route. */
			irq_set_affinity(irq, cpumask_of(smp_processor_id()));
		}
	}
}

static void stop_count_irqs(void)
{
	unsigned int irq, shared = 0, elsewhere = 0;
	struct irq_desc *desc;

	for_each_irq_desc(irq, desc) {
		struct irq_data *d = irq_desc_get_irq_data(desc);

		if (!desc->percpu_enabled && stop_is_shared(d)) {
			shared++;
			elsewhere += stop_is_elsewhere(d);
		}
	}
	pr_info("irqs: %u of %u routed to CPUs that are off\n", elsewhere, shared);
}

/* Whether no CPU of stop_missing can still execute kernel text. */
static bool stop_in_firmware(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &stop_missing)
		/* Acquire: pairs with the release in stop_self(). */
		if (smp_load_acquire(&per_cpu(stop_cpu.state, cpu)) != STOP_CALLS)
			return false;
	return true;
}

/* For PSCI 0.1: a CPU_OFF that fails returns at once. */
static bool stop_none_returned(void)
{
	unsigned int cpu;

	mdelay(STOP_BLIND_MS);
	for_each_present_cpu(cpu)
		if (READ_ONCE(per_cpu(stop_cpu.state, cpu)) == STOP_RETURNED)
			cpumask_set_cpu(cpu, &stop_missing);
	return cpumask_empty(&stop_missing);
}

static bool stop_turn_off(void)
{
	bool off;

	stop_route_irqs();
	/* Nothing but this function runs in this kernel from here on. */
	local_irq_disable();
	stop_select_others();
	stop_set_order(STOP_GO);
	read_poll_timeout_atomic(stop_all_off, off, off, 1, STOP_OFF_US, false);
	if (off && !psci_ops.affinity_info)
		off = stop_none_returned();
	if (off || !stop_in_firmware())
		return off;
	pr_warn("CPU %*pbl: AFFINITY_INFO does not report OFF (%lu ms)\n",
		cpumask_pr_args(&stop_missing), STOP_OFF_US / USEC_PER_MSEC);
	return true;
}

/*
 * A task that is parked while it owns the console takes it along, and what we
 * print then is never seen.  So have it ourselves; but not at any price.
 */
static bool stop_take_console(void)
{
	int got;

	return !read_poll_timeout(console_trylock, got, got, 100, STOP_CONSOLE_US, false);
}

static void stop_off(void)
{
	unsigned int nr = num_online_cpus() - 1;
	bool console = stop_take_console();
	bool came = stop_rendezvous();
	bool off = came && stop_turn_off();

	if (console)
		console_unlock();
	if (!off)
		panic("kexec: CPU %*pbl %s; devices are shut down, so there is no way back\n",
		      cpumask_pr_args(&stop_missing),
		      came ? "was not turned off by the firmware" : "did not come to be parked");
	pr_debug("%u CPUs are off\n", nr);
	if (stop_show_irqs)
		stop_count_irqs();
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
		return stop_probe();
	stop_off();
	return 0;
}
