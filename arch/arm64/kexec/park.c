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
 * read park_order and write to their own &struct park_cpu.
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
#include <linux/kexec_machine.h>
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

#include "park.h"

/* Without Hyper-V that header does not compile. */
#if IS_ENABLED(CONFIG_HYPERV)
#include <asm/mshyperv.h>
#else
#define hv_is_hyperv_initialized()	false
#endif

/* How long a CPU may take to come, when it can still be left where it is. */
#define PARK_PROBE_US		(2 * USEC_PER_SEC)

/*
 * The first gathering; each further one gets twice as long, because the reason
 * may also be a hypervisor that rarely runs all CPUs at once.  13 s in all.
 */
#define PARK_GATHER_US		(100 * USEC_PER_MSEC)
#define PARK_GATHERINGS		7

/* From the call to PSCI OFF; firmware needs milliseconds at most. */
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

/* SGIs, PPIs and extended PPIs that a GIC can have. */
#define PARK_MAX_PERCPU_IRQS	96

/**
 * enum park_state - how far a CPU has got with turning itself off
 * @PARK_ON: not there yet
 * @PARK_CALLS: it runs the last instructions before CPU_OFF, or firmware has it
 * @PARK_RETURNED: CPU_OFF returned, so it is in kernel text for good
 */
enum park_state {
	PARK_ON,
	PARK_CALLS,
	PARK_RETURNED,
};

/**
 * struct park_cpu - how one CPU is called
 * @work: for its stopper
 * @called: @work is queued and not yet begun
 * @seen: the last call that it answered
 * @state: written by the CPU itself after PARK_GO
 */
struct park_cpu {
	struct cpu_stop_work work;
	bool called;
	unsigned int seen;
	enum park_state state;
};

static DEFINE_PER_CPU(struct park_cpu, park_cpu);
static unsigned int park_order;
static cpumask_t park_missing;

/* Interrupts that each CPU has of its own; complete before PARK_GO. */
static unsigned int park_irqs[PARK_MAX_PERCPU_IRQS];
static unsigned int park_nr_irqs;

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

static bool park_show_irqs;
module_param_named(show_irqs, park_show_irqs, bool, 0644);
MODULE_PARM_DESC(show_irqs, "count interrupts routed to CPUs that are off when leaving");

static bool park_inject_on;
module_param_named(inject_cpu_on, park_inject_on, bool, 0644);
MODULE_PARM_DESC(inject_cpu_on, "AFFINITY_INFO never reports OFF when leaving");
#else
#define park_show_irqs false
#define park_inject_on false
#endif

#ifdef CONFIG_HOTPLUG_CPU
/* Why no CPU can be turned off, with what helps, or NULL. */
static const char *park_no_way_off(unsigned int cpu)
{
	const struct cpu_operations *ops = get_cpu_ops(cpu);

	if (!ops || !ops->cpu_die)
		return "CPUs without PSCI cannot be turned off; boot with nosmp";
	/* Only PSCI has this, and looks whether there is a CPU_OFF. */
	if (ops->cpu_disable && ops->cpu_disable(cpu) == -EOPNOTSUPP)
		return "firmware has no CPU_OFF; boot with nosmp";
	return NULL;
}

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
static const char *park_no_way_off(unsigned int cpu)
{
	return "no CONFIG_HOTPLUG_CPU to turn CPUs off; boot with nosmp";
}

static bool park_may_go(unsigned int cpu)
{
	return false;
}

static void park_die(unsigned int cpu)
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
	why = park_no_way_off(raw_smp_processor_id());
	if (cpus_are_stuck_in_kernel())
		return why ?: "a CPU that failed to boot is stuck; boot with nosmp";
	if (num_online_cpus() == 1)
		return NULL;
	if (hv_is_hyperv_initialized())
		return "Hyper-V uses memory of other CPUs (SynIC); boot with nosmp";
	return why;
}

/* No interrupt may wake a CPU that is off (PSCI, DEN0022, "CPU_OFF"). */
static void park_disable_irqs(void)
{
	unsigned int i;

	for (i = 0; i < park_nr_irqs; i++)
		disable_percpu_irq(park_irqs[i]);
}

