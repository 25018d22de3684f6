// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the segment for IMA's measurement list
 *
 * It is the last segment of an image for reboot.  IMA calls back to fill it, and writes the
 * list again at the reboot.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/ima.h>
#include <linux/kexec.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "ima_list.h"
#include "image.h"
#include "read.h"
#include "segment.h"

/* Measurements that IMA may add after its list is placed. */
#define IMA_LIST_SPARE	SZ_1M

static int ima_list_add_buffer(struct kexec_image *img, struct kexec_buf *kbuf)
{
	const struct kexec_segment *segment = &img->kimage.segment[img->kbuf_seg];

	if (kbuf->memsz > segment->memsz) {
		pr_err("IMA list: %lu bytes are more than was reserved (%zu): load it again\n",
		       kbuf->memsz, segment->memsz);
		return -EAGAIN;
	}
	kexec_segment_trim(img, img->kbuf_seg, kbuf->memsz);
	kbuf->mem = segment->mem;
	return kexec_segment_fill_kernel(img, img->kbuf_seg, kbuf->buffer, kbuf->bufsz);
}

/**
 * kexec_add_buffer() - fill the segment that is reserved for IMA's measurement list
 * @kbuf: the request; @kbuf->mem receives the physical address
 *
 * Called back during a load.
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_add_buffer(struct kexec_buf *kbuf)
{
	struct kexec_image *img = to_kexec_image(kbuf->image);

	img->ima_len = kbuf->memsz;
	img->kbuf_error = ima_list_add_buffer(img, kbuf);
	return img->kbuf_error;
}

#ifdef CONFIG_IMA_KEXEC
/**
 * kexec_ima_list_size() - size of the segment for IMA's list
 * @crash: of an image that a panic starts
 *
 * Return: bytes, for the list and for measurements during the load; 0 for no segment.
 */
size_t kexec_ima_list_size(bool crash)
{
	unsigned long size = ima_get_binary_runtime_size();

	/* IMA adds no list that is larger than half of memory. */
	if (crash || size > kexec_read_memory() / 2)
		return 0;
	return PAGE_ALIGN(size + CONFIG_IMA_KEXEC_EXTRA_MEMORY_KB * SZ_1K + IMA_LIST_SPARE);
}

/**
 * kexec_ima_list_fill() - fill the segment for IMA's list, or remove it
 * @img: an image whose last segment it is
 * @fdt: receives the place of the list
 *
 * IMA ignores a failure to add its list; here the load fails.
 *
 * Return: 0, or a negative errno after one message.
 */
int kexec_ima_list_fill(struct kexec_image *img, struct kexec_fdt_request *fdt)
{
	ima_add_kexec_buffer(&img->kimage);
	if (img->kbuf_error)
		return img->kbuf_error;
	if (!img->kimage.is_ima_segment_index_set) {
		kexec_segment_drop(img);
		return 0;
	}
	img->backing[img->kbuf_seg].written_late = true;
	fdt->ima_pa = img->kimage.ima_buffer_addr;
	fdt->ima_len = img->kimage.ima_buffer_size;
	return 0;
}
#endif
