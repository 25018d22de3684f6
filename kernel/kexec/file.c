// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_file_load: from file descriptors to segments
 *
 * The first page of the kernel has its size.  All segments of known size are placed and
 * allocated, and kernel_read_file() reads each file into its segment, so LSM, IMA and the
 * signature check see the complete content.  If the file has changed since its head was
 * read, the load fails with EAGAIN.
 *
 * Of a packed kernel the head is unpacked first.  Its image_size limits how much is read
 * and unpacked.  A file of gzip, lz4, lzo or zstd that is no larger than its Image is read to
 * the end of the segment and unpacked below it; any other is read to memory of its own.
 *
 * A unified kernel image is read to the end of the segment of the initrd.  When its kernel is
 * copied or unpacked, its initrd is moved or unpacked to the start of the segment and the rest
 * of that is freed.
 *
 * IMA's measurement list and the device tree are last: reading adds measurements, and the
 * tree has the addresses of all segments.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/file.h>
#include <linux/ima.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <asm/setup.h>

#include "contig.h"
#include "crash_cma.h"
#include "crash_elfcorehdr.h"
#include "debug.h"
#include "file.h"
#include "ima_list.h"
#include "image.h"
#include "initrd.h"
#include "lock.h"
#include "pages.h"
#include "placement.h"
#include "read.h"
#include "runs.h"
#include "segment.h"
#include "signature.h"
#include "uki.h"
#include "usable.h"
#include "lib/range_map.h"

/* Header and PE sections. */
#define FILE_HEAD	SZ_4K

/* Packed data that suffices to unpack FILE_HEAD bytes, of any packer. */
#define FILE_PEEK	SZ_512K

/* A packed file may have padding or an EFI program. */
#define FILE_PACKED_EXTRA	SZ_16M

/**
 * struct file_load - state of one kexec_file_load
 * @img: the image
 * @info: requirements of the kernel's header
 * @fdt: content of the device tree
 * @user_cmdline: command line in memory of the caller
 * @user_cmdline_len: bytes of it, with its NUL, 0 for none
 * @cmdline: command line of the next kernel, NULL if it has none
 * @head: first bytes of the kernel in the file
 * @head_len: size of @head, in bytes
 * @uki: the kernel file, if it is a UKI
 * @kernel_pos: offset of the kernel in the file
 * @kernel_len: bytes of the kernel in the file
 * @kernel_base: boundary that the kernel is at text_offset from, 0 if not placed
 * @kernel_seg: segment of the kernel
 * @initrd: the initrd
 * @initrd_seg: segment of the initrd, if there is one
 * @dtb_seg: segment of the device tree
 * @dtb_size: size of that segment, before it is trimmed
 * @elfcore_seg: segment of the ELF core header, of a crash image
 * @ima_size: bytes reserved for IMA's list, 0 for none
 * @first_fit: use the first range that fits, whether or not it can be allocated
 */
struct file_load {
	struct kexec_image *img;
	struct kexec_image_info info;
	struct kexec_fdt_request fdt;
	const char __user *user_cmdline;
	unsigned long user_cmdline_len;
	char *cmdline;
	void *head;
	size_t head_len;
	struct kexec_uki uki;
	u64 kernel_pos;
	size_t kernel_len;
	u64 kernel_base;
	int kernel_seg;
	struct kexec_initrd initrd;
	int initrd_seg;
	int dtb_seg;
	size_t dtb_size;
	int elfcore_seg;
	size_t ima_size;
	bool first_fit;
};

