// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: permissions of the linear map
 *
 * Only permissions of existing entries are changed, so nothing allocates or sleeps.
 */
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/pgtable.h>
#include <linux/set_memory.h>

#include <asm/tlbflush.h>

/*
 * Without the barriers of set_pte_at(): flush_tlb_kernel_range(), called once, begins with
 * a dsb(ishst), which orders all of these stores before the invalidation, and ends with one
 * for its completion.
 */
static int protect_pte(pte_t *ptep, unsigned long va, void *writable)
{
	pte_t pte = ptep_get(ptep);

	pte = writable ? pte_mkwrite_novma(pte) : pte_wrprotect(pte);
	__set_pte_nosync(ptep, pte);
	return 0;
}

/**
 * kexec_arch_protect() - make memory read-only or writable in the linear map
 * @start: physical address, page aligned
 * @len: bytes, not 0
 * @writable: this kernel writes to it
 *
 * Does nothing if the linear map is not mapped by pages or must not be changed.
 *
 * Return: 0, or a negative errno without a change.
 */
int kexec_arch_protect(phys_addr_t start, u64 len, bool writable)
{
	unsigned long va = (unsigned long)__va(start);
	int err;

	if (!can_set_direct_map())
		return 0;
	err = apply_to_existing_page_range(&init_mm, va, len, protect_pte,
					   writable ? &init_mm : NULL);
	/*
	 * Flush stale permissions.  The cache model cannot see the barriers of it: it
	 * knows which entries are valid, and QEMU's TLBI is complete at once.
	 */
	flush_tlb_kernel_range(va, va + len);
	return err;
}
