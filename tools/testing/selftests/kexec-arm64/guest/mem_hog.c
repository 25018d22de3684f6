// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: mem_hog - hold memory
 *
 * mem_hog MIB [SECONDS]: takes MIB mebibytes, writes to every page, says "held"
 * and keeps them for SECONDS, or until it is killed. The contents are a
 * xorshift sequence, so that nothing that merges equal pages or compresses
 * them can give the memory back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

static void hog_fill(u64 *words, size_t nr)
{
	u64 x = 88172645463325252;
	size_t i;

	for (i = 0; i < nr; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		words[i] = x;
	}
}

int main(int argc, char **argv)
{
	size_t bytes;
	void *mem;

	if (argc < 2 || argc > 3) {
		fputs("usage: mem_hog MIB [SECONDS]\n", stderr);
		return 2;
	}
	bytes = strtoul(argv[1], NULL, 0) << 20;
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		util_die("mmap");
	hog_fill(mem, bytes / sizeof(u64));
	puts("held");
	fflush(stdout);
	if (argc == 3)
		sleep(strtoul(argv[2], NULL, 0));
	else
		pause();
	return 0;
}
