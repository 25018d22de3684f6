// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: plant - a process whose memory a dump must show
 *
 * plant FILE: reads all of FILE into anonymous memory, beginning at the address
 * PLANT_VA, with a marker in a page of its own in front of it; says "planted" and
 * the length; and stays. It is found in the dump by its name, and the file that the
 * shell has opened for it as PLANT_FD leads to the page cache.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"

/* dump_look.py knows these. */
#define PLANT_VA	0x1000000000UL
#define PLANT_MARKER	"kexec marker: memory of a process"

static int plant_read(int fd, char *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = read(fd, to + done, len - done);

		if (got <= 0)
			return -1;
		done += got;
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t page = SZ_64K;
	struct stat st;
	char *mem;
	int fd;

	if (argc != 2) {
		fputs("usage: plant FILE\n", stderr);
		return 2;
	}
	fd = open(argv[1], O_RDONLY);
	if (fd < 0 || fstat(fd, &st)) {
		perror(argv[1]);
		return 1;
	}
	mem = mmap((void *)(PLANT_VA - page), page + st.st_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (mem == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	strcpy(mem, PLANT_MARKER);
	if (plant_read(fd, mem + page, st.st_size)) {
		perror(argv[1]);
		return 1;
	}
	close(fd);
	printf("planted %zu\n", (size_t)st.st_size);
	fflush(stdout);
	/* The caller waits for the end of the output. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	for (;;)
		pause();
}
