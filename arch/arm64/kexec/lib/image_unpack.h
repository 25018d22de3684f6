/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files with a compressed Image.  Locating the payload is pure and is built on the
 * host, too; inflate.c unpacks it.
 */
#ifndef _ARM64_KEXEC_IMAGE_UNPACK_H
#define _ARM64_KEXEC_IMAGE_UNPACK_H

#include <linux/types.h>

/**
 * enum unpack_kind - format of a file by its first bytes
 * @UNPACK_RAW: neither of the others: an Image, or not loadable
 * @UNPACK_GZIP: a gzip file, RFC 1952
 * @UNPACK_ZBOOT: an EFI program with a compressed Image
 */
enum unpack_kind {
	UNPACK_RAW,
	UNPACK_GZIP,
	UNPACK_ZBOOT,
};

/**
 * struct unpack_payload - the Image inside of a file
 * @data: first byte: of the Image itself, or of its deflate stream (RFC 1951)
 * @len: bytes at @data; with the gzip trailer and padding when @packed
 * @packed: @data is a deflate stream
 */
struct unpack_payload {
	const u8 *data;
	u64 len;
	bool packed;
};

enum unpack_kind kexec_image_unpack_detect(const void *head, size_t len);
int kexec_image_unpack_locate(const void *head, size_t head_len, u64 file_len,
			      u64 *start, u64 *len);
int kexec_image_unpack_open_gzip(const void *data, size_t len,
				 struct unpack_payload *payload);
int kexec_image_unpack_open(const void *file, size_t len,
			    struct unpack_payload *payload);

/* inflate.c */
int kexec_inflate_head(const struct unpack_payload *payload,
		       void *head, size_t capacity);
int kexec_inflate_all(const struct unpack_payload *payload, void *dst, u64 capacity, u64 *len);

#endif /* _ARM64_KEXEC_IMAGE_UNPACK_H */
