// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: digests of segments
 *
 * A digest is the CRC-32 of all pages of a segment.  A page with a memory error is not read
 * and counts as zero.
 *
 * While a digest is computed for a reader of /sys/kernel/kexec/ready, a load may replace the
 * image, which ends the computation.
 */
#include <linux/crc32.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "digest.h"
#include "image.h"

/* Pages from page @from of @run on that can be read at once; one if it has an error. */
static unsigned long __kexec_panic digest_readable(const struct kexec_run *run,
						   unsigned long from)
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

static u32 __kexec_panic digest_run(u32 crc, const struct kexec_run *run)
{
	unsigned long i, n;
	struct page *page;

	for (i = 0; i < run->nr_pages; i += n) {
		n = digest_readable(run, i);
		page = PageHWPoison(run->page + i) ? ZERO_PAGE(0) : run->page + i;
		crc = crc32_le(crc, kexec_run_va(page), n << PAGE_SHIFT);
	}
	return crc;
}

/**
 * kexec_digest_buffer() - compute the digest of a buffer
 * @va: the buffer
 * @len: bytes
 *
 * Context: any.
 * Return: the digest of a segment with this content.
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
 * Context: process context, may sleep.
 * Return: the digest; any value if the image is being replaced.
 */
u32 kexec_digest_segment(const struct kexec_image *img, unsigned int seg)
{
	struct kexec_run_pos pos;
	u32 crc = ~0;

	for_each_kexec_run(&pos, &img->backing[seg], KEXEC_DIGEST_STEP) {
		if (READ_ONCE(img->leaving))
			break;
		crc = digest_run(crc, &pos.run);
		cond_resched();
	}
	return crc;
}

/**
 * kexec_digest_panic() - compute the digest of a segment on the panic path
 * @b: the segment
 *
 * Context: panic path.
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
