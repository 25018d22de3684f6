// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: digests of loaded images
 *
 * Months may pass before an image is started, and a stray write, a driver bug or a memory
 * error can corrupt it.  So each segment has a digest, which is compared
 *
 * - at the start of reboot(KEXEC): on a mismatch the call fails;
 * - on the panic path, after the other CPUs are stopped: on a mismatch there is no dump and
 *   panic() continues.
 *
 * The digest is CRC-32: it detects accidents, not attackers, and arm64 has instructions for
 * it that need no SIMD registers, so it works on the panic path.  See decisions.rst.
 *
 * The digests of a crash image are computed before it is published.  A worker computes the
 * others after the system call and cleans the image to the PoC; reboot(KEXEC) waits for it.
 * Segments that are written after the load (IMA's list) have no digest.
 *
 * An image for reboot with a memory error is not started.  A crash image is not started if
 * the page had content; a page that was only cleared counts as zero.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/delay.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/seqlock.h>
#include <linux/time64.h>
#include <linux/workqueue.h>

#include "digest.h"
#include "image.h"
#include "lock.h"
#include "runs.h"
#include "sysctl.h"
#include "verify.h"

/* Comparisons of a segment whose content is being updated, 1 ms apart. */
#define VERIFY_TRIES		100

static void verify_record(struct kexec_image *img)
{
	unsigned int i;

	for (i = 0; i < img->kimage.nr_segments; i++)
		img->backing[i].digest = kexec_digest_segment(img, i);
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
 * For an image that is no crash image a worker does this later, and cleans it to the PoC.
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
 */
void kexec_verify_cancel(struct kexec_image *img)
{
	if (img->digest_work.func)
		cancel_work_sync(&img->digest_work);
}

/**
 * kexec_verify_wait() - wait until the digests are complete and the content is clean
 * @img: a published image
 */
void kexec_verify_wait(struct kexec_image *img)
{
	flush_work(&img->digest_work);
}

/**
 * kexec_verify_update() - recompute the digest of a segment that was changed
 * @img: an image with digests
 * @seg: index of the segment
 */
void kexec_verify_update(struct kexec_image *img, unsigned int seg)
{
	kexec_lock_assert_held();
	img->backing[seg].digest = kexec_digest_segment(img, seg);
}

static __kexec_panic struct page *verify_find_error(struct page *page, unsigned long nr)
{
	for (; nr; nr--, page++)
		if (PageHWPoison(page))
			return page;
	return NULL;
}

static bool verify_has_error(const struct kexec_image *img, unsigned int seg,
			     struct kexec_refusal *refusal)
{
	const struct kexec_backing *b = &img->backing[seg];
	struct kexec_run_pos pos;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;
	for_each_kexec_run(&pos, b, KEXEC_DIGEST_STEP) {
		page = verify_find_error(pos.run.page, pos.run.nr_pages);
		if (!page)
			page = verify_find_error(pfn_to_page(kexec_dst_pfn(b) + pos.slot),
						 pos.run.nr_pages);
		if (page) {
			kexec_refusal_err(refusal, "segment %u of the %s: memory error in the page at %#llx\n",
					  seg, img->name, (u64)page_to_phys(page));
			return true;
		}
		cond_resched();
	}
	return false;
}

/* The image is not copied, and its first pages have the content. */
static struct page * __kexec_panic verify_crash_error(const struct kexec_image *img,
						      unsigned int seg)
{
	const unsigned long nr = PFN_UP(img->kimage.segment[seg].bufsz);
	struct kexec_run_pos pos;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return NULL;
	for_each_kexec_run(&pos, &img->backing[seg], KEXEC_DIGEST_STEP) {
		if (pos.slot >= nr)
			break;
		page = verify_find_error(pos.run.page, min(nr - pos.slot, pos.run.nr_pages));
		if (page)
			return page;
	}
	return NULL;
}

static bool __kexec_panic verify_crash_has_error(const struct kexec_image *img, unsigned int seg)
{
	const struct page *page = verify_crash_error(img, seg);

	if (page)
		pr_emerg("segment %u of the %s: memory error in the page at %#llx\n", seg,
			 img->name, (u64)page_to_phys(page));
	return page;
}

static bool verify_compare(const struct kexec_image *img, unsigned int seg,
			   struct kexec_refusal *refusal)
{
	const struct kexec_backing *b = &img->backing[seg];
	phys_addr_t dst_pa = kexec_dst_pa(b);
	unsigned int updates, tries;
	u32 now;

	/* Without the kexec lock, content and digest may be updated meanwhile. */
	for (tries = 0; tries < VERIFY_TRIES; tries++) {
		updates = raw_read_seqcount(&img->updates);
		now = kexec_digest_parallel(img, seg);
		if (now == READ_ONCE(b->digest))
			return true;
		if (!(updates & 1) && !read_seqcount_retry(&img->updates, updates))
			break;
		fsleep(USEC_PER_MSEC);
	}
	kexec_refusal_err(refusal, "segment %u of the %s (%lu pages for %pap) has changed: digest %#010x, was %#010x\n",
			  seg, img->name, kexec_dst_pages(b), &dst_pa, now, b->digest);
	return false;
}

static bool __kexec_panic verify_compare_panic(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];
	phys_addr_t dst_pa = kexec_dst_pa(b);
	u32 now = kexec_digest_panic(b);

	if (now == b->digest)
		return true;
	pr_emerg("segment %u of the %s (%lu pages for %pap) has changed: digest %#010x, was %#010x\n",
		 seg, img->name, kexec_dst_pages(b), &dst_pa, now, b->digest);
	return false;
}

static bool __kexec_panic verify_has_digest(const struct kexec_image *img)
{
	/* Acquire: pairs with the release in verify_record(). */
	if (smp_load_acquire(&img->has_digest))
		return true;
	pr_warn("the %s has no digest yet and is not verified\n", img->name);
	return false;
}

static int verify_compare_all(const struct kexec_image *img, struct kexec_refusal *refusal)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < img->kimage.nr_segments; i++)
		if (!img->backing[i].written_late && !verify_compare(img, i, refusal))
			ret = -EUCLEAN;
	return ret;
}

