/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_CRC32_H
#define _KEXEC_SIM_LINUX_CRC32_H

#include <linux/types.h>

/* Bit by bit, from the polynomial of RFC 1952, 8. */
static inline u32 crc32_le(u32 crc, const void *data, size_t len)
{
	const u8 *p = data;
	unsigned int bit;

	for (; len; len--) {
		crc ^= *p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

#endif /* _KEXEC_SIM_LINUX_CRC32_H */
