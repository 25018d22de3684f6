/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all guest programs share: names of kernel code that the C library lacks, files,
 * the clock, and the end of a program. They run on arm64 only, where a long has 64 bits.
 */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef unsigned int u32;
typedef unsigned long u64;
typedef long s64;

#define BIT(_nr)		(1UL << (_nr))
#define ARRAY_SIZE(_a)		(sizeof(_a) / sizeof((_a)[0]))
#define __noreturn		__attribute__((__noreturn__))
#define __printf(_fmt, _args)	__attribute__((__format__(printf, _fmt, _args)))

#define SZ_64K	0x10000UL
#define SZ_1M	0x100000UL
#define SZ_2M	0x200000UL
#define SZ_1G	0x40000000UL
#define SZ_1T	0x10000000000UL

void util_die(const char *fmt, ...) __printf(1, 2) __noreturn;

int util_open(const char *path);
void util_read_all(int fd, const char *path, void *buf, size_t len);
void *util_read_file(const char *path, size_t *len);
int util_read_number(const char *path, long *value);
u64 util_sum_fields(const char *path, const char *prefix);
u64 util_free_kib(void);
u64 util_listed_kib(void);
int util_write(const char *path, const char *text);

u64 util_ticks(void);
u64 util_now_ns(void);
u64 util_now_ms(void);

pid_t util_fork(void);
bool util_child_ended(pid_t pid);
void util_end_child(pid_t pid);
const char *util_errno_name(int err);
u64 util_random(u64 *state, u64 limit);

#endif /* UTIL_H */
