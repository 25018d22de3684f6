// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: hotmem - a process whose memory has to be found in a dump
 *
 * hotmem write FILE ADDR MIB: takes MIB mebibytes, fills all pages that lie at or
 * above the physical address ADDR with random bytes, writes to FILE where they
 * are, and stays in the background until it dies with the kernel.
 *
 * hotmem verify FILE VMCORE: looks each of these pages up in the program headers
 * of the dump and compares it byte for byte.
 *
 * hotmem present|absent VMCORE START END: is all of that memory in the dump, or
 * none of it?
 *
 * Page number n of the random bytes is made from the seed and n alone, so the file
 * holds the seed and the addresses, not the bytes.
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
#include <sys/random.h>
#include <unistd.h>

#include "kit.h"

#define HOTMEM_LEAST	256	/* pages; fewer would prove little */
#define HOTMEM_PFN	(BIT(55) - 1)
#define HOTMEM_PRESENT	BIT(63)

static u64 hotmem_page;

static void __noreturn hotmem_die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

static void hotmem_fill(u64 *words, u64 seed, u64 nr)
{
	u64 x = seed ^ (nr * 0x9e3779b97f4a7c15UL), i;

	for (i = 0; i < hotmem_page / sizeof(*words); i++) {
		x += 0x9e3779b97f4a7c15UL;
		x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9UL;
		x ^= x >> 27;
		words[i] = x;
	}
}

static u64 hotmem_pa(int pagemap, const void *va)
{
	u64 entry;

	if (pread(pagemap, &entry, sizeof(entry), (u64)va / hotmem_page * sizeof(entry)) !=
	    sizeof(entry))
		hotmem_die("/proc/self/pagemap");
	return entry & HOTMEM_PRESENT ? (entry & HOTMEM_PFN) * hotmem_page : 0;
}

/* Returns the number of pages that lie where they are wanted. */
static u64 hotmem_record(FILE *list, char *mem, u64 bytes, u64 above)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	u64 seed, pa, at, nr = 0;

	if (pagemap < 0)
		hotmem_die("/proc/self/pagemap");
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		hotmem_die("getrandom");
	fprintf(list, "%lx\n", seed);
	for (at = 0; at < bytes; at += hotmem_page) {
		pa = hotmem_pa(pagemap, mem + at);
		if (pa < above)
			continue;
		hotmem_fill((u64 *)(mem + at), seed, nr++);
		fprintf(list, "%lx\n", pa);
	}
	close(pagemap);
	return nr;
}

static int hotmem_write(const char *file, u64 above, u64 bytes)
{
	FILE *list = fopen(file, "w");
	char *mem;
	u64 nr;

	if (!list)
		hotmem_die(file);
	mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mem == MAP_FAILED)
		hotmem_die("mmap");
	if (mlock(mem, bytes))
		hotmem_die("mlock");
	nr = hotmem_record(list, mem, bytes, above);
	if (fclose(list))
		hotmem_die(file);
	printf("%lu pages of %lu at or above %#lx\n", nr, bytes / hotmem_page, above);
	return nr < HOTMEM_LEAST;
}

/* The parent leaves with the child's verdict; a good child stays. */
static int hotmem_stay(const char *file, u64 above, u64 bytes)
{
	int status, verdict[2];
	char answer = 1;

	if (pipe(verdict))
		hotmem_die("pipe");
	status = fork();
	if (status < 0)
		hotmem_die("fork");
	if (status) {
		close(verdict[1]);
		return read(verdict[0], &answer, 1) == 1 ? answer : 1;
	}
	answer = hotmem_write(file, above, bytes);
	fflush(stdout);
	if (write(verdict[1], &answer, 1) != 1 || answer)
		exit(1);
	/* Whoever waits for the end of our output must not wait for us. */
	for (int fd = 0; fd < 3; fd++)
		close(fd);
	for (;;)
		pause();
}

struct hotmem_dump {
	int fd;
	Elf64_Phdr *phdr;
	unsigned int nr;
};

