// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Fuzz targets: input and checks
 *
 * libFuzzer calls LLVMFuzzerTestOneInput() with bytes of its choice and watches which
 * edges of the code under test they reach.  A target is a function that makes
 * arguments of these bytes, calls the code and checks the result.  After the last byte
 * of the input follow zeros, so any input is complete.
 *
 * Memory that the code under test gets is allocated to the byte, for the address
 * sanitizer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/printk.h>

#include "fuzz.h"

/**
 * fuzz_bytes() - make a little-endian number of the next bytes
 * @in: the input
 * @nr: bytes, at most 8
 *
 * Return: the number.
 */
u64 fuzz_bytes(struct fuzz_input *in, unsigned int nr)
{
	u64 val = 0;
	unsigned int i;

	for (i = 0; i < nr && in->left; i++, in->pos++, in->left--)
		val |= (u64)*in->pos << (8 * i);
	return val;
}

/**
 * fuzz_number() - make a number with few significant bits
 * @in: the input
 *
 * One byte selects a power of two, the next one is added or subtracted, so limits are
 * met with two bytes of input.
 *
 * Return: the number.
 */
u64 fuzz_number(struct fuzz_input *in)
{
	u8 kind = fuzz_u8(in);
	u64 base = 1ULL << (kind & 63);
	u64 off = fuzz_u8(in);

	if (kind & 64)
		off <<= (kind & 63) / 2;
	return kind & 128 ? base - off : base + off;
}

/**
 * fuzz_alloc() - allocate zeroed memory of exactly this size
 * @len: bytes
 *
 * Return: the memory, to be freed by free().
 */
void *fuzz_alloc(size_t len)
{
	void *p = calloc(1, len);

	fuzz_check(p || !len, "no memory for %zu bytes", len);
	return p;
}

/**
 * fuzz_copy() - copy bytes to memory of exactly their size
 * @from: the bytes
 * @len: number of them
 *
 * Return: the copy, to be freed by free().
 */
u8 *fuzz_copy(const void *from, size_t len)
{
	u8 *copy = fuzz_alloc(len);

	if (len)
		memcpy(copy, from, len);
	return copy;
}

/**
 * fuzz_fail() - report a failure and end the program
 * @file: source file
 * @line: source line
 * @fmt: expected and actual values
 */
void fuzz_fail(const char *file, int line, const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "FUZZ: %s:%d: ", file, line);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
	abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct fuzz_input in = { .pos = data, .left = len };

	sim_log_reset();
	fuzz_one(&in);
	return 0;
}
