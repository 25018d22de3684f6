// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: digests of segments
 *
 * A digest is the CRC-32 of all pages of a segment.  A page with a memory error is not read
 * and counts as zero.
 *
 * Before a reboot, and for a reader of /sys/kernel/kexec/ready, workers on all CPUs and the
 * caller read parts of large segments in parallel: a CRC of a whole follows from those of
 * its parts.  If no worker gets to run, the caller reads all of them.  After a load one
 * worker computes the digests, so that the system does not notice.
 */
#include <linux/atomic.h>
#include <linux/cleanup.h>
#include <linux/crc32.h>
#include <linux/cpumask.h>
#include <linux/math.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "digest.h"
#include "image.h"

/* Smaller segments are not divided. */
#define DIGEST_MIN_PAGES	(SZ_4M >> PAGE_SHIFT)

/* For each CPU, so that one that is busy with other work has fewer. */
#define DIGEST_PARTS_PER_CPU	4
#define DIGEST_MAX_PARTS	256

struct digest_job;

/* A worker that reads parts. */
struct digest_helper {
	struct work_struct work;
	struct digest_job *job;
};

/**
 * struct digest_job - a segment that is read in parts
 * @img: its image
 * @b: the segment
 * @part_pages: pages of each part but the last
 * @nr_parts: their number
 * @next: the next part that no CPU has begun
 * @crc: of each part, with an initial value of 0; written by the CPU that has read it
 * @nr_helpers: entries of @helper
 * @helper: the workers
 */
struct digest_job {
	const struct kexec_image *img;
	const struct kexec_backing *b;
	unsigned long part_pages;
	unsigned int nr_parts;
	atomic_t next;
	u32 crc[DIGEST_MAX_PARTS];
	unsigned int nr_helpers;
	struct digest_helper helper[] __counted_by(nr_helpers);
};

/*
 * One if it has an error, which is tested only once: memory_failure() may run on another
 * CPU.
 */
static unsigned long __kexec_panic digest_readable(const struct kexec_run *run,
						   unsigned long from, bool *bad)
{
	unsigned long n = 1;

	*bad = PageHWPoison(run->page + from);
	if (*bad)
		return 1;
	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return run->nr_pages - from;
	while (from + n < run->nr_pages && !PageHWPoison(run->page + from + n))
		n++;
	return n;
}

static u32 __kexec_panic digest_run(u32 crc, const struct kexec_run *run)
{
	unsigned long i, n;
	struct page *page;
	bool bad;

	for (i = 0; i < run->nr_pages; i += n) {
		n = digest_readable(run, i, &bad);
		page = bad ? ZERO_PAGE(0) : run->page + i;
		crc = crc32_le(crc, kexec_run_va(page), n << PAGE_SHIFT);
	}
	return crc;
}

/* Only a part of them if @img is being replaced, which waits for its readers. */
static u32 digest_pages(u32 crc, const struct kexec_image *img, const struct kexec_backing *b,
			unsigned long from, unsigned long to)
{
	struct kexec_run_pos pos;
	struct kexec_run run;
	unsigned long skip;

	for_each_kexec_run(&pos, b, KEXEC_DIGEST_STEP) {
		if (pos.slot >= to || READ_ONCE(img->leaving))
			break;
		if (pos.slot + pos.run.nr_pages <= from)
			continue;
		skip = max(from, pos.slot) - pos.slot;
		run.page = pos.run.page + skip;
		run.nr_pages = min(to - pos.slot, pos.run.nr_pages) - skip;
		crc = digest_run(crc, &run);
		cond_resched();
	}
	return crc;
}

/**
 * kexec_digest_buffer() - compute the digest of a buffer
 * @va: the buffer
 * @len: bytes
 *
 * Return: the digest.
 */
u32 kexec_digest_buffer(const void *va, size_t len)
{
	return crc32_le(~0, va, len);
}

/**
 * kexec_digest_segment() - compute the digest of a segment on this CPU
 * @img: the image
 * @seg: index of the segment
 *
 * Return: the digest; any value if the image is being replaced.
 */
u32 kexec_digest_segment(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];

	return digest_pages(~0, img, b, 0, kexec_dst_pages(b));
}

/**
 * kexec_digest_panic() - compute the digest of a segment on the panic path
 * @b: the segment
 *
 * Return: the digest.
 */
u32 __kexec_panic kexec_digest_panic(const struct kexec_backing *b)
{
	struct kexec_run_pos pos;
	u32 crc = ~0;

	for_each_kexec_run(&pos, b, KEXEC_DIGEST_STEP)
		crc = digest_run(crc, &pos.run);
	return crc;
}

static unsigned long digest_part_end(const struct digest_job *job, unsigned int part)
{
	return min((part + 1) * job->part_pages, kexec_dst_pages(job->b));
}

static void digest_read_parts(struct digest_job *job)
{
	unsigned int part;

	while ((part = atomic_inc_return(&job->next) - 1) < job->nr_parts)
		job->crc[part] = digest_pages(0, job->img, job->b, part * job->part_pages,
					      digest_part_end(job, part));
}

static void digest_work(struct work_struct *work)
{
	digest_read_parts(container_of(work, struct digest_helper, work)->job);
}

static void digest_run_job(struct digest_job *job)
{
	unsigned int i;

	for (i = 0; i < job->nr_helpers; i++) {
		job->helper[i].job = job;
		INIT_WORK(&job->helper[i].work, digest_work);
		queue_work(system_unbound_wq, &job->helper[i].work);
	}
	digest_read_parts(job);
	/* One that has not begun has nothing left to do. */
	for (i = 0; i < job->nr_helpers; i++)
		cancel_work_sync(&job->helper[i].work);
}

static u32 digest_combine(const struct digest_job *job)
{
	unsigned long from = 0, to;
	unsigned int i;
	u32 crc = ~0;

	for (i = 0; i < job->nr_parts; i++, from = to) {
		to = digest_part_end(job, i);
		crc = crc32_le_combine(crc, job->crc[i], (to - from) << PAGE_SHIFT);
	}
	return crc;
}

/**
 * kexec_digest_parallel() - compute the digest of a segment on all CPUs
 * @img: the image
 * @seg: index of the segment
 *
 * Return: the digest; any value if the image is being replaced.
 */
u32 kexec_digest_parallel(const struct kexec_image *img, unsigned int seg)
{
	const unsigned long pages = kexec_dst_pages(&img->backing[seg]);
	const unsigned int cpus = num_online_cpus();
	struct digest_job *job __free(kfree) = NULL;

	if (cpus > 1 && pages >= DIGEST_MIN_PAGES)
		job = kzalloc(struct_size(job, helper, cpus - 1),
			      GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	if (!job)
		return kexec_digest_segment(img, seg);
	job->nr_helpers = cpus - 1;
	job->img = img;
	job->b = &img->backing[seg];
	job->part_pages = DIV_ROUND_UP(pages, min(cpus * DIGEST_PARTS_PER_CPU, DIGEST_MAX_PARTS));
	job->nr_parts = DIV_ROUND_UP(pages, job->part_pages);
	digest_run_job(job);
	return digest_combine(job);
}
