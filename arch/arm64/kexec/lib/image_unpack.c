// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Packed Images
 *
 * According to booting.rst the boot loader unpacks an Image.gz, and for kexec this
 * kernel is the boot loader.  Two formats are supported: a gzip file (RFC 1952), and
 * the "zboot" EFI program of CONFIG_EFI_ZBOOT, whose payload is a gzip file.  Its
 * header:
 *
 *   ======  ==========================================
 *   offset  content
 *   ======  ==========================================
 *   0       "MZ", two zero bytes, "zimg"
 *   8       offset of the payload, 32 bits
 *   12      bytes of the payload, 32 bits
 *   24      name of the packing method, NUL-terminated
 *   ======  ==========================================
 *
 * image_header.c checks the Image itself.
 *
 * Pure functions: the caller owns the file, and the payload points into it.  All
 * numbers are little-endian and untrusted.  Each window is a part of a window that was
 * checked before, so no offset is outside of the file.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "image_unpack.h"

#define ZBOOT_OFFSET_AT		8
#define ZBOOT_SIZE_AT		12
#define ZBOOT_METHOD_AT		24
#define ZBOOT_METHOD_LEN	32
#define ZBOOT_HEADER_LEN	64

/* RFC 1952, 2.3: member format. */
#define GZIP_HEADER_LEN		10
#define GZIP_TRAILER_LEN	8
#define GZIP_METHOD_AT		2
#define GZIP_FLAGS_AT		3
#define GZIP_METHOD_DEFLATE	8
#define GZIP_FLAG_HCRC		BIT(1)
#define GZIP_FLAG_EXTRA		BIT(2)
#define GZIP_FLAG_NAME		BIT(3)
#define GZIP_FLAG_COMMENT	BIT(4)
#define GZIP_FLAGS_RESERVED	0xe0

/**
 * struct unpack_window - bytes that are not parsed yet
 * @pos: the first one
 * @left: number of them
 */
struct unpack_window {
	const u8 *pos;
	u64 left;
};

static bool unpack_skip(struct unpack_window *win, u64 len)
{
	if (len > win->left)
		return false;
	win->pos += len;
	win->left -= len;
	return true;
}

static bool unpack_skip_string(struct unpack_window *win)
{
	const u8 *nul = win->left ? memchr(win->pos, 0, win->left) : NULL;

	return nul && unpack_skip(win, nul - win->pos + 1);
}

static bool unpack_skip_extra(struct unpack_window *win)
{
	return win->left >= 2 &&
	       unpack_skip(win, 2 + (u64)get_unaligned_le16(win->pos));
}

static bool unpack_skip_gzip_header(struct unpack_window *win)
{
	u8 flags = win->pos[GZIP_FLAGS_AT];

	if (!unpack_skip(win, GZIP_HEADER_LEN))
		return false;
	if ((flags & GZIP_FLAG_EXTRA) && !unpack_skip_extra(win))
		return false;
	if ((flags & GZIP_FLAG_NAME) && !unpack_skip_string(win))
		return false;
	if ((flags & GZIP_FLAG_COMMENT) && !unpack_skip_string(win))
		return false;
	return !(flags & GZIP_FLAG_HCRC) || unpack_skip(win, 2);
}

static bool unpack_is_gzip(const struct unpack_window *win)
{
	return win->left >= 2 && !memcmp(win->pos, "\x1f\x8b", 2);
}

static bool unpack_is_zboot(const struct unpack_window *win)
{
	return win->left >= ZBOOT_HEADER_LEN &&
	       !memcmp(win->pos, "MZ\0\0zimg", 8);
}

static int unpack_locate_zboot(const u8 *header, u64 file_len, u64 *start, u64 *len)
{
	u64 offset = get_unaligned_le32(header + ZBOOT_OFFSET_AT);
	u64 size = get_unaligned_le32(header + ZBOOT_SIZE_AT);

	if (memcmp(header + ZBOOT_METHOD_AT, "gzip", sizeof("gzip"))) {
		pr_err("zboot compression \"%.*s\" is not supported (gzip)\n",
		       ZBOOT_METHOD_LEN, header + ZBOOT_METHOD_AT);
		return -ENOEXEC;
	}
	if (offset > file_len || size > file_len - offset) {
		pr_err("file is truncated: zboot payload ends at byte %#llx, the file at %#llx\n",
		       offset + size, file_len);
		return -ENOEXEC;
	}
	*start = offset;
	*len = size;
	return 0;
}

