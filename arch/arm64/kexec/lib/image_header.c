// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: The arm64 Image header
 *
 * Reads the 64 bytes that open every arm64 Image ("Call the kernel image" in
 * Documentation/arch/arm64/booting.rst).  With an EFI stub, the PE section table shows
 * whether the end of the file is missing.  No value is trusted.
 *
 * Loaders try another format or kexec_load() after ENOEXEC, so that is the errno of a file
 * that is no Image:
 *
 *   ==============================================  ==============
 *   shorter than the header, or no magic            ENOEXEC
 *   image_size is 0                                 ENOEXEC
 *   file is longer than image_size                  ENOEXEC
 *   text_offset not on a page, or 2 MiB and more    ENOEXEC
 *   a PE section ends after the end of the file     ENOEXEC
 *   endianness or page size the CPUs do not have    EINVAL
 *   image_size beyond 48 bits of address            EADDRNOTAVAIL
 *   ==============================================  ==============
 *
 * Flag bits 4 to 63 are reserved, not refused.  Also built on the host.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kexec_arch.h>
#include <linux/pe.h>
#include <linux/printk.h>
#include <linux/sizes.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/unaligned.h>
#include <asm/image.h>

#include "image_header.h"

/* "ARM\x64", little-endian */
#define IMAGE_MAGIC_LE		0x644d5241

/* "The Image must be placed text_offset bytes from a 2MB aligned base". */
#define IMAGE_BASE_ALIGN	SZ_2M

/* booting.rst, section 4 */
#define IMAGE_END_MAX		BIT_ULL(48)

/*
 * The initrd is in a window of 32 GiB, aligned to 1 GiB, with the kernel; the device tree
 * is in one block of 2 MiB (booting.rst, sections 2 and 4).
 */
#define IMAGE_WINDOW		(32ULL * SZ_1G)

/* The smallest granule. */
#define IMAGE_PAGE_MIN		SZ_4K

/* Flag bit 3: all of the image is "within the 48-bit addressable range". */
#define IMAGE_PA_LIMIT		BIT_ULL(48)

#define IMAGE_FLAGS_KNOWN	0xfULL

#define image_le32(view, field) \
	get_unaligned_le32((view)->head + offsetof(struct arm64_image_header, field))
#define image_le64(view, field) \
	get_unaligned_le64((view)->head + offsetof(struct arm64_image_header, field))

/* The part of the file that can be read; the file has @file_len bytes. */
struct image_view {
	const u8 *head;
	u64 head_len;
	u64 file_len;
};

static int image_check_ident(const struct image_view *view)
{
	u32 magic;

	if (view->head_len < sizeof(struct arm64_image_header)) {
		pr_err("file has %llu bytes, the header alone has %zu\n",
		       view->file_len, sizeof(struct arm64_image_header));
		return -ENOEXEC;
	}

	magic = image_le32(view, magic);
	if (magic != IMAGE_MAGIC_LE) {
		pr_err("magic is %#010x, not %#010x: not an arm64 Image\n",
		       magic, IMAGE_MAGIC_LE);
		return -ENOEXEC;
	}
	return 0;
}

static int image_check_offset(const struct kexec_image_info *info)
{
	if (info->text_offset % IMAGE_PAGE_MIN) {
		pr_err("text_offset %#llx is no multiple of %#x\n",
		       info->text_offset, IMAGE_PAGE_MIN);
		return -ENOEXEC;
	}
	if (info->text_offset >= IMAGE_BASE_ALIGN) {
		pr_err("text_offset %#llx is not below %#x\n",
		       info->text_offset, IMAGE_BASE_ALIGN);
		return -ENOEXEC;
	}
	return 0;
}

/* Before v3.17 the size was 0 and the byte order of text_offset unknown. */
static int image_check_size(const struct image_view *view,
			    const struct kexec_image_info *info)
{
	if (!info->image_size) {
		pr_err("image_size is 0, the file has %#llx bytes (kernel older than v3.17)\n",
		       view->file_len);
		return -ENOEXEC;
	}
	if (view->file_len > info->image_size) {
		pr_err("image_size %#llx is below the %#llx bytes of the file\n",
		       info->image_size, view->file_len);
		return -ENOEXEC;
	}
	return 0;
}

/* @text_offset was checked, so the limit cannot wrap. */
static int image_check_reach(const struct kexec_image_info *info)
{
	u64 limit = IMAGE_PA_LIMIT - info->text_offset;

	if (info->image_size > limit) {
		pr_err("image_size %#llx is above %#llx\n",
		       info->image_size, limit);
		return -EADDRNOTAVAIL;
	}
	return 0;
}

static int image_check_endian(u64 flags, const struct image_cpu_caps *caps)
{
	bool big = arm64_image_flag_field(flags, ARM64_IMAGE_FLAG_BE);

	if (big ? caps->big_endian : caps->little_endian)
		return 0;

	pr_err("flags %#llx: the Image is %s-endian, which the CPUs do not support\n",
	       flags, big ? "big" : "little");
	return -EINVAL;
}

