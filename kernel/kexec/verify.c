// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: is the image still what was loaded?
 *
 * An image may wait for months until it is started, and a stray write, a broken
 * driver or a flipped bit can spoil it meanwhile.  So each segment gets a digest
 * when it is loaded, kept in the image descriptor, away from the bytes that it
 * stands for.  It is compared
 *
 * - at the very start of reboot(KEXEC), before anything is shut down: what does
 *   not match is reported, the call fails and the system goes on;
 * - in a panic, after the other CPUs are stopped: what does not match is
 *   reported and the panic goes its ordinary way.
 *
 * With MMU and caches on this takes milliseconds where a purgatory, which does
 * the same with caches off, takes minutes.  The digest is CRC-32: it has to find
 * accidents, not attackers, who could change the digest as well; and arm64 has
 * instructions for it that need no SIMD registers, so it works in a panic
 * whatever the CPU was doing.  The reasons in full are in decisions.rst.
 *
 * A crash image is digested before it is published.  For the other kind, which
 * may be large and is rarely needed within the second, a worker does it after
 * the system call has returned, and cleans the image to memory when it has read
 * it for the last time; reboot(KEXEC) waits for it.
 *
 * What is written after the load (IMA's list) has no digest.
 *
 * A page with a memory error is never read.  Where it had content, the image cannot be
 * started; where it was only cleared, the digest counts it as zero, which it was.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crc32.h>
#include <linux/mm.h>
#include <linux/workqueue.h>

#include "internal.h"

/* Bytes digested between two chances for others to run. */
#define VERIFY_STEP_PAGES	(SZ_1M >> PAGE_SHIFT)

/* Pages that lie behind each other in memory, from slot @from on. */
static unsigned long verify_run(const struct kexec_backing *b, unsigned long from)
{
	unsigned long n = 1;

	if (PageHWPoison(b->pages[from]))
		return 1;
	while (from + n < b->nr_pages && n < VERIFY_STEP_PAGES &&
	       page_to_pfn(b->pages[from + n]) == page_to_pfn(b->pages[from]) + n &&
	       !PageHWPoison(b->pages[from + n]))
		n++;
	return n;
}

static u32 verify_digest(const struct kexec_backing *b, bool may_sleep)
{
	unsigned long i, n;
	struct page *page;
	u32 crc = ~0;

	for (i = 0; i < b->nr_pages; i += n) {
		n = verify_run(b, i);
		page = PageHWPoison(b->pages[i]) ? ZERO_PAGE(0) : b->pages[i];
		crc = crc32_le(crc, kexec_run_va(page), n << PAGE_SHIFT);
		if (may_sleep)
			cond_resched();
	}
	return crc;
}

/**
 * kexec_verify_digest() - the digest of bytes that lie behind each other
 * @va: the bytes
 * @len: how many
 *
 * Context: any.
 * Return: what the digest of a segment with this content is.
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
	/* The digests are complete before the panic path can find them so. */
	smp_store_release(&img->digested, true);
}

static void verify_work(struct work_struct *work)
{
	struct kexec_image *img = container_of(work, struct kexec_image, digest_work);

	verify_record(img);
	kexec_image_sync(img);
}

/**
 * kexec_verify_record() - take the digests of a sealed image
 * @img: the image
 *
 * An image that is no crash image is cleaned to memory as well; a crash image is
 * when it moves in.
 *
 * Context: process context, may sleep.  For an image that is no crash image the
 * work is done later; kexec_verify_forget() ends it.
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
 * kexec_verify_forget() - stop taking digests
 * @img: an image that will be freed
 *
 * Context: process context, may sleep.
 */
void kexec_verify_forget(struct kexec_image *img)
{
	if (img->digest_work.func)
		cancel_work_sync(&img->digest_work);
}

/**
 * kexec_verify_wait() - wait until the digests are taken and the content is clean
 * @img: a published image
 *
 * Context: process context, may sleep.
 */
void kexec_verify_wait(struct kexec_image *img)
{
	flush_work(&img->digest_work);
}

/**
 * kexec_verify_again() - take the digest of a segment that was changed on purpose
 * @img: an image whose digests are taken
 * @seg: index of the segment
 *
 * Context: process context, may sleep; the caller holds the kexec lock.
 */
void kexec_verify_again(struct kexec_image *img, unsigned int seg)
{
	img->backing[seg].digest = verify_digest(&img->backing[seg], true);
}

/*
 * Is there a memory error in the content of a segment, or where it will be copied to?
 * A crash image is not copied, and its first pages are the ones with content.
 */
static bool verify_has_error(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];
	unsigned long nr = PFN_UP(img->kimage.segment[seg].bufsz), i;
	struct page *page;

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE))
		return false;
	if (!img->plan.crash)
		nr = b->nr_pages;
	for (i = 0; i < nr; i++) {
		page = b->pages[i];
		if (!PageHWPoison(page) && !img->plan.crash)
			page = pfn_to_page(PHYS_PFN(b->dst_pa) + i);
		if (PageHWPoison(page)) {
			pr_emerg("segment %u of the %s: memory error in the page at %#llx\n", seg,
				 img->name, (u64)page_to_phys(page));
			return true;
		}
		if (!img->plan.crash && !(i % VERIFY_STEP_PAGES))
			cond_resched();
	}
	return false;
}

static bool verify_segment(const struct kexec_image *img, unsigned int seg)
{
	const struct kexec_backing *b = &img->backing[seg];
	u32 now = verify_digest(b, !img->plan.crash);

	if (now == b->digest)
		return true;
	pr_emerg("segment %u of the %s (%lu pages for %pap) has changed since it was loaded: digest %#010x, was %#010x\n",
		 seg, img->name, b->nr_pages, &b->dst_pa, now, b->digest);
	return false;
}

/**
 * kexec_verify_check() - compare an image with its digests
 * @img: a published image
 *
 * When kernel.kexec_verify excludes this kind of image, digests are not compared, but
 * memory errors still count unless it is a crash image.
 *
 * Context: for a crash image the panic path: no lock, no allocation, time in
 * proportion to the size; for the other kind process context.
 * Return: 0, or -EUCLEAN after one message for each segment that has changed or has a
 * memory error.
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
	/* Pairs with the store in verify_record(). */
	if (!smp_load_acquire(&img->digested)) {
		pr_warn("the %s has no digest yet and is not verified\n", img->name);
		return 0;
	}
	for (i = 0; i < img->kimage.nr_segments; i++)
		if (!img->backing[i].late && !verify_segment(img, i))
			ret = -EUCLEAN;
	return ret;
}
