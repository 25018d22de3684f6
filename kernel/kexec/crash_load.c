// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: what a capture kernel is given when it is loaded
 *
 * The ELF core header, which says where this kernel's memory and notes lie, and
 * one page of the crash reservation for vmcoreinfo.  The page holds a copy of
 * the text from which the panic path makes the vmcoreinfo note, so that a stray
 * write to the original cannot spoil the dump.
 *
 * The page lives through three steps, because a new crash image is prepared
 * while the old one can still be started:
 *
 *	kexec_crash_reserve_note()	choose and map it; nothing is written
 *	kexec_crash_use_note()		the old image is gone: fill it, use it
 *	kexec_crash_release_note()	unmap it
 *
 * It belongs to the image through kimage.vmcoreinfo_data_copy, is no segment
 * and has to be kept by hibernation, see crash_is_nosave().
 *
 * Locks, outermost first: the kexec lock (held by all callers), then the memory
 * hotplug read lock, which keeps memblock still while it is walked.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpumask.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

#include "elfcore.h"
#include "internal.h"

/* The copy that the panic path was told to use, or NULL. */
static void *crash_load_note_va;

static u64 crash_load_end(const struct resource *res)
{
	return res->end ? (u64)res->end + 1 : 0;
}

/* The next piece of [*@pos, @end) that is online; memory that is not may be gone. */
static bool crash_load_online(u64 *pos, u64 end, struct place_range *piece)
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
 * Counts the pieces when @ram is NULL.  Only whole pages: the capture kernel reads
 * nothing smaller, and the rest of a page may be memory that must not be read.
 */
static unsigned int crash_load_walk_ram(struct place_range *ram)
{
	struct place_range piece;
	phys_addr_t start, end;
	unsigned int nr = 0;
	u64 i, pos;

	for_each_mem_range(i, &start, &end) {
		pos = PAGE_ALIGN(start);
		for (; crash_load_online(&pos, PAGE_ALIGN_DOWN(end), &piece); nr++)
			if (ram)
				ram[nr] = piece;
	}
	return nr;
}

/* All memory of this kernel, except what its firmware or a driver keeps. */
static int crash_load_ram(struct place_range **ramp, unsigned int *nrp)
{
	*nrp = crash_load_walk_ram(NULL);
	*ramp = kvcalloc(*nrp, sizeof(**ramp), GFP_KERNEL);
	if (!*ramp)
		return -ENOMEM;
	crash_load_walk_ram(*ramp);
	return 0;
}

static u64 *crash_load_cpu_notes(unsigned int *nrp)
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

/* Where a header goes: into @buf, or into memory made for it with room to grow. */
struct crash_load_target {
	void *buf;
	size_t room;
	size_t used;
};

static int crash_load_write(const struct elfcore_req *req, struct crash_load_target *to)
{
	size_t need;
	int ret;

	ret = kexec_elfcore_size(req, &need);
	if (ret)
		return ret;
	if (!to->buf) {
		to->room = need;
		if (IS_ENABLED(CONFIG_CRASH_HOTPLUG))
			to->room = max(need, kexec_elfcore_capacity(req->nr_cpus, req->nr_ram));
		to->buf = vzalloc(to->room);
	}
	if (!to->buf)
		return -ENOMEM;
	return kexec_elfcore_build(req, to->buf, to->room, &to->used);
}

/* The caller keeps memory from coming and going. */
static int crash_load_describe(struct crash_load_target *to)
{
	const struct place_range skip[] = {
		{ crashk_res.start, crash_load_end(&crashk_res) },
		{ crashk_low_res.start, crash_load_end(&crashk_low_res) },
	};
	struct elfcore_req req = {
		.skip = skip,
		.nr_skip = ARRAY_SIZE(skip),
		.cpu_note_len = sizeof(note_buf_t),
		.info_pa = paddr_vmcoreinfo_note(),
		.info_len = VMCOREINFO_NOTE_SIZE,
		.text_va = (u64)_text,
		.text_pa = __pa_symbol(_text),
		.text_len = _end - _text,
		.linear_offset = (u64)__va(memblock_start_of_DRAM()) - memblock_start_of_DRAM(),
	};
	struct place_range *ram = NULL;
	u64 *notes;
	int ret;

	notes = crash_load_cpu_notes(&req.nr_cpus);
	ret = notes ? crash_load_ram(&ram, &req.nr_ram) : -ENOMEM;
	req.ram = ram;
	req.cpu_note_pa = notes;
	if (!ret)
		ret = crash_load_write(&req, to);
	kvfree(ram);
	kvfree(notes);
	return ret;
}

