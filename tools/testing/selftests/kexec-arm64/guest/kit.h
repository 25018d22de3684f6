/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few names that kernel code has and the C library has not. These programs
 * run on arm64 only, where a long has 64 bits.
 */
#ifndef KIT_H
#define KIT_H

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

#endif /* KIT_H */