/* The end of a CPU. */
static void __noreturn park_self(void)
{
	unsigned int cpu = smp_processor_id();
	struct park_cpu *this = this_cpu_ptr(&park_cpu);

	local_daif_mask();
	park_disable_irqs();
	/* Before the CPU is seen to be offline; pairs with park_in_firmware(). */
	smp_store_release(&this->state, PARK_CALLS);
	set_cpu_online(cpu, false);
	park_die(cpu);
	WRITE_ONCE(this->state, PARK_RETURNED);
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
	if (cpu_online(cpu) || park_inject_on)
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

static bool park_is_elsewhere(struct irq_data *d)
{
	const struct cpumask *route = irq_data_get_effective_affinity_mask(d);

	/* Some chips do not keep that mask. */
	if (cpumask_empty(route))
		route = irq_data_get_affinity_mask(d);
	return !cpumask_subset(route, cpumask_of(smp_processor_id()));
}

static bool park_is_shared(struct irq_data *d)
{
	return irqd_is_started(d) && !irqd_is_per_cpu(d);
}

/*
 * Route SPIs and LPIs to this CPU and note the interrupts of each CPU.  The
 * others are in their stoppers with interrupts on, so none of them changes a
 * route, and each handles what it has pending.
 */
static void park_route_irqs(void)
{
	struct irq_desc *desc;
	unsigned int irq;

	for_each_irq_desc(irq, desc) {
		struct irq_data *d = irq_desc_get_irq_data(desc);

		if (desc->percpu_enabled) {
			if (!cpumask_empty(desc->percpu_enabled) &&
			    park_nr_irqs < ARRAY_SIZE(park_irqs))
				park_irqs[park_nr_irqs++] = irq;
		} else if (park_is_shared(d) && park_is_elsewhere(d)) {
			/* A chip that cannot do it has no such route. */
			irq_set_affinity(irq, cpumask_of(smp_processor_id()));
		}
	}
}

static void park_count_irqs(void)
{
	unsigned int irq, shared = 0, elsewhere = 0;
	struct irq_desc *desc;

	for_each_irq_desc(irq, desc) {
		struct irq_data *d = irq_desc_get_irq_data(desc);

		if (!desc->percpu_enabled && park_is_shared(d)) {
			shared++;
			elsewhere += park_is_elsewhere(d);
		}
	}
	pr_info("irqs: %u of %u routed to CPUs that are off\n", elsewhere, shared);
}

/* Whether no CPU of park_missing can still execute kernel text. */
static bool park_in_firmware(void)
{
	unsigned int cpu;

	for_each_cpu(cpu, &park_missing)
		/* Acquire: pairs with the release in park_self(). */
		if (smp_load_acquire(&per_cpu(park_cpu.state, cpu)) != PARK_CALLS)
			return false;
	return true;
}

/* For PSCI 0.1: a CPU_OFF that fails returns at once. */
static bool park_none_returned(void)
{
	unsigned int cpu;

	mdelay(PARK_BLIND_MS);
	for_each_present_cpu(cpu)
		if (READ_ONCE(per_cpu(park_cpu.state, cpu)) == PARK_RETURNED)
			cpumask_set_cpu(cpu, &park_missing);
	return cpumask_empty(&park_missing);
}

static bool park_turn_off(void)
{
	bool off;

	park_route_irqs();
	/* Nothing but this function runs in this kernel from here on. */
	local_irq_disable();
	park_want_others();
	park_tell(PARK_GO);
	read_poll_timeout_atomic(park_all_off, off, off, 1, PARK_OFF_US, false);
	if (off && !psci_ops.affinity_info)
		off = park_none_returned();
	if (off || !park_in_firmware())
		return off;
	pr_warn("CPU %*pbl: AFFINITY_INFO does not report OFF (%lu ms)\n",
		cpumask_pr_args(&park_missing), PARK_OFF_US / USEC_PER_MSEC);
	return true;
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
	if (park_show_irqs)
		park_count_irqs();
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