/* The first unpacked bytes have the size of the Image. */
static int file_peek_packed(struct file_load *load, struct file *file)
{
	void *data __free(kvfree) = kvmalloc(FILE_PEEK, GFP_KERNEL);
	size_t len = min_t(u64, load->info.payload_len, FILE_PEEK);
	u64 limit;
	ssize_t got;
	int ret;

	if (!data) {
		pr_err("no memory to look at the packed kernel's header\n");
		return -ENOMEM;
	}
	got = kexec_read_at(file, data, len, load->kernel_pos + load->info.payload_start);
	if (got < 0) {
		pr_err("kernel: reading the packed header failed (%zd)\n", got);
		return got;
	}
	/* For Image.gz these are the first bytes of the file. */
	if (got != len || (!load->info.payload_start &&
			   memcmp(data, load->head, min_t(size_t, len, load->head_len))))
		return kexec_read_changed("kernel");
	ret = kexec_arch_image_probe(data, got, load->kernel_len, &load->info);
	if (ret)
		return ret;
	limit = load->info.image_size + FILE_PACKED_EXTRA;
	if (load->kernel_len <= limit)
		return 0;
	pr_err("kernel: the packed file has %zu bytes, its Image at most %llu (limit %llu)\n",
	       load->kernel_len, load->info.image_size, limit);
	return -ENOEXEC;
}

static int file_read_head(struct file_load *load, struct file *file, u64 pos, u64 len)
{
	ssize_t got;

	load->kernel_pos = pos;
	load->kernel_len = len;
	load->head_len = min_t(u64, len, FILE_HEAD);
	got = kexec_read_at(file, load->head, load->head_len, pos);
	if (got < 0) {
		pr_err("kernel: reading the header failed (%zd)\n", got);
		return got;
	}
	return got == load->head_len ? 0 : kexec_read_changed("kernel");
}

static int file_copy_cmdline(struct file_load *load)
{
	unsigned long len = load->user_cmdline_len;
	char *copy;

	if (!len)
		return 0;
	if (len > COMMAND_LINE_SIZE) {
		pr_err("command line of %lu bytes is too long (limit %d)\n", len,
		       COMMAND_LINE_SIZE);
		return -EINVAL;
	}
	copy = memdup_user(load->user_cmdline, len);
	if (IS_ERR(copy)) {
		pr_err("command line of %lu bytes cannot be read (%ld)\n", len, PTR_ERR(copy));
		return PTR_ERR(copy);
	}
	load->cmdline = copy;
	if (copy[len - 1]) {
		pr_err("command line of %lu bytes does not end with a NUL\n", len);
		return -EINVAL;
	}
	return 0;
}

/* The command line may select the profile whose kernel is loaded, so it is copied first. */
static int file_open_uki(struct file_load *load, struct file *file)
{
	const struct uki_part *linux_part = &load->uki.layout.part[UKI_LINUX];
	int ret = file_copy_cmdline(load);

	if (!ret)
		ret = kexec_uki_open(&load->uki, file, load->kernel_len, load->head,
				     load->head_len, &load->cmdline);
	if (!ret)
		ret = file_read_head(load, file, linux_part->start, linux_part->len);
	if (!ret)
		load->kernel_len = kexec_uki_set_kernel(&load->uki, load->head, load->head_len);
	return ret;
}

static int file_probe_kernel(struct file_load *load, struct file *file, int fd)
{
	loff_t size = kexec_read_size(file, fd, "kernel");
	int ret;

	if (size < 0)
		return size;
	load->head = kmalloc(FILE_HEAD, GFP_KERNEL);
	if (!load->head) {
		pr_err("no memory to look at the kernel's header\n");
		return -ENOMEM;
	}
	ret = file_read_head(load, file, 0, size);
	if (!ret && kexec_uki_detect(load->head, load->head_len))
		ret = file_open_uki(load, file);
	if (!ret)
		ret = kexec_arch_image_probe(load->head, load->head_len, load->kernel_len,
					     &load->info);
	if (!ret && load->info.packed)
		ret = file_peek_packed(load, file);
	return ret;
}

/* In the crash reservation the order does not matter. */
static bool file_is_top_down(const struct file_load *load)
{
	return !load->info.low && !load->first_fit && !load->fdt.crash;
}

/* A UKI is in the segment of the initrd while it is loaded. */
static u64 file_initrd_size(const struct file_load *load)
{
	return max(load->initrd.room, load->uki.len);
}

