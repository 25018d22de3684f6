// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: load_compat - kexec_load of a 32-bit process
 *
 * load_compat IMAGE
 *	Loads that must fail, and one of IMAGE that must not. IMAGE stays loaded.
 *
 * Debian has no C library of 32-bit Arm for this compiler in the packages that the other
 * tests require, so the program has none. Prints TAP.
 */
#include <asm-generic/errno.h>

/* Numbers of 32-bit Arm, see arch/arm/tools/syscall.tbl */
#define LOAD_NR_EXIT		1
#define LOAD_NR_READ		3
#define LOAD_NR_WRITE		4
#define LOAD_NR_OPEN		5
#define LOAD_NR_CLOSE		6
#define LOAD_NR_KEXEC_LOAD	347

#define LOAD_ARCH_ARM		(40 << 16)
#define LOAD_ARCH_ARM64		(183 << 16)
#define LOAD_SEGMENTS_MAX	16
#define LOAD_DST		0x60000000
#define LOAD_PAGE		4096
#define LOAD_BAD_VA		0xfffff000	/* above TASK_SIZE of a 32-bit process */
#define LOAD_STATE		"/sys/kernel/kexec_loaded"

/* struct compat_kexec_segment */
struct load_segment {
	unsigned int buf;
	unsigned int bufsz;
	unsigned int mem;
	unsigned int memsz;
};

static unsigned int load_points, load_bad;
static char load_image[LOAD_PAGE];
static struct load_segment load_list[LOAD_SEGMENTS_MAX + 1];

static long load_call(long nr, long a, long b, long c, long d)
{
	register long r7 asm("r7") = nr;
	register long r0 asm("r0") = a;
	register long r1 asm("r1") = b;
	register long r2 asm("r2") = c;
	register long r3 asm("r3") = d;

	asm volatile("svc #0" : "+r" (r0) : "r" (r7), "r" (r1), "r" (r2), "r" (r3) : "memory");
	return r0;
}

static void load_print(const char *text)
{
	unsigned int len = 0;

	while (text[len])
		len++;
	load_call(LOAD_NR_WRITE, 1, (long)text, len, 0);
}

static void load_print_number(unsigned int value)
{
	char digits[12], *at = digits + sizeof(digits) - 1;

	*at = 0;
	do {
		unsigned int tens = 0, rest = value;

		/* The compiler's division is a library function on this architecture. */
		while (rest >= 10) {
			rest -= 10;
			tens++;
		}
		*--at = '0' + rest;
		value = tens;
	} while (value);
	load_print(at);
}

static void load_point(const char *name, long found, long wanted)
{
	if (found != wanted) {
		load_bad++;
		load_print("not ");
	}
	load_print("ok ");
	load_print_number(++load_points);
	load_print(" - ");
	load_print(name);
	load_print(": ");
	load_print_number(found < 0 ? -found : found);
	load_print("\n");
}

static long load_file(const char *path, char *to, unsigned int room)
{
	long fd = load_call(LOAD_NR_OPEN, (long)path, 0, 0, 0);
	long len;

	if (fd < 0)
		return fd;
	len = load_call(LOAD_NR_READ, fd, (long)to, room, 0);
	load_call(LOAD_NR_CLOSE, fd, 0, 0, 0);
	return len;
}

static long load_state(void)
{
	char state = '?';
	long len = load_file(LOAD_STATE, &state, 1);

	return len == 1 ? state - '0' : -EIO;
}

static long load(unsigned int nr, unsigned long flags)
{
	return load_call(LOAD_NR_KEXEC_LOAD, LOAD_DST, nr, (long)load_list, flags);
}

static void load_fill(unsigned int nr, unsigned int buf, unsigned int bufsz)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		load_list[i].buf = buf;
		load_list[i].bufsz = bufsz;
		load_list[i].mem = LOAD_DST + i * LOAD_PAGE;
		load_list[i].memsz = LOAD_PAGE;
	}
}

static void load_refused(unsigned int image, unsigned int len)
{
	load_fill(LOAD_SEGMENTS_MAX + 1, image, len);
	load_point("no architecture: EINVAL", load(1, 0), -EINVAL);
	load_point("the caller's architecture: EINVAL", load(1, LOAD_ARCH_ARM), -EINVAL);
	load_point("17 segments: EINVAL", load(LOAD_SEGMENTS_MAX + 1, LOAD_ARCH_ARM64), -EINVAL);
	load_point("list at a bad address: EFAULT",
		   load_call(LOAD_NR_KEXEC_LOAD, LOAD_DST, 1, LOAD_BAD_VA, LOAD_ARCH_ARM64),
		   -EFAULT);
	load_list[0].bufsz = LOAD_PAGE + 1;
	load_point("bufsz above memsz: EINVAL", load(1, LOAD_ARCH_ARM64), -EINVAL);
	load_fill(1, LOAD_BAD_VA, LOAD_PAGE);
	load_point("content at a bad address: EFAULT", load(1, LOAD_ARCH_ARM64), -EFAULT);
	load_point("nothing is loaded", load_state(), 0);
}

static void load_accepted(unsigned int image, unsigned int len)
{
	load_fill(LOAD_SEGMENTS_MAX, image, len);
	load_point("16 segments: 0", load(LOAD_SEGMENTS_MAX, LOAD_ARCH_ARM64), 0);
	load_point("an image is loaded", load_state(), 1);
	load_point("no segments unload: 0", load(0, LOAD_ARCH_ARM64), 0);
	load_point("nothing is loaded", load_state(), 0);
	load_point("a load to be started: 0", load(1, LOAD_ARCH_ARM64), 0);
}

/* The kernel leaves argc at the stack pointer, and the arguments above. */
void load_main(const long *stack)
{
	long len;

	load_print("TAP version 13\n1..12\n");
	len = stack[0] == 2 ? load_file((const char *)stack[2], load_image, sizeof(load_image)) :
		-EINVAL;
	if (len <= 0) {
		load_print("Bail out! the image cannot be read\n");
		load_call(LOAD_NR_EXIT, 1, 0, 0, 0);
	}
	load_refused((unsigned int)load_image, len);
	load_accepted((unsigned int)load_image, len);
	load_call(LOAD_NR_EXIT, load_bad != 0, 0, 0, 0);
}

asm(".globl _start\n_start:\tmov r0, sp\n\tbl load_main\n");
