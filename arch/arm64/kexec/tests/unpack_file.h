/* SPDX-License-Identifier: GPL-2.0-only */
/* A packed file that a test writes byte by byte. */
#ifndef _ARM64_KEXEC_UNPACK_FILE_H
#define _ARM64_KEXEC_UNPACK_FILE_H

#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

/**
 * struct unpack_file - a packed file
 * @bytes: the file
 * @len: bytes of it that are written
 * @plain: random bytes to pack
 */
struct unpack_file {
	u8 *bytes;
	size_t len;
	u8 *plain;
};

static inline void unpack_put(struct unpack_file *f, const void *bytes, size_t len)
{
	memcpy(f->bytes + f->len, bytes, len);
	f->len += len;
}

static inline void unpack_put_le32(struct unpack_file *f, u32 value)
{
	put_unaligned_le32(value, f->bytes + f->len);
	f->len += 4;
}

static inline void unpack_put_be32(struct unpack_file *f, u32 value)
{
	put_unaligned_be32(value, f->bytes + f->len);
	f->len += 4;
}

/* With @capacity bytes for the file and @plain_len random bytes. */
static inline struct unpack_file *unpack_new_file(struct kunit *test, size_t capacity,
						  size_t plain_len)
{
	struct unpack_file *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	u32 x = 1;
	size_t i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->bytes = kunit_kzalloc(test, capacity, GFP_KERNEL);
	f->plain = kunit_kzalloc(test, plain_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, f->bytes);
	KUNIT_ASSERT_NOT_NULL(test, f->plain);
	for (i = 0; i < plain_len; i++) {
		x = x * 1664525 + 1013904223;
		f->plain[i] = x >> 24;
	}
	return f;
}

#endif /* _ARM64_KEXEC_UNPACK_FILE_H */