/**
 * kexec_image_unpack_detect() - get the format of a file
 * @head: first bytes of the file
 * @len: bytes at @head, 64 are enough
 *
 * Context: any.
 * Return: the kind.
 */
enum unpack_kind kexec_image_unpack_detect(const void *head, size_t len)
{
	const struct unpack_window win = { .pos = head, .left = len };

	if (unpack_is_gzip(&win))
		return UNPACK_GZIP;
	return unpack_is_zboot(&win) ? UNPACK_ZBOOT : UNPACK_RAW;
}

/**
 * kexec_image_unpack_locate() - find the gzip data of a packed Image
 * @head: first bytes of the file
 * @head_len: bytes at @head, 64 are enough
 * @file_len: bytes of the whole file
 * @start: set to the offset of the data in the file
 * @len: set to the bytes of it
 *
 * Context: any.
 * Return: 0, or -ENOEXEC after one message for a zboot header that is damaged or names
 * another compression. For a file that is not compressed, the data is the whole file.
 */
int kexec_image_unpack_locate(const void *head, size_t head_len, u64 file_len,
			      u64 *start, u64 *len)
{
	*start = 0;
	*len = file_len;
	if (kexec_image_unpack_detect(head, head_len) != UNPACK_ZBOOT)
		return 0;
	return unpack_locate_zboot(head, file_len, start, len);
}

/**
 * kexec_image_unpack_open_gzip - find the deflate stream in gzip data
 * @data: the data, or the first bytes of it
 * @len: bytes at @data
 * @payload: filled in on success; valid as long as @data is
 *
 * Context: any.
 * Return: 0, or -ENOEXEC after one message.
 */
int kexec_image_unpack_open_gzip(const void *data, size_t len,
				 struct unpack_payload *payload)
{
	struct unpack_window win = { .pos = data, .left = len };

	if (!unpack_is_gzip(&win)) {
		pr_err("gzip data does not start with 0x1f 0x8b\n");
		return -ENOEXEC;
	}
	if (len < GZIP_HEADER_LEN + GZIP_TRAILER_LEN) {
		pr_err("gzip data has %zu bytes (minimum %d)\n",
		       len, GZIP_HEADER_LEN + GZIP_TRAILER_LEN);
		return -ENOEXEC;
	}
	if (win.pos[GZIP_METHOD_AT] != GZIP_METHOD_DEFLATE ||
	    win.pos[GZIP_FLAGS_AT] & GZIP_FLAGS_RESERVED) {
		pr_err("gzip method %u with flags %#x is not supported (%u, flags up to %#x)\n",
		       win.pos[GZIP_METHOD_AT], win.pos[GZIP_FLAGS_AT],
		       GZIP_METHOD_DEFLATE, 0xff & ~GZIP_FLAGS_RESERVED);
		return -ENOEXEC;
	}
	if (!unpack_skip_gzip_header(&win)) {
		pr_err("gzip header does not end within %zu bytes\n", len);
		return -ENOEXEC;
	}
	*payload = (struct unpack_payload) {
		.data = win.pos,
		.len = win.left,
		.packed = true,
	};
	return 0;
}

/**
 * kexec_image_unpack_open - find the Image in a file
 * @file: the whole file
 * @len: bytes of it
 * @payload: filled in on success; valid as long as @file is
 *
 * A file that is not compressed is its own payload.
 *
 * Context: any.
 * Return: 0, or -ENOEXEC after one message if a compressed file is truncated or damaged,
 * or its compression is not supported.
 */
int kexec_image_unpack_open(const void *file, size_t len,
			    struct unpack_payload *payload)
{
	u64 start, size;
	int ret;

	if (kexec_image_unpack_detect(file, len) == UNPACK_RAW) {
		*payload = (struct unpack_payload) { .data = file, .len = len };
		return 0;
	}
	ret = kexec_image_unpack_locate(file, len, len, &start, &size);
	return ret ?: kexec_image_unpack_open_gzip(file + start, size, payload);
}
