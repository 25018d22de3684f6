// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the last C code of this kernel
 *
 * ==============  ===========================================================
 * image in place  __cpu_soft_restart() enters it
 * to be copied    arm64_relocate_new_kernel(), from a copy of its code, with
 *                 the MMU on and transitional page tables
 * to be copied,   the same routine, entered by __cpu_soft_restart() with the
 * no tables       MMU off
 * ==============  ===========================================================
 *
 * Each way ends at EL1, at EL2 (VHE), or from EL1 through an HVC at EL2 (nVHE, see
 * Documentation/arch/arm64/kexec/hvc.rst).
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpu.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/mmu_context.h>
#include <linux/panic.h>
#include <linux/smp.h>

#include <asm/daifflags.h>
#include <asm/virt.h>

#include "kern_reloc.h"
#include "reloc_state.h"

/* A CPU that runs while memory is overwritten would corrupt it. */
static void __kexec_panic exit_check_cpus(const struct kexec_plan *plan)
{
	if (plan->crash) {
		if (smp_crash_stop_failed())
			pr_emerg("some CPUs did not stop; the dump may not be consistent\n");
		return;
	}
	/* KEXEC_CPUS_OFF has turned the others off. */
	if (num_online_cpus() > 1)
		panic("kexec: %u CPUs still online\n", num_online_cpus());
}

static void __kexec_panic exit_check_arg(const struct reloc_state *st)
{
	if (st->arg->magic != KERN_RELOC_MAGIC || st->arg->version != KERN_RELOC_VERSION)
		panic("kexec: the relocation argument was overwritten (%#x, version %u)\n",
		      st->arg->magic, st->arg->version);
}

/* Not inlined: see sections.txt. */
static noinline void __noreturn __kexec_panic
exit_mmu_off(phys_addr_t entry_pa, phys_addr_t x0, bool el2)
{
	void __noreturn (*mmu_off)(u64 entry_pa, u64 x0, unsigned long el2);

	mmu_off = (void *)__pa_symbol(__cpu_soft_restart);
	cpu_install_idmap();
	mmu_off(entry_pa, x0, el2 ? KERN_RELOC_EL2 : 0);
}

/* No CFI: the copy of the routine has no type hash before it. */
static noinline void __noreturn __nocfi __kexec_panic
exit_mmu_on(const struct reloc_state *st)
{
	u64 arg = reloc_linear_va(virt_to_phys(st->arg));
	void __noreturn (*relocate)(u64 arg);

	relocate = (void *)(uintptr_t)st->code_pa;
	/* Invalidates the TLB first: it may hold user entries for these addresses. */
	cpu_install_ttbr0(st->ttbr0, st->t0sz);
	relocate(arg);
}

static void __noreturn __kexec_panic exit_relocate(const struct reloc_state *st)
{
	if (st->arg->flags & KERN_RELOC_EL2) {
		/*
		 * EL2 must not execute memory that is overwritten.  KVM, if it still owns
		 * EL2, restores the stub vectors, which accept new ones.
		 */
		__hyp_reset_vectors();
		__hyp_set_vectors(st->el2_vectors_pa);
	}

	if (st->arg->flags & KERN_RELOC_MMU_ON)
		exit_mmu_on(st);
	/* After the copies the routine does the HVC itself. */
	exit_mmu_off(st->code_pa, virt_to_phys(st->arg), false);
}

/**
 * machine_kexec() - start the next kernel
 * @image: a prepared image, clean to the point of coherency
 *
 * Context: the boot CPU, with the other CPUs off and devices shut down; or the panic path.
 */
noinline void __kexec_panic machine_kexec(struct kimage *image)
{
	const struct kexec_plan *plan = kexec_image_plan(image);
	const struct reloc_state *st = plan->arch_data;

	exit_check_cpus(plan);
	if (st)
		exit_check_arg(st);

	pr_info("Bye!\n");

	/*
	 * ------------------- POINT OF NO RETURN -------------------
	 * After this line there are no interrupts, no errors and no messages:
	 * DAIF is masked, TTBR0 and EL2 change, then memory is overwritten.
	 */
	local_daif_mask();

	if (st)
		exit_relocate(st);
	exit_mmu_off(plan->entry_pa, plan->dtb_pa, is_hyp_nvhe());
}
