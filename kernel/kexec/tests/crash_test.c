// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: crash_test - a module that panics on request
 *
 * A panic must result in a dump in every context, and user space can trigger a
 * panic only in a few of them.  Values of /sys/module/crash_test/parameters/do; PA is
 * a physical address:
 *
 * ==========  ==============================================================
 * irq         panic in a hard interrupt
 * spin        panic while the other CPUs spin with interrupts off
 * notifier    panic, and panic again in a panic notifier (it is called before the
 *             dump only with crash_kexec_post_notifiers)
 * die         oops, and panic in a die notifier
 * oops        write to address 0
 * warn        WARN()
 * hung        sleep in uninterruptible state, without an end
 * remote      write to address 0 in an interrupt of the last CPU
 * reboot      panic in a reboot notifier, at the next reboot
 * stall       keep the last CPU from its stopper until "go-on", for 16 seconds at most
 * go-on       end that
 * busy        spin on the last CPU from the next reboot notifier on
 * irqs        panic with interrupts of several chips, see crash_test_irqs()
 * irq-strike  panic, and panic again when an interrupt is masked
 * write PA    try to write to the linear map there, and print the result
 * flip PA     invert 8 bytes there through another mapping, as a device could
 * ==========  ==============================================================
 *
 * The reader of a dump looks for the marker in the memory of the module.
 */
#define pr_fmt(fmt) "crash_test: " fmt

#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irq_work.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/irqflags.h>
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

static char crash_test_marker[] __used = "kexec marker: data of a module";

static atomic_t crash_test_spinning;

static void crash_test_irq_handler(struct irq_work *work)
{
	panic("crash_test: in a hard interrupt, in_hardirq() is %d", !!in_hardirq());
}

static DEFINE_IRQ_WORK(crash_test_irq_work, crash_test_irq_handler);

static int crash_test_irq(u64 pa)
{
	irq_work_queue(&crash_test_irq_work);
	/* It arrives at once or not at all. */
	ssleep(1);
	return -EIO;
}

static void crash_test_spin_handler(void *unused)
{
	local_irq_disable();
	atomic_inc(&crash_test_spinning);
	for (;;)
		cpu_relax();
}

static int crash_test_spin(u64 pa)
{
	unsigned int cpu;

	preempt_disable();
	for_each_online_cpu(cpu)
		if (cpu != smp_processor_id())
			smp_call_function_single(cpu, crash_test_spin_handler, NULL, 0);
	while (atomic_read(&crash_test_spinning) < num_online_cpus() - 1)
		cpu_relax();
	panic("crash_test: %d CPUs spin with interrupts off", atomic_read(&crash_test_spinning));
}

static int crash_test_panic_again(struct notifier_block *nb, unsigned long event, void *text)
{
	static int depth;

	if (!depth++)
		panic("crash_test: in a panic notifier");
	return NOTIFY_DONE;
}

static struct notifier_block crash_test_panic_nb = { .notifier_call = crash_test_panic_again };

static int crash_test_notifier(u64 pa)
{
	atomic_notifier_chain_register(&panic_notifier_list, &crash_test_panic_nb);
	panic("crash_test: another one follows");
}

static int crash_test_panic_in_die(struct notifier_block *nb, unsigned long event, void *args)
{
	static int depth;

	if (event == DIE_OOPS && !depth++)
		panic("crash_test: in a die notifier");
	return NOTIFY_DONE;
}

static struct notifier_block crash_test_die_nb = { .notifier_call = crash_test_panic_in_die };

static int crash_test_oops(u64 pa)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	WRITE_ONCE(*nowhere, 1);
	return -EIO;
}

static void crash_test_remote_handler(void *unused)
{
	crash_test_oops(0);
}

static int crash_test_remote(u64 pa)
{
	int err = smp_call_function_single(cpumask_last(cpu_online_mask),
					   crash_test_remote_handler, NULL, 0);

	/* It arrives soon or not at all. */
	ssleep(1);
	return err ?: -EIO;
}

static int crash_test_die(u64 pa)
{
	register_die_notifier(&crash_test_die_nb);
	return crash_test_oops(pa);
}

static int crash_test_warn(u64 pa)
{
	WARN(1, "crash_test: as asked for\n");
	return 0;
}

static int crash_test_hung(u64 pa)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule();
	return 0;
}

static int crash_test_panic_at_reboot(struct notifier_block *nb, unsigned long event, void *cmd)
{
	panic("crash_test: in a reboot notifier");
}

static struct notifier_block crash_test_reboot_nb = {
	.notifier_call = crash_test_panic_at_reboot,
};

static int crash_test_reboot(u64 pa)
{
	return register_reboot_notifier(&crash_test_reboot_nb);
}

static DECLARE_COMPLETION(crash_test_runs);

