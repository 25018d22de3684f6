// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: An Image on this machine
 *
 * The part of the Image loader that depends on the running kernel: granules and byte orders
 * of the CPUs.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/cleanup.h>
#include <linux/cpufeature.h>
#include <linux/errno.h>
#include <linux/kconfig.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "unpack.h"
#include "lib/image_header.h"
#include "lib/image_unpack.h"

/* The sanitised ID registers have the common features of all CPUs. */
static void image_load_caps_read(struct image_cpu_caps *caps)
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

/* @len: bytes of the Image, or 0 if only its header is available. */
static int image_load_parse_unpacked(const void *head, size_t head_len, size_t len,
				     struct kexec_image_info *info)
{
	struct kexec_image_info found;
	struct image_cpu_caps caps;
	int ret;

	if (kexec_image_unpack_detect(head, head_len) != UNPACK_RAW) {
		pr_err("the Image is compressed twice\n");
		return -ENOEXEC;
	}
	image_load_caps_read(&caps);
	ret = kexec_image_parse(head, head_len, len ?: kexec_image_promise(head, head_len),
				&caps, &found);
	if (ret)
		return ret;
	found.packed = true;
	found.packing = info->packing;
	found.in_place = info->in_place;
	found.payload_start = info->payload_start;
	found.payload_len = info->payload_len;
	*info = found;
	return 0;
}

/* Only the header is unpacked, so the time does not depend on the file. */
static int image_load_peek(const void *data, size_t len, struct kexec_image_info *info)
{
	void *head __free(kfree) = kmalloc(KEXEC_IMAGE_HEAD_SIZE, GFP_KERNEL);
	struct unpack_payload payload;
	int ret;

	if (!head) {
		pr_err("no memory for the header of a packed Image\n");
		return -ENOMEM;
	}
	ret = kexec_image_unpack_open_data(info->packing, data, len, &payload);
	if (ret)
		return ret;
	ret = kexec_unpack_head(&payload, head, KEXEC_IMAGE_HEAD_SIZE);
	if (ret < 0)
		return ret;
	ret = image_load_parse_unpacked(head, ret, 0, info);
	return ret ?: kexec_unpack_check_size(info->packing, info->image_size);
}

static int image_load_locate(const void *data, size_t len, u64 file_len,
			     struct kexec_image_info *info)
{
	struct unpack_part part;
	int ret = kexec_image_unpack_locate(data, len, file_len, &part);

	if (!ret)
		ret = kexec_unpack_supported(part.kind);
	if (ret)
		return ret;
	*info = (struct kexec_image_info) {
		.packed = true, .packing = part.kind,
		.in_place = kexec_unpack_in_place(part.kind),
		.payload_start = part.start, .payload_len = part.len,
	};
	return 0;
}

/**
 * kexec_arch_image_probe() - check that this machine can start a kernel file
 * @data: first bytes of the file; for the second call of a packed one, of the packed data
 * @len: bytes at @data; 4 KiB are enough, of packed data 512 KiB
 * @file_len: bytes of the whole file
 * @info: zeroed before the first call; filled in on success
 *
 * After a call that sets @info->packed the size is not known.  A second call with the data
 * from @info->payload_start on completes it.
 *
 * Return: 0, or a negative errno after one message, see kexec_image_parse().
 */
int kexec_arch_image_probe(const void *data, size_t len, u64 file_len,
			   struct kexec_image_info *info)
{
	struct image_cpu_caps caps;

	if (info->packed)
		return image_load_peek(data, len, info);
	if (kexec_image_unpack_detect(data, len) != UNPACK_RAW)
		return image_load_locate(data, len, file_len, info);
	image_load_caps_read(&caps);
	return kexec_image_parse(data, len, file_len, &caps, info);
}

/**
 * kexec_arch_image_unpack() - unpack an Image
 * @file: the whole file
 * @file_len: bytes of it
 * @image: filled; undefined after a failure.  If kexec_arch_image_probe() has set
 *   @in_place, @file may be at its end, and is lost then
 * @len: bytes at @image, an Image that has more is refused; set to those it has
 * @info: receives the requirements of the header; if @packed is false, @image is not filled
 *
 * Return: 0; -ENOEXEC for a damaged file, -ENOMEM, -EINTR or an errno of
 * kexec_image_parse(), after one message.
 */
int kexec_arch_image_unpack(const void *file, size_t file_len, void *image, size_t *len,
			    struct kexec_image_info *info)
{
	struct unpack_payload payload;
	u64 unpacked;
	int ret;

	*info = (struct kexec_image_info) { };
	ret = kexec_image_unpack_open(file, file_len, &payload);
	if (ret || !payload.packed)
		return ret;
	ret = kexec_unpack_supported(payload.kind);
	if (ret)
		return ret;
	ret = kexec_unpack_all(&payload, image, *len, &unpacked);
	if (ret)
		return ret;
	*len = unpacked;
	info->packing = payload.kind;
	return image_load_parse_unpacked(image, unpacked, unpacked, info);
}
