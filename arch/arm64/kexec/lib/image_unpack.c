// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Packed Images
 *
 * The boot loader unpacks an Image.gz (booting.rst), and for kexec this kernel is the boot
 * loader.  A file of gzip (RFC 1952), lz4, lzop, xz or zstd is recognized by its first
 * bytes.  The payload of the "zboot" EFI program of CONFIG_EFI_ZBOOT is such a file, or one
 * of lzma.  Its little-endian header:
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
 * Except with gzip, the 32 bits after the payload are the size of the unpacked Image.
 *
 * No number is trusted: each window is a part of a window that was checked before.  Also
 * built on the host.
 */

#define pr_fmt(fmt) "kexec: Image: " fmt

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
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
#define ZBOOT_TRAILER_LEN	4

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

/* Bytes that are not parsed yet. */
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

/* The first bytes of a format. */
struct unpack_magic {
	enum unpack_kind kind;
	size_t len;
	const char *bytes;
};

static const struct unpack_magic unpack_magics[] = {
	{ UNPACK_GZIP, 2, "\x1f\x8b" },
	{ UNPACK_LZ4, 4, "\x02\x21\x4c\x18" },
	{ UNPACK_LZO, 9, "\x89LZO\0\r\n\x1a\n" },
	{ UNPACK_XZ, 6, "\xfd\x37zXZ" },
	{ UNPACK_ZSTD, 4, "\x28\xb5\x2f\xfd" },
};

/* A name in zboot headers. */
struct unpack_method {
	const char *name;
	enum unpack_kind kind;
};

/* Kernels before 6.15 have the names of the rules that made the payload. */
static const struct unpack_method unpack_methods[] = {
	{ "gzip", UNPACK_GZIP },
	{ "lz4", UNPACK_LZ4 },
	{ "lzma", UNPACK_LZMA },
	{ "lzo", UNPACK_LZO },
	{ "xz", UNPACK_XZ },
	{ "xzkern", UNPACK_XZ },
	{ "zstd", UNPACK_ZSTD },
	{ "zstd22", UNPACK_ZSTD },
};

/* An lzma file has no magic number, so it is no format of a file of its own. */
static enum unpack_kind unpack_packer(const u8 *data, u64 len)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unpack_magics); i++)
		if (len >= unpack_magics[i].len &&
		    !memcmp(data, unpack_magics[i].bytes, unpack_magics[i].len))
			return unpack_magics[i].kind;
	return UNPACK_RAW;
}

static enum unpack_kind unpack_zboot_kind(const u8 *header)
{
	const char *name = (const char *)header + ZBOOT_METHOD_AT;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(unpack_methods); i++)
		if (!strncmp(name, unpack_methods[i].name, ZBOOT_METHOD_LEN))
			return unpack_methods[i].kind;
	return UNPACK_RAW;
}

static bool unpack_is_zboot(const u8 *data, u64 len)
{
	return len >= ZBOOT_HEADER_LEN && !memcmp(data, "MZ\0\0zimg", 8);
}

static int unpack_locate_zboot(const u8 *header, u64 file_len, struct unpack_part *part)
{
	u64 offset = get_unaligned_le32(header + ZBOOT_OFFSET_AT);
	u64 size = get_unaligned_le32(header + ZBOOT_SIZE_AT);
	enum unpack_kind kind = unpack_zboot_kind(header);
	u64 trailer = kind == UNPACK_GZIP ? 0 : ZBOOT_TRAILER_LEN;

	if (kind == UNPACK_RAW) {
		pr_err("zboot compression \"%.*s\" is not supported (gzip lz4 lzma lzo xz zstd)\n",
		       ZBOOT_METHOD_LEN, header + ZBOOT_METHOD_AT);
		return -ENOEXEC;
	}
	if (offset > file_len || size + trailer > file_len - offset) {
		pr_err("file is truncated: zboot payload ends at byte %#llx, the file at %#llx\n",
		       offset + size + trailer, file_len);
		return -ENOEXEC;
	}
	*part = (struct unpack_part) { .start = offset, .len = size, .kind = kind };
	return 0;
}

/**
 * kexec_image_unpack_detect() - get the format of a file
 * @head: first bytes of the file
 * @len: bytes at @head, 64 are enough
 *
 * Return: the kind.
 */
enum unpack_kind kexec_image_unpack_detect(const void *head, size_t len)
{
	return unpack_is_zboot(head, len) ? UNPACK_ZBOOT : unpack_packer(head, len);
}

/**
 * kexec_image_unpack_locate() - find the packed data of a packed Image
 * @head: first bytes of the file
 * @head_len: bytes at @head, 64 are enough
 * @file_len: bytes of the whole file
 * @part: filled in on success; the whole file if it is no zboot program
 *
 * Return: 0, or -ENOEXEC after one message.
 */
int kexec_image_unpack_locate(const void *head, size_t head_len, u64 file_len,
			      struct unpack_part *part)
{
	*part = (struct unpack_part) {
		.len = file_len, .kind = kexec_image_unpack_detect(head, head_len),
	};
	return part->kind == UNPACK_ZBOOT ? unpack_locate_zboot(head, file_len, part) : 0;
}

static int unpack_open_gzip(const void *data, size_t len, struct unpack_payload *payload)
{
	struct unpack_window win = { .pos = data, .left = len };

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
	payload->data = win.pos;
	payload->len = win.left;
	return 0;
}

/**
 * kexec_image_unpack_open_data() - find the Image in packed data
 * @kind: compression of the data
 * @data: the data, or the first bytes of it
 * @len: bytes at @data
 * @payload: points into @data, on success
 *
 * Return: 0, or -ENOEXEC after one message.
 */
int kexec_image_unpack_open_data(enum unpack_kind kind, const void *data, size_t len,
				 struct unpack_payload *payload)
{
	if (kind != UNPACK_LZMA && unpack_packer(data, len) != kind) {
		pr_err("packed data does not start as its compression requires\n");
		return -ENOEXEC;
	}
	*payload = (struct unpack_payload) {
		.data = data, .len = len, .kind = kind, .packed = true,
	};
	return kind == UNPACK_GZIP ? unpack_open_gzip(data, len, payload) : 0;
}

/**
 * kexec_image_unpack_open() - find the Image in a file
 * @file: the whole file, its own payload if it is not compressed
 * @len: bytes of it
 * @payload: points into @file, on success
 *
 * Return: 0, or -ENOEXEC after one message.
 */
int kexec_image_unpack_open(const void *file, size_t len,
			    struct unpack_payload *payload)
{
	enum unpack_kind kind = kexec_image_unpack_detect(file, len);
	struct unpack_part part;
	int ret;

	if (kind == UNPACK_RAW) {
		*payload = (struct unpack_payload) { .data = file, .len = len };
		return 0;
	}
	ret = kexec_image_unpack_locate(file, len, len, &part);
	if (!ret)
		ret = kexec_image_unpack_open_data(part.kind, file + part.start, part.len, payload);
	if (!ret && kind == UNPACK_ZBOOT && part.kind != UNPACK_GZIP)
		payload->size = get_unaligned_le32(file + part.start + part.len);
	return ret;
}
