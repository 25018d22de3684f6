// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: stopping the machine for a dump
 *
 * The CPU that panicked stops the others, each of which leaves its registers in
 * its note and then parks or powers off (ipi_cpu_crash_stop() in
 * arch/arm64/kernel/smp.c); leaves its own; and silences the interrupts that
 * devices may still raise, which the capture kernel would not know how to
 * handle.  The devices themselves are left as they are: touching them is not
 * safe any more.
 *
 * No lock, no allocation.  The wait for the other CPUs is bounded: one second
 * for an interrupt, and 10 ms more for a pseudo-NMI where there is one.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/kexec.h>
#include <linux/kexec_machine.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/smp.h>

/**
 * machine_crash_shutdown() - stop the other CPUs and mask all interrupts
 * @regs: registers that the dump shall show for this CPU
 *
 * A CPU that does not stop is named, and the dump goes on without its registers:
 * what it still does may show in the dump, but it cannot reach the reservation.
 *
 * Context: panic path, on the CPU that panicked; leaves interrupts off.
 */
noinline void machine_crash_shutdown(struct pt_regs *regs)
{
	unsigned int this_cpu;

	local_irq_disable();
	crash_smp_send_stop();

	this_cpu = smp_processor_id();
	crash_save_cpu(regs, this_cpu);
	if (smp_crash_stop_failed())
		pr_emerg("kexec: %u CPUs did not stop, the dump lacks their registers\n",
			 num_online_cpus() - cpu_online(this_cpu));

	machine_kexec_mask_interrupts();

	/* People and scripts look for this very line, so it has no prefix. */
	pr_notice("Starting crashdump kernel...\n");
}
