// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data cache maintenance to the point of coherency, at load time and on the panic path.
 */
#include <linux/align.h>
#include <linux/cpufeature.h>
#include <linux/kexec_arch.h>

#include <asm/barrier.h>

#include "reloc_state.h"

/**
 * kexec_dcache_line() - get the smallest data cache line of any CPU
 *
 * Return: bytes.
 */
u32 __kexec_panic kexec_dcache_line(void)
{
	u64 ctr = read_sanitised_ftr_reg(SYS_CTR_EL0);

	/* The field counts words of 4 bytes, as a power of two. */
	return 4U << cpuid_feature_extract_unsigned_field(ctr, CTR_EL0_DminLine_SHIFT);
}

/**
 * kexec_arch_clean_to_poc() - clean and invalidate a range to the point of coherency
 * @va: first byte, in any mapping of Normal cacheable memory: data caches behave as
 *   physically indexed and tagged, so lines are found through each alias
 * @len: bytes
 */
void __kexec_panic kexec_arch_clean_to_poc(const void *va, size_t len)
{
	unsigned long line = kexec_dcache_line();
	unsigned long at = ALIGN_DOWN((unsigned long)va, line);
	unsigned long end = (unsigned long)va + len;

	/*
	 * For the next kernel and for relocation with the MMU off, which read past the
	 * caches.  Eight at a time, because hundreds of megabytes are millions of lines.
	 */
	while (at + 8 * line <= end)
		asm volatile(".rept 8\n\t"
			     "dc civac, %0\n\t"
			     "add %0, %0, %1\n\t"
			     ".endr"
			     : "+r" (at) : "r" (line) : "memory");
	for (; at < end; at += line)
		asm volatile("dc civac, %0" : : "r" (at) : "memory");
	/* Completes them for every observer; the MMU goes off long after. */
	dsb(sy);
}