/* The lowest window that has the end of the kernel. */
static u64 file_window_below(const struct kexec_image_info *info, u64 kernel_end)
{
	u64 top = round_up(kernel_end, info->window_align);

	return top > info->window ? top - info->window : 0;
}

/*
 * The window may start below the kernel, but has to contain both.  Bottom up, the part
 * above is tried first.
 */
static int file_place_initrd(struct file_load *load, u64 kernel_pa, u64 kernel_end)
{
	const struct kexec_image_info *info = &load->info;
	struct range_request req = {
		.size = PAGE_ALIGN(file_initrd_size(load)),
		.align = info->part_align,
		.min = round_down(kernel_pa, info->window_align),
		.max = round_down(kernel_pa, info->window_align) + info->window,
		.top_down = file_is_top_down(load),
	};
	int seg;

	if (!req.size)
		return 0;
	if (req.top_down)
		req.min = file_window_below(info, kernel_end);
	seg = kexec_placement_segment(load->img, &req, 0, req.size, load->first_fit);
	if (seg == -EADDRNOTAVAIL && !info->low && !req.top_down) {
		req.min = file_window_below(info, kernel_end);
		req.max = req.min + info->window;
		seg = kexec_placement_segment(load->img, &req, 0, req.size, load->first_fit);
	}
	if (seg < 0)
		return seg;
	load->initrd_seg = seg;
	load->fdt.initrd_pa = load->img->kimage.segment[seg].mem;
	return 0;
}

/* At the top, away from the kernel. */
static int file_place_top(struct file_load *load, u64 size, u64 align)
{
	struct range_request req = {
		.size = size,
		.align = max(load->info.part_align, align),
		.max = PHYS_MASK,
		.top_down = true,
	};

	return kexec_placement_segment(load->img, &req, 0, size, load->first_fit);
}

static int file_place_dtb(struct file_load *load)
{
	/* Aligned to its own size it cannot cross the boundary of a block. */
	int seg = file_place_top(load, load->dtb_size, roundup_pow_of_two(load->dtb_size));

	if (seg < 0)
		return seg;
	load->dtb_seg = seg;
	load->img->plan.dtb_pa = load->img->kimage.segment[seg].mem;
	return 0;
}

static int file_place_elfcore(struct file_load *load)
{
	int seg;

	if (!load->fdt.crash)
		return 0;
	seg = file_place_top(load, load->fdt.elfcorehdr_len, 0);
	if (seg < 0)
		return seg;
	load->elfcore_seg = seg;
	load->fdt.elfcorehdr_pa = load->img->kimage.segment[seg].mem;
	return 0;
}

static u64 file_kernel_size(const struct file_load *load)
{
	return PAGE_ALIGN(load->info.text_offset + load->info.image_size);
}

/* The last segment: IMA takes it for that, and it is removed if IMA does not use it. */
static int file_place_ima(struct file_load *load)
{
	int seg;

	if (!load->ima_size)
		return 0;
	seg = file_place_top(load, load->ima_size, 0);
	if (seg < 0)
		return seg;
	load->img->kbuf_seg = seg;
	return 0;
}

/* Place the kernel, top down to spare low memory, and the other segments near it. */
static int file_place_from(struct file_load *load, u64 min)
{
	struct range_request req = {
		.size = file_kernel_size(load),
		.align = load->info.align,
		.min = min,
		.max = load->info.max,
		.top_down = file_is_top_down(load),
	};
	struct kexec_image *img = load->img;
	int seg, ret;

	load->kernel_base = 0;
	seg = kexec_placement_segment(img, &req, load->info.text_offset,
				      load->info.image_size, load->first_fit);
	if (seg < 0)
		return seg;
	load->kernel_seg = seg;
	img->kimage.start = img->kimage.segment[seg].mem;
	img->plan.entry_pa = img->kimage.start;
	load->kernel_base = img->kimage.start - load->info.text_offset;

	ret = file_place_initrd(load, load->kernel_base, load->kernel_base + req.size);
	if (!ret)
		ret = file_place_dtb(load);
	if (!ret)
		ret = file_place_elfcore(load);
	return ret ?: file_place_ima(load);
}

