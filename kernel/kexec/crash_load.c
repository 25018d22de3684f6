// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: ELF core header and vmcoreinfo page of a crash image
 *
 * The ELF core header lists the memory and the notes of this kernel.  One page of the crash
 * reservation has a copy of vmcoreinfo, from which the panic path writes the note, so that a
 * stray write to the original does not affect the dump.  A new crash image is prepared while
 * the old one can still be started, so the page has three steps:
 *
 *	kexec_vmcoreinfo_copy_alloc()		choose and map it; nothing is written
 *	kexec_vmcoreinfo_copy_activate()	the old image is replaced: fill and use it
 *	kexec_vmcoreinfo_copy_free()		unmap it
 *
 * The image owns it as kimage.vmcoreinfo_data_copy.  It is no segment, and hibernation must
 * save it, see crash_is_nosave().
 *
 * Locks, outermost first: the kexec lock (held by all callers), the memory hotplug read lock,
 * which keeps memblock stable.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpumask.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

#include "crash_load.h"
#include "image.h"
#include "lock.h"
#include "usable.h"
#include "lib/elfcore.h"
#include "lib/range_map.h"

/* The copy that the panic path uses, or NULL. */
static void *elfcorehdr_note_va;

static u64 elfcorehdr_end(const struct resource *res)
{
	return res->end ? (u64)res->end + 1 : 0;
}

/* The next part of [*@pos, @end) that is online; other memory may be absent. */
static bool elfcorehdr_online(u64 *pos, u64 end, struct kexec_range *piece)
{
	const u64 step = PFN_PHYS(PAGES_PER_SECTION);

	while (*pos < end && !online_section_nr(pfn_to_section_nr(PHYS_PFN(*pos))))
		*pos = ALIGN(*pos + 1, step);
	piece->start = *pos;
	while (*pos < end && online_section_nr(pfn_to_section_nr(PHYS_PFN(*pos))))
		*pos = ALIGN(*pos + 1, step);
	piece->end = min(*pos, end);
	return piece->start < piece->end;
}

/*
 * Counts the parts if @ram is NULL.  Whole pages only: the capture kernel reads nothing
 * smaller, and the rest of a page may be memory that must not be read.
 */
static unsigned int elfcorehdr_walk_ram(struct kexec_range *ram)
{
	struct kexec_range piece;
	phys_addr_t start, end;
	unsigned int nr = 0;
	u64 i, pos;

	for_each_mem_range(i, &start, &end) {
		pos = PAGE_ALIGN(start);
		for (; elfcorehdr_online(&pos, PAGE_ALIGN_DOWN(end), &piece); nr++)
			if (ram)
				ram[nr] = piece;
	}
	return nr;
}

/* All memory of this kernel, except that of firmware or drivers. */
static int elfcorehdr_ram(struct kexec_range **ramp, unsigned int *nrp)
{
	*nrp = elfcorehdr_walk_ram(NULL);
	*ramp = kvcalloc(*nrp, sizeof(**ramp), GFP_KERNEL);
	if (!*ramp)
		return -ENOMEM;
	elfcorehdr_walk_ram(*ramp);
	return 0;
}

/*
 * What does not belong to a dump, or cannot be read there; NULL when there is no
 * memory for the list.
 */
static struct kexec_range *elfcorehdr_skip(unsigned int *nrp)
{
	unsigned int nr = kexec_arch_dump_excluded(NULL, 0), i;
	struct kexec_range *excluded __free(kvfree) = NULL;
	struct kexec_range *skip;

	excluded = kvcalloc(nr + 1, sizeof(*excluded), GFP_KERNEL);
	if (!excluded)
		return NULL;
	skip = kvcalloc(nr + 2, sizeof(*skip), GFP_KERNEL);
	if (!skip)
		return NULL;
	skip[0] = (struct kexec_range) { crashk_res.start, elfcorehdr_end(&crashk_res) };
	skip[1] = (struct kexec_range) { crashk_low_res.start, elfcorehdr_end(&crashk_low_res) };
	kexec_arch_dump_excluded(excluded, nr);
	for (i = 0; i < nr; i++)
		skip[i + 2] = (struct kexec_range) { excluded[i].start, excluded[i].end };
	*nrp = nr + 2;
	return skip;
}

