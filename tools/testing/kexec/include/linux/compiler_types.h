/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_COMPILER_TYPES_H
#define _KEXEC_SIM_LINUX_COMPILER_TYPES_H

/* Included by the command line: words that kernel code uses without asking. */

#define __always_inline		inline __attribute__((always_inline))
#define __aligned(n)		__attribute__((aligned(n)))
#define __force
#define __init
#define __initconst
#define __initdata
#define __maybe_unused		__attribute__((unused))
#define __must_check		__attribute__((warn_unused_result))
#define __noreturn		__attribute__((noreturn))
#define __packed		__attribute__((packed))
#define __printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#define __ro_after_init
#define __user
#define fallthrough		__attribute__((fallthrough))
#define likely(x)		__builtin_expect(!!(x), 1)
#define noinline		__attribute__((noinline))
#define unlikely(x)		__builtin_expect(!!(x), 0)

#endif /* _KEXEC_SIM_LINUX_COMPILER_TYPES_H */
