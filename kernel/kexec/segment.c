// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: segments
 *
 * Adds segments to an image, checks those that user space chose, and fills them.  The part
 * after the content is zero.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/ima.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "image.h"
#include "pages.h"
#include "runs.h"
#include "segment.h"
#include "usable.h"
#include "lib/range_map.h"

/* Bytes copied between two checks for signals. */
#define SEGMENT_CHUNK	SZ_1M

/**
 * kexec_segment_add() - append a segment to an image
 * @img: the image
 * @mem: physical address, page aligned
 * @memsz: bytes
 *
 * Return: index of the segment, or -ENOMEM or -EINVAL after one message.
 */
int kexec_segment_add(struct kexec_image *img, phys_addr_t mem, u64 memsz)
{
	unsigned int seg = img->kimage.nr_segments;
	struct kexec_backing *b;

	if (seg >= KEXEC_SEGMENT_MAX) {
		pr_err("segment %u is one too many (limit %d)\n", seg,
		       KEXEC_SEGMENT_MAX);
		return -EINVAL;
	}

	img->kimage.segment[seg].mem = mem;
	img->kimage.segment[seg].memsz = PAGE_ALIGN(memsz);
	b = &img->backing[seg];
	b->segment = &img->kimage.segment[seg];
	/* The crash reservation is not allocated. */
	if (!kexec_image_is_crash(img)) {
		/* Fail instead of invoking the OOM killer. */
		b->claimed = kvcalloc(BITS_TO_LONGS(kexec_dst_pages(b)), sizeof(long),
				      GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
		if (!b->claimed) {
			pr_err("no memory to keep track of segment %u (%lu pages)\n",
			       seg, kexec_dst_pages(b));
			return -ENOMEM;
		}
	}

	img->kimage.nr_segments++;
	return seg;
}

/**
 * kexec_segment_drop() - remove the last segment
 * @img: an image with at least one segment, not mapped
 */
void kexec_segment_drop(struct kexec_image *img)
{
	struct kexec_backing *b = &img->backing[--img->kimage.nr_segments];

	kexec_pages_release(b);
	kvfree(b->claimed);
	*b = (struct kexec_backing) { };
}

/**
 * kexec_segment_move() - change the destination of a segment
 * @img: the image
 * @seg: index of a segment without content; its pages are freed
 * @mem: physical address, page aligned
 */
void kexec_segment_move(struct kexec_image *img, unsigned int seg, phys_addr_t mem)
{
	kexec_pages_release(&img->backing[seg]);
	img->kimage.segment[seg].mem = mem;
}

/**
 * kexec_segment_trim() - shorten a segment that has its pages
 * @img: the image
 * @seg: index of the segment
 * @memsz: bytes to keep
 */
void kexec_segment_trim(struct kexec_image *img, unsigned int seg, u64 memsz)
{
	kexec_pages_trim(&img->backing[seg], PFN_UP(memsz));
	img->kimage.segment[seg].memsz = PFN_UP(memsz) << PAGE_SHIFT;
}

/**
 * kexec_segment_clear() - clear a part of a mapped segment
 * @seg: index of the segment, for a message
 * @va: address of the part
 * @len: bytes
 *
 * Other tasks may run meanwhile, and a fatal signal ends the work.
 *
 * Return: 0, or -EINTR after one message.
 */
int kexec_segment_clear(unsigned int seg, void *va, size_t len)
{
	size_t done, step;

	for (done = 0; done < len; done += step) {
		step = min_t(size_t, len - done, SEGMENT_CHUNK);
		if (fatal_signal_pending(current)) {
			pr_err("loading segment %u was interrupted by a signal\n", seg);
			return -EINTR;
		}
		memset(va + done, 0, step);
		cond_resched();
	}
	return 0;
}

static int segment_close(struct kexec_image *img, unsigned int seg, size_t len)
{
	struct kexec_backing *b = &img->backing[seg];
	int ret;

	img->kimage.segment[seg].bufsz = len;
	ret = kexec_segment_clear(seg, b->va + len, b->segment->memsz - len);
	if (ret)
		return ret;
	kexec_runs_unmap(b);
	return 0;
}

/**
 * kexec_segment_read() - fill a segment
 * @img: an image that has its pages
 * @seg: index of the segment
 * @len: bytes of content, at most the size of the segment
 * @read: writes @len bytes to an address; returns 0, or an errno after one message
 * @arg: passed to @read
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_segment_read(struct kexec_image *img, unsigned int seg, size_t len,
		       int (*read)(void *va, size_t len, void *arg), void *arg)
{
	int ret;

	if (!img->kimage.segment[seg].memsz)
		return 0;
	ret = kexec_runs_map(&img->backing[seg]);
	if (!ret)
		ret = read(img->backing[seg].va, len, arg);
	return ret ?: segment_close(img, seg, len);
}

/* ima_measure_critical_data() returns lengths as int. */
#define SEGMENT_MEASURE	SZ_1G

/* There is no file to measure, so IMA measures the content, if its policy requires it. */
static void segment_measure(unsigned int seg, const void *va, size_t len)
{
	size_t done, step;
	char name[48];

	for (done = 0; done < len; done += step) {
		step = min_t(size_t, len - done, SEGMENT_MEASURE);
		snprintf(name, sizeof(name), "kexec_load-segment-%u-%zu", seg, done);
		ima_measure_critical_data("kexec_load", name, va + done, step, true, NULL, 0);
	}
}

struct segment_user {
	const void __user *buf;
	unsigned int seg;
};

static int segment_read_user(void *va, size_t len, void *arg)
{
	const struct segment_user *user = arg;
	size_t done, step;

	for (done = 0; done < len; done += step) {
		step = min_t(size_t, len - done, SEGMENT_CHUNK);
		if (fatal_signal_pending(current)) {
			pr_err("loading segment %u was interrupted by a signal\n", user->seg);
			return -EINTR;
		}
		if (copy_from_user(va + done, user->buf + done, step)) {
			pr_err("segment %u: user buffer not readable near byte %zu of %zu\n",
			       user->seg, done, len);
			return -EFAULT;
		}
		cond_resched();
	}
	segment_measure(user->seg, va, len);
	return 0;
}

/**
 * kexec_segment_fill_user() - fill a segment from user memory
 * @img: the image
 * @seg: index of the segment
 * @buf: the content
 * @len: bytes of content
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_segment_fill_user(struct kexec_image *img, unsigned int seg,
			    const void __user *buf, size_t len)
{
	struct segment_user user = { .buf = buf, .seg = seg };

	return kexec_segment_read(img, seg, len, segment_read_user, &user);
}

static int segment_read_kernel(void *va, size_t len, void *arg)
{
	size_t done, step;

	for (done = 0; done < len; done += step) {
		step = min_t(size_t, len - done, SEGMENT_CHUNK);
		memcpy(va + done, arg + done, step);
		cond_resched();
	}
	return 0;
}

/**
 * kexec_segment_fill_kernel() - fill a segment from kernel memory
 * @img: the image
 * @seg: index of the segment
 * @buf: the content
 * @len: bytes of content
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_segment_fill_kernel(struct kexec_image *img, unsigned int seg,
			      const void *buf, size_t len)
{
	return kexec_segment_read(img, seg, len, segment_read_kernel, (void *)buf);
}

static int segment_check_range(const struct kexec_segment *s, unsigned int seg)
{
	unsigned long end;

	if (check_add_overflow(s->mem, s->memsz, &end) || end > PHYS_MASK) {
		pr_err("segment %u: %#zx bytes at %#lx reach beyond the physical address space\n",
		       seg, s->memsz, s->mem);
		return -EADDRNOTAVAIL;
	}
	if (!PAGE_ALIGNED(s->mem) || !PAGE_ALIGNED(end)) {
		pr_err("segment %u: [%#lx, %#lx) is not aligned to pages of %lu bytes\n",
		       seg, s->mem, end, PAGE_SIZE);
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int segment_check_overlap(const struct kexec_segment *s, unsigned int seg)
{
	const struct kexec_segment *this = &s[seg];
	unsigned int i;

	for (i = 0; i < seg; i++) {
		if (this->mem >= s[i].mem + s[i].memsz || s[i].mem >= this->mem + this->memsz)
			continue;
		pr_err("segment %u at %#lx overlaps segment %u at %#lx\n", seg, this->mem,
		       i, s[i].mem);
		return -EINVAL;
	}
	return 0;
}

static int segment_check_size(const struct kexec_segment *s, unsigned int seg, u64 *total)
{
	u64 limit = (u64)(totalram_pages() / 2) << PAGE_SHIFT;

	if (s->bufsz > s->memsz) {
		pr_err("segment %u: %#zx bytes of content do not fit into %#zx bytes\n", seg,
		       s->bufsz, s->memsz);
		return -EINVAL;
	}
	*total += s->memsz;
	if (s->memsz <= limit && *total <= limit)
		return 0;
	pr_err("segment %u: image grows to %llu kB (limit %llu kB, half of memory)\n",
	       seg, *total >> 10, limit >> 10);
	return -EINVAL;
}

static int segment_check_place(const struct kexec_image *img, const struct kexec_segment *s,
			       unsigned int seg)
{
	if (!s->memsz)
		return 0;
	if (range_map_contains(img->usable, s->mem, s->mem + s->memsz))
		return kexec_usable_check_errors(seg, s->mem, s->mem + s->memsz);
	if (!kexec_image_is_crash(img))
		kexec_usable_report(seg, s->mem, s->mem + s->memsz);
#ifdef CONFIG_CRASH_DUMP
	else
		pr_err("segment %u [%#lx, %#lx) is not in the crash reservation %pR\n", seg,
		       s->mem, s->mem + s->memsz, &crashk_res);
#endif
	return -EADDRNOTAVAIL;
}

/**
 * kexec_segment_check() - check the segments of kexec_load()
 * @img: the image
 * @s: the segments
 * @nr: number of segments
 *
 * Their total size is at most half of memory, as kexec_load(2) documents.
 *
 * Return: 0, or -EADDRNOTAVAIL or -EINVAL after one message.
 */
int kexec_segment_check(const struct kexec_image *img, const struct kexec_segment *s,
			unsigned int nr)
{
	u64 total = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = segment_check_range(&s[i], i);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		ret = segment_check_overlap(s, i);
		if (!ret)
			ret = segment_check_size(&s[i], i, &total);
		if (ret)
			return ret;
	}
	for (i = 0; i < nr; i++) {
		ret = segment_check_place(img, &s[i], i);
		if (ret)
			return ret;
	}
	return 0;
}
