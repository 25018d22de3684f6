// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the ELF core header of a crash image
 *
 * The header changes with memory hotplug.  The capture kernel reads it at a fixed address
 * with its caches off, so there is no pointer that one store could switch.  An update has
 * two steps, which are states of the kexec lock:
 *
 *	STAGING		the new header is built in a buffer
 *	COMMITTING	it is copied over the old one and cleaned to the PoC
 *
 * A panic in STAGING finds the old header complete.  A panic in COMMITTING repeats the copy
 * from its start; a CPU that cannot be stopped writes the same bytes to the same places.
 *
 * The header has a mapping of its own, because the linear map of the reservation may be
 * read-only and the panic path must not change page tables.  Its size is fixed at load
 * time, with spare capacity.
 *
 * The kexec lock guards everything here; below it the memory hotplug read lock keeps
 * memblock stable.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/cpumask.h>
#include <linux/crash_core.h>
#include <linux/elf.h>
#include <linux/kexec_arch.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/panic.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <asm/sections.h>

#include "crash_cma.h"
#include "crash_elfcorehdr.h"
#include "debug.h"
#include "digest.h"
#include "image.h"
#include "lock.h"
#include "segment.h"
#include "sysfs.h"
#include "lib/elfcore.h"

static u64 elfcorehdr_end(const struct resource *res)
{
	return res->end ? (u64)res->end + 1 : 0;
}

/* The next online part of [*@pos, @end); other memory may be absent. */
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
 * Counts the parts if @ram is NULL.  Whole pages only, because the rest of a page may be
 * memory that must not be read.
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

/* Without memory of firmware or drivers. */
static int elfcorehdr_ram(struct kexec_range **ramp, unsigned int *nrp)
{
	*nrp = elfcorehdr_walk_ram(NULL);
	*ramp = kvcalloc(*nrp, sizeof(**ramp), GFP_KERNEL);
	if (!*ramp)
		return -ENOMEM;
	elfcorehdr_walk_ram(*ramp);
	return 0;
}

static unsigned int elfcorehdr_skip_reserved(struct kexec_range *skip,
					     const struct kexec_image *img)
{
	skip[0] = (struct kexec_range) { crashk_res.start, elfcorehdr_end(&crashk_res) };
	skip[1] = (struct kexec_range) { crashk_low_res.start, elfcorehdr_end(&crashk_low_res) };
	memcpy(skip + 2, img->cma, img->nr_cma * sizeof(*skip));
	return 2 + img->nr_cma;
}

/*
 * Memory that does not belong to a dump of @img or cannot be read there; NULL without memory
 * for the list.
 */
static struct kexec_range *elfcorehdr_skip(unsigned int *nrp, const struct kexec_image *img)
{
	unsigned int nr = kexec_arch_dump_excluded(NULL, 0), i;
	struct kexec_range *excluded __free(kvfree) = NULL;
	struct kexec_range *skip;

	excluded = kvcalloc(nr + 1, sizeof(*excluded), GFP_KERNEL);
	if (!excluded)
		return NULL;
	skip = kvcalloc(nr + 2 + KEXEC_CRASH_CMA_MAX, sizeof(*skip), GFP_KERNEL);
	if (!skip)
		return NULL;
	*nrp = elfcorehdr_skip_reserved(skip, img);
	kexec_arch_dump_excluded(excluded, nr);
	for (i = 0; i < nr; i++)
		skip[(*nrp)++] = (struct kexec_range) { excluded[i].start, excluded[i].end };
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

/* Without @buf only @capacity is computed, the size with spare capacity. */
struct elfcorehdr_target {
	const struct kexec_image *img;
	void *buf;
	size_t capacity;
	size_t used;
};

static int elfcorehdr_write_req(const struct elfcore_req *req, struct elfcorehdr_target *to)
{
	size_t spare;
	int ret;

	if (to->buf)
		return kexec_elfcore_build(req, to->buf, to->capacity, &to->used);
	ret = kexec_elfcore_size(req, &to->capacity);
	if (!ret && IS_ENABLED(CONFIG_CRASH_HOTPLUG)) {
		spare = kexec_elfcore_capacity(req->nr_cpus, req->nr_ram + req->nr_skip);
		to->capacity = max(to->capacity, spare);
	}
	return ret;
}

/**
 * kexec_arch_dump_excluded() - list memory that a capture kernel cannot read
 * @ranges: filled with the first @max ranges, or NULL with @max 0
 * @max: entries of @ranges
 *
 * Return: the number of ranges.
 */
unsigned int __weak kexec_arch_dump_excluded(struct kexec_range *ranges, unsigned int max)
{
	return 0;
}

/* The caller holds the memory hotplug read lock. */
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
	skip = elfcorehdr_skip(&req.nr_skip, to->img);
	ret = notes && skip ? elfcorehdr_ram(&ram, &req.nr_ram) : -ENOMEM;
	req.ram = ram;
	req.skip = skip;
	req.cpu_note_pa = notes;
	if (!ret)
		ret = elfcorehdr_write_req(&req, to);
	kvfree(ram);
	kvfree(skip);
	kvfree(notes);
	return ret;
}

