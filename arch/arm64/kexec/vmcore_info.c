// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: how a reader of a dump translates this kernel's addresses
 *
 * See Documentation/admin-guide/kdump/vmcoreinfo.rst and vmcoreinfo-arm64-kexec.rst.
 */
#include <linux/cpufeature.h>
#include <linux/init.h>
#include <linux/pgtable.h>
#include <linux/vmcore_info.h>

#include <asm/memory.h>
#include <asm/pgtable-hwdef.h>
#include <asm/pointer_auth.h>
#include <asm/sysreg.h>

#define vmcoreinfo_put_hex(name, value) \
	vmcoreinfo_append_str("NUMBER(%s)=0x%llx\n", name, (u64)(value))

static void __init vmcoreinfo_put_layout(void)
{
	VMCOREINFO_NUMBER(VA_BITS);
	vmcoreinfo_put_hex("MODULES_VADDR", MODULES_VADDR);
	vmcoreinfo_put_hex("MODULES_END", MODULES_END);
	vmcoreinfo_put_hex("VMALLOC_END", VMALLOC_END);
	vmcoreinfo_put_hex("VMEMMAP_START", VMEMMAP_START);
	vmcoreinfo_put_hex("VMEMMAP_END", VMEMMAP_END);
}

static void __init vmcoreinfo_put_translation(void)
{
	vmcoreinfo_put_hex("PHYS_OFFSET", PHYS_OFFSET);
	vmcoreinfo_put_hex("kimage_voffset", kimage_voffset);
	vmcoreinfo_append_str("KERNELOFFSET=%lx\n", kaslr_offset());

	/* The hardware may walk fewer bits than VA_BITS (TCR_EL1.T1SZ). */
	vmcoreinfo_put_hex("TCR_EL1_T1SZ",
			   (read_sysreg(tcr_el1) & TCR_T1SZ_MASK) >> TCR_T1SZ_OFFSET);
	/* Of every task, whatever the register holds now. */
	vmcoreinfo_put_hex("TCR_EL1_T0SZ", 64 - vabits_actual);
	/*
	 * An address to read at, not the register: no ASID, no folded bits, no 52-bit skew.
	 */
	vmcoreinfo_put_hex("TTBR1_EL1_BADDR", __pa_symbol(swapper_pg_dir));
}

static void __init vmcoreinfo_put_pointers(void)
{
	vmcoreinfo_put_hex("KERNELPACMASK",
			   system_supports_address_auth() ? ptrauth_kernel_pac_mask() : 0);
}

/**
 * arch_crash_save_vmcoreinfo() - add the arm64 keys
 */
void __init arch_crash_save_vmcoreinfo(void)
{
	vmcoreinfo_put_layout();
	vmcoreinfo_put_translation();
	vmcoreinfo_put_pointers();
}
