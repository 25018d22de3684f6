// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: ELF notes with the registers of each CPU
 *
 * The ELF core header and sysfs name their addresses, so they exist from boot on.  Only the
 * CPU itself writes its note, again if it panics again.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/elfcore.h>
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/percpu.h>
#include <linux/sched.h>

note_buf_t __percpu *crash_notes;

static int __init crash_notes_alloc(void)
{
	/*
	 * The header has one physical address for each, so a note must not cross a page
	 * boundary.
	 */
	const size_t align = roundup_pow_of_two(sizeof(note_buf_t));

	BUILD_BUG_ON(sizeof(note_buf_t) > PAGE_SIZE);

	crash_notes = __alloc_percpu(sizeof(note_buf_t), align);
	if (crash_notes)
		return 0;
	pr_err("no memory for the register notes (%zu bytes per CPU): dumps are not possible\n",
	       align);
	return -ENOMEM;
}
subsys_initcall(crash_notes_alloc);

/**
 * crash_save_cpu() - save the registers of a CPU in its note
 * @regs: the registers
 * @cpu: this CPU, interrupts off
 */
void __kexec_panic crash_save_cpu(struct pt_regs *regs, int cpu)
{
	struct elf_prstatus status = { .common.pr_pid = current->pid };
	u32 *note;

	if (cpu < 0 || cpu >= nr_cpu_ids || !crash_notes)
		return;

	elf_core_copy_regs(&status.pr_reg, regs);
	note = append_elf_note((u32 *)per_cpu_ptr(crash_notes, cpu), CRASH_CORE_NOTE_NAME,
			       NT_PRSTATUS, &status, sizeof(status));
	final_note(note);
}