static int elfcorehdr_report(int err)
{
	if (err == -ENOSPC) {
		pr_err("ELF core header: memory was added during the load; load again\n");
		return -EAGAIN;
	}
	if (err)
		pr_err("no ELF core header for this kernel's CPUs and memory (%d)%s\n", err,
		       err == -ENOMEM ? "" : ": an ELF file has at most 65534 headers");
	return err;
}

/**
 * kexec_elfcorehdr_size() - get the size of the ELF core header of this kernel
 * @img: a crash image, whose list of CMA areas is complete
 * @len: receives the size with spare capacity, a multiple of 4096
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_elfcorehdr_size(const struct kexec_image *img, size_t *len)
{
	struct elfcorehdr_target to = { .img = img };
	int ret;

	get_online_mems();
	ret = elfcorehdr_describe(&to);
	put_online_mems();
	*len = to.capacity;
	return elfcorehdr_report(ret);
}

static int elfcorehdr_read(void *va, size_t len, void *arg)
{
	struct elfcorehdr_target to = { .img = arg, .buf = va, .capacity = len };
	int ret;

	memset(va, 0, len);
	get_online_mems();
	ret = elfcorehdr_describe(&to);
	put_online_mems();
	return elfcorehdr_report(ret);
}

/**
 * kexec_elfcorehdr_fill() - write the ELF core header of this kernel to its segment
 * @img: a crash image that has its pages
 * @seg: index of the segment, which has the size of kexec_elfcorehdr_size()
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_elfcorehdr_fill(struct kexec_image *img, unsigned int seg)
{
#ifdef CONFIG_CRASH_HOTPLUG
	img->kimage.elfcorehdr_index = seg;
#endif
	return kexec_segment_read(img, seg, img->kimage.segment[seg].memsz, elfcorehdr_read, img);
}

/**
 * kexec_elfcorehdr_check_user() - print notices about a header that user space has built
 *
 * User space does not know which memory cannot be read, and has no CMA area in the device
 * tree.
 */
void kexec_elfcorehdr_check_user(void)
{
	unsigned int nr = kexec_arch_dump_excluded(NULL, 0);

	if (nr)
		pr_notice("ELF header of user space: %u ranges in it cannot be read; use kexec -s\n",
			  nr);
	if (kexec_crash_cma_nr())
		pr_notice("crashkernel=SIZE,cma is not used by this crash image; use kexec -s\n");
}

#ifdef CONFIG_CRASH_HOTPLUG
/**
 * arch_crash_get_elfcorehdr_size() - get the size of an ELF core header with spare capacity
 *
 * Return: bytes, shown in /sys/kernel/crash_elfcorehdr_size.
 */
unsigned int arch_crash_get_elfcorehdr_size(void)
{
	return kexec_elfcore_capacity(num_possible_cpus(), 0);
}

static bool elfcorehdr_is_header(const struct kexec_backing *b)
{
	struct kexec_run_pos pos;

	for_each_kexec_run(&pos, b, 1)
		return !memcmp(kexec_run_va(pos.run.page), ELFMAG, SELFMAG);
	return false;
}

/* kexec_load: found by its content.  Returns -1 if there is none. */
static int elfcorehdr_find(const struct kexec_image *img)
{
	unsigned int i;

	if (img->kimage.file_mode)
		return img->kimage.elfcorehdr_index;
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (elfcorehdr_is_header(&img->backing[i]))
			return i;
	return -1;
}

static void *elfcorehdr_map(const struct kexec_backing *b)
{
	struct vm_struct *area = get_vm_area(b->segment->memsz, VM_MAP);
	unsigned long va;

	if (!area)
		return NULL;
	va = (unsigned long)area->addr;
	if (!vmap_page_range(va, va + b->segment->memsz, kexec_dst_pa(b), PAGE_KERNEL))
		return area->addr;
	free_vm_area(area);
	return NULL;
}

/**
 * kexec_elfcorehdr_attach() - prepare a crash image for memory hotplug
 * @img: an image whose segments are filled
 *
 * Return: 0, or -ENOMEM or -EINVAL after one message.
 */
int kexec_elfcorehdr_attach(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;
	int seg;

	kexec_lock_assert_held();
	if (!img->kimage.hotplug_support)
		return 0;
	seg = elfcorehdr_find(img);
	if (seg < 0) {
		pr_err("crash image: hotplug support requires a segment that starts with an ELF header\n");
		return -EINVAL;
	}

	r->seg = seg;
	r->capacity = img->kimage.segment[seg].memsz;
	r->stage = vzalloc(r->capacity);
	r->hdr = elfcorehdr_map(&img->backing[seg]);
	/* How much of it has content is not known. */
	r->used = r->capacity;
	if (r->stage && r->hdr)
		return 0;
	pr_err("no memory for updates of the ELF core header (%zu kB)\n",
	       r->capacity >> 10);
	return -ENOMEM;
}

