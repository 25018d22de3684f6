// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: An Image on this machine
 *
 * The part of the Image loader that asks the running kernel: which granules
 * and byte orders the CPUs have, whether the keyrings of this kernel vouch for
 * the file, and for memory to unpack it into.  The rules themselves are in
 * image.c and container.c.
 *
 * Nothing is owned, no lock is taken here.  kexec_arch_image_open() may
 * sleep; both run in the context of the loading process only.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/cpufeature.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kexec_machine.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/verification.h>

#include "container.h"
#include "image.h"

/* The sanitised ID registers speak for the weakest CPU, which may run it too. */
static void image_cpu_caps_read(struct image_cpu_caps *caps)
{
	bool mixed = system_supports_mixed_endian();
	bool big = IS_ENABLED(CONFIG_CPU_BIG_ENDIAN);

	*caps = (struct image_cpu_caps) {
		.little_endian = mixed || !big,
		.big_endian = mixed || big,
		.granule_4k = system_supports_4kb_granule(),
		.granule_16k = system_supports_16kb_granule(),
		.granule_64k = system_supports_64kb_granule(),
	};
}

/**
 * kexec_arch_image_probe - say whether this machine can start a kernel file
 * @head: first bytes of the file
 * @head_len: bytes at @head; KEXEC_IMAGE_HEAD_SIZE are enough for all checks
 * @file_len: bytes of the whole file
 * @info: where and how the image wants to be placed, filled in on success
 *
 * Context: process context.
 * Return: 0, or a negative errno after one message, see kexec_image_parse().
 */
int kexec_arch_image_probe(const void *head, size_t head_len, u64 file_len,
			   struct kexec_image_info *info)
{
	struct image_cpu_caps caps;

	if (kexec_container_detect(head, head_len) != CONTAINER_RAW) {
		*info = (struct kexec_image_info) { .packed = true };
		return 0;
	}
	image_cpu_caps_read(&caps);
	return kexec_image_parse(head, head_len, file_len, &caps, info);
}

#ifdef CONFIG_KEXEC_IMAGE_VERIFY_SIG
/* Keys that only the firmware knows of are second choice. */
static int image_cpu_verify(const void *image, unsigned int len)
{
	struct key *rings[2] = { VERIFY_USE_SECONDARY_KEYRING };
	unsigned int i, nr = 1;
	int ret = -ENOKEY;

	if (IS_ENABLED(CONFIG_INTEGRITY_PLATFORM_KEYRING))
		rings[nr++] = VERIFY_USE_PLATFORM_KEYRING;

	for (i = 0; i < nr && ret == -ENOKEY; i++)
		ret = verify_pefile_signature(image, len, rings[i],
					      VERIFYING_KEXEC_PE_SIGNATURE);
	return ret;
}
#else
static int image_cpu_verify(const void *image, unsigned int len)
{
	return -EKEYREJECTED;
}
#endif

/* Whether that matters is the caller's decision, so it is no error here. */
static int image_cpu_sig(const void *image, size_t len)
{
	int ret = -EKEYREJECTED;

	if (len <= UINT_MAX)
		ret = image_cpu_verify(image, len);
	if (ret)
		pr_debug("signature of a file of %#zx bytes not accepted: %d\n", len, ret);
	return ret;
}

static int image_cpu_unpack(const struct container_payload *payload,
			    struct kexec_image_file *kernel)
{
	int ret = 0;

	kernel->unpacked = kvmalloc(payload->unpacked_len, GFP_KERNEL | __GFP_NOWARN);
	if (!kernel->unpacked) {
		pr_err("no memory to unpack an Image of %llu bytes; free some and load again\n",
		       payload->unpacked_len);
		return -ENOMEM;
	}
	if (payload->packed)
		ret = kexec_inflate_all(payload, kernel->unpacked);
	else
		memcpy(kernel->unpacked, payload->data, payload->len);
	if (ret) {
		kvfree(kernel->unpacked);
		kernel->unpacked = NULL;
	}
	kernel->image = kernel->unpacked;
	kernel->len = payload->unpacked_len;
	return ret;
}

/**
 * kexec_arch_image_open - get at the Image in a complete kernel file
 * @file: the whole file
 * @len: bytes of it
 * @kernel: filled in on success; points into @file where that is the Image
 *
 * An Image.gz is signed inside, an EFI program that unpacks itself (zboot)
 * outside.
 *
 * Context: process context, may sleep.
 * Return: 0; -ENOEXEC for a packed file that is damaged or packed in a way that
 * is not supported, -ENOMEM or -EINTR, each after one message.
 */
int kexec_arch_image_open(const void *file, size_t len, struct kexec_image_file *kernel)
{
	enum container_kind kind = kexec_container_detect(file, len);
	struct container_payload payload;
	int ret;

	*kernel = (struct kexec_image_file) { .image = file, .len = len };
	if (kind != CONTAINER_RAW) {
		ret = kexec_container_open(file, len, &payload);
		if (!ret)
			ret = image_cpu_unpack(&payload, kernel);
		if (ret)
			return ret;
	}
	kernel->sig = kind == CONTAINER_GZIP ? image_cpu_sig(kernel->image, kernel->len) :
					       image_cpu_sig(file, len);
	return 0;
}