static int crash_test_never_sleep(void *unused)
{
	preempt_disable();
	complete(&crash_test_runs);
	/* No signal ends this thread. */
	while (!kthread_should_stop())
		cpu_relax();
	return 0;
}

static int crash_test_busy_at_reboot(struct notifier_block *nb, unsigned long event, void *cmd)
{
	struct task_struct *task = kthread_create(crash_test_never_sleep, NULL, "crash_test");

	if (IS_ERR(task))
		return NOTIFY_DONE;
	kthread_bind(task, cpumask_last(cpu_online_mask));
	wake_up_process(task);
	/* Wait, so that the reboot does not start earlier. */
	wait_for_completion(&crash_test_runs);
	return NOTIFY_OK;
}

static struct notifier_block crash_test_busy_nb = {
	.notifier_call = crash_test_busy_at_reboot,
};

static int crash_test_busy(u64 pa)
{
	return register_reboot_notifier(&crash_test_busy_nb);
}

/* Longer than two readers of /sys/kernel/kexec/ready wait for a CPU; RCU waits longer. */
#define CRASH_TEST_STALL_MS	16000

static bool crash_test_stalled;

static int crash_test_stall_cpu(void *unused)
{
	const ktime_t end = ktime_add_ms(ktime_get(), CRASH_TEST_STALL_MS);

	preempt_disable();
	complete(&crash_test_runs);
	/* By the clock: mdelay() takes longer where CPUs are slow. */
	while (READ_ONCE(crash_test_stalled) && ktime_before(ktime_get(), end))
		cpu_relax();
	preempt_enable();
	return 0;
}

static int crash_test_stall(u64 pa)
{
	struct task_struct *task = kthread_create(crash_test_stall_cpu, NULL, "crash_test");

	if (IS_ERR(task))
		return PTR_ERR(task);
	WRITE_ONCE(crash_test_stalled, true);
	kthread_bind(task, cpumask_last(cpu_online_mask));
	wake_up_process(task);
	wait_for_completion(&crash_test_runs);
	return 0;
}

static int crash_test_go_on(u64 pa)
{
	WRITE_ONCE(crash_test_stalled, false);
	return 0;
}

/* Interrupts of each chip; no device raises them. */
#define CRASH_TEST_IRQS		4

static DEFINE_MUTEX(crash_test_bus);
static DEFINE_RAW_SPINLOCK(crash_test_chip_lock);

static void crash_test_say(struct irq_data *data, const char *what)
{
	pr_emerg("%s %s %lu\n", what, irq_data_get_irq_chip(data)->name, data->hwirq);
}

static void crash_test_irq_enable(struct irq_data *data)
{
}

static void crash_test_irq_mask(struct irq_data *data)
{
	crash_test_say(data, "mask");
}

static int crash_test_irq_state(struct irq_data *data, enum irqchip_irq_state which, bool on)
{
	crash_test_say(data, "state of");
	return 0;
}

static void crash_test_bus_lock(struct irq_data *data)
{
	mutex_lock(&crash_test_bus);
}

static void crash_test_bus_unlock(struct irq_data *data)
{
	mutex_unlock(&crash_test_bus);
}

static void crash_test_irq_mask_locked(struct irq_data *data)
{
	raw_spin_lock(&crash_test_chip_lock);
	crash_test_say(data, "mask");
	raw_spin_unlock(&crash_test_chip_lock);
}

static void crash_test_irq_mask_strike(struct irq_data *data)
{
	panic("crash_test: an interrupt is masked");
}

/* An ordinary chip. */
static struct irq_chip crash_test_fast = {
	.name = "fast",
	.irq_unmask = crash_test_irq_enable,
	.irq_mask = crash_test_irq_mask,
	.irq_set_irqchip_state = crash_test_irq_state,
};

/* A chip that is reached over a bus on which transfers sleep. */
static struct irq_chip crash_test_slow = {
	.name = "slow",
	.irq_unmask = crash_test_irq_enable,
	.irq_mask = crash_test_irq_mask,
	.irq_bus_lock = crash_test_bus_lock,
	.irq_bus_sync_unlock = crash_test_bus_unlock,
	.irq_set_irqchip_state = crash_test_irq_state,
};

/* A chip with registers that several interrupts share. */
static struct irq_chip crash_test_locked = {
	.name = "locked",
	.irq_unmask = crash_test_irq_enable,
	.irq_mask = crash_test_irq_mask_locked,
};

/* A chip whose registers can no longer be accessed. */
static struct irq_chip crash_test_strike = {
	.name = "strike",
	.irq_unmask = crash_test_irq_enable,
	.irq_mask = crash_test_irq_mask_strike,
};

static int crash_test_irq_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t hwirq)
{
	irq_set_chip_and_handler(irq, domain->host_data, handle_level_irq);
	return 0;
}