/**
 * kexec_elfcorehdr_detach() - undo kexec_elfcorehdr_attach()
 * @img: any image that can no longer be started
 */
void kexec_elfcorehdr_detach(struct kexec_image *img)
{
	vunmap(img->refresh.hdr);
	vfree(img->refresh.stage);
	img->refresh = (struct kexec_refresh) { };
}

static const char *elfcorehdr_reason(int error)
{
	switch (error) {
	case -ENOSPC:
		return ", it has no room";
	case -EOPNOTSUPP:
		return ", user space has built it";
	default:
		return "";
	}
}

/**
 * kexec_elfcorehdr_ask() - does the header describe the present memory?
 * @img: a crash image
 * @refusal: receives the reason if it does not
 *
 * Context: the caller holds a reference to @img.
 * Return: 0, or after one line -ESTALE if the last update has failed, -EBUSY if one is
 * requested or in progress.
 */
int kexec_elfcorehdr_ask(const struct kexec_image *img, struct kexec_refusal *refusal)
{
	int error;

	/* In this order, see kexec_lock_is_refreshing(). */
	if (kexec_pending_test(KEXEC_PENDING_ELFCOREHDR) || kexec_lock_is_refreshing()) {
		kexec_refusal_err(refusal, "crash image: the ELF core header is being updated; ask again\n");
		return -EBUSY;
	}
	error = READ_ONCE(img->refresh.error);
	if (!error)
		return 0;
	kexec_refusal_err(refusal, "crash image: ELF core header is not updated (%d)%s; load it again\n",
			  error, elfcorehdr_reason(error));
	return -ESTALE;
}

/* Tools of user space load such an image again, so this is not reported in the log. */
static void elfcorehdr_no_update(struct kexec_image *img)
{
	WRITE_ONCE(img->refresh.error, -EOPNOTSUPP);
	kexec_sysfs_notify(true);
}

static bool elfcorehdr_stage(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;
	struct elfcorehdr_target to = {
		.img = img,
		.buf = r->stage,
		.capacity = min_not_zero(r->capacity, (size_t)kexec_debug.refresh_size),
	};
	int ret;

	memset(r->stage, 0, r->capacity);
	ret = elfcorehdr_describe(&to);
	if (ret) {
		/* Once, because memory is often added in many blocks. */
		if (!r->error)
			pr_warn("crash image: ELF core header is not updated (%d)%s; load it again\n",
				ret, elfcorehdr_reason(ret));
		r->error = ret;
		return false;
	}
	r->error = 0;
	r->len = max(to.used, r->used);
	r->digest = kexec_digest_buffer(r->stage, r->capacity);
	r->staged_used = to.used;
	return true;
}

/* May run on several CPUs at once, which write the same bytes. */
static void __kexec_panic elfcorehdr_write(struct kexec_image *img)
{
	struct kexec_refresh *r = &img->refresh;

	kexec_debug_copy_refresh(r->hdr, r->stage, r->len);
	kexec_debug_panic_refresh();
	kexec_debug_meet(3);
	/* The capture kernel reads it with its caches off. */
	kexec_arch_clean_to_poc(r->hdr, r->len);
	kexec_debug_panic_refresh();
	img->backing[r->seg].digest = r->digest;
}

/**
 * kexec_elfcorehdr_update() - describe the present memory to the capture kernel
 *
 * Context: after kexec_lock_refresh(), with the memory hotplug lock held.  On return a
 * panic may have acquired the kexec lock.
 */
void kexec_elfcorehdr_update(void)
{
	struct kexec_image *img;

	kexec_lock_assert_held();
	if (!kexec_crash_image)
		return;
	img = to_kexec_image(kexec_crash_image);
	if (!img->kimage.hotplug_support) {
		elfcorehdr_no_update(img);
		return;
	}
	/* Readers were answered EBUSY.  Sent when the lock is released. */
	kexec_sysfs_notify(true);
	kexec_debug_panic_refresh();
	if (!elfcorehdr_stage(img))
		return;
	kexec_debug_panic_refresh();
	if (!kexec_lock_commit())
		return;
	/* Readers without the kexec lock, see verify.c.  A panic stops them. */
	raw_write_seqcount_begin(&img->updates);
	elfcorehdr_write(img);
	raw_write_seqcount_end(&img->updates);
	img->refresh.used = img->refresh.staged_used;
	kexec_debug_panic_refresh();
}

/**
 * kexec_elfcorehdr_finish() - complete a copy that a panic found in COMMITTING
 */
void __kexec_panic kexec_elfcorehdr_finish(void)
{
	pr_emerg("the ELF core header was being updated; completing it\n");
	elfcorehdr_write(to_kexec_image(kexec_crash_image));
}
#endif /* CONFIG_CRASH_HOTPLUG */
