/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C library's zlib, for comparison with the kernel's. Their headers exclude each other.
 */
#ifndef _KEXEC_FUZZ_REFERENCE_H
#define _KEXEC_FUZZ_REFERENCE_H

#include <stddef.h>

size_t reference_inflate(const unsigned char *data, size_t len, unsigned char *to,
			 size_t capacity, size_t *used);

#endif /* _KEXEC_FUZZ_REFERENCE_H */