static void file_unplace(struct file_load *load)
{
	struct kexec_image *img = load->img;
	const struct kexec_segment *last;

	while (img->kimage.nr_segments) {
		last = &img->kimage.segment[img->kimage.nr_segments - 1];
		range_map_add(img->usable, last->mem, last->mem + last->memsz);
		kexec_segment_drop(img);
	}
	if (load->kernel_base)
		range_map_add(img->usable, load->kernel_base,
			      load->kernel_base + file_kernel_size(load));
}

/* If the kernel leaves no range for the other segments, try every range for it. */
static int file_place_all(struct file_load *load)
{
	u64 size = file_kernel_size(load), min = 0;
	int ret;

	for (;;) {
		ret = file_place_from(load, min);
		if (!ret)
			break;
		file_unplace(load);
		if (ret != -EADDRNOTAVAIL || (load->first_fit && !load->kernel_base))
			break;
		if (load->first_fit)
			min = load->kernel_base + size;
		load->first_fit = true;
	}
	if (!ret && load->first_fit)
		kexec_contig_place(load->img);
	if (!ret)
		return kexec_pages_place(load->img);
	if (ret == -EADDRNOTAVAIL && !load->initrd.unpack)
		pr_err("no place for the kernel (%llu kB) and its initrd (%llu kB) in %llu GiB; %s\n",
		       size >> 10, file_initrd_size(load) >> 10, load->info.window >> 30,
		       load->img->plan.crash ?
		       "boot with a larger crashkernel=" :
		       "use a smaller initrd or reserve less memory");
	return ret;
}

static bool file_same_info(const struct kexec_image_info *a, const struct kexec_image_info *b)
{
	return a->text_offset == b->text_offset && a->image_size == b->image_size &&
	       a->align == b->align && a->packed == b->packed && a->packing == b->packing;
}

/* All inputs of the placement are in the head. */
static int file_check_head(const struct file_load *load, const void *file)
{
	return memcmp(file, load->head, load->head_len) ? kexec_read_changed("kernel") : 0;
}

/**
 * struct file_packed - a packed kernel that is being loaded
 * @load: the load
 * @reader: reads the file
 * @data: the file
 * @own: memory of its own for it, NULL if it is read to the end of the segment
 * @check: its signature has to be checked
 */
struct file_packed {
	struct file_load *load;
	struct kexec_reader *reader;
	void *data;
	void *own;
	bool check;
};

/* A signed program is verified before it is unpacked, which may overwrite it. */
static int file_unpack(void *va, size_t len, void *arg)
{
	const struct file_packed *packed = arg;
	struct file_load *load = packed->load;
	struct kexec_image_info now;
	size_t unpacked = len;
	int ret, check = packed->check;

	/* A file that is not packed from its first byte on is a program of its own. */
	if (check && load->info.payload_start)
		check = kexec_signature_check_program(packed->data, load->kernel_len);
	if (check < 0)
		return check;
	ret = kexec_arch_image_unpack(packed->data, load->kernel_len, va, &unpacked, &now);
	if (!ret && !file_same_info(&now, &load->info))
		ret = kexec_read_changed("kernel");
	if (ret)
		return ret;
	ret = kexec_segment_clear(load->kernel_seg, va + unpacked, len - unpacked);
	if (ret)
		return ret;
	return check ? kexec_signature_check(va, unpacked) : 0;
}

static int file_read_packed(void *va, size_t len, void *arg)
{
	struct file_packed *packed = arg;
	struct file_load *load = packed->load;
	int ret;

	packed->data = packed->own ?: PTR_ALIGN_DOWN(va + len - load->kernel_len, sizeof(u64));
	ret = kexec_read_all(packed->data, load->kernel_len, packed->reader);
	if (!ret)
		ret = file_check_head(load, packed->data);
	return ret ?: file_unpack(va, len, packed);
}

