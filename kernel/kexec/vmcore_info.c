// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: vmcoreinfo
 *
 * Lines of KEY=value that a reader of a dump needs instead of debug information.  They are
 * an interface to dump tools: a key keeps its meaning, and none of the base kernel may be
 * missing.  See Documentation/admin-guide/kdump/vmcoreinfo.rst and
 * vmcoreinfo-arm64-kexec.rst.
 *
 * In a panic the time of the crash, and the counter at its start, are added.  The note is
 * written again, if possible from the copy in the crash reservation: this repairs a note that
 * the crash has overwritten.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/buildid.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_arch.h>
#include <linux/kexec_timeline.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/page-flags.h>
#include <linux/pgtable.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/vmcore_info.h>

#include <asm/sections.h>

#include "../kallsyms_internal.h"
#include "crash_vmcoreinfo.h"

unsigned char *vmcoreinfo_data;
size_t vmcoreinfo_size;
u32 *vmcoreinfo_note;

static unsigned char *vmcoreinfo_safecopy;
/* Only written by the owner of panic_cpu. */
static u64 vmcoreinfo_panic_ticks;

/* @hex: without a prefix, like addresses */
struct vmcoreinfo_key {
	const char *key;
	unsigned long value;
	bool hex;
};

#define KEY_ADDR(sym)		{ "SYMBOL(" #sym ")", (unsigned long)&(sym), true }
#define KEY_SIZE(name, type)	{ "SIZE(" #name ")", sizeof(type) }
#define KEY_STRUCT(name)	{ "SIZE(" #name ")", sizeof(struct name) }
#define KEY_MEMBER(name, field)	\
	{ "OFFSET(" #name "." #field ")", offsetof(struct name, field) }
#define KEY_COUNT(name, nr)	{ "LENGTH(" #name ")", (nr) }
#define KEY_VALUE(name)		{ "NUMBER(" #name ")", (unsigned long)(name) }

/* page_type without its low 24 bits, as a signed number */
#define KEY_PAGE_TYPE(name, type) \
	{ "NUMBER(PAGE_" #name "_MAPCOUNT_VALUE)", (unsigned long)(int)((u32)PGTY_##type << 24) }

static const struct vmcoreinfo_key vmcoreinfo_page_keys[] __initconst = {
	KEY_STRUCT(page),
	KEY_MEMBER(page, flags),
	KEY_MEMBER(page, mapping),
	KEY_MEMBER(page, private),
	KEY_MEMBER(page, lru),
	KEY_MEMBER(page, compound_head),
	KEY_MEMBER(page, _refcount),
	KEY_MEMBER(page, _mapcount),
	KEY_VALUE(PG_lru),
	KEY_VALUE(PG_private),
	KEY_VALUE(PG_swapbacked),
	KEY_VALUE(PG_swapcache),
	KEY_VALUE(PG_head_mask),
#ifdef CONFIG_MEMORY_FAILURE
	KEY_VALUE(PG_hwpoison),
#endif
	KEY_PAGE_TYPE(BUDDY, buddy),
	KEY_PAGE_TYPE(OFFLINE, offline),
	KEY_PAGE_TYPE(HUGETLB, hugetlb),
	KEY_PAGE_TYPE(SLAB, slab),
};

static const struct vmcoreinfo_key vmcoreinfo_zone_keys[] __initconst = {
	KEY_STRUCT(pglist_data),
	KEY_MEMBER(pglist_data, node_id),
	KEY_MEMBER(pglist_data, node_start_pfn),
	KEY_MEMBER(pglist_data, node_spanned_pages),
#ifdef CONFIG_FLATMEM
	KEY_MEMBER(pglist_data, node_mem_map),
#endif
	KEY_MEMBER(pglist_data, nr_zones),
	KEY_MEMBER(pglist_data, node_zones),
	KEY_STRUCT(zone),
	KEY_MEMBER(zone, spanned_pages),
	KEY_MEMBER(zone, vm_stat),
	KEY_MEMBER(zone, free_area),
	KEY_COUNT(zone.free_area, NR_PAGE_ORDERS),
	KEY_STRUCT(free_area),
	KEY_MEMBER(free_area, free_list),
	KEY_COUNT(free_area.free_list, MIGRATE_TYPES),
	KEY_VALUE(NR_FREE_PAGES),
	KEY_STRUCT(list_head),
	KEY_MEMBER(list_head, prev),
	KEY_MEMBER(list_head, next),
};

static const struct vmcoreinfo_key vmcoreinfo_place_keys[] __initconst = {
	KEY_ADDR(init_uts_ns),
	KEY_MEMBER(uts_namespace, name),
	KEY_ADDR(_stext),
	KEY_ADDR(swapper_pg_dir),
	KEY_VALUE(PTRS_PER_PGD),
	KEY_ADDR(node_online_map),
	KEY_SIZE(nodemask_t, nodemask_t),
#ifndef CONFIG_NUMA
	KEY_ADDR(contig_page_data),
	KEY_ADDR(mem_map),
#endif
#ifdef CONFIG_SPARSEMEM
	KEY_STRUCT(mem_section),
	KEY_MEMBER(mem_section, section_mem_map),
	KEY_VALUE(SECTION_SIZE_BITS),
#endif
#ifdef CONFIG_KALLSYMS
	KEY_ADDR(kallsyms_num_syms),
	KEY_ADDR(kallsyms_names),
	KEY_ADDR(kallsyms_offsets),
	KEY_ADDR(kallsyms_relative_base),
	KEY_ADDR(kallsyms_token_index),
	KEY_ADDR(kallsyms_token_table),
#endif
};

/**
 * append_elf_note() - write an ELF note
 * @buf: destination
 * @name: n_name
 * @type: n_type
 * @data: the content
 * @data_len: bytes of the content
 *
 * Return: address after the note.
 */
__kexec_panic u32 *append_elf_note(u32 *buf, char *name, unsigned int type, void *data,
				   size_t data_len)
{
	const size_t name_len = strlen(name) + 1;

	/* ELF gABI, "Note Section": three words, then name and content, padded. */
	buf[0] = name_len;
	buf[1] = data_len;
	buf[2] = type;
	buf += 3;
	memcpy(buf, name, name_len);
	buf += DIV_ROUND_UP(name_len, sizeof(*buf));
	memcpy(buf, data, data_len);
	return buf + DIV_ROUND_UP(data_len, sizeof(*buf));
}

/**
 * final_note() - write the empty note that ends a list of notes
 * @buf: destination
 */
void __kexec_panic final_note(u32 *buf)
{
	memset(buf, 0, sizeof(struct elf_note));
}

/* On the panic path the length may be corrupt. */
static size_t __kexec_panic vmcoreinfo_len(void)
{
	return min_t(size_t, vmcoreinfo_size, VMCOREINFO_BYTES);
}

static void __kexec_panic vmcoreinfo_make_note(void)
{
	if (vmcoreinfo_size)
		final_note(append_elf_note(vmcoreinfo_note, VMCOREINFO_NOTE_NAME, 0,
					   vmcoreinfo_data, vmcoreinfo_len()));
}

/**
 * vmcoreinfo_append_str() - add a line
 * @fmt: printf() format, with the line feed
 *
 * A line that does not fit is omitted: tools would parse a truncated one as a value.
 */
void __kexec_panic vmcoreinfo_append_str(const char *fmt, ...)
{
	const size_t len = vmcoreinfo_len();
	const size_t size = VMCOREINFO_BYTES - len;
	va_list args;
	int line_len;

	va_start(args, fmt);
	line_len = vsnprintf(vmcoreinfo_data + len, size, fmt, args);
	va_end(args);

	if (line_len < size)
		vmcoreinfo_size = len + line_len;
	else
		pr_err_once("vmcoreinfo is full at %zu of %lu bytes: a line of %d bytes is left out\n",
			    len, VMCOREINFO_BYTES, line_len);
}

/**
 * crash_update_vmcoreinfo_safecopy() - set the copy for the panic path
 * @ptr: VMCOREINFO_BYTES of memory, which are filled here, or NULL
 *
 * Context: the caller holds the kexec lock, or the panic path.
 */
void __kexec_panic crash_update_vmcoreinfo_safecopy(void *ptr)
{
	if (ptr)
		memcpy(ptr, vmcoreinfo_data, vmcoreinfo_len());
	vmcoreinfo_safecopy = ptr;
}

/**
 * kexec_vmcoreinfo_mark_panic() - record the time at which a crash image is started
 * @ticks: of kexec_arch_counter()
 *
 * Context: the panic path; the first attempt counts.
 */
void __kexec_panic kexec_vmcoreinfo_mark_panic(u64 ticks)
{
	if (!vmcoreinfo_panic_ticks)
		vmcoreinfo_panic_ticks = ticks;
}

/**
 * crash_save_vmcoreinfo() - update the note for the dump
 */
void __kexec_panic crash_save_vmcoreinfo(void)
{
	static bool has_time;

	if (!vmcoreinfo_note)
		return;

	if (vmcoreinfo_safecopy)
		vmcoreinfo_data = vmcoreinfo_safecopy;
	/* Of the first panic.  Reads one word, without the lock of the timekeeper. */
	if (!has_time) {
		vmcoreinfo_append_str("CRASHTIME=%lld\n", ktime_get_real_seconds());
		vmcoreinfo_append_str(KEXEC_TIMELINE_PANIC_KEY "=%llu\n", vmcoreinfo_panic_ticks);
	}
	has_time = true;
	vmcoreinfo_make_note();
}

/**
 * paddr_vmcoreinfo_note() - get the address of the note
 *
 * Return: its physical address.
 */
phys_addr_t paddr_vmcoreinfo_note(void)
{
	return __pa(vmcoreinfo_note);
}
EXPORT_SYMBOL(paddr_vmcoreinfo_note);

/**
 * arch_crash_save_vmcoreinfo() - add the keys of the architecture
 */
void __weak arch_crash_save_vmcoreinfo(void)
{
}

static void __init vmcoreinfo_append_keys(const struct vmcoreinfo_key *keys, unsigned int nr)
{
	const struct vmcoreinfo_key *k;

	for (k = keys; k < keys + nr; k++)
		vmcoreinfo_append_str(k->hex ? "%s=%lx\n" : "%s=%ld\n", k->key, k->value);
}

static void __init vmcoreinfo_append_found(void)
{
	static_assert(sizeof(vmlinux_build_id) == 20);

	vmcoreinfo_append_str("OSRELEASE=%s\nBUILD-ID=%20phN\nPAGESIZE=%ld\n",
			      init_uts_ns.name.release, vmlinux_build_id, PAGE_SIZE);
	vmcoreinfo_append_str("NUMBER(VMALLOC_START)=0x%lx\n", (unsigned long)VMALLOC_START);
#ifdef CONFIG_SPARSEMEM_VMEMMAP
	VMCOREINFO_SYMBOL_ARRAY(vmemmap);
#endif
#ifdef CONFIG_SPARSEMEM
	/* An array of sections, or a pointer to an array of pointers to them. */
	VMCOREINFO_SYMBOL_ARRAY(mem_section);
	/* With LPA2 the number of bits is known at boot only. */
	VMCOREINFO_LENGTH(mem_section, NR_SECTION_ROOTS);
	VMCOREINFO_NUMBER(MAX_PHYSMEM_BITS);
#endif
}

static int __init vmcoreinfo_alloc(void)
{
	vmcoreinfo_note = alloc_pages_exact(VMCOREINFO_NOTE_SIZE, GFP_KERNEL | __GFP_ZERO);
	if (!vmcoreinfo_note)
		return -ENOMEM;

	vmcoreinfo_data = (unsigned char *)get_zeroed_page(GFP_KERNEL);
	if (vmcoreinfo_data)
		return 0;

	free_pages_exact(vmcoreinfo_note, VMCOREINFO_NOTE_SIZE);
	vmcoreinfo_note = NULL;
	return -ENOMEM;
}

static int __init vmcoreinfo_init(void)
{
	if (vmcoreinfo_alloc()) {
		pr_err("no memory for vmcoreinfo (%lu bytes): tools will not understand a dump\n",
		       VMCOREINFO_BYTES + VMCOREINFO_NOTE_SIZE);
		return -ENOMEM;
	}

	vmcoreinfo_append_found();
	vmcoreinfo_append_keys(vmcoreinfo_place_keys, ARRAY_SIZE(vmcoreinfo_place_keys));
	vmcoreinfo_append_keys(vmcoreinfo_page_keys, ARRAY_SIZE(vmcoreinfo_page_keys));
	vmcoreinfo_append_keys(vmcoreinfo_zone_keys, ARRAY_SIZE(vmcoreinfo_zone_keys));
	log_buf_vmcoreinfo_setup();
	arch_crash_save_vmcoreinfo();
	vmcoreinfo_make_note();

	pr_debug("vmcoreinfo: %zu of %lu bytes\n", vmcoreinfo_size, VMCOREINFO_BYTES);
	return 0;
}
subsys_initcall(vmcoreinfo_init);
