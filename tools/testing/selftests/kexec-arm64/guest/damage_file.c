// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: damage_file - kernel files of every format, damaged at random
 *
 * damage_file SEED COUNT FOLDER
 *
 * Loads COUNT damaged copies of each file in FOLDER. A copy that is refused has a documented
 * errno and one message at error level, one that is loaded has none, and none leaves a
 * warning. The image that was loaded before stays after a refusal. An Image itself has no
 * checksum, so its content can be damaged without a refusal; at least one copy of each format
 * must be refused. Memory is free again afterwards. Prints TAP.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kexec_call.h"
#include "klog.h"
#include "tap.h"
#include "util.h"

#define DAMAGE_PATH	"/tmp/damaged"
#define DAMAGE_SETTLE_US	300000	/* until a worker has freed the last image */
#define DAMAGE_LEAK_KB	8192

static u64 damage_state;

static u64 damage_below(u64 limit)
{
	return util_random(&damage_state, limit);
}

/* Numbers at the limits of sizes and offsets. */
static u32 damage_number(size_t len)
{
	static const u32 edges[] = { 0, 1, ~0U, ~0U - 7, 0x7fffffff, 0x80000000, 4096, 64 };

	if (damage_below(3))
		return edges[damage_below(ARRAY_SIZE(edges))];
	return damage_below(2) ? len - damage_below(16) : damage_below(1UL << 32);
}

/* Returns the new length. */
static size_t damage_once(unsigned char *data, size_t len)
{
	static const size_t heads[] = { 64, 512, 4096 };
	size_t pick = damage_below(ARRAY_SIZE(heads) + 1);
	size_t near = pick < ARRAY_SIZE(heads) && heads[pick] < len ? heads[pick] : len;
	size_t pos = damage_below(near);
	size_t part = 1 + damage_below(len - pos < 64 ? len - pos : 64);
	u32 number = damage_number(len);

	switch (damage_below(6)) {
	case 0:
		data[pos] ^= BIT(damage_below(8));
		break;
	case 1:
		data[pos] = damage_below(256);
		break;
	case 2:
		memset(data + pos, damage_below(2) ? 0 : 0xff, part);
		break;
	case 3:
		if (len >= 4)
			memcpy(data + (pos & ~3UL) % (len - 3), &number, sizeof(number));
		break;
	case 4:
		memmove(data + pos, data + damage_below(len - part + 1), part);
		break;
	default:
		return 1 + damage_below(len);
	}
	return len;
}

static void damage_write(const unsigned char *data, size_t len)
{
	int fd = open(DAMAGE_PATH, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done;
	ssize_t n;

	if (fd < 0)
		tap_bail("%s: %s", DAMAGE_PATH, strerror(errno));
	for (done = 0; done < len; done += n) {
		n = write(fd, data + done, len - done);
		if (n <= 0)
			tap_bail("%s: %s", DAMAGE_PATH, strerror(errno));
	}
	close(fd);
}

static bool damage_is_documented(int err)
{
	return !err || err == ENOEXEC || err == EINVAL || err == EADDRNOTAVAIL || err == ENOMEM;
}

/* Returns the errno, or -1 after a note. */
static int damage_load(const char *name, unsigned int nr)
{
	struct klog_catch log = { };
	int err;

	klog_mark();
	err = kexec_call_paths(DAMAGE_PATH, NULL, "", 0);
	klog_collect(&log);
	if (damage_is_documented(err) && log.errors == !!err && !log.splats && kexec_call_loaded())
		return err;
	tap_note("%s, copy %u: %s, %u messages (%s), %u warnings (%s)%s", name, nr,
		 err ? util_errno_name(err) : "loaded", log.errors, log.error, log.splats,
		 log.splat, kexec_call_loaded() ? "" : ", no image is loaded");
	return -1;
}

/* Returns the content of a file, which is loaded. */
static unsigned char *damage_load_good(const char *folder, const char *name, size_t *len)
{
	unsigned char *good;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	good = util_read_file(path, len);
	damage_write(good, *len);
	if (damage_load(name, 0))
		tap_bail("%s: the good file does not load", name);
	return good;
}

static void damage_try(const char *folder, const char *name, unsigned int count)
{
	unsigned int refused = 0, bad = 0, nr, i;
	unsigned char *good, *copy;
	size_t len, now;
	int err;

	good = damage_load_good(folder, name, &len);
	copy = malloc(len);
	if (!copy)
		tap_bail("no memory for %zu bytes", len);
	for (nr = 1; nr <= count; nr++) {
		memcpy(copy, good, len);
		now = len;
		for (i = 1 + damage_below(3); i; i--)
			now = damage_once(copy, now);
		damage_write(copy, now);
		err = damage_load(name, nr);
		refused += err > 0;
		bad += err < 0;
	}
	tap_point(!bad && refused, "%s: %u copies, %u refused", name, count, refused);
	free(copy);
	free(good);
}

/* Free memory with the same image loaded each time. */
static u64 damage_free_memory(const char *folder, const char *name)
{
	size_t len;

	free(damage_load_good(folder, name, &len));
	usleep(DAMAGE_SETTLE_US);
	return util_free_kib();
}

static int damage_is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **files;
	u64 before, after;
	int nr, i;

	if (argc != 4 || !strtoul(argv[1], NULL, 0)) {
		fprintf(stderr, "usage: damage_file SEED COUNT FOLDER\n");
		return 2;
	}
	/* In the order of their names: a seed repeats a run. */
	nr = scandir(argv[3], &files, damage_is_file, alphasort);
	if (nr < 1)
		tap_bail("%s: no files", argv[3]);
	tap_plan(nr + 1);
	before = damage_free_memory(argv[3], files[0]->d_name);
	for (i = 0; i < nr; i++) {
		damage_state = strtoul(argv[1], NULL, 0);
		damage_try(argv[3], files[i]->d_name, strtoul(argv[2], NULL, 0));
	}
	after = damage_free_memory(argv[3], files[0]->d_name);
	unlink(DAMAGE_PATH);
	tap_point(after + DAMAGE_LEAK_KB > before, "memory is free again: %lu kB, %lu before",
		  after, before);
	return tap_finish();
}
