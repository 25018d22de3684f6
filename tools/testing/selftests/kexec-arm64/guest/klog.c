// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Reading the kernel log as it grows
 *
 * /dev/kmsg gives one record per read(): "<prio>,<seq>,<usec>,<flags>;text",
 * then lines that begin with a space and carry properties of the record. The
 * low three bits of <prio> are the level, the bits above them the facility,
 * which is 0 for what the kernel itself says; a record written by a program
 * is thus never taken for the kernel's word.
 *
 * The descriptor is opened at the first klog_mark() and then kept. Records are
 * in the log before the system call that printed them returns, but a record cannot be
 * read before all earlier ones are complete, so reading may have to wait.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "klog.h"
#include "tap.h"
#include "util.h"

#define KLOG_LEVEL_ERR	3
#define KLOG_PREFIX	"kexec: "

/* How long an expected record may take to become readable. */
#define KLOG_WAITS	4
#define KLOG_WAIT_MS	50

static int klog_fd = -1;

/**
 * klog_mark() - forget all records up to now
 */
void klog_mark(void)
{
	if (klog_fd < 0)
		klog_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (klog_fd < 0)
		tap_bail("/dev/kmsg: %s", strerror(errno));
	lseek(klog_fd, 0, SEEK_END);
}

static bool klog_is_trouble(const struct klog_catch *c, const char *text)
{
	/* The last three are about a failed allocation. */
	static const char * const trouble[] = {
		"cut here", "WARNING: ", "BUG: ", "Oops", "Call trace", "allocation failure",
		"vmalloc error",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(trouble) - 3 * c->injected; i++)
		if (strstr(text, trouble[i]))
			return true;
	return false;
}

static void klog_judge(struct klog_catch *c, unsigned int prio, const char *text)
{
	bool ours = !strncmp(text, KLOG_PREFIX, strlen(KLOG_PREFIX));
	bool hit = ours && c->key && strstr(text, c->key);
	bool error = ours && (prio & 7) <= KLOG_LEVEL_ERR;

	if (prio >> 3)
		return;
	if (error && !c->errors++)
		snprintf(c->error, sizeof(c->error), "%s", text);
	c->key_hits += hit;
	c->key_errors += hit && error;
	if (!ours && klog_is_trouble(c, text) && !c->splats++)
		snprintf(c->splat, sizeof(c->splat), "%s", text);
}

/*
 * A record can be read only if all earlier ones are complete, and another CPU may be
 * writing one: wait if there is no record yet.
 */
static bool klog_wait(const struct klog_catch *c, int *patience)
{
	struct pollfd p = { .fd = klog_fd, .events = POLLIN };

	return !c->errors && (*patience)-- > 0 && poll(&p, 1, KLOG_WAIT_MS) >= 0;
}

/**
 * klog_collect() - take in the records since klog_mark()
 * @c: @c->key and @c->injected are given, the rest is filled in
 */
void klog_collect(struct klog_catch *c)
{
	int patience = KLOG_WAITS;
	char record[8192];
	char *text;
	ssize_t len;

	*c = (struct klog_catch){ .key = c->key, .injected = c->injected };
	for (;;) {
		len = read(klog_fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;	/* the log overran: go on with the oldest left */
		if (len <= 0) {
			if (klog_wait(c, &patience))
				continue;
			return;
		}
		record[len] = '\0';
		text = strchr(record, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		klog_judge(c, strtoul(record, NULL, 10), text);
	}
}