static const struct irq_domain_ops crash_test_irq_ops = { .map = crash_test_irq_map };

static irqreturn_t crash_test_irq_handle(int irq, void *data)
{
	return IRQ_NONE;
}

/* Map CRASH_TEST_IRQS interrupts of @chip and start the first @nr; returns the first. */
static int crash_test_irq_chip(struct irq_chip *chip, unsigned int nr)
{
	struct irq_domain *domain;
	unsigned int i, irq, first = 0;
	int ret;

	domain = irq_domain_create_linear(NULL, CRASH_TEST_IRQS, &crash_test_irq_ops, chip);
	if (!domain)
		return -ENOMEM;
	for (i = 0; i < CRASH_TEST_IRQS; i++) {
		irq = irq_create_mapping(domain, i);
		if (!irq)
			return -ENOMEM;
		first = first ?: irq;
		ret = i < nr ? request_irq(irq, crash_test_irq_handle, 0, chip->name, chip) : 0;
		if (ret)
			return ret;
	}
	return first;
}

/*
 * One interrupt of a fast chip and one of a slow bus are started, while a task owns
 * that bus.  Two of a third chip are started; the panic comes with the descriptor of
 * the first and the chip itself locked.
 */
static int crash_test_irqs(u64 pa)
{
	int fast = crash_test_irq_chip(&crash_test_fast, 1);
	int slow = crash_test_irq_chip(&crash_test_slow, 1);
	int locked = crash_test_irq_chip(&crash_test_locked, 2);

	if (fast < 0 || slow < 0 || locked < 0)
		return -EIO;
	mutex_lock(&crash_test_bus);
	raw_spin_lock_irq(&irq_data_to_desc(irq_get_irq_data(locked))->lock);
	raw_spin_lock(&crash_test_chip_lock);
	panic("crash_test: an interrupt descriptor is locked");
}

static int crash_test_irq_strike(u64 pa)
{
	int irq = crash_test_irq_chip(&crash_test_strike, 1);

	if (irq < 0)
		return irq;
	panic("crash_test: an interrupt chip is dead");
}

static int crash_test_write(u64 pa)
{
	u64 *there = phys_to_virt(pa), value = READ_ONCE(*there);

	pagefault_disable();
	__put_kernel_nofault(there, &value, u64, fault);
	pagefault_enable();
	pr_notice("write to %#llx: done\n", pa);
	return 0;
fault:
	pagefault_enable();
	pr_notice("write to %#llx: fault\n", pa);
	return 0;
}

static int crash_test_flip(u64 pa)
{
	struct page *page = pfn_to_page(PHYS_PFN(pa));
	u64 *va = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!va)
		return -ENOMEM;
	va[offset_in_page(pa) / sizeof(*va)] ^= ~0ULL;
	vunmap(va);
	pr_notice("flipped %#llx\n", pa);
	return 0;
}

static const struct crash_test_action {
	const char *name;
	int (*run)(u64 pa);
} crash_test_actions[] = {
	{ "irq", crash_test_irq },
	{ "spin", crash_test_spin },
	{ "notifier", crash_test_notifier },
	{ "die", crash_test_die },
	{ "oops", crash_test_oops },
	{ "warn", crash_test_warn },
	{ "hung", crash_test_hung },
	{ "remote", crash_test_remote },
	{ "reboot", crash_test_reboot },
	{ "stall", crash_test_stall },
	{ "go-on", crash_test_go_on },
	{ "busy", crash_test_busy },
	{ "irqs", crash_test_irqs },
	{ "irq-strike", crash_test_irq_strike },
	{ "write", crash_test_write },
	{ "flip", crash_test_flip },
};

static int crash_test_do(const char *text, const struct kernel_param *kp)
{
	unsigned int i;
	char name[16];
	u64 pa = 0;

	if (sscanf(text, "%15s %lli", name, &pa) < 1)
		return -EINVAL;
	if (pa & (sizeof(u64) - 1) || (pa && !pfn_valid(PHYS_PFN(pa))))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(crash_test_actions); i++)
		if (!strcmp(name, crash_test_actions[i].name))
			return crash_test_actions[i].run(pa);
	return -EINVAL;
}

static const struct kernel_param_ops crash_test_do_ops = { .set = crash_test_do };
module_param_cb(do, &crash_test_do_ops, NULL, 0200);
MODULE_PARM_DESC(do, "what to do, see the comment at the top of the source");

static int __init crash_test_init(void)
{
	pr_notice("%s\n", crash_test_marker);
	return 0;
}
module_init(crash_test_init);

static void __exit crash_test_exit(void)
{
}
module_exit(crash_test_exit);

MODULE_DESCRIPTION("Panics in many contexts, to test dumps");
MODULE_LICENSE("GPL");