static int image_check_granule(u64 flags, const struct image_cpu_caps *caps,
			       unsigned int *page_shift)
{
	const struct {
		bool runs;
		unsigned int shift;
	} granule[] = {
		{ true, 0 },
		[ARM64_IMAGE_FLAG_PAGE_SIZE_4K] = { caps->granule_4k, 12 },
		[ARM64_IMAGE_FLAG_PAGE_SIZE_16K] = { caps->granule_16k, 14 },
		[ARM64_IMAGE_FLAG_PAGE_SIZE_64K] = { caps->granule_64k, 16 },
	};
	unsigned int want = arm64_image_flag_field(flags, ARM64_IMAGE_FLAG_PAGE_SIZE);

	*page_shift = granule[want].shift;
	if (granule[want].runs)
		return 0;

	pr_err("flags %#llx: pages of %u KiB; the CPUs support (4K 16K 64K) %d %d %d\n",
	       flags, 1U << (granule[want].shift - 10), caps->granule_4k,
	       caps->granule_16k, caps->granule_64k);
	return -EINVAL;
}

static int image_check_flags(const struct image_view *view,
			     const struct image_cpu_caps *caps,
			     struct kexec_image_info *info)
{
	u64 flags = image_le64(view, flags);
	int ret;

	ret = image_check_endian(flags, caps);
	if (ret)
		return ret;
	ret = image_check_granule(flags, caps, &info->page_shift);
	if (ret)
		return ret;

	info->low = !arm64_image_flag_field(flags, ARM64_IMAGE_FLAG_PHYS_BASE);
	if (flags & ~IMAGE_FLAGS_KNOWN)
		pr_debug("flags %#llx: reserved bits ignored\n", flags);
	return 0;
}

static int image_cut_short(const struct image_view *view, const char *what,
			   u64 end)
{
	pr_err("file is truncated: %s ends at byte %#llx, the file at %#llx\n",
	       what, end, view->file_len);
	return -ENOEXEC;
}

/* A section without bytes in the file has no length to check. */
static int image_check_section(const struct image_view *view, const u8 *entry)
{
	u64 size = get_unaligned_le32(entry + offsetof(struct section_header, raw_data_size));
	u64 start = get_unaligned_le32(entry + offsetof(struct section_header, data_addr));

	if (size && start + size > view->file_len)
		return image_cut_short(view, "a PE section", start + size);
	return 0;
}

/* 0 without a header: a kernel without an EFI stub has no "MZ", and res5 is zero. */
static u64 image_pe_offset(const struct image_view *view)
{
	if ((image_le32(view, code0) & 0xffff) != MZ_MAGIC)
		return 0;
	return image_le32(view, res5);
}

static int image_check_pe(const struct image_view *view)
{
	u64 pe = image_pe_offset(view);
	u64 table, entry, end;
	unsigned int nr;
	int ret = 0;

	if (!pe)
		return 0;
	end = pe + sizeof(struct pe_hdr);
	if (end > view->file_len)
		return image_cut_short(view, "the PE header", end);
	if (end > view->head_len ||
	    get_unaligned_le32(view->head + pe) != PE_MAGIC) {
		pr_debug("no PE header at %#llx, length not checked\n", pe);
		return 0;
	}

	nr = get_unaligned_le16(view->head + pe + offsetof(struct pe_hdr, sections));
	table = end + get_unaligned_le16(view->head + pe +
					 offsetof(struct pe_hdr, opt_hdr_size));
	end = table + (u64)nr * sizeof(struct section_header);
	if (end > view->file_len)
		return image_cut_short(view, "the PE section table", end);

	for (entry = table; entry < end && !ret; entry += sizeof(struct section_header)) {
		if (entry + sizeof(struct section_header) > view->head_len)
			break;
		ret = image_check_section(view, view->head + entry);
	}
	return ret;
}

/**
 * kexec_image_promise() - get the maximum size of an Image from its header
 * @head: first bytes of the Image, no alignment needed
 * @head_len: bytes at @head
 *
 * Return: image_size, or @head_len if there is no header.
 */
u64 kexec_image_promise(const void *head, size_t head_len)
{
	const struct image_view view = { .head = head };

	if (head_len < sizeof(struct arm64_image_header) ||
	    image_le32(&view, magic) != IMAGE_MAGIC_LE || !image_le64(&view, image_size))
		return head_len;
	return image_le64(&view, image_size);
}

/**
 * kexec_image_parse() - check an Image header and get the placement of the image
 * @head: first bytes of the file, no alignment needed
 * @head_len: bytes at @head; sections listed after them are not checked
 * @file_len: bytes of the whole file
 * @caps: features of the CPUs
 * @info: filled in on success
 *
 * Return: 0, or the negative errno of the table above after one message.
 */
int kexec_image_parse(const void *head, size_t head_len, u64 file_len,
		      const struct image_cpu_caps *caps,
		      struct kexec_image_info *info)
{
	const struct image_view view = {
		.head = head,
		.head_len = head_len < file_len ? head_len : file_len,
		.file_len = file_len,
	};
	int ret;

	ret = image_check_ident(&view);
	if (ret)
		return ret;

	*info = (struct kexec_image_info) {
		.text_offset = image_le64(&view, text_offset),
		.image_size = image_le64(&view, image_size),
		.align = IMAGE_BASE_ALIGN,
		.max = IMAGE_END_MAX,
		.window = IMAGE_WINDOW,
		.window_align = SZ_1G,
		.part_align = SZ_64K,
		.dtb_max = SZ_2M,
	};

	ret = image_check_size(&view, info);
	if (ret)
		return ret;
	ret = image_check_offset(info);
	if (ret)
		return ret;
	ret = image_check_reach(info);
	if (ret)
		return ret;
	ret = image_check_flags(&view, caps, info);
	if (ret)
		return ret;
	return image_check_pe(&view);
}