static u64 *elfcorehdr_cpu_notes(unsigned int *nrp)
{
	u64 *pa = kvcalloc(num_possible_cpus(), sizeof(*pa), GFP_KERNEL);
	unsigned int cpu;

	*nrp = 0;
	if (!pa)
		return NULL;
	for_each_possible_cpu(cpu)
		pa[(*nrp)++] = per_cpu_ptr_to_phys(per_cpu_ptr(crash_notes, cpu));
	return pa;
}

/* Destination of a header: @buf, or a buffer with spare capacity that is allocated. */
struct elfcorehdr_target {
	void *buf;
	size_t room;
	size_t used;
};

static int elfcorehdr_write(const struct elfcore_req *req, struct elfcorehdr_target *to)
{
	size_t need;
	int ret;

	ret = kexec_elfcore_size(req, &need);
	if (ret)
		return ret;
	if (!to->buf) {
		to->room = need;
		if (IS_ENABLED(CONFIG_CRASH_HOTPLUG))
			to->room = max(need, kexec_elfcore_capacity(req->nr_cpus,
								    req->nr_ram + req->nr_skip));
		to->buf = vzalloc(to->room);
	}
	if (!to->buf)
		return -ENOMEM;
	return kexec_elfcore_build(req, to->buf, to->room, &to->used);
}

/**
 * kexec_arch_dump_excluded() - list memory that a capture kernel cannot read
 * @ranges: filled with the first @max ranges; NULL with @max 0
 * @max: entries of @ranges
 *
 * This one is for configurations in which all memory can be read.
 *
 * Context: any.
 * Return: the number of ranges there are.
 */
unsigned int __weak kexec_arch_dump_excluded(struct kexec_range *ranges, unsigned int max)
{
	return 0;
}

/* The caller keeps memory from coming and going. */
static int elfcorehdr_describe(struct elfcorehdr_target *to)
{
	struct elfcore_req req = {
		.cpu_note_len = sizeof(note_buf_t),
		.info_pa = paddr_vmcoreinfo_note(),
		.info_len = VMCOREINFO_NOTE_SIZE,
		.text_va = (u64)_text,
		.text_pa = __pa_symbol(_text),
		.text_len = _end - _text,
		.linear_offset = (u64)__va(memblock_start_of_DRAM()) - memblock_start_of_DRAM(),
	};
	struct kexec_range *ram = NULL, *skip;
	u64 *notes;
	int ret;

	notes = elfcorehdr_cpu_notes(&req.nr_cpus);
	skip = elfcorehdr_skip(&req.nr_skip);
	ret = notes && skip ? elfcorehdr_ram(&ram, &req.nr_ram) : -ENOMEM;
	req.ram = ram;
	req.skip = skip;
	req.cpu_note_pa = notes;
	if (!ret)
		ret = elfcorehdr_write(&req, to);
	kvfree(ram);
	kvfree(skip);
	kvfree(notes);
	return ret;
}

/**
 * kexec_elfcorehdr_write() - write the ELF core header of this kernel to a buffer
 * @buf: the buffer
 * @room: its size in bytes
 * @used: receives the size of the header, a multiple of 4096
 *
 * Context: process context, may sleep; the caller holds the memory hotplug lock.
 * Return: 0, -ENOSPC if the buffer is too small, or another negative errno, without a message.
 */
int kexec_elfcorehdr_write(void *buf, size_t room, size_t *used)
{
	struct elfcorehdr_target to = { .buf = buf, .room = room };
	int ret = elfcorehdr_describe(&to);

	*used = to.used;
	return ret;
}

/**
 * kexec_elfcorehdr_build() - allocate and write the ELF core header of this kernel
 * @buf: receives the header, to be freed with vfree(); NULL after an error
 * @len: receives its size with spare capacity, a multiple of 4096
 *
 * It covers all online memory, hot-added memory included, but not the crash reservation.
 *
 * Context: process context, may sleep; acquires the memory hotplug read lock.
 * Return: 0, or a negative errno after one message.
 */
int kexec_elfcorehdr_build(void **buf, size_t *len)
{
	struct elfcorehdr_target to = { };
	int ret;

	get_online_mems();
	ret = elfcorehdr_describe(&to);
	put_online_mems();
	*buf = to.buf;
	*len = to.room;
	if (!ret)
		return 0;

	pr_err("no ELF core header for this kernel's CPUs and memory (%d)%s\n", ret,
	       ret == -ENOMEM ? "" :
				": an ELF file has at most 65534 headers");
	vfree(*buf);
	*buf = NULL;
	return ret;
}

