// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: digests of loaded images
 *
 * Months may pass before an image is started, and a stray write, a driver bug or a memory
 * error can corrupt it.  So each segment has a digest, in the image descriptor.  It is
 * compared
 *
 * - at the start of reboot(KEXEC), before anything is shut down: on a mismatch the call
 *   fails;
 * - on the panic path, after the other CPUs are stopped: on a mismatch there is no dump and
 *   panic() continues.
 *
 * With MMU and caches on this needs milliseconds where a purgatory, with caches off, needs
 * minutes.  The digest is CRC-32: it detects accidents; an attacker could change the digest
 * as well.  arm64 has instructions for it that need no SIMD registers, so it works on the
 * panic path.  See decisions.rst.
 *
 * The digests of a crash image are computed before it is published.  Those of other images
 * are computed by a worker after the system call has returned, which then cleans the image to
 * the point of coherency; reboot(KEXEC) waits for it.
 *
 * Segments that are written after the load (IMA's list) have no digest.
 *
 * A page with a memory error is not read.  If it had content, the image is not started.  If
 * it was only cleared, the digest counts it as zero.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crc32.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "image.h"
#include "runs.h"
#include "sysctl.h"
#include "verify.h"

/* Bytes processed between two calls of cond_resched(). */
#define VERIFY_STEP_PAGES	(SZ_1M >> PAGE_SHIFT)

/* Pages from page @from of @run on that can be read at once; one if it has an error. */
static unsigned long verify_readable(const struct kexec_run *run, unsigned long from)
{
	unsigned long n = 1;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return run->nr_pages - from;
	if (PageHWPoison(run->page + from))
		return 1;
	while (from + n < run->nr_pages && !PageHWPoison(run->page + from + n))
		n++;
	return n;
}

static u32 verify_digest_run(u32 crc, const struct kexec_run *run)
{
	unsigned long i, n;
	struct page *page;

	for (i = 0; i < run->nr_pages; i += n) {
		n = verify_readable(run, i);
		page = PageHWPoison(run->page + i) ? ZERO_PAGE(0) : run->page + i;
		crc = crc32_le(crc, kexec_run_va(page), n << PAGE_SHIFT);
	}
	return crc;
}

static u32 verify_digest(const struct kexec_backing *b, bool may_sleep)
{
	struct kexec_run_pos pos;
	u32 crc = ~0;

	for_each_kexec_run(&pos, b, VERIFY_STEP_PAGES) {
		crc = verify_digest_run(crc, &pos.run);
		if (may_sleep)
			cond_resched();
	}
	return crc;
}

/**
 * kexec_verify_digest() - compute the digest of a buffer
 * @va: the buffer
 * @len: bytes
 *
 * Context: any.
 * Return: the digest of a segment with this content.
 */
u32 kexec_verify_digest(const void *va, size_t len)
{
	return crc32_le(~0, va, len);
}

static void verify_record(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		img->backing[i].digest = verify_digest(&img->backing[i], true);
	/* Release: pairs with the acquire in kexec_verify_check(). */
	smp_store_release(&img->has_digest, true);
}

static void verify_work(struct work_struct *work)
{
	struct kexec_image *img = container_of(work, struct kexec_image, digest_work);

	verify_record(img);
	kexec_runs_clean(img);
}

/**
 * kexec_verify_record() - compute the digests of a sealed image
 * @img: the image
 *
 * An image that is no crash image is also cleaned to the point of coherency.
 *
 * Context: process context, may sleep.  For an image that is no crash image a worker does
 * this later; kexec_verify_cancel() cancels it.
 */
void kexec_verify_record(struct kexec_image *img)
{
	INIT_WORK(&img->digest_work, verify_work);
	if (kexec_image_is_crash(img))
		verify_record(img);
	else
		queue_work(system_unbound_wq, &img->digest_work);
}

/**
 * kexec_verify_cancel() - cancel the computation of digests
 * @img: an image that will be freed
 *
 * Context: process context, may sleep.
 */
void kexec_verify_cancel(struct kexec_image *img)
{
	if (img->digest_work.func)
		cancel_work_sync(&img->digest_work);
}

/**
 * kexec_verify_wait() - wait until the digests are complete and the content is clean
 * @img: a published image
 *
 * Context: process context, may sleep.
 */
void kexec_verify_wait(struct kexec_image *img)
{
	flush_work(&img->digest_work);
}

/**
 * kexec_verify_update() - recompute the digest of a segment that was changed
 * @img: an image with digests
 * @seg: index of the segment
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_verify_update(struct kexec_image *img, unsigned int seg)
{
	img->backing[seg].digest = verify_digest(&img->backing[seg], true);
}

/* The first of @nr pages with a memory error, or NULL. */
static struct page *verify_find_error(struct page *page, unsigned long nr)
{
	for (; nr; nr--, page++)
		if (PageHWPoison(page))
			return page;
	return NULL;
}

/*
 * Does the content of a segment, or its destination, have a memory error?  A crash image is
 * not copied, and its first pages are the ones with content.
 */
static bool verify_has_error(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];
	unsigned long nr = PFN_UP(img->kimage.segment[seg].bufsz), n;
	struct kexec_run_pos pos;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;
	if (!img->plan.crash)
		nr = kexec_dst_pages(b);
	for_each_kexec_run(&pos, b, VERIFY_STEP_PAGES) {
		if (pos.slot >= nr)
			break;
		n = min(nr - pos.slot, pos.run.nr_pages);
		page = verify_find_error(pos.run.page, n);
		if (!page && !img->plan.crash)
			page = verify_find_error(pfn_to_page(kexec_dst_pfn(b) + pos.slot), n);
		if (page) {
			pr_emerg("segment %u of the %s: memory error in the page at %#llx\n", seg,
				 img->name, (u64)page_to_phys(page));
			return true;
		}
		if (!img->plan.crash)
			cond_resched();
	}
	return false;
}

static bool verify_segment(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];
	phys_addr_t dst_pa = kexec_dst_pa(b);
	u32 now = verify_digest(b, !img->plan.crash);

	if (now == b->digest)
		return true;
	pr_emerg("segment %u of the %s (%lu pages for %pap) has changed since it was loaded: digest %#010x, was %#010x\n",
		 seg, img->name, kexec_dst_pages(b), &dst_pa, now, b->digest);
	return false;
}

/**
 * kexec_verify_check() - compare an image with its digests
 * @img: a published image
 *
 * If kernel.kexec_verify excludes this kind of image, digests are not compared.  Memory
 * errors still count, except for a crash image.
 *
 * Context: for a crash image the panic path: no lock, no allocation, time in proportion to
 * the size; otherwise process context.
 * Return: 0, or -EUCLEAN after one message for each segment that has changed or has a memory
 * error.
 */
int kexec_verify_check(const struct kexec_image *img)
{
	const bool wanted = kexec_verify_wanted(img->plan.crash);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < img->kimage.nr_segments && (wanted || !img->plan.crash); i++)
		if (verify_has_error(img, i))
			ret = -EUCLEAN;
	if (ret || !wanted)
		return ret;
	/* Acquire: pairs with the release in verify_record(). */
	if (!smp_load_acquire(&img->has_digest)) {
		pr_warn("the %s has no digest yet and is not verified\n", img->name);
		return 0;
	}
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (!img->backing[i].late && !verify_segment(img, i))
			ret = -EUCLEAN;
	return ret;
}
