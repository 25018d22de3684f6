// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: exceptions while this kernel is being left
 *
 * Once the vectors of this kernel may be overwritten, an exception is taken to
 * kexec_fault_vectors in relocate.S, which record it in a struct kern_reloc_fault and spin,
 * also during the first instructions of the next kernel.
 *
 * The record is in the relocation argument, in this kernel's data for an image in place, or
 * in the reserved page of kexec_fault_record=ADDR, which a kernel with the same parameter
 * logs and shows in /sys/kernel/kexec_fault after a reset.
 */
#define pr_fmt(fmt) "kexec: fault: " fmt

#include <linux/align.h>
#include <linux/cache.h>
#include <linux/crash_dump.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/kobject.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <asm/esr.h>
#include <asm/sections.h>

#include "kern_reloc.h"

#define FAULT_NR_VECTORS	16

/* For images in place; __cpu_soft_restart() uses its vectors. */
u8 kexec_fault_page[SZ_4K] __aligned(SZ_2K) __ro_after_init;

/* Cache lines of its own: the eviction of a neighbour must not undo the record. */
static struct kern_reloc_fault fault_own[ARCH_DMA_MINALIGN / sizeof(struct kern_reloc_fault)]
	__aligned(ARCH_DMA_MINALIGN);
static phys_addr_t fault_param_pa __ro_after_init;
static struct kern_reloc_fault fault_last __ro_after_init;

/**
 * kexec_fault_record() - get the record that an exception is to be written to
 * @own_pa: physical address of the record to use without kexec_fault_record=
 *
 * Return: the physical address.
 */
u64 kexec_fault_record(phys_addr_t own_pa)
{
	return fault_param_pa ?: own_pa;
}

/**
 * kexec_fault_fill_page() - make a relocation page and clean it to the PoC
 * @page: SZ_4K bytes, aligned to SZ_2K, in the linear map or in this kernel's data
 * @record_pa: &struct kern_reloc_fault, physical
 */
void kexec_fault_fill_page(void *page, u64 record_pa)
{
	struct kern_reloc_where *where = page + KERN_RELOC_PAGE_WHERE;

	memcpy(page, __relocate_new_kernel_start,
	       __relocate_new_kernel_end - __relocate_new_kernel_start);
	where->record_pa = record_pa;
	where->pa_to_addr = (u64)phys_to_virt(record_pa) - record_pa;
	kexec_arch_clean_to_poc(page, SZ_4K);
}

/* Runs before memblock knows more than the tree and the boot loader's ranges. */
static int __init fault_reserve(char *arg)
{
	phys_addr_t pa = memparse(arg ?: "", NULL);

	if (!pa || !PAGE_ALIGNED(pa) || memblock_is_region_reserved(pa, PAGE_SIZE)) {
		pr_err("kexec_fault_record=%pap: not aligned to %#lx, or in use\n", &pa, PAGE_SIZE);
		return 0;
	}
	memblock_reserve(pa, PAGE_SIZE);
	fault_param_pa = pa;
	return 0;
}
early_param("kexec_fault_record", fault_reserve);

static bool __init fault_overlaps(phys_addr_t start, u64 size)
{
	return fault_param_pa < start + size && start < fault_param_pa + PAGE_SIZE;
}

/* With UEFI, memory is unknown while parameters are parsed. */
static bool __init fault_is_usable(void)
{
	return memblock_is_map_memory(fault_param_pa) &&
	       !fault_overlaps(__pa_symbol(_text), _end - _text) &&
	       !fault_overlaps(phys_initrd_start, phys_initrd_size);
}

/* Clear it, so that no later boot reports it again. */
static void __init fault_read(void)
{
	struct kern_reloc_fault *record = phys_to_virt(fault_param_pa);

	if (record->magic == KERN_RELOC_FAULT_MAGIC && record->vector < FAULT_NR_VECTORS)
		fault_last = *record;
	memset(record, 0, sizeof(*record));
	/* With the MMU off it is written past the cache. */
	kexec_arch_clean_to_poc(record, sizeof(*record));
}

/* Before anything can be loaded. */
static int __init fault_init(void)
{
	if (fault_param_pa && !fault_is_usable()) {
		/* In a capture kernel it is memory of the crashed kernel. */
		if (!is_kdump_kernel())
			pr_err("kexec_fault_record=%pap: not usable memory\n", &fault_param_pa);
		fault_param_pa = 0;
	}
	if (fault_param_pa)
		fault_read();
	/* Bytes of .data that this kernel has not written. */
	kexec_arch_clean_to_poc(fault_own, sizeof(fault_own));
	kexec_fault_fill_page(kexec_fault_page, kexec_fault_record(__pa_symbol(fault_own)));
	return 0;
}
core_initcall(fault_init);

static ssize_t kexec_fault_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	const struct kern_reloc_fault *f = &fault_last;

	return sysfs_emit(buf,
			  "vector %u\nextent %llu\nesr %#llx\nelr %#llx\nfar %#llx\nspsr %#llx\n",
			  f->vector, f->extent, f->esr, f->elr, f->far, f->spsr);
}

static struct kobj_attribute fault_attr = __ATTR_RO(kexec_fault);

static int __init fault_show(void)
{
	static const char * const kind[] __initconst = { "synchronous", "IRQ", "FIQ", "SError" };
	const struct kern_reloc_fault *f = &fault_last;

	if (!f->magic)
		return 0;
	pr_warn("an exception ended the last kexec: vector %u (%s), extent %llu\n",
		f->vector, kind[f->vector % ARRAY_SIZE(kind)], f->extent);
	pr_warn("ESR %#llx (%s) ELR %#llx FAR %#llx SPSR %#llx\n", f->esr,
		esr_get_class_string(f->esr), f->elr, f->far, f->spsr);
	return sysfs_create_file(kernel_kobj, &fault_attr.attr);
}
late_initcall(fault_show);
