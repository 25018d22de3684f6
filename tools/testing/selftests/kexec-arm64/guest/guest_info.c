// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: guest_info - what a shell cannot find out about the kernel it runs on
 *
 * Prints "page=BYTES va=BITS". The number of virtual address bits is found by
 * asking for memory near the top of each size of address space, from the
 * largest on: a kernel gives a program as many bits as it has itself
 * (Documentation/arch/arm64/memory.rst), and 52 only where they are asked for.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

static int guest_info_reach(int bits)
{
	void *want = (void *)(BIT(bits) - SZ_1G);
	long page = sysconf(_SC_PAGESIZE);
	void *got;

	got = mmap(want, page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	/* The stack may be there: its place is random, in the top GiB. */
	if (got == MAP_FAILED)
		return errno == EEXIST;
	munmap(got, page);
	return got == want;
}

int main(void)
{
	static const int sizes[] = { 52, 48, 47, 42, 39, 36 };
	int bits = 0;

	for (unsigned int i = 0; !bits && i < ARRAY_SIZE(sizes); i++) {
		if (guest_info_reach(sizes[i]))
			bits = sizes[i];
	}
	printf("page=%ld va=%d\n", sysconf(_SC_PAGESIZE), bits);
	return 0;
}