/*
 * In place, unpack.c may copy the unread part of the file, which is most of it if there is
 * less room below the file than it has bytes.
 */
static bool file_packed_fits(const struct file_load *load, bool in_place)
{
	if (in_place && load->info.image_size - load->kernel_len >= load->kernel_len)
		return true;
	/* Fail instead of invoking the OOM killer. */
	return kexec_pages_headroom(PFN_UP(load->kernel_len)) >= 0;
}

static int file_fill_packed(struct file_load *load, struct kexec_reader *reader)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	bool in_place = load->info.in_place && load->kernel_len <= load->info.image_size;
	struct file_packed packed = { .load = load, .reader = reader, .check = true };
	bool fits = file_packed_fits(load, in_place);
	int ret;

	if (fits && !in_place)
		packed.own = __vmalloc(load->kernel_len, gfp);
	if (!fits || (!in_place && !packed.own)) {
		pr_err("no memory to read a packed kernel of %zu kB\n",
		       load->kernel_len >> 10);
		return -ENOMEM;
	}
	ret = kexec_segment_read(load->img, load->kernel_seg, load->info.image_size,
				 file_read_packed, &packed);
	vfree(packed.own);
	return ret;
}

static int file_fill_kernel(struct file_load *load, struct kexec_reader *reader)
{
	struct kexec_backing *b = &load->img->backing[load->kernel_seg];
	int ret;

	if (load->info.packed)
		return file_fill_packed(load, reader);

	ret = kexec_segment_read(load->img, load->kernel_seg, load->kernel_len, kexec_read_all,
				 reader);
	if (!ret)
		ret = kexec_runs_map(b);
	if (ret)
		return ret;

	ret = file_check_head(load, b->va);
	if (!ret)
		ret = kexec_signature_check(b->va, load->kernel_len);
	kexec_runs_unmap(b);
	return ret;
}

/* Again, if the file could not be unpacked. */
static int file_fill_initrd(struct file_load *load)
{
	struct kexec_initrd *initrd = &load->initrd;
	bool unpack;
	int ret;

	if (!initrd->len)
		return 0;
	do {
		unpack = initrd->unpack;
		ret = kexec_segment_read(load->img, load->initrd_seg, initrd->len,
					 kexec_initrd_read, initrd);
	} while (!ret && initrd->unpack != unpack);
	if (!ret)
		kexec_segment_trim(load->img, load->initrd_seg, initrd->len);
	load->fdt.initrd_len = initrd->len;
	return ret;
}

static int file_fill_uki_kernel(void *arg, void *kernel, bool check)
{
	struct file_load *load = arg;
	struct file_packed packed = { .load = load, .data = kernel, .check = check };
	int ret = file_check_head(load, kernel);

	if (ret)
		return ret;
	if (load->info.packed)
		return kexec_segment_read(load->img, load->kernel_seg, load->info.image_size,
					  file_unpack, &packed);
	ret = check ? kexec_signature_check(kernel, load->kernel_len) : 0;
	return ret ?: kexec_segment_read(load->img, load->kernel_seg, load->kernel_len,
					 kexec_uki_copy, kernel);
}

/* Again, if the initrds could not be unpacked. */
static int file_fill_uki(struct file_load *load, struct kexec_uki_fill *fill)
{
	struct kexec_initrd *initrd = &load->initrd;
	bool unpack;
	int ret;

	fill->room = load->img->kimage.segment[load->initrd_seg].memsz;
	do {
		unpack = initrd->unpack;
		ret = kexec_segment_read(load->img, load->initrd_seg, initrd->len,
					 kexec_uki_fill, fill);
	} while (!ret && initrd->unpack != unpack);
	/* Without any initrd one page is left. */
	if (!ret)
		kexec_segment_trim(load->img, load->initrd_seg, max(initrd->len, 1));
	load->fdt.initrd_len = initrd->len;
	return ret;
}