/**
 * kexec_crash_write_elfcore() - make the ELF core header of this kernel again
 * @buf: where it goes
 * @room: bytes there
 * @used: filled with the bytes that count, a multiple of 4096
 *
 * Context: process context, may sleep; the caller keeps memory from coming and
 * going.
 * Return: 0, -ENOSPC when there is not enough room, or another negative errno,
 * without a message.
 */
int kexec_crash_write_elfcore(void *buf, size_t room, size_t *used)
{
	struct crash_load_target to = { .buf = buf, .room = room };
	int ret = crash_load_describe(&to);

	*used = to.used;
	return ret;
}

/**
 * kexec_crash_build_elfcore() - make the ELF core header of this kernel
 * @buf: filled with the header, to be given to vfree(); NULL after an error
 * @len: filled with its bytes, room to grow included, a multiple of 4096
 *
 * It covers all memory that is online, hot-added memory included, but not the
 * crash reservation.
 *
 * Context: process context, may sleep; takes the memory hotplug read lock.
 * Return: 0, or a negative errno after one message.
 */
int kexec_crash_build_elfcore(void **buf, size_t *len)
{
	struct crash_load_target to = { };
	int ret;

	get_online_mems();
	ret = crash_load_describe(&to);
	put_online_mems();
	*buf = to.buf;
	*len = to.room;
	if (!ret)
		return 0;

	pr_err("no ELF core header for this kernel's CPUs and memory (%d)%s\n", ret,
	       ret == -ENOMEM ? "; free some memory and load again" :
				": an ELF file has at most 65534 headers");
	vfree(*buf);
	*buf = NULL;
	return ret;
}

/* One page of @res that no segment of @img covers and that has no error, or 0. */
static phys_addr_t crash_load_free_page(const struct kexec_image *img,
					const struct resource *res)
{
	const struct kimage *kimage = &img->kimage;
	struct place_request want = {
		.size = PAGE_SIZE,
		.align = PAGE_SIZE,
		.min = res->start,
		.max = crash_load_end(res),
		.top_down = true,
	};
	/* Taking out a segment makes one range more at most: there is always room. */
	DEFINE_RAW_FLEX(struct place_map, map, r, KEXEC_SEGMENT_MAX + 1);
	unsigned int i;
	u64 page_pa, bad;

	map->max = KEXEC_SEGMENT_MAX + 1;
	if (kexec_place_insert(map, want.min, want.max))
		return 0;
	for (i = 0; i < kimage->nr_segments; i++) {
		u64 start = kimage->segment[i].mem, len = kimage->segment[i].memsz;

		if (len && kexec_place_remove(map, start, start + len))
			return 0;
	}
	for (; !kexec_place_find(map, &want, &page_pa); want.max = page_pa)
		if (!kexec_ram_has_error(page_pa, page_pa + PAGE_SIZE, &bad))
			return page_pa;
	return 0;
}

/**
 * kexec_crash_reserve_note() - choose and map the page for vmcoreinfo
 * @img: a crash image whose segments all have their place
 *
 * Nothing is written yet: an image loaded before may still use the page.
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 * Return: 0, or -ENOMEM after one message.
 */
int kexec_crash_reserve_note(struct kexec_image *img)
{
	phys_addr_t page_pa;
	struct page *page;

	/* Never in the low region, which this kernel does not write to. */
	page_pa = crash_load_free_page(img, &crashk_res);
	if (!page_pa) {
		pr_err("no page left in the crash reservation for vmcoreinfo: make crashkernel= (%llu MB now) larger\n",
		       (crash_load_end(&crashk_res) - crashk_res.start) >> 20);
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
 * kexec_crash_use_note() - let the panic path work on the copy of @img
 * @img: a crash image that alone lives in the reservation now
 *
 * Context: process context; the caller holds the kexec lock, which keeps the
 * panic path away from the copy.
 */
void kexec_crash_use_note(struct kexec_image *img)
{
	crash_load_note_va = img->kimage.vmcoreinfo_data_copy;
	crash_update_vmcoreinfo_safecopy(crash_load_note_va);
}

/**
 * kexec_crash_release_note() - let go of the page for vmcoreinfo
 * @img: any image; one without a page is left alone
 *
 * Context: process context, may sleep; the caller holds the kexec lock, and
 * @img can no longer be started.
 */
void kexec_crash_release_note(struct kexec_image *img)
{
	void *va = img->kimage.vmcoreinfo_data_copy;

	if (!va)
		return;
	if (va == crash_load_note_va) {
		crash_load_note_va = NULL;
		crash_update_vmcoreinfo_safecopy(NULL);
	}
	img->kimage.vmcoreinfo_data_copy = NULL;
	vunmap(va);
}
