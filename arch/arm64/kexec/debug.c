// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: test parameters of the machine part
 *
 * See kernel/kexec/debug.c.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>

#include "debug.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

struct kexec_arch_debug_params kexec_arch_debug;

module_param_named(fail_table, kexec_arch_debug.fail_table, uint, 0644);
MODULE_PARM_DESC(fail_table, "make the N-th page-table allocation of each load fail (0: none)");

module_param_named(show_irqs, kexec_arch_debug.show_irqs, bool, 0644);
MODULE_PARM_DESC(show_irqs, "count interrupts routed to CPUs that are off when leaving");

module_param_named(inject_cpu_on, kexec_arch_debug.cpu_on, bool, 0644);
MODULE_PARM_DESC(inject_cpu_on, "AFFINITY_INFO never reports OFF when leaving");

static unsigned int debug_reloc_fault;
module_param_named(inject_reloc_fault, debug_reloc_fault, uint, 0644);
MODULE_PARM_DESC(inject_reloc_fault, "point the source of the N-th extent of each load to no memory (0: none)");

/**
 * kexec_arch_debug_fault() - make relocation fault if kexec.inject_reloc_fault is set
 * @plan: a plan with its tables of copies
 *
 * The source of one extent becomes the end of memory, where nothing is mapped.
 */
void kexec_arch_debug_fault(const struct kexec_plan *plan)
{
	struct kexec_extent_table *table = plan->copies;
	unsigned int left = debug_reloc_fault;

	while (left && table) {
		if (left <= table->nr) {
			table->extent[left - 1].src_pa = memblock_end_of_DRAM();
			pr_info("kexec.inject_reloc_fault: the source of extent %u is %#llx\n",
				debug_reloc_fault, table->extent[left - 1].src_pa);
			return;
		}
		left -= table->nr;
		table = table->next_pa == KEXEC_EXTENT_END ? NULL : phys_to_virt(table->next_pa);
	}
}