static int file_fill_fdt(struct file_load *load)
{
	void *fdt = kvzalloc(load->dtb_size, GFP_KERNEL);
	size_t used;
	int ret;

	if (!fdt) {
		pr_err("no memory for the device tree (%zu bytes)\n", load->dtb_size);
		return -ENOMEM;
	}
	ret = kexec_arch_fdt_build(&load->fdt, fdt, load->dtb_size, &used);
	if (!ret)
		ret = kexec_segment_fill_kernel(load->img, load->dtb_seg, fdt, used);
	if (!ret) {
		kexec_segment_trim(load->img, load->dtb_seg, used);
		kexec_timeline_attach(load->img, load->dtb_seg, fdt);
	}
	/* The seeds are a secret of the next kernel. */
	kvfree_sensitive(fdt, load->dtb_size);
	return ret;
}

/* The capture kernel gets an area up to the first pageblock with a memory error. */
static void file_list_cma(struct file_load *load)
{
	struct kexec_image *img = load->img;
	const unsigned int nr = kexec_crash_cma(img->cma);
	unsigned int i;
	u64 bad;

	img->nr_cma = 0;
	for (i = 0; i < nr; i++) {
		struct kexec_range range = img->cma[i];

		if (kexec_usable_has_error(range.start, range.end, &bad)) {
			range.end = ALIGN_DOWN(bad, PFN_PHYS(pageblock_nr_pages));
			pr_warn("CMA area crashkernel%u: memory error at %#llx: %llu MB used\n", i,
				bad, (range.end - range.start) >> 20);
		}
		if (range.start < range.end)
			img->cma[img->nr_cma++] = range;
	}
	load->fdt.cma = img->cma;
	load->fdt.nr_cma = img->nr_cma;
}

static int file_size_all(struct file_load *load, struct file *initrd, int initrd_fd,
			 unsigned long flags)
{
	loff_t size;
	int ret;

	if (!(flags & KEXEC_FILE_NO_INITRAMFS)) {
		size = kexec_read_size(initrd, initrd_fd, "initrd");
		if (size < 0)
			return size;
		load->initrd.file_len = size;
	}
	if (load->uki.len)
		load->initrd.file_len = kexec_uki_add_initrd(&load->uki, load->initrd.file_len);
	kexec_initrd_keep(&load->initrd);
	load->fdt.initrd_len = load->initrd.file_len;
	load->fdt.cmdline = load->cmdline;
	if (load->fdt.crash) {
		size_t len;

		file_list_cma(load);
		ret = kexec_elfcorehdr_size(load->img, &len);
		if (ret)
			return ret;
		load->fdt.elfcorehdr_len = len;
	}
	load->ima_size = kexec_ima_list_size(load->fdt.crash);
	ret = kexec_arch_fdt_build(&load->fdt, NULL, 0, &load->dtb_size);
	if (ret)
		return ret;
	load->dtb_size = PAGE_ALIGN(load->dtb_size);
	if (load->dtb_size > load->info.dtb_max) {
		pr_err("device tree may need %zu bytes (limit %llu); shorten the command line\n",
		       load->dtb_size, load->info.dtb_max);
		return -E2BIG;
	}
	return 0;
}

/* Half of memory, as kexec_load(2) documents. */
static int file_check_total(const struct file_load *load)
{
	u64 size = load->info.image_size, limit = kexec_read_memory() / 2;

	if (size > kexec_read_memory()) {
		pr_err("no place for a kernel with image_size %llu, all memory is %llu\n", size,
		       kexec_read_memory());
		return -EADDRNOTAVAIL;
	}
	if (size + file_initrd_size(load) <= limit)
		return 0;
	pr_err("kernel (%llu bytes) and initrd (%llu bytes) exceed half of memory, %llu bytes\n",
	       size, file_initrd_size(load), limit);
	return -EINVAL;
}

