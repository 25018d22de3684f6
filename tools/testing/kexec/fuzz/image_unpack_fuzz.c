// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: packed Images
 *
 * Input: kind (1 byte), size of the buffer (2 bytes), then a file, or contents that are
 * packed here as stored blocks (RFC 1951, 3.2.4).  The payload is inside of the file, and so
 * are the blocks of lz4 and lzo.  The Image of a gzip file fits in the buffer, has the CRC-32
 * and the length of the trailer, and starts with the head; the C library's zlib unpacks the
 * same bytes.  With the file at the end of the buffer, the result is the same.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/unaligned.h>

#include "../../../../arch/arm64/kexec/unpack.h"
#include "../../../../arch/arm64/kexec/lib/image_unpack.h"
#include "fuzz.h"
#include "reference.h"

#define MAX_CAPACITY	8192
#define HEAD_LEN	512
#define TRAILER		8

static void unpack_expect_inside(const u8 *file, size_t len, const struct unpack_payload *p)
{
	fuzz_check(p->data >= file && p->data <= file + len && p->len <= file + len - p->data,
		   "%llu bytes at %zd of %zu", p->len, p->data - file, len);
}

static void unpack_expect_one_message(int ret)
{
	fuzz_check(sim_log_errors == (ret < 0), "%u messages for %d", sim_log_errors, ret);
	sim_log_reset();
}

/* The whole is unpacked: compare it with the trailer, the head and zlib. */
static void unpack_expect_same(const struct unpack_payload *p, const u8 *image, u64 len)
{
	u8 *head = fuzz_alloc(HEAD_LEN), *other = fuzz_alloc(len);
	int head_len = kexec_unpack_head(p, head, HEAD_LEN);
	size_t used, other_len;

	fuzz_check(head_len >= 0 && head_len == min_t(u64, len, HEAD_LEN) &&
		   !memcmp(head, image, head_len), "%d bytes of the head", head_len);
	other_len = reference_inflate(p->data, p->len, other, len, &used);
	fuzz_check(other_len == len && !memcmp(image, other, len), "zlib: %zu of %llu bytes",
		   other_len, len);
	fuzz_check(p->len >= used + TRAILER, "%zu of %llu bytes used", used, p->len);
	fuzz_check(get_unaligned_le32(p->data + used) == (u32)~crc32_le(~0, image, len) &&
		   get_unaligned_le32(p->data + used + 4) == len, "another trailer");
	free(head);
	free(other);
}

static int unpack_all(const struct unpack_payload *p, size_t capacity, const u8 *want,
		      size_t want_len)
{
	u8 *image = fuzz_alloc(capacity);
	u64 len = 0;
	int ret = kexec_unpack_all(p, image, capacity, &len);

	fuzz_check(!ret || ret == -ENOEXEC || (ret == -EINTR && sim_fatal_signal), "%d", ret);
	unpack_expect_one_message(ret);
	fuzz_check(len <= capacity, "%llu of %zu bytes", len, capacity);
	if (!ret && !sim_fatal_signal)
		unpack_expect_same(p, image, len);
	if (!ret && want)
		fuzz_check(len == want_len && !memcmp(image, want, len), "%llu bytes", len);
	free(image);
	return ret;
}

/* The file is at the end of the buffer, where the output of a gzip file may overwrite it. */
static void unpack_in_place(const u8 *file, size_t file_len, size_t capacity)
{
	size_t room = max_t(size_t, capacity, file_len);
	u8 *apart = fuzz_alloc(room), *both = fuzz_alloc(room);
	struct unpack_payload p;
	u64 len = 0, both_len = 0;
	int ret, both_ret;

	fuzz_check(!kexec_image_unpack_open(file, file_len, &p), "refused");
	ret = kexec_unpack_all(&p, apart, room, &len);
	unpack_expect_one_message(ret);
	memcpy(both + room - file_len, file, file_len);
	fuzz_check(!kexec_image_unpack_open(both + room - file_len, file_len, &p), "refused");
	both_ret = kexec_unpack_all(&p, both, room, &both_len);
	unpack_expect_one_message(both_ret);
	fuzz_check(ret == both_ret && len == both_len, "%d, %llu bytes; in place %d, %llu", ret,
		   len, both_ret, both_len);
	fuzz_check(ret || !memcmp(apart, both, len), "other bytes in place");
	free(apart);
	free(both);
}

static void unpack_head(const struct unpack_payload *p, size_t capacity)
{
	u8 *head = fuzz_alloc(capacity);
	int ret = kexec_unpack_head(p, head, capacity);

	fuzz_check(ret == -ENOEXEC || (ret >= 0 && ret <= capacity), "%d of %zu", ret, capacity);
	unpack_expect_one_message(ret);
	free(head);
}