/**
 * kexec_verify_check() - compare an image for reboot(KEXEC) with its digests
 * @img: a published image
 * @refusal: receives the lines, or NULL for the log
 *
 * Memory errors count even if kernel.kexec_verify excludes this kind of image.
 *
 * Context: the caller holds the kexec lock or a reference to @img.
 * Return: 0, or -EUCLEAN after one line for each segment that has changed or has a memory
 * error.
 */
int kexec_verify_check(const struct kexec_image *img, struct kexec_refusal *refusal)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < img->kimage.nr_segments; i++)
		if (verify_has_error(img, i, refusal))
			ret = -EUCLEAN;
	if (ret || !kexec_verify_wanted(false) || !verify_has_digest(img))
		return ret;
	return verify_compare_all(img, refusal);
}

/**
 * kexec_verify_ask_crash() - compare a crash image with its digests before a panic
 * @img: a published image
 * @refusal: receives the lines
 *
 * Context: the caller holds a reference to @img.
 * Return: as kexec_verify_check_crash().
 */
int kexec_verify_ask_crash(const struct kexec_image *img, struct kexec_refusal *refusal)
{
	const struct page *page;
	unsigned int i;
	int ret = 0;

	if (!kexec_verify_wanted(true))
		return 0;
	for (i = 0; i < img->kimage.nr_segments; i++) {
		page = verify_crash_error(img, i);
		if (!page)
			continue;
		kexec_refusal_err(refusal, "segment %u of the %s: memory error in the page at %#llx\n",
				  i, img->name, (u64)page_to_phys(page));
		ret = -EUCLEAN;
	}
	return ret ?: verify_compare_all(img, refusal);
}

/**
 * kexec_verify_check_crash() - compare a crash image with its digests
 * @img: a published image
 *
 * Return: 0, also if kernel.kexec_verify excludes this kind of image, or -EUCLEAN after one
 * message for each segment that has changed or has a memory error.
 */
int __kexec_panic kexec_verify_check_crash(const struct kexec_image *img)
{
	unsigned int i;
	int ret = 0;

	if (!kexec_verify_wanted(true))
		return 0;
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (verify_crash_has_error(img, i))
			ret = -EUCLEAN;
	if (ret || !verify_has_digest(img))
		return ret;
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (!img->backing[i].written_late && !verify_compare_panic(img, i))
			ret = -EUCLEAN;
	return ret;
}
