// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: preload_hotplug_flag - a kexec-tools of today makes the call of tomorrow's
 *
 * Preloaded into kexec, this library adds KEXEC_CRASH_HOTPLUG_SUPPORT to the flags
 * of a crash image that is loaded with kexec_load(). kexec-tools does that itself
 * from version 2.0.29 on (kexec --hotplug); Debian 12 has an earlier one. With
 * PRELOAD_UPDATE in the environment it adds KEXEC_UPDATE_ELFCOREHDR instead, which
 * earlier kernels accept.
 */
#include <errno.h>
#include <linux/kexec.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>

#ifndef KEXEC_CRASH_HOTPLUG_SUPPORT
#define KEXEC_CRASH_HOTPLUG_SUPPORT	0x00000008
#endif

#ifndef KEXEC_UPDATE_ELFCOREHDR
#define KEXEC_UPDATE_ELFCOREHDR		0x00000004
#endif

#define PRELOAD_ARGS	6

/* The C library's own, with one exception; arm64 takes six arguments in x0 to x5. */
long syscall(long nr, ...)
{
	register long x8 asm("x8");
	register long x0 asm("x0");
	register long x1 asm("x1");
	register long x2 asm("x2");
	register long x3 asm("x3");
	register long x4 asm("x4");
	register long x5 asm("x5");
	long arg[PRELOAD_ARGS];
	va_list args;

	va_start(args, nr);
	for (int i = 0; i < PRELOAD_ARGS; i++)
		arg[i] = va_arg(args, long);
	va_end(args);
	if (nr == SYS_kexec_load && arg[1] && (arg[3] & KEXEC_ON_CRASH))
		arg[3] |= getenv("PRELOAD_UPDATE") ? KEXEC_UPDATE_ELFCOREHDR :
						     KEXEC_CRASH_HOTPLUG_SUPPORT;

	/* After all calls, which may change these registers */
	x8 = nr;
	x0 = arg[0];
	x1 = arg[1];
	x2 = arg[2];
	x3 = arg[3];
	x4 = arg[4];
	x5 = arg[5];
	asm volatile("svc #0"
		     : "+r" (x0)
		     : "r" (x8), "r" (x1), "r" (x2), "r" (x3), "r" (x4), "r" (x5)
		     : "memory");
	if (x0 >= 0 || x0 < -4095)
		return x0;
	errno = -x0;
	return -1;
}
