// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Fuzz targets: a second opinion on deflate streams
 */
#include <stdlib.h>

#include <zlib.h>

#include "reference.h"

/**
 * reference_inflate() - unpack a bare deflate stream
 * @data: the stream; bytes may follow it
 * @len: bytes at @data
 * @to: filled
 * @capacity: bytes at @to
 * @used: set to the bytes of the stream
 *
 * Return: bytes at @to, or SIZE_MAX if the stream does not end or is damaged.
 */
size_t reference_inflate(const unsigned char *data, size_t len, unsigned char *to,
			 size_t capacity, size_t *used)
{
	unsigned char none;
	z_stream strm = {
		.next_in = (unsigned char *)data, .avail_in = len,
		/* zlib refuses a NULL, which is the buffer of an empty file. */
		.next_out = capacity ? to : &none, .avail_out = capacity,
	};
	int ret;

	if (inflateInit2(&strm, -MAX_WBITS) != Z_OK)
		abort();
	ret = inflate(&strm, Z_FINISH);
	*used = strm.total_in;
	inflateEnd(&strm);
	return ret == Z_STREAM_END ? strm.total_out : (size_t)-1;
}
