// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: mem_marker - a process whose memory must be in a dump
 *
 * mem_marker FILE: reads all of FILE into anonymous memory at MARKER_VA, with a marker
 * in a separate page before it, prints "marked" and the length, and sleeps. The reader
 * of the dump finds the process by its name, and the page cache by the file that the
 * shell has opened as MARKER_FD.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

/* drgn_check.py knows these. */
#define MARKER_VA	0x1000000000UL
#define MARKER_TEXT	"kexec marker: memory of a process"

int main(int argc, char **argv)
{
	size_t page = SZ_64K;
	struct stat st;
	char *mem;
	int fd;

	if (argc != 2) {
		fputs("usage: mem_marker FILE\n", stderr);
		return 2;
	}
	fd = util_open(argv[1]);
	if (fstat(fd, &st))
		util_die("%s", argv[1]);
	mem = mmap((void *)(MARKER_VA - page), page + st.st_size, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (mem == MAP_FAILED)
		util_die("mmap");
	strcpy(mem, MARKER_TEXT);
	util_read_all(fd, argv[1], mem + page, st.st_size);
	close(fd);
	printf("marked %zu\n", (size_t)st.st_size);
	fflush(stdout);
	/* The caller waits for the end of the output. */
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	for (;;)
		pause();
}