static int file_plan_initrd(struct file_load *load)
{
	if (load->fdt.crash || !load->initrd.file_len)
		return 0;
	load->initrd.others = file_kernel_size(load) + load->dtb_size + load->ima_size;
	return kexec_initrd_plan(&load->initrd, kexec_read_memory() / 2 - load->info.image_size);
}

/* An unpacked initrd that there is no place for is loaded as it is. */
static int file_plan_and_place(struct file_load *load)
{
	int ret = file_plan_initrd(load);

	if (ret)
		return ret;
	for (;;) {
		ret = file_place_all(load);
		if (ret != -EADDRNOTAVAIL || !load->initrd.unpack)
			return ret;
		pr_notice("initrd: loaded as it is: no place for %zu kB\n",
			  load->initrd.len >> 10);
		kexec_initrd_keep(&load->initrd);
		load->first_fit = false;
	}
}

static int file_fill_all(struct file_load *load, struct file *kernel, int kernel_fd,
			 struct file *initrd)
{
	struct kexec_uki_fill fill = {
		.uki = &load->uki,
		.file = { .file = kernel, .id = READING_KEXEC_IMAGE, .what = "kernel" },
		.initrd = {
			.file = initrd, .id = READING_KEXEC_INITRAMFS, .what = "initrd",
		},
		.initrds = &load->initrd,
		.fill_kernel = file_fill_uki_kernel,
		.arg = load,
	};
	int ret = file_check_total(load);

	load->initrd.read = kexec_read_all;
	load->initrd.peek = kexec_read_part;
	load->initrd.arg = &fill.initrd;
	if (load->uki.len)
		kexec_uki_init_initrds(&fill);
	if (!ret)
		ret = file_plan_and_place(load);
	kexec_debug_hold_read();
	if (!ret)
		ret = load->uki.len ? file_fill_uki(load, &fill) :
		      file_fill_kernel(load, &fill.file);
	if (!ret && !load->uki.len)
		ret = file_fill_initrd(load);
	if (ret)
		return ret;

	if (load->fdt.cmdline)
		ima_kexec_cmdline(kernel_fd, load->fdt.cmdline, strlen(load->fdt.cmdline));
	ret = load->ima_size ? kexec_ima_list_fill(load->img, &load->fdt) : 0;
	if (!ret)
		ret = load->fdt.crash ? kexec_elfcorehdr_fill(load->img, load->elfcore_seg) : 0;
	return ret ?: file_fill_fdt(load);
}

/**
 * kexec_file_fill() - fill an image from a kernel and an initrd file
 * @img: an empty image
 * @kernel_fd: file descriptor of the kernel
 * @initrd_fd: file descriptor of the initrd, not used with KEXEC_FILE_NO_INITRAMFS
 * @cmdline: command line in user memory, with its NUL
 * @cmdline_len: bytes of it, 0 for none
 * @flags: those of kexec_file_load(2)
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_file_fill(struct kexec_image *img, int kernel_fd, int initrd_fd,
		    const char __user *cmdline, unsigned long cmdline_len,
		    unsigned long flags)
{
	struct file_load load = {
		.img = img, .user_cmdline = cmdline, .user_cmdline_len = cmdline_len,
	};
	int ret;

	kexec_lock_assert_held();
	CLASS(fd, kernel)(kernel_fd);
	CLASS(fd, initrd)(initrd_fd);

	img->plan.crash = kexec_image_is_crash(img);
	load.fdt.crash = img->plan.crash;

	ret = file_probe_kernel(&load, fd_file(kernel), kernel_fd);
	if (!ret && !load.uki.len)
		ret = file_copy_cmdline(&load);
	if (!ret)
		ret = file_size_all(&load, fd_file(initrd), initrd_fd, flags);
	if (!ret)
		ret = file_fill_all(&load, fd_file(kernel), kernel_fd, fd_file(initrd));

	kexec_uki_close(&load.uki);
	kfree(load.head);
	kfree(load.cmdline);
	return ret;
}
