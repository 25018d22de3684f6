// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: offsets for relocate.S and cpu_reset.S
 *
 * Compiled to assembly only; Kbuild makes kern-reloc-offsets.h out of that.
 */
#include <linux/kbuild.h>

#include "kern_reloc.h"

int main(void);

int main(void)
{
	OFFSET(RELOC_ARG_FLAGS, kern_reloc_arg, flags);
	OFFSET(RELOC_ARG_DCACHE_LINE, kern_reloc_arg, dcache_line);
	OFFSET(RELOC_ARG_ENTRY_PA, kern_reloc_arg, entry_pa);
	OFFSET(RELOC_ARG_DTB_PA, kern_reloc_arg, dtb_pa);
	OFFSET(RELOC_ARG_TABLE_PA, kern_reloc_arg, table_pa);
	OFFSET(RELOC_ARG_TTBR1, kern_reloc_arg, ttbr1);
	OFFSET(RELOC_ARG_TTBR1_EMPTY, kern_reloc_arg, ttbr1_empty);
	OFFSET(RELOC_ARG_PA_TO_ADDR, kern_reloc_arg, pa_to_addr);
	OFFSET(RELOC_ARG_FAULT_PA, kern_reloc_arg, fault_pa);
	DEFINE(RELOC_FLAG_MMU_ON_BIT, KERN_RELOC_MMU_ON_BIT);
	DEFINE(RELOC_FLAG_EL2_BIT, KERN_RELOC_EL2_BIT);
	BLANK();
	OFFSET(RELOC_TABLE_NR, kexec_extent_table, nr);
	OFFSET(RELOC_TABLE_NEXT_PA, kexec_extent_table, next_pa);
	OFFSET(RELOC_TABLE_EXTENTS, kexec_extent_table, extent);
	OFFSET(RELOC_EXTENT_DST, kexec_extent, dst_pa);
	OFFSET(RELOC_EXTENT_SRC, kexec_extent, src_pa);
	OFFSET(RELOC_EXTENT_LEN, kexec_extent, len);
	DEFINE(RELOC_EXTENT_SIZE, sizeof(struct kexec_extent));
	BLANK();
	OFFSET(RELOC_FAULT_MAGIC, kern_reloc_fault, magic);
	OFFSET(RELOC_FAULT_EXTENT, kern_reloc_fault, extent);
	OFFSET(RELOC_FAULT_ESR, kern_reloc_fault, esr);
	OFFSET(RELOC_FAULT_FAR, kern_reloc_fault, far);
	DEFINE(RELOC_FAULT_SIZE, sizeof(struct kern_reloc_fault));
	DEFINE(RELOC_FAULT_VALID, KERN_RELOC_FAULT_MAGIC);
	DEFINE(RELOC_PAGE_WHERE, KERN_RELOC_PAGE_WHERE);
	DEFINE(RELOC_PAGE_VECTORS, KERN_RELOC_PAGE_VECTORS);
	return 0;
}