static void unpack_locate(const u8 *file, size_t len, u64 file_len)
{
	enum unpack_kind kind = kexec_image_unpack_detect(file, len);
	struct unpack_part part;
	int ret = kexec_image_unpack_locate(file, len, file_len, &part);

	fuzz_check(!ret || (ret == -ENOEXEC && kind == UNPACK_ZBOOT), "%d", ret);
	unpack_expect_one_message(ret);
	if (!ret)
		fuzz_check(part.start <= file_len && part.len <= file_len - part.start,
			   "%llu bytes at %llu of %llu", part.len, part.start, file_len);
}

/* Each block is a part of the payload, after the one before it. */
static void unpack_blocks(const struct unpack_payload *p, bool part)
{
	const u8 *pos = p->data, *end = p->data + p->len;
	struct unpack_blocks blocks;
	struct unpack_block block;
	int ret = kexec_image_blocks_open(p, &blocks);

	fuzz_check(!ret || ret == -EBADMSG, "%d", ret);
	while (!ret) {
		ret = kexec_image_blocks_next(&blocks, part, &block);
		fuzz_check(ret == 1 || !ret || ret == -EBADMSG || ret == -ENODATA, "%d", ret);
		if (ret != 1)
			break;
		fuzz_check(block.data > pos && block.len <= end - block.data, "%u bytes at %zd",
			   block.len, block.data - p->data);
		fuzz_check(block.size <= UNPACK_LZ4_BLOCK, "%u bytes unpacked", block.size);
		fuzz_check(blocks.left == end - blocks.data, "%llu bytes left", blocks.left);
		pos = block.data + block.len;
		ret = 0;
	}
}

static void unpack_any(struct fuzz_input *in, size_t capacity)
{
	size_t len = in->left;
	u8 *file = fuzz_copy(in->pos, len);
	struct unpack_payload p;
	int ret = kexec_image_unpack_open(file, len, &p);

	fuzz_check(!ret || ret == -ENOEXEC, "%d", ret);
	unpack_expect_one_message(ret);
	unpack_locate(file, len, len + capacity);
	if (!ret) {
		unpack_expect_inside(file, len, &p);
		fuzz_check(p.packed == (kexec_image_unpack_detect(file, len) != UNPACK_RAW),
			   "packed %d", p.packed);
	}
	if (!ret && (p.kind == UNPACK_LZ4 || p.kind == UNPACK_LZO)) {
		unpack_blocks(&p, false);
		unpack_blocks(&p, true);
	} else if (!ret && p.kind == UNPACK_GZIP) {
		unpack_head(&p, capacity);
		unpack_all(&p, capacity, NULL, 0);
		unpack_in_place(file, len, capacity);
	} else if (!ret && !p.packed) {
		fuzz_check(p.data == file && p.len == len, "a part of the file");
	}
	free(file);
}

/* Optional fields of the header, each with some bytes of the contents. */
static size_t unpack_put_header(u8 *to, u8 flags, const u8 *from, size_t len)
{
	const u8 header[10] = { 0x1f, 0x8b, 8, flags & 0x1e };
	size_t pos = sizeof(header), extra = min_t(size_t, len, 20);

	memcpy(to, header, sizeof(header));
	if (flags & 4) {
		put_unaligned_le16(extra, to + pos);
		if (extra)
			memcpy(to + pos + 2, from, extra);
		pos += 2 + extra;
	}
	if (flags & 8)
		pos += sprintf((char *)to + pos, "Image") + 1;
	if (flags & 16)
		to[pos++] = 0;
	return flags & 2 ? pos + 2 : pos;
}

static void unpack_round_trip(struct fuzz_input *in, u8 flags)
{
	size_t len = min_t(size_t, in->left, 4000), pos;
	u8 *plain = fuzz_copy(in->pos, len), packed[4200] = { }, *file;
	struct unpack_payload p;

	pos = unpack_put_header(packed, flags, plain, len);
	packed[pos] = 1;
	put_unaligned_le16(len, packed + pos + 1);
	put_unaligned_le16(~len, packed + pos + 3);
	pos += 5;
	memcpy(packed + pos, plain, len);
	pos += len;
	put_unaligned_le32(~crc32_le(~0, plain, len), packed + pos);
	put_unaligned_le32(len, packed + pos + 4);
	pos += TRAILER + (flags & 1);
	file = fuzz_copy(packed, pos);
	unpack_in_place(file, pos, len);

	fuzz_check(!kexec_image_unpack_open(file, pos, &p) && p.packed, "refused");
	unpack_expect_inside(file, pos, &p);
	fuzz_check(!unpack_all(&p, len, plain, len), "refused");
	if (len)
		fuzz_check(unpack_all(&p, len - 1, NULL, 0) == -ENOEXEC, "it does not fit");
	free(file);
	free(plain);
}

void fuzz_one(struct fuzz_input *in)
{
	u8 kind = fuzz_u8(in);
	size_t capacity = fuzz_u16(in) % MAX_CAPACITY;

	sim_fatal_signal = false;
	if (kind & 0x80) {
		unpack_round_trip(in, kind);
		return;
	}
	sim_fatal_signal = kind == 0x7f;
	unpack_any(in, capacity);
}
