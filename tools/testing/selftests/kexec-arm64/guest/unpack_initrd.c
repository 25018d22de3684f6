// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: unpack_initrd - initrds that kexec_file_load() cannot unpack to the end
 *
 * unpack_initrd killed KERNEL INITRD
 *	The loading process is killed when a part of INITRD is unpacked: in the pass that
 *	counts, and in the one that stores.  It dies of the signal, the lock is free, the
 *	image that was loaded before still is, and the memory of both passes is free again.
 *	Needs the parameter kexec.hold_unpack.
 *
 * unpack_initrd damaged KERNEL INITRD...
 *	Each INITRD is loaded with its second half cut off, and with text at its end.  Both
 *	load as they are.
 *
 * Prints TAP.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define UNPACK_HOLD	"/sys/module/kexec/parameters/hold_unpack"
#define UNPACK_HELD	3
#define UNPACK_ROUNDS	3
#define UNPACK_LEAK_KIB	8192
#define UNPACK_TRIES	100		/* of 100 ms, until memory is free */

struct unpack_pass {
	const char *name;
	const char *hold;
};

static const struct unpack_pass unpack_passes[] = {
	{ "counted", "1" },
	{ "stored", "2" },
};

static int unpack_load(const char *kernel, int initrd_fd)
{
	int kernel_fd = util_open(kernel);
	int err = kexec_call_file(kernel_fd, initrd_fd, "", 1, 0);

	close(kernel_fd);
	return err;
}

/* EBUSY: the lock is held; EBADF: it is free. */
static bool unpack_lock_is_free(void)
{
	return kexec_call_file(-1, -1, "", 1, KEXEC_FILE_NO_INITRAMFS) == EBADF;
}

/* The load has stopped; false if it has ended before. */
static bool unpack_wait_hold(pid_t pid)
{
	long value = 0;

	while (!util_read_number(UNPACK_HOLD, &value) && value != UNPACK_HELD) {
		if (util_child_ended(pid))
			return false;
		usleep(1000);
	}
	return value == UNPACK_HELD;
}

static bool unpack_kill(const struct unpack_pass *pass, const char *kernel, const char *initrd)
{
	int err = util_write(UNPACK_HOLD, pass->hold), status;
	bool held, locked;
	pid_t pid;

	if (err)
		tap_bail("%s: %s", UNPACK_HOLD, strerror(err));
	fflush(stdout);
	pid = util_fork();
	if (!pid)
		_exit(unpack_load(kernel, util_open(initrd)));
	held = unpack_wait_hold(pid);
	locked = !unpack_lock_is_free();
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid)
		tap_bail("waitpid: %s", strerror(errno));
	util_write(UNPACK_HOLD, "0");
	if (held && locked && WIFSIGNALED(status) && unpack_lock_is_free() && kexec_call_loaded())
		return true;
	tap_note("held %d, locked %d, status %#x, loaded %d", held, locked, status,
		 kexec_call_loaded());
	return false;
}

/* Pages of the file are in the page cache then. */
static void unpack_read(const char *path)
{
	size_t len;

	free(util_read_file(path, &len));
}

static int unpack_run_killed(const char *kernel, const char *initrd)
{
	unsigned int i, round, good, tries = 0;
	u64 before, after;

	tap_plan(ARRAY_SIZE(unpack_passes) + 1);
	if (!kexec_call_loaded())
		tap_bail("no image is loaded");
	unpack_read(kernel);
	unpack_read(initrd);
	before = util_free_kib();
	for (i = 0; i < ARRAY_SIZE(unpack_passes); i++) {
		good = 0;
		for (round = 0; round < UNPACK_ROUNDS; round++)
			good += unpack_kill(&unpack_passes[i], kernel, initrd);
		tap_point(good == UNPACK_ROUNDS, "killed while the initrd is %s: %u of %u",
			  unpack_passes[i].name, good, UNPACK_ROUNDS);
	}
	/* A killed process is reaped before all of its memory is free. */
	do {
		usleep(100000);
		after = util_free_kib();
	} while (after + UNPACK_LEAK_KIB <= before && ++tries < UNPACK_TRIES);
	tap_point(after + UNPACK_LEAK_KIB > before, "memory is free again: %lu KiB, %lu before",
		  after, before);
	return tap_finish();
}

static int unpack_file(const void *data, size_t len, const char *end)
{
	int fd = memfd_create("initrd", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len ||
	    write(fd, end, strlen(end)) != (ssize_t)strlen(end))
		tap_bail("making an initrd: %s", strerror(errno));
	return fd;
}

static void unpack_damaged(const char *kernel, const char *initrd)
{
	size_t len;
	char *data = util_read_file(initrd, &len);
	int cut = unpack_file(data, len / 2, ""), text = unpack_file(data, len, "text");
	int err = unpack_load(kernel, cut);

	tap_point(!err, "%s without its end: %s", initrd, util_errno_name(err));
	err = unpack_load(kernel, text);
	tap_point(!err, "%s with text at its end: %s", initrd, util_errno_name(err));
	close(cut);
	close(text);
	free(data);
}

int main(int argc, char **argv)
{
	int i;

	if (argc == 4 && !strcmp(argv[1], "killed"))
		return unpack_run_killed(argv[2], argv[3]);
	if (argc > 3 && !strcmp(argv[1], "damaged")) {
		tap_plan(2 * (argc - 3));
		for (i = 3; i < argc; i++)
			unpack_damaged(argv[2], argv[i]);
		return tap_finish();
	}
	fputs("usage: unpack_initrd killed KERNEL INITRD | damaged KERNEL INITRD...\n", stderr);
	return 2;
}