/**
 * kexec_crash_check_elfcore() - print a notice about a header that user space has built
 *
 * User space does not know which memory cannot be read, so its header includes it.
 *
 * Context: process context.
 */
void kexec_crash_check_elfcore(void)
{
	unsigned int nr = kexec_arch_dump_excluded(NULL, 0);

	if (nr)
		pr_notice("ELF header of user space: %u ranges in it cannot be read; use kexec -s\n",
			  nr);
}

/* One page of @res that no segment of @img covers and that has no error, or 0. */
static phys_addr_t elfcorehdr_free_page(const struct kexec_image *img,
					const struct resource *res)
{
	const struct kimage *kimage = &img->kimage;
	struct range_request want = {
		.size = PAGE_SIZE,
		.align = PAGE_SIZE,
		.min = res->start,
		.max = elfcorehdr_end(res),
		.top_down = true,
	};
	/* Each segment adds at most one range, so the capacity suffices. */
	DEFINE_RAW_FLEX(struct range_map, map, r, KEXEC_SEGMENT_MAX + 1);
	unsigned int i;
	u64 page_pa, bad;

	map->max = KEXEC_SEGMENT_MAX + 1;
	if (range_map_add(map, want.min, want.max))
		return 0;
	for (i = 0; i < kimage->nr_segments; i++) {
		u64 start = kimage->segment[i].mem, len = kimage->segment[i].memsz;

		if (len && range_map_remove(map, start, start + len))
			return 0;
	}
	for (; !range_map_find_hole(map, &want, &page_pa); want.max = page_pa)
		if (!kexec_usable_has_error(page_pa, page_pa + PAGE_SIZE, &bad))
			return page_pa;
	return 0;
}

/**
 * kexec_vmcoreinfo_copy_alloc() - choose and map the page for vmcoreinfo
 * @img: a crash image with all segments placed
 *
 * The page is not written: the loaded image may still use it.
 *
 * Context: process context, may sleep.
 * Return: 0, or -ENOMEM after one message.
 */
int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img)
{
	phys_addr_t page_pa;
	struct page *page;

	kexec_lock_assert_held();
	/* Not in the low region, which is read-only. */
	page_pa = elfcorehdr_free_page(img, &crashk_res);
	if (!page_pa) {
		pr_err("no page left in the crash reservation for vmcoreinfo: make crashkernel= (%llu MB now) larger\n",
		       (elfcorehdr_end(&crashk_res) - crashk_res.start) >> 20);
		return -ENOMEM;
	}

	page = pfn_to_page(PHYS_PFN(page_pa));
	img->kimage.vmcoreinfo_data_copy = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!img->kimage.vmcoreinfo_data_copy) {
		pr_err("no address space to map the vmcoreinfo page at %pap\n", &page_pa);
		return -ENOMEM;
	}
	kexec_dprintk("vmcoreinfo copy at %pap\n", &page_pa);
	return 0;
}

/**
 * kexec_vmcoreinfo_copy_activate() - make the panic path use the page of an image
 * @img: the crash image in the reservation
 *
 * Context: process context with the kexec lock held, or the panic path.
 */
void __kexec_panic kexec_vmcoreinfo_copy_activate(struct kexec_image *img)
{
	elfcorehdr_note_va = img->kimage.vmcoreinfo_data_copy;
	crash_update_vmcoreinfo_safecopy(elfcorehdr_note_va);
}

/**
 * kexec_vmcoreinfo_copy_free() - unmap the page for vmcoreinfo
 * @img: any image
 *
 * Context: process context, may sleep; the caller holds the kexec lock, and @img can no longer
 * be started.
 */
void kexec_vmcoreinfo_copy_free(struct kexec_image *img)
{
	void *va = img->kimage.vmcoreinfo_data_copy;

	if (!va)
		return;
	if (va == elfcorehdr_note_va) {
		elfcorehdr_note_va = NULL;
		crash_update_vmcoreinfo_safecopy(NULL);
	}
	img->kimage.vmcoreinfo_data_copy = NULL;
	vunmap(va);
}
