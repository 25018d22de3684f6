// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: checksums in user space's entry code
 *
 * The purgatory of kexec-tools computes a SHA-256 digest of all other segments with the
 * caches off: minutes for a large initrd.  The kernel compares digests in any case, so a
 * load with a purgatory prints a notice.
 *
 * The purgatory has an array with the address and length of each segment that it hashes; it
 * is zero without checksums (kexec -i).
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/kexec.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include "image.h"
#include "lock.h"
#include "purgatory.h"
#include "runs.h"

/* Several times any purgatory, and less than any kernel. */
#define PURGATORY_MAX	SZ_256K

/* Returns -1 if there is none. */
static int purgatory_find(const struct kimage *kimage)
{
	unsigned int i;

	for (i = 0; i < kimage->nr_segments; i++)
		if (kimage->start - kimage->segment[i].mem < kimage->segment[i].memsz)
			return i;
	return -1;
}

/* Returns the bytes of the segments whose address and length are in @data. */
static u64 purgatory_hashed(const u64 *data, size_t nr, const struct kexec_segment *segment,
			    unsigned int nr_segments)
{
	unsigned int s;
	u64 bytes = 0;
	size_t i;

	for (s = 0; s < nr_segments; s++) {
		for (i = 0; segment[s].memsz && i + 1 < nr; i++) {
			if (data[i] != segment[s].mem || data[i + 1] != segment[s].memsz)
				continue;
			bytes += segment[s].memsz;
			break;
		}
	}
	return bytes;
}

/**
 * kexec_purgatory_check() - print a notice about a purgatory that takes checksums
 * @img: an image of kexec_load() whose segments are filled
 */
void kexec_purgatory_check(struct kexec_image *img)
{
	int seg = purgatory_find(&img->kimage);
	struct kexec_backing *b;
	u64 bytes;

	kexec_lock_assert_held();
	if (seg < 0 || img->kimage.segment[seg].memsz > PURGATORY_MAX)
		return;
	b = &img->backing[seg];
	if (kexec_runs_map(b))
		return;
	bytes = purgatory_hashed(b->va, img->kimage.segment[seg].memsz / sizeof(u64),
				 img->kimage.segment, img->kimage.nr_segments);
	kexec_runs_unmap(b);
	if (bytes)
		pr_notice("purgatory: hashes %llu kB with caches off; kexec -s or -i avoids it\n",
			  bytes / SZ_1K);
}
