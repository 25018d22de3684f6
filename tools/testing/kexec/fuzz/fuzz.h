/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface of the fuzz targets: choices from the bytes of the input, and checks.
 */
#ifndef _KEXEC_FUZZ_H
#define _KEXEC_FUZZ_H

#include <linux/kernel.h>
#include <linux/types.h>

/**
 * struct fuzz_input - bytes that are not used yet
 * @pos: the first one
 * @left: number of them
 */
struct fuzz_input {
	const u8 *pos;
	size_t left;
};

/* Each target has one. The input is valid and constant until it returns. */
void fuzz_one(struct fuzz_input *in);

u64 fuzz_bytes(struct fuzz_input *in, unsigned int nr);
u64 fuzz_number(struct fuzz_input *in);
u8 *fuzz_copy(const void *from, size_t len);
void *fuzz_alloc(size_t len);

static inline u8 fuzz_u8(struct fuzz_input *in)
{
	return fuzz_bytes(in, 1);
}

static inline u16 fuzz_u16(struct fuzz_input *in)
{
	return fuzz_bytes(in, 2);
}

static inline u64 fuzz_u64(struct fuzz_input *in)
{
	return fuzz_bytes(in, 8);
}

/* Ends the program; libFuzzer saves the input. */
void __noreturn __printf(3, 4) fuzz_fail(const char *file, int line, const char *fmt, ...);

#define fuzz_check(cond, fmt, ...)						\
do {										\
	if (!(cond))								\
		fuzz_fail(__FILE__, __LINE__, "%s: " fmt, #cond, ##__VA_ARGS__);	\
} while (0)

#endif /* _KEXEC_FUZZ_H */
