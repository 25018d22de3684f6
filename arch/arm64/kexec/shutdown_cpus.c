// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: shutdown of the other CPUs
 *
 * All CPUs but the one that enters the next kernel must be off (booting.rst, "CPUs must be
 * in PSCI OFF").  CPU hotplug needs 37 ms for each.  Its state is no longer needed, so the
 * CPUs power off in parallel, without the callbacks; hotplug.rst lists what this replaces.
 *
 * A CPU is called through its stopper thread, which runs only if the CPU holds no spinlock,
 * so no lock that a later function acquires stays locked. KEXEC_CPUS_PROBE calls the
 * CPUs before anything is shut down, and for readers of /sys/kernel/kexec/ready.
 *
 * To power off, all CPUs rendezvous in their stoppers with interrupts enabled.  Otherwise a
 * CPU waiting in smp_call_function_many() for one that is already off would never arrive.
 * The rendezvous can deadlock with that of stop_machine() or stop_two_cpus(), so it is
 * aborted after a while and repeated.
 *
 * PSCI (DEN0022, "CPU_OFF") requires the caller to migrate interrupts first: this CPU
 * routes all SPIs and LPIs to itself during the rendezvous, and each other CPU disables its
 * own SGIs and PPIs.
 *
 * A CPU whose CPU_OFF returns executes kernel text that relocation would overwrite, so this
 * is a panic.  One that is in the firmware but not reported OFF is a warning, see
 * decisions.rst.
 *
 * CPU hotplug is disabled, or its read lock is held.  Below it stop_lock guards all data
 * here; stoppers read stop_order and write to their own &struct stop_cpu.  Once the CPUs
 * are being shut down the lock stays held, and a reader of ready waits for the end.
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
#include <linux/mutex.h>
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

#include "debug.h"
#include "shutdown_cpus.h"

/* The header does not compile without Hyper-V. */
#if IS_ENABLED(CONFIG_HYPERV)
#include <asm/mshyperv.h>
#else
#define hv_is_hyperv_initialized()	false
#endif

/* Time to respond while the reboot can still be refused. */
#define STOP_PROBE_US		(2 * USEC_PER_SEC)

/*
 * Time of the first rendezvous, doubled for each further one, because a hypervisor may
 * rarely run all CPUs at once.  13 s in total.
 */
#define STOP_GATHER_US		(100 * USEC_PER_MSEC)
#define STOP_RENDEZVOUS_TRIES		7

/* Time from the call to PSCI OFF; firmware needs milliseconds at most. */
#define STOP_OFF_US		USEC_PER_SEC

/* The same, if PSCI 0.1 has no AFFINITY_INFO. */
#define STOP_BLIND_MS		2

#define STOP_CONSOLE_US		(100 * USEC_PER_MSEC)

/* Orders in the low bits of stop_order; the bits above count calls. */
#define STOP_PASS		0U
#define STOP_STAY		1U	/* respond, and wait for the next order */
#define STOP_GO			2U
#define STOP_ORDERS		3U
#define STOP_CALL		4U

/* SGIs, PPIs and extended PPIs that a GIC can have. */
#define STOP_MAX_PERCPU_IRQS	96

/**
 * enum stop_state - progress of a CPU that powers itself off
 * @STOP_ON: not started
 * @STOP_CALLS: before CPU_OFF, or in firmware
 * @STOP_RETURNED: CPU_OFF returned, so the CPU stays in kernel text
 */
enum stop_state {
	STOP_ON,
	STOP_CALLS,
	STOP_RETURNED,
};

/**
 * struct stop_cpu - the call of one CPU
 * @work: for its stopper
 * @called: @work is queued and has not started
 * @seen: the last call that it responded to
 * @state: written by the CPU itself
 */
struct stop_cpu {
	struct cpu_stop_work work;
	bool called;
	unsigned int seen;
	enum stop_state state;
};

static DEFINE_MUTEX(stop_lock);
static DEFINE_PER_CPU(struct stop_cpu, stop_cpu);
static unsigned int stop_order;
static cpumask_t stop_missing;

/* Complete before STOP_GO. */
static unsigned int stop_irqs[STOP_MAX_PERCPU_IRQS];
static unsigned int stop_nr_irqs;

#ifdef CONFIG_HOTPLUG_CPU
/* Why no CPU can be turned off, with the remedy, or NULL. */
static const char *stop_no_way_off(unsigned int cpu)
{
	const struct cpu_operations *ops = get_cpu_ops(cpu);

	if (!ops || !ops->cpu_die)
		return "CPUs without PSCI cannot be turned off; boot with nosmp";
	/* Only PSCI has cpu_can_disable(), which checks for CPU_OFF. */
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
 * kexec_shutdown_cpus_stuck() - find CPUs that would run while memory is overwritten
 *
 * A spin table counts even with one CPU online: another one that failed to boot may be in
 * kernel text.
 *
 * Return: the reason and remedy, or NULL.
 */
const char *kexec_shutdown_cpus_stuck(void)
{
	const char *why;

	if (is_protected_kvm_enabled())
		return "protected KVM keeps EL2; boot with kvm-arm.mode=nvhe";
	/* With nosmp no other CPU is present, so none was started. */
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

/* No interrupt may wake a CPU that is off (DEN0022, "CPU_OFF"). */
static void stop_disable_irqs(void)
{
	unsigned int i;

	for (i = 0; i < stop_nr_irqs; i++)
		disable_percpu_irq(stop_irqs[i]);
}

static void __noreturn stop_self(void)
{
	unsigned int cpu = smp_processor_id();
	struct stop_cpu *this = this_cpu_ptr(&stop_cpu);

	local_daif_mask();
	stop_disable_irqs();
	/* Visible before the CPU is offline; pairs with stop_in_firmware(). */
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
	 * Orders the store to @called before the load of stop_order; pairs with
	 * stop_call(), which has the opposite order.  Either this is the newest order, or
	 * the caller queues the work again.
	 */
	smp_mb();
	order = READ_ONCE(stop_order);

	/* Release: pairs with the acquire in stop_all_arrived(). */
	smp_store_release(&this->seen, order & ~STOP_ORDERS);
	if ((order & STOP_ORDERS) != STOP_STAY)
		return 0;

	/* Acquire: pairs with the release in stop_set_order(). */
	order = smp_cond_load_acquire(&stop_order, VAL != order);
	if ((order & STOP_ORDERS) == STOP_GO)
		stop_self();
	return 0;
}

/* Returns the number of the call. */
static unsigned int stop_call(unsigned int order)
{
	unsigned int cpu, call = (stop_order & ~STOP_ORDERS) + STOP_CALL;

	/* Orders the order before the load of @called; pairs with stop_stopper(). */
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

static void stop_set_order(unsigned int order)
{
	/* Release: pairs with the acquire in stop_stopper(). */
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

/* PSCI 0.1 has no AFFINITY_INFO. */
static bool stop_is_off(unsigned int cpu)
{
	if (cpu_online(cpu) || kexec_arch_debug.cpu_on)
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

static int stop_probe_firmware(struct kexec_refusal *refusal)
{
	const char *why = kexec_shutdown_cpus_stuck();
	unsigned int cpu, boot_cpu = reboot_cpu;

	/* The CPU that migrate_to_reboot_cpu() selects. */
	if (!cpu_online(boot_cpu))
		boot_cpu = cpumask_first(cpu_online_mask);

	if (why) {
		kexec_refusal_err(refusal, "reboot refused: %s\n", why);
		return -EPERM;
	}
	for_each_online_cpu(cpu) {
		if (cpu == boot_cpu || cpu_can_disable(cpu))
			continue;
		kexec_refusal_err(refusal, "reboot refused: firmware keeps CPU%u on; write %u to /sys/kernel/reboot/cpu\n",
				  cpu, cpu);
		return -EPERM;
	}
	return 0;
}

static int stop_probe(struct kexec_refusal *refusal)
{
	unsigned int call;
	bool arrived;
	int ret;

	guard(mutex)(&stop_lock);
	ret = stop_probe_firmware(refusal);
	if (ret)
		return ret;
	cpumask_copy(&stop_missing, cpu_online_mask);
	call = stop_call(STOP_PASS);
	ret = read_poll_timeout(stop_all_arrived, arrived, arrived, 50, STOP_PROBE_US, false, call);
	if (!ret)
		return 0;

	/* The work stays queued; a late CPU responds to the next call. */
	kexec_refusal_err(refusal, "reboot refused: CPU %*pbl did not respond within %ld ms\n",
			  cpumask_pr_args(&stop_missing), STOP_PROBE_US / USEC_PER_MSEC);
	return -EBUSY;
}

static void stop_select_others(void)
{
	cpumask_andnot(&stop_missing, cpu_online_mask, cpumask_of(smp_processor_id()));
}

/* By the clock, because polls take long where CPUs are slow. */
static bool stop_await(unsigned int call, u64 us)
{
	const u64 end = local_clock() + us * NSEC_PER_USEC;
	bool late = false;

	while (!stop_all_arrived(call)) {
		if (late)
			return false;
		udelay(1);
		/* Check once more: this CPU may have been stalled. */
		late = local_clock() > end;
	}
	return true;
}

/* On success the other CPUs stay in their stoppers, and preemption is disabled here. */
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
		/* Another rendezvous may wait for the stopper of this CPU. */
		fsleep(USEC_PER_MSEC);
	}
	return false;
}

static bool stop_is_elsewhere(struct irq_data *d)
{
	const struct cpumask *route = irq_data_get_effective_affinity_mask(d);

	/* Some chips do not maintain that mask. */
	if (cpumask_empty(route))
		route = irq_data_get_affinity_mask(d);
	return !cpumask_subset(route, cpumask_of(smp_processor_id()));
}

static bool stop_is_shared(struct irq_data *d)
{
	return irqd_is_started(d) && !irqd_is_per_cpu(d);
}

/*
 * The other CPUs are in their stoppers with interrupts enabled: none changes a route, and
 * each handles its pending interrupts.
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
			/* A chip without irq_set_affinity() has no such route. */
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
 * A task that is stopped while it owns the console keeps it, and later messages are lost.
 */
static bool stop_take_console(void)
{
	int got;

	return !read_poll_timeout(console_trylock, got, got, 100, STOP_CONSOLE_US, false);
}

static void stop_off(void)
{
	unsigned int nr = num_online_cpus() - 1;
	bool console, arrived, off;

	/* Never released: this kernel ends. */
	mutex_lock(&stop_lock);
	console = stop_take_console();
	arrived = stop_rendezvous();
	off = arrived && stop_turn_off();
	if (console)
		console_unlock();
	if (!off)
		panic("kexec: CPU %*pbl %s, and devices are shut down\n",
		      cpumask_pr_args(&stop_missing),
		      arrived ? "was not turned off by the firmware" : "did not respond");
	pr_debug("%u CPUs are off\n", nr);
	if (kexec_arch_debug.show_irqs)
		stop_count_irqs();
}

/**
 * kexec_arch_shutdown_cpus() - turn the other CPUs off, or check that it is possible
 * @how: KEXEC_CPUS_PROBE or KEXEC_CPUS_OFF
 * @refusal: receives the reason if a CPU cannot be turned off, or NULL for the log;
 *           for KEXEC_CPUS_PROBE only
 *
 * After KEXEC_CPUS_OFF this CPU is the only one, with interrupts and preemption disabled.  A
 * CPU that does not power off is a panic.
 *
 * Context: process context, may sleep.  KEXEC_CPUS_PROBE: the caller has disabled CPU hotplug
 * or holds its read lock.  KEXEC_CPUS_OFF: CPU hotplug is disabled, and this CPU will enter
 * the next kernel.
 * Return: 0; -EBUSY if a CPU does not respond or -EPERM if one must not be turned off, both
 * for KEXEC_CPUS_PROBE only and after one line.
 */
int kexec_arch_shutdown_cpus(enum kexec_cpus_op how, struct kexec_refusal *refusal)
{
	if (how == KEXEC_CPUS_PROBE)
		return stop_probe(refusal);
	stop_off();
	return 0;
}
