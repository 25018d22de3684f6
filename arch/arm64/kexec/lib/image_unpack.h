/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with a compressed Image; unpack.c unpacks it. */
#ifndef _ARM64_KEXEC_IMAGE_UNPACK_H
#define _ARM64_KEXEC_IMAGE_UNPACK_H

#include <linux/types.h>

/**
 * enum unpack_kind - format of a file by its first bytes
 * @UNPACK_RAW: an Image, or not loadable
 * @UNPACK_GZIP: a gzip file, RFC 1952
 * @UNPACK_LZ4: the legacy frame of lz4, as "lz4 -l" writes it
 * @UNPACK_LZMA: an LZMA_Alone file; only as the payload of a zboot program, which has its
 *   size
 * @UNPACK_LZO: a file of lzop
 * @UNPACK_XZ: an xz file
 * @UNPACK_ZSTD: a zstd frame, RFC 8878
 * @UNPACK_ZBOOT: an EFI program with an Image in one of the formats above
 */
enum unpack_kind {
	UNPACK_RAW,
	UNPACK_GZIP,
	UNPACK_LZ4,
	UNPACK_LZMA,
	UNPACK_LZO,
	UNPACK_XZ,
	UNPACK_ZSTD,
	UNPACK_ZBOOT,
};

/**
 * struct unpack_part - location of the packed data in a file
 * @start: offset of its first byte
 * @len: bytes of it
 * @kind: its compression
 */
struct unpack_part {
	u64 start;
	u64 len;
	enum unpack_kind kind;
};

/**
 * struct unpack_payload - the Image inside of a file
 * @data: the Image, its deflate stream (RFC 1951) in a gzip file, or other packed data
 * @len: bytes at @data; with the gzip trailer and padding when @packed
 * @kind: compression of @data
 * @packed: @data is compressed
 * @size: bytes of the Image according to the file, 0 if unknown
 */
struct unpack_payload {
	const u8 *data;
	u64 len;
	enum unpack_kind kind;
	bool packed;
	u64 size;
};

/**
 * struct unpack_blocks - unread blocks of an lz4 or lzo payload
 * @data: the next one
 * @left: bytes at @data
 * @kind: UNPACK_LZ4 or UNPACK_LZO
 * @flags: flags of an lzo file
 */
struct unpack_blocks {
	const u8 *data;
	u64 left;
	enum unpack_kind kind;
	u32 flags;
};

/**
 * struct unpack_block - one block of packed data
 * @data: first byte of it
 * @len: bytes of it
 * @size: bytes that it unpacks to: exactly of lzo, at most of lz4
 * @stored: the data is not compressed
 * @checked: @adler is set
 * @adler: Adler-32 of the unpacked bytes
 */
struct unpack_block {
	const u8 *data;
	u32 len;
	u32 size;
	bool stored;
	bool checked;
	u32 adler;
};

/* Unpacked bytes at most. */
#define UNPACK_LZ4_BLOCK	(8U << 20)
#define UNPACK_LZO_BLOCK	(256U << 10)

enum unpack_kind kexec_image_unpack_detect(const void *head, size_t len);
int kexec_image_unpack_locate(const void *head, size_t head_len, u64 file_len,
			      struct unpack_part *part);
int kexec_image_unpack_open_data(enum unpack_kind kind, const void *data, size_t len,
				 struct unpack_payload *payload);
int kexec_image_unpack_open(const void *file, size_t len,
			    struct unpack_payload *payload);

int kexec_image_blocks_open(const struct unpack_payload *payload, struct unpack_blocks *blocks);
int kexec_image_blocks_next(struct unpack_blocks *blocks, bool part, struct unpack_block *block);

#endif /* _ARM64_KEXEC_IMAGE_UNPACK_H */
