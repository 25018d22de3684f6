// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: kexec_direct - the system calls and nothing around them
 *
 * A loader that adds nothing to what it is told: no purgatory, no device tree,
 * no retry by the other system call. With --segment it uses kexec_load(), else
 * kexec_file_load(). Prints one line per call; exits with 0, with 1 when a call
 * failed, with 2 when it was used wrongly.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kexec_call.h"
#include "util.h"

/* One more than the system call takes, so that it can be asked for too many. */
#define DIRECT_SEGMENTS	(KEXEC_SEGMENT_MAX + 1)

struct direct {
	const char *kernel;
	const char *initrd;
	const char *cmdline;
	unsigned long entry;
	struct kexec_segment segment[DIRECT_SEGMENTS];
	unsigned int nr_segments;
	bool by_segments;
	bool crash;
	bool unload;
	bool debug;
	bool exec;
};

static const struct option direct_options[] = {
	{ "kernel", required_argument, NULL, 'k' },
	{ "initrd", required_argument, NULL, 'i' },
	{ "cmdline", required_argument, NULL, 'c' },
	{ "same-cmdline", no_argument, NULL, 's' },
	{ "segment", required_argument, NULL, 'S' },
	{ "entry", required_argument, NULL, 'E' },
	{ "by-segments", no_argument, NULL, 'b' },
	{ "on-crash", no_argument, NULL, 'p' },
	{ "unload", no_argument, NULL, 'u' },
	{ "debug", no_argument, NULL, 'd' },
	{ "exec", no_argument, NULL, 'e' },
	{ }
};

static void __noreturn direct_usage(void)
{
	static const char text[] =
		"usage: kexec_direct [--kernel IMAGE] [--initrd FILE] [--cmdline TEXT | --same-cmdline]\n"
		"                    [--on-crash] [--debug] [--unload] [--exec]\n"
		"       kexec_direct --segment ADDR:MEMSZ[:FILE]... --entry ADDR [--on-crash] [--exec]\n"
		"       kexec_direct --by-segments --unload [--on-crash]\n"
		"A segment without FILE is zeroes. --exec starts what is loaded then.\n";

	fputs(text, stderr);
	exit(2);
}

static char *direct_same_cmdline(void)
{
	static char text[4096];
	int fd = util_open("/proc/cmdline");
	ssize_t len = read(fd, text, sizeof(text) - 1);

	if (len < 0)
		util_die("/proc/cmdline");
	close(fd);
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static void direct_add_segment(struct direct *d, char *spec)
{
	struct kexec_segment *seg = &d->segment[d->nr_segments];
	char *end;

	if (d->nr_segments++ == DIRECT_SEGMENTS)
		direct_usage();
	d->by_segments = true;
	seg->mem = (void *)strtoul(spec, &end, 0);
	if (*end != ':')
		direct_usage();
	seg->memsz = strtoul(end + 1, &end, 0);
	if (*end == ':')
		seg->buf = util_read_file(end + 1, &seg->bufsz);
	else if (*end)
		direct_usage();
}

static int direct_say(const char *what, int err)
{
	printf("kexec_direct: %s: %s\n", what, err ? strerrorname_np(err) ?: "?" : "ok");
	fflush(stdout);
	return err;
}

static int direct_load_file(const struct direct *d)
{
	unsigned long flags = (d->crash ? KEXEC_FILE_ON_CRASH : 0) |
		(d->debug ? KEXEC_FILE_DEBUG : 0) |
		(d->initrd ? 0 : KEXEC_FILE_NO_INITRAMFS);
	int initrd_fd = d->initrd ? util_open(d->initrd) : -1;

	return kexec_call_file(util_open(d->kernel), initrd_fd, d->cmdline,
			       d->cmdline ? strlen(d->cmdline) + 1 : 0, flags);
}

static int direct_unload(const struct direct *d)
{
	if (d->by_segments)
		return kexec_call_load(0, 0, NULL, d->crash ? KEXEC_ON_CRASH : 0);
	return kexec_call_file(-1, -1, NULL, 0, KEXEC_FILE_UNLOAD |
			       (d->crash ? KEXEC_FILE_ON_CRASH : 0));
}

static int direct_run(const struct direct *d)
{
	int err = 0;

	if (d->unload)
		err = direct_say("unload", direct_unload(d));
	if (!err && d->nr_segments)
		err = direct_say("kexec_load",
				 kexec_call_load(d->entry, d->nr_segments, d->segment,
						 d->crash ? KEXEC_ON_CRASH : 0));
	if (!err && d->kernel)
		err = direct_say("kexec_file_load", direct_load_file(d));
	if (!err && d->exec) {
		sync();
		err = direct_say("reboot", kexec_call_reboot());
	}
	return err;
}

static void direct_take_option(struct direct *d, int opt)
{
	switch (opt) {
	case 'k':
		d->kernel = optarg;
		break;
	case 'i':
		d->initrd = optarg;
		break;
	case 'c':
		d->cmdline = optarg;
		break;
	case 's':
		d->cmdline = direct_same_cmdline();
		break;
	case 'S':
		direct_add_segment(d, optarg);
		break;
	case 'E':
		d->entry = strtoul(optarg, NULL, 0);
		break;
	case 'b':
		d->by_segments = true;
		break;
	case 'p':
		d->crash = true;
		break;
	case 'u':
		d->unload = true;
		break;
	case 'd':
		d->debug = true;
		break;
	case 'e':
		d->exec = true;
		break;
	default:
		direct_usage();
	}
}

int main(int argc, char **argv)
{
	static struct direct d;
	int opt;

	while ((opt = getopt_long(argc, argv, "", direct_options, NULL)) != -1)
		direct_take_option(&d, opt);
	if (optind != argc || (d.kernel && d.nr_segments) ||
	    !(d.kernel || d.nr_segments || d.unload || d.exec))
		direct_usage();
	return direct_run(&d) ? 1 : 0;
}
