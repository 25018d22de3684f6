// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: stopping the machine for a dump
 *
 * The other CPUs leave their registers in their notes and park or power off.  Devices are
 * left as they are, because touching them is not safe any more.
 *
 * Interrupts are masked for controllers that the capture kernel does not initialize from
 * scratch, as it does the GIC.  That must not cost the dump, so it omits::
 *
 *	interrupts that were not started	their chip may be without clock or power
 *	chips on slow busses (irq_bus_lock)	their callbacks sleep
 *	descriptors that are locked		the owner is stopped, or this CPU itself
 *	chips of such a descriptor		their own lock is likely held, too
 *
 * If a callback faults, the next attempt to start the capture kernel masks nothing.
 *
 * Nothing here waits for a lock.  The other CPUs have one second for an interrupt, and 10
 * ms more for a pseudo-NMI.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqflags.h>
#include <linux/irqnr.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

/* With more, nothing is masked. */
#define CRASH_STOP_CHIPS	16

/* Chips whose callbacks may wait for a lock for ever. */
struct crash_stop_chips {
	const struct irq_chip *chip[CRASH_STOP_CHIPS];
	unsigned int nr;
};

static bool __kexec_panic crash_stop_chip_known(const struct crash_stop_chips *chips,
						const struct irq_chip *chip)
{
	unsigned int i;

	for (i = 0; i < chips->nr && i < CRASH_STOP_CHIPS; i++)
		if (chips->chip[i] == chip)
			return true;
	return false;
}

/* All chips of the hierarchy: each callback may call the parent. */
static void __kexec_panic crash_stop_add_chips(struct crash_stop_chips *chips,
					       struct irq_data *data)
{
	for (; data; data = data->parent_data) {
		const struct irq_chip *chip = irq_data_get_irq_chip(data);

		if (!chip || crash_stop_chip_known(chips, chip))
			continue;
		if (chips->nr < CRASH_STOP_CHIPS)
			chips->chip[chips->nr] = chip;
		chips->nr++;
	}
}

static void __kexec_panic crash_stop_find_locked(struct crash_stop_chips *chips)
{
	struct irq_desc *desc;
	unsigned int irq;

	for_each_irq_desc(irq, desc)
		if (raw_spin_is_locked(&desc->lock))
			crash_stop_add_chips(chips, irq_desc_get_irq_data(desc));
}

/* Per-CPU interrupts are never marked as started or unmasked. */
static bool __kexec_panic crash_stop_is_percpu(const struct irq_desc *desc)
{
	return desc->percpu_enabled &&
	       cpumask_test_cpu(smp_processor_id(), desc->percpu_enabled);
}

static bool __kexec_panic crash_stop_is_safe(const struct crash_stop_chips *locked,
					     struct irq_data *data)
{
	for (; data; data = data->parent_data) {
		const struct irq_chip *chip = irq_data_get_irq_chip(data);

		if (chip && (chip->irq_bus_lock || crash_stop_chip_known(locked, chip)))
			return false;
	}
	return locked->nr <= CRASH_STOP_CHIPS;
}

/* Not inlined: see sections.txt. */
static noinline bool __kexec_panic crash_stop_deactivate(struct irq_data *data)
{
	for (; data; data = data->parent_data) {
		struct irq_chip *chip = irq_data_get_irq_chip(data);

		if (chip && chip->irq_set_irqchip_state)
			return !chip->irq_set_irqchip_state(data, IRQCHIP_STATE_ACTIVE, false);
	}
	return false;
}

/* The caller holds the lock of the descriptor.  Not inlined: see sections.txt. */
static noinline void __kexec_panic crash_stop_silence(struct irq_desc *desc)
{
	struct irq_data *data = irq_desc_get_irq_data(desc);
	struct irq_chip *chip = irq_data_get_irq_chip(data);

	if (crash_stop_is_percpu(desc) || !irqd_irq_masked(data)) {
		if (chip->irq_disable)
			chip->irq_disable(data);
		else if (chip->irq_mask)
			chip->irq_mask(data);
	}
	/* Its handler was interrupted, or it was forwarded to a guest. */
	if (!crash_stop_deactivate(data) && irqd_irq_inprogress(data) && chip->irq_eoi)
		chip->irq_eoi(data);
}

static bool __kexec_panic crash_stop_irq(const struct crash_stop_chips *locked,
					 struct irq_desc *desc)
{
	if (!crash_stop_is_safe(locked, irq_desc_get_irq_data(desc)) ||
	    !arch_spin_trylock(&desc->lock.raw_lock))
		return false;
	crash_stop_silence(desc);
	arch_spin_unlock(&desc->lock.raw_lock);
	return true;
}

static void __kexec_panic crash_stop_irqs(void)
{
	static bool begun, done;
	struct crash_stop_chips locked = { };
	unsigned int irq, left = 0;
	struct irq_desc *desc;

	if (begun) {
		if (!done)
			pr_warn("kexec: interrupts are not masked: a chip has faulted\n");
		return;
	}
	begun = true;
	crash_stop_find_locked(&locked);
	for_each_irq_desc(irq, desc) {
		if (!irq_desc_get_chip(desc) ||
		    (!irqd_is_started(irq_desc_get_irq_data(desc)) && !crash_stop_is_percpu(desc)))
			continue;
		left += !crash_stop_irq(&locked, desc);
	}
	done = true;
	if (left)
		pr_notice("kexec: %u interrupts not masked: chip locked or on a slow bus\n", left);
}

/**
 * machine_crash_shutdown() - stop the other CPUs and mask interrupts
 * @regs: registers that the dump shall show for this CPU
 *
 * A CPU that does not stop is named, and the dump lacks its registers.
 */
noinline void __kexec_panic machine_crash_shutdown(struct pt_regs *regs)
{
	unsigned int this_cpu;

	raw_local_irq_disable();
	crash_smp_send_stop();

	this_cpu = smp_processor_id();
	crash_save_cpu(regs, this_cpu);
	if (smp_crash_stop_failed())
		pr_emerg("kexec: %u CPUs did not stop, the dump lacks their registers\n",
			 num_online_cpus() - cpu_online(this_cpu));

	crash_stop_irqs();

	/* Scripts look for this line, so it has no prefix. */
	pr_notice("Starting crashdump kernel...\n");
}