static void hotmem_open(struct hotmem_dump *dump, const char *path)
{
	Elf64_Ehdr ehdr;
	size_t len;

	dump->fd = open(path, O_RDONLY);
	if (dump->fd < 0 || pread(dump->fd, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		hotmem_die(path);
	if (memcmp(ehdr.e_ident, ELFMAG, SELFMAG) || ehdr.e_type != ET_CORE)
		hotmem_die("not a dump");
	dump->nr = ehdr.e_phnum;
	len = dump->nr * sizeof(*dump->phdr);
	dump->phdr = malloc(len);
	if (!dump->phdr || pread(dump->fd, dump->phdr, len, ehdr.e_phoff) != (ssize_t)len)
		hotmem_die(path);
}

static const Elf64_Phdr *hotmem_find(const struct hotmem_dump *dump, u64 pa)
{
	for (unsigned int i = 0; i < dump->nr; i++) {
		const Elf64_Phdr *p = &dump->phdr[i];

		if (p->p_type == PT_LOAD && pa >= p->p_paddr && pa - p->p_paddr < p->p_memsz)
			return p;
	}
	return NULL;
}

static bool hotmem_same(const struct hotmem_dump *dump, u64 pa, const void *want)
{
	static char got[SZ_64K];
	const Elf64_Phdr *p = hotmem_find(dump, pa);

	if (!p) {
		printf("no PT_LOAD for %#lx\n", pa);
		return false;
	}
	if (pread(dump->fd, got, hotmem_page, p->p_offset + (pa - p->p_paddr)) !=
	    (ssize_t)hotmem_page)
		hotmem_die("reading the dump");
	if (!memcmp(got, want, hotmem_page))
		return true;
	printf("the page at %#lx is another one\n", pa);
	return false;
}

static int hotmem_verify(const char *file, const char *path)
{
	static u64 want[SZ_64K / sizeof(u64)];
	FILE *list = fopen(file, "r");
	struct hotmem_dump dump;
	u64 seed, pa, nr = 0;

	if (!list || fscanf(list, "%lx", &seed) != 1)
		hotmem_die(file);
	hotmem_open(&dump, path);
	for (; fscanf(list, "%lx", &pa) == 1; nr++) {
		hotmem_fill(want, seed, nr);
		if (!hotmem_same(&dump, pa, want))
			return 1;
	}
	printf("%lu pages are in the dump, byte for byte\n", nr);
	return nr < HOTMEM_LEAST;
}

/* Bytes of [start, end) that the dump has; PT_LOADs may overlap at the kernel's image. */
static u64 hotmem_bytes(const struct hotmem_dump *dump, u64 start, u64 end)
{
	u64 at, bytes = 0;

	for (at = start; at < end; at += hotmem_page)
		bytes += hotmem_find(dump, at) ? hotmem_page : 0;
	return bytes;
}

static int hotmem_map(bool present, const char *path, u64 start, u64 end)
{
	struct hotmem_dump dump;
	u64 bytes;

	hotmem_open(&dump, path);
	bytes = hotmem_bytes(&dump, start, end);
	printf("%lu of %lu MiB\n", bytes >> 20, (end - start) >> 20);
	return present ? bytes != end - start : bytes != 0;
}

int main(int argc, char **argv)
{
	hotmem_page = sysconf(_SC_PAGESIZE);
	if (argc == 5 && !strcmp(argv[1], "write"))
		return hotmem_stay(argv[2], strtoul(argv[3], NULL, 0),
				   strtoul(argv[4], NULL, 0) << 20);
	if (argc == 4 && !strcmp(argv[1], "verify"))
		return hotmem_verify(argv[2], argv[3]);
	if (argc == 5 && (!strcmp(argv[1], "present") || !strcmp(argv[1], "absent")))
		return hotmem_map(argv[1][0] == 'p', argv[2], strtoul(argv[3], NULL, 0),
				  strtoul(argv[4], NULL, 0));
	fputs("usage: hotmem write FILE ADDR MIB | verify FILE VMCORE\n"
	      "       hotmem present|absent VMCORE START END\n", stderr);
	return 2;
}
