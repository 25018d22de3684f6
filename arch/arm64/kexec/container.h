/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that hold an Image in packed form.  Finding the payload is pure and
 * builds on the host; unpacking it (inflate.c) is for the kernel.
 */
#ifndef _ARM64_KEXEC_CONTAINER_H
#define _ARM64_KEXEC_CONTAINER_H

#include <linux/types.h>

/**
 * enum container_kind - what a file is by its first bytes
 * @CONTAINER_RAW: neither of the others: an Image, or nothing that can be loaded
 * @CONTAINER_GZIP: a gzip file, RFC 1952
 * @CONTAINER_ZBOOT: an EFI program that carries a packed Image
 */
enum container_kind {
	CONTAINER_RAW,
	CONTAINER_GZIP,
	CONTAINER_ZBOOT,
};

/**
 * struct container_payload - the Image inside of a file
 * @data: first byte: of the Image itself, or of its deflate stream (RFC 1951)
 * @len: bytes at @data; with the gzip trailer and padding when @packed
 * @packed: @data is a deflate stream
 */
struct container_payload {
	const u8 *data;
	u64 len;
	bool packed;
};

enum container_kind kexec_container_detect(const void *head, size_t len);
int kexec_container_locate(const void *head, size_t head_len, u64 file_len,
			   u64 *start, u64 *len);
int kexec_container_open_gzip(const void *data, size_t len,
			      struct container_payload *payload);
int kexec_container_open(const void *file, size_t len,
			 struct container_payload *payload);

/* inflate.c */
int kexec_inflate_head(const struct container_payload *payload,
		       void *head, size_t room);
int kexec_inflate_all(const struct container_payload *payload, void *dst, u64 room, u64 *len);

#endif /* _ARM64_KEXEC_CONTAINER_H */
