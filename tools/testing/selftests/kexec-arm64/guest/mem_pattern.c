// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: mem_pattern - a process whose memory has to be found in a dump
 *
 * mem_pattern write FILE ADDR MIB SEED: allocates MIB mebibytes, fills all pages at or
 * above the physical address ADDR with random bytes, writes their addresses to FILE,
 * and stays in the background until the kernel is gone.
 *
 * mem_pattern verify FILE VMCORE: looks each of these pages up in the program headers
 * of the dump and compares it byte for byte.
 *
 * mem_pattern present|absent VMCORE START END: all of that memory must be in the dump,
 * or none of it.
 *
 * Page number n of the random bytes is made from SEED and n alone, so the file holds
 * the seed and the addresses, not the bytes.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

#define PATTERN_LEAST	256	/* pages; fewer would prove little */
#define PATTERN_PFN	(BIT(55) - 1)
#define PATTERN_PRESENT	BIT(63)

static u64 pattern_page;

static void pattern_fill(u64 *words, u64 seed, u64 nr)
{
	u64 x = seed ^ (nr * 0x9e3779b97f4a7c15UL), i;

	for (i = 0; i < pattern_page / sizeof(*words); i++) {
		x += 0x9e3779b97f4a7c15UL;
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
		x ^= x >> 27;
		words[i] = x;
	}
}

static u64 pattern_pa(int pagemap, const void *va)
{
	u64 entry;

	if (pread(pagemap, &entry, sizeof(entry), (u64)va / pattern_page * sizeof(entry)) !=
	    sizeof(entry))
		util_die("/proc/self/pagemap");
	return entry & PATTERN_PRESENT ? (entry & PATTERN_PFN) * pattern_page : 0;
}

/* Returns the number of pages that are above the limit. */
static u64 pattern_record(FILE *list, char *mem, u64 bytes, u64 above, u64 seed)
{
	int pagemap = util_open("/proc/self/pagemap");
	u64 pa, at, nr = 0;

	fprintf(list, "%lx\n", seed);
	for (at = 0; at < bytes; at += pattern_page) {
		pa = pattern_pa(pagemap, mem + at);
		if (pa < above)
			continue;
		pattern_fill((u64 *)(mem + at), seed, nr++);
		fprintf(list, "%lx\n", pa);
	}
	close(pagemap);
	return nr;
}

static int pattern_write(const char *file, u64 above, u64 bytes, u64 seed)
{
	FILE *list = fopen(file, "w");
	char *mem;
	u64 nr;

	if (!list)
		util_die("%s", file);
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		util_die("mmap");
	if (mlock(mem, bytes))
		util_die("mlock");
	nr = pattern_record(list, mem, bytes, above, seed);
	if (fclose(list))
		util_die("%s", file);
	printf("%lu pages of %lu at or above %#lx, seed %lu\n", nr, bytes / pattern_page, above,
	       seed);
	return nr < PATTERN_LEAST;
}

/* The parent leaves with the child's verdict; a good child stays. */
static int pattern_stay(const char *file, u64 above, u64 bytes, u64 seed)
{
	int status, verdict[2];
	char answer = 1;

	if (pipe(verdict))
		util_die("pipe");
	status = util_fork();
	if (status) {
		close(verdict[1]);
		return read(verdict[0], &answer, 1) == 1 ? answer : 1;
	}
	answer = pattern_write(file, above, bytes, seed);
	fflush(stdout);
	if (write(verdict[1], &answer, 1) != 1 || answer)
		exit(1);
	/* The caller waits for the end of the output. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (;;)
		pause();
}

struct pattern_dump {
	int fd;
	Elf64_Phdr *phdr;
	unsigned int nr;
};

static void pattern_open(struct pattern_dump *dump, const char *path)
{
	Elf64_Ehdr ehdr;
	size_t len;

	dump->fd = util_open(path);
	if (pread(dump->fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		util_die("%s", path);
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_type != ET_CORE)
		util_die("not a dump");
	dump->nr = ehdr.e_phnum;
	len = dump->nr * sizeof(*dump->phdr);
	dump->phdr = malloc(len);
	if (!dump->phdr || pread(dump->fd, dump->phdr, len, ehdr.e_phoff) != (ssize_t)len)
		util_die("%s", path);
}

static const Elf64_Phdr *pattern_find(const struct pattern_dump *dump, u64 pa)
{
	for (unsigned int i = 0; i < dump->nr; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];

		if (p->p_type == PT_LOAD && pa >= p->p_paddr && pa - p->p_paddr < p->p_memsz)
			return p;
	}
	return NULL;
}

static bool pattern_same(const struct pattern_dump *dump, u64 pa, const void *want)
{
	static char got[SZ_64K];
	const Elf64_Phdr *p = pattern_find(dump, pa);

	if (!p) {
		printf("no PT_LOAD for %#lx\n", pa);
		return false;
	}
	if (pread(dump->fd, got, pattern_page, p->p_offset + (pa - p->p_paddr)) !=
	    (ssize_t)pattern_page)
		util_die("reading the dump");
	if (!memcmp(got, want, pattern_page))
		return true;
	printf("the page at %#lx is another one\n", pa);
	return false;
}

static int pattern_verify(const char *file, const char *path)
{
	static u64 want[SZ_64K / sizeof(u64)];
	FILE *list = fopen(file, "r");
	struct pattern_dump dump;
	u64 seed, pa, nr = 0;

	if (!list || fscanf(list, "%lx", &seed) != 1)
		util_die("%s", file);
	pattern_open(&dump, path);
	for (; fscanf(list, "%lx", &pa) == 1; nr++) {
		pattern_fill(want, seed, nr);
		if (!pattern_same(&dump, pa, want))
			return 1;
	}
	printf("%lu pages are in the dump, byte for byte\n", nr);
	return nr < PATTERN_LEAST;
}

/* Bytes of [start, end) that the dump has; PT_LOADs may overlap at the kernel's image. */
static u64 pattern_bytes(const struct pattern_dump *dump, u64 start, u64 end)
{
	u64 at, bytes = 0;

	for (at = start; at < end; at += pattern_page)
		bytes += pattern_find(dump, at) ? pattern_page : 0;
	return bytes;
}

static int pattern_map(bool present, const char *path, u64 start, u64 end)
{
	struct pattern_dump dump;
	u64 bytes;

	pattern_open(&dump, path);
	bytes = pattern_bytes(&dump, start, end);
	printf("%lu of %lu MiB\n", bytes >> 20, (end - start) >> 20);
	return present ? bytes != end - start : bytes != 0;
}

int main(int argc, char **argv)
{
	pattern_page = sysconf(_SC_PAGESIZE);
	if (argc == 6 && !strcmp(argv[1], "write"))
		return pattern_stay(argv[2], strtoul(argv[3], NULL, 0),
				    strtoul(argv[4], NULL, 0) << 20, strtoul(argv[5], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "verify"))
		return pattern_verify(argv[2], argv[3]);
	if (argc == 5 && (!strcmp(argv[1], "present") || !strcmp(argv[1], "absent")))
		return pattern_map(argv[1][0] == 'p', argv[2], strtoul(argv[3], NULL, 0),
				  strtoul(argv[4], NULL, 0));
	fputs("usage: mem_pattern write FILE ADDR MIB SEED | verify FILE VMCORE\n"
	      "       mem_pattern present|absent VMCORE START END\n", stderr);
	return 2;
}
