// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: odd_kernel - kernel files that are packed oddly, or change while they are read
 *
 * odd_kernel files
 *	Packed files that are good, damaged, padded or far larger than they say. Each
 *	has its errno; none needs much memory, and afterwards all of it is free again.
 *
 * odd_kernel changes
 *	A file changes after the kernel has looked at it and before it is read: EAGAIN,
 *	and the next load works. Needs the parameter kexec.hold_read.
 *
 * odd_kernel race
 *	The same without that parameter: one task changes the file over and over while
 *	another loads it through an overlay, where no write is denied meanwhile.
 *
 * odd_kernel seeds
 *	A load leaves the next kernel's seeds in the image and nowhere else.
 *
 * All files are made here, in /tmp. Prints TAP.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define ODD_PATH	"/tmp/odd"
#define ODD_INITRD	"/tmp/odd-initrd"
#define ODD_HOLD	"/sys/module/kexec/parameters/hold_read"
#define ODD_FREE_TRIES	100		/* of 100 ms, until an image is freed */
#define ODD_IMAGE	(SZ_1M / 4)	/* bytes of the Image */
#define ODD_MEMORY	SZ_1M		/* its image_size */
#define ODD_LIMIT_MIB	40
#define ODD_LEAK_KB	8192
#define ODD_LOADS	100
#define ODD_LOADS_MAX	3000		/* until each result was seen */
#define ODD_RACE_SIZE	(16 * SZ_1M)	/* vfree() of so much unmaps at once, sooner or later */
#define ODD_ZBOOT_AT	(2 * 4096)
#define ODD_CMDLINE_AT	(2 * 4096)	/* sections of a UKI */
#define ODD_LINUX_AT	(3 * 4096)

struct odd_buf {
	unsigned char *at;
	size_t room;
	size_t len;
};

static unsigned char odd_image[ODD_IMAGE];

static void odd_put(struct odd_buf *b, const void *data, size_t len)
{
	if (b->len + len > b->room) {
		b->room = 2 * (b->len + len);
		b->at = realloc(b->at, b->room);
		if (!b->at)
			tap_bail("no memory for %zu bytes", b->room);
	}
	memcpy(b->at + b->len, data, len);
	b->len += len;
}

static void odd_put32(struct odd_buf *b, u32 value)
{
	odd_put(b, &value, sizeof(value));
}

static void odd_make_image(u32 image_size)
{
	const u32 magic = 0x644d5241;

	memset(odd_image, 0, sizeof(odd_image));
	memcpy(odd_image + 16, &image_size, sizeof(image_size));
	memcpy(odd_image + 56, &magic, sizeof(magic));
}

static u32 odd_crc(const unsigned char *data, size_t len)
{
	u32 crc = ~0U;

	while (len--) {
		crc ^= *data++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

/* Stored blocks, RFC 1951, 3.2.4. */
static void odd_put_stored(struct odd_buf *b, const unsigned char *data, size_t len, bool last)
{
	size_t done = 0, part;

	do {
		unsigned char head[5];

		part = len - done < 0xffff ? len - done : 0xffff;
		head[0] = last && done + part == len;
		head[1] = part;
		head[2] = part >> 8;
		head[3] = ~head[1];
		head[4] = ~head[2];
		odd_put(b, head, sizeof(head));
		odd_put(b, data + done, part);
		done += part;
	} while (done < len);
}

static void odd_put_header(struct odd_buf *b)
{
	odd_put(b, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
}

static void odd_put_gzip(struct odd_buf *b, const unsigned char *data, size_t len)
{
	odd_put_header(b);
	odd_put_stored(b, data, len, true);
	odd_put32(b, odd_crc(data, len));
	odd_put32(b, len);
}

/*
 * That many zeroes and a little less: matches of 258 bytes at distance 1 (codes 285 and
 * 0 of the fixed code, RFC 1951, 3.2.6) have 13 bits each, so eight are 13 bytes.
 */
static void odd_put_zeroes(struct odd_buf *b, u64 len)
{
	static const unsigned char match = 0xa3;	/* 11000101, first bit first */
	unsigned char pattern[13] = { };
	unsigned int i, bit;
	u64 n;

	/* One zero to repeat, in a stored block. */
	odd_put(b, "\0\x01\0\xfe\xff\0", 6);
	/* The header of the last block has three bits. */
	for (i = 0; i < 8; i++)
		for (bit = 0; bit < 8; bit++)
			pattern[(3 + 13 * i + bit) / 8] |=
				(match >> bit & 1) << (3 + 13 * i + bit) % 8;
	for (n = 0; n < len / (8 * 258); n++) {
		unsigned char now[13];

		memcpy(now, pattern, sizeof(now));
		now[0] |= n ? 0 : 3;
		odd_put(b, now, sizeof(now));
	}
	/* End of block, and a trailer that is wrong. */
	odd_put(b, "\0\0", 2);
	odd_put32(b, 0);
	odd_put32(b, len);
}

static void odd_write(const char *path, const struct odd_buf *b, u64 size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t done;
	ssize_t n;

	if (fd < 0)
		tap_bail("%s: %s", path, strerror(errno));
	for (done = 0; done < b->len; done += n) {
		n = write(fd, b->at + done, b->len - done);
		if (n <= 0)
			tap_bail("%s: %s", path, strerror(errno));
	}
	if (size && ftruncate(fd, size))
		tap_bail("%s: %s", path, strerror(errno));
	close(fd);
}

static void odd_put_zboot(struct odd_buf *b, u32 start, u32 size, const char *method)
{
	unsigned char header[64] = "MZ\0\0zimg";

	memcpy(header + 8, &start, 4);
	memcpy(header + 12, &size, 4);
	memcpy(header + 24, method, strlen(method));
	odd_put(b, header, sizeof(header));
	while (b->len < ODD_ZBOOT_AT)
		odd_put(b, "", 1);
	odd_put_gzip(b, odd_image, sizeof(odd_image));
}

static void odd_put_section(unsigned char *entry, const char *name, u32 start, u32 size)
{
	memcpy(entry, name, strlen(name));
	memcpy(entry + 8, &size, 4);
	memcpy(entry + 16, &size, 4);
	memcpy(entry + 20, &start, 4);
}

/* PE format: "PE Header", "COFF File Header", "Section Table". */
static void odd_put_uki(struct odd_buf *b)
{
	unsigned char head[ODD_LINUX_AT] = "MZ";

	head[60] = 64;
	memcpy(head + 64, "PE\0", 4);
	head[64 + 6] = 2;
	odd_put_section(head + 88, ".linux", ODD_LINUX_AT, sizeof(odd_image));
	odd_put_section(head + 128, ".cmdline", ODD_CMDLINE_AT, 5);
	memcpy(head + ODD_CMDLINE_AT, "quiet", 5);
	odd_put(b, head, sizeof(head));
	odd_put(b, odd_image, sizeof(odd_image));
}

static int odd_load(bool initrd)
{
	return kexec_call_paths(ODD_PATH, initrd ? ODD_INITRD : NULL, "", 0);
}

static void odd_write_good(void)
{
	struct odd_buf b = { };

	odd_make_image(ODD_MEMORY);
	odd_put_gzip(&b, odd_image, sizeof(odd_image));
	odd_write(ODD_PATH, &b, 0);
	free(b.at);
}

/* What is done to a file: packed twice, cut, padded and so on. */
enum odd_kind {
	ODD_GOOD,
	ODD_PADDED,
	ODD_PADDED_NOT_ZERO,
	ODD_TWO_MEMBERS,
	ODD_TWICE,
	ODD_WRONG_SIZE,
	ODD_WRONG_CRC,
	ODD_CUT,
	ODD_NO_TRAILER,
	ODD_ZEROES,
	ODD_MORE_THAN_PROMISED,
	ODD_HUGE_GARBAGE,
	ODD_HUGE_PADDING,
	ODD_RANDOM,
	ODD_PE,
	ODD_PE_FAR,
	ODD_ZBOOT,
};

struct odd_file {
	const char *name;
	int want;
	enum odd_kind kind;
	u64 arg;
	u64 arg2;
	const char *method;
};

#define ODD_FILE(_name, _want, _kind, _arg) \
	{ .name = _name, .want = _want, .kind = _kind, .arg = _arg }
#define ODD_ZBOOT_FILE(_name, _want, _start, _size, _method) \
	{ .name = "zboot: " _name, .want = _want, .kind = ODD_ZBOOT, .arg = _start, \
	  .arg2 = _size, .method = _method }

static const struct odd_file odd_files[] = {
	ODD_FILE("packed", 0, ODD_GOOD, 0),
	ODD_FILE("512 zeroes appended", 0, ODD_PADDED, 512),
	ODD_FILE("1 MiB of zeroes appended", 0, ODD_PADDED, SZ_1M),
	ODD_FILE("512 bytes appended, the last is not zero", ENOEXEC, ODD_PADDED_NOT_ZERO, 512),
	ODD_FILE("two members", ENOEXEC, ODD_TWO_MEMBERS, 0),
	ODD_FILE("packed twice", ENOEXEC, ODD_TWICE, 0),
	ODD_FILE("wrong ISIZE", ENOEXEC, ODD_WRONG_SIZE, 0),
	ODD_FILE("wrong CRC-32", ENOEXEC, ODD_WRONG_CRC, 0),
	ODD_FILE("cut in the middle", ENOEXEC, ODD_CUT, 0),
	ODD_FILE("cut before the trailer", ENOEXEC, ODD_NO_TRAILER, 0),
	ODD_FILE("400 MB of zeroes", ENOEXEC, ODD_ZEROES, 400000000),
	ODD_FILE("4 GiB of zeroes", ENOEXEC, ODD_ZEROES, 4 * SZ_1G),
	ODD_FILE("400 MB in an Image that says 1 MiB", ENOEXEC, ODD_MORE_THAN_PROMISED, 400000000),
	ODD_FILE("1f 8b before a file almost as large as memory", ENOEXEC, ODD_HUGE_GARBAGE, 0),
	ODD_FILE("padded to almost all of memory", ENOEXEC, ODD_HUGE_PADDING, 0),
	ODD_FILE("64 random bytes", ENOEXEC, ODD_RANDOM, 64),
	ODD_FILE("EFI program that is no Image", ENOEXEC, ODD_PE, 0),
	ODD_FILE("PE header at 0xfffffff0", ENOEXEC, ODD_PE_FAR, 0),
	ODD_ZBOOT_FILE("good", 0, ODD_ZBOOT_AT, 0, "gzip"),
	ODD_ZBOOT_FILE("zstd", ENOEXEC, ODD_ZBOOT_AT, 0, "zstd"),
	ODD_ZBOOT_FILE("offset 0", ENOEXEC, 0, 0, "gzip"),
	ODD_ZBOOT_FILE("offset ~0", ENOEXEC, ~0U, 0, "gzip"),
	ODD_ZBOOT_FILE("offset in the header", ENOEXEC, 8, 0, "gzip"),
	ODD_ZBOOT_FILE("size ~0", ENOEXEC, ODD_ZBOOT_AT, ~0U, "gzip"),
	ODD_ZBOOT_FILE("size of two bytes", ENOEXEC, ODD_ZBOOT_AT, 2, "gzip"),
	ODD_ZBOOT_FILE("a byte past the end", ENOEXEC, ODD_ZBOOT_AT + 1, 0, "gzip"),
};

static void odd_make_gzip(const struct odd_file *f, struct odd_buf *b)
{
	odd_put_gzip(b, odd_image, sizeof(odd_image));
	if (f->kind == ODD_TWO_MEMBERS)
		odd_put_gzip(b, odd_image, sizeof(odd_image));
	if (f->kind == ODD_WRONG_SIZE)
		b->at[b->len - 4] ^= 1;
	if (f->kind == ODD_WRONG_CRC)
		b->at[b->len - 8] ^= 1;
	if (f->kind == ODD_CUT)
		b->len /= 2;
	if (f->kind == ODD_NO_TRAILER)
		b->len -= 8;
	if (f->kind == ODD_PADDED || f->kind == ODD_PADDED_NOT_ZERO)
		for (u64 n = f->arg; n; n--)
			odd_put(b, n == 1 && f->kind == ODD_PADDED_NOT_ZERO ? "x" : "", 1);
	if (f->kind == ODD_TWICE) {
		struct odd_buf inner = *b;

		*b = (struct odd_buf) { };
		odd_put_gzip(b, inner.at, inner.len);
		free(inner.at);
	}
}

static void odd_make_raw(const struct odd_file *f, struct odd_buf *b)
{
	unsigned char file[4096] = "MZ";
	const u32 far = 0xfffffff0, near = 64;
	int fd;

	if (f->kind == ODD_RANDOM) {
		fd = open("/dev/urandom", O_RDONLY);
		if (read(fd, file, f->arg) != (ssize_t)f->arg)
			tap_bail("/dev/urandom: %s", strerror(errno));
		close(fd);
		odd_put(b, file, f->arg);
		return;
	}
	if (f->kind == ODD_PE_FAR)
		memcpy(file, odd_image, 64);
	memcpy(file, "MZ", 2);
	memcpy(file + 60, f->kind == ODD_PE_FAR ? &far : &near, 4);
	memcpy(file + 64, "PE\0", 4);
	odd_put(b, file, sizeof(file));
}

/* Returns the size of the file, 0 for the size of its content. */
static u64 odd_make(const struct odd_file *f, struct odd_buf *b)
{
	u64 huge = util_sum_fields("/proc/meminfo", "MemTotal") * 1024 / 10 * 9;
	struct odd_buf whole = { };

	switch (f->kind) {
	case ODD_RANDOM:
	case ODD_PE:
	case ODD_PE_FAR:
		odd_make_raw(f, b);
		return 0;
	case ODD_ZEROES:
	case ODD_MORE_THAN_PROMISED:
		odd_put_header(b);
		if (f->kind == ODD_MORE_THAN_PROMISED)
			odd_put_stored(b, odd_image, sizeof(odd_image), false);
		odd_put_zeroes(b, f->arg);
		return 0;
	case ODD_HUGE_GARBAGE:
		odd_put_header(b);
		return huge;
	case ODD_ZBOOT:
		odd_put_zboot(&whole, 0, 0, "");
		odd_put_zboot(b, f->arg, f->arg2 ?: whole.len - ODD_ZBOOT_AT, f->method);
		free(whole.at);
		return 0;
	default:
		odd_make_gzip(f, b);
		return f->kind == ODD_HUGE_PADDING ? huge : 0;
	}
}

static void odd_try_file(const struct odd_file *f)
{
	struct odd_buf b = { };
	u64 size = odd_make(f, &b), mib;
	int err;

	odd_write(ODD_PATH, &b, size);
	free(b.at);
	mib = (util_sum_fields("/proc/vmstat", "pgalloc_") * getpagesize() >> 20);
	err = odd_load(false);
	mib = (util_sum_fields("/proc/vmstat", "pgalloc_") * getpagesize() >> 20) - mib;
	tap_point(err == f->want && mib < ODD_LIMIT_MIB && kexec_call_loaded(),
		  "%s: %s, %lu MiB allocated", f->name, err ? strerrorname_np(err) : "loaded", mib);
	unlink(ODD_PATH);
}

static int odd_run_files(void)
{
	unsigned int i, tries = 0;
	u64 before, after;

	tap_plan(ARRAY_SIZE(odd_files) + 1);
	odd_write_good();
	if (odd_load(false))
		tap_bail("the good file does not load");
	before = util_sum_fields("/proc/meminfo", "MemFree");
	for (i = 0; i < ARRAY_SIZE(odd_files); i++)
		odd_try_file(&odd_files[i]);
	/* The image that the last good load replaced is freed by a worker. */
	do {
		usleep(100000);
		after = util_sum_fields("/proc/meminfo", "MemFree");
	} while (after + ODD_LEAK_KB <= before && ++tries < ODD_FREE_TRIES);
	tap_point(after + ODD_LEAK_KB > before, "memory is free again: %lu kB, %lu before", after,
		  before);
	return tap_finish();
}

/* How a file changes between the two looks at it. */
enum odd_form {
	ODD_RAW,
	ODD_GZIP,
	ODD_ZBOOT_FORM,
	ODD_UKI,
};

struct odd_change {
	const char *name;
	int want;
	enum odd_form form;
	bool initrd;		/* it is the initrd that changes */
	long grows;		/* bytes; negative: it shrinks */
	long at;		/* of two bytes that are written */
	const char *bytes;
	bool other;		/* an Image with another image_size comes */
	bool killed;		/* the file stays, and the load is killed */
};

#define ODD_CHANGE(_name, _want, _form, ...) \
	{ .name = _name, .want = _want, .form = _form, __VA_ARGS__ }

static const struct odd_change odd_changes[] = {
	ODD_CHANGE("nothing", 0, ODD_GZIP),
	ODD_CHANGE("packed becomes raw", EAGAIN, ODD_GZIP, .bytes = "MZ"),
	ODD_CHANGE("raw becomes packed", EAGAIN, ODD_RAW, .bytes = "\x1f\x8b"),
	ODD_CHANGE("raw, the header", EAGAIN, ODD_RAW, .at = 18, .bytes = "\x20"),
	ODD_CHANGE("raw, a byte after the header's page", 0, ODD_RAW, .at = 5000, .bytes = "xy"),
	ODD_CHANGE("packed, the header in it", EAGAIN, ODD_GZIP, .other = true),
	ODD_CHANGE("zboot, the header in it", EAGAIN, ODD_ZBOOT_FORM, .other = true),
	ODD_CHANGE("raw shrinks", EAGAIN, ODD_RAW, .grows = -8192),
	ODD_CHANGE("raw grows", EAGAIN, ODD_RAW, .grows = 1),
	ODD_CHANGE("raw becomes empty", EAGAIN, ODD_RAW, .grows = -(long)ODD_IMAGE),
	ODD_CHANGE("packed shrinks", EAGAIN, ODD_GZIP, .grows = -1),
	ODD_CHANGE("packed grows", EAGAIN, ODD_GZIP, .grows = 1),
	ODD_CHANGE("UKI, a section header", EAGAIN, ODD_UKI, .at = 88 + 36, .bytes = "xy"),
	ODD_CHANGE("UKI, the command line", EAGAIN, ODD_UKI, .at = ODD_CMDLINE_AT, .bytes = "xy"),
	ODD_CHANGE("UKI, the header in it", EAGAIN, ODD_UKI, .other = true),
	ODD_CHANGE("UKI, a byte between its parts", 0, ODD_UKI, .at = 5000, .bytes = "xy"),
	ODD_CHANGE("UKI shrinks", EAGAIN, ODD_UKI, .grows = -1),
	ODD_CHANGE("initrd shrinks", EAGAIN, ODD_RAW, .initrd = true, .grows = -1),
	ODD_CHANGE("initrd grows", EAGAIN, ODD_RAW, .initrd = true, .grows = 1),
	ODD_CHANGE("raw, killed", EINTR, ODD_RAW, .killed = true),
	ODD_CHANGE("packed, killed", EINTR, ODD_GZIP, .killed = true),
	ODD_CHANGE("zboot, killed", EINTR, ODD_ZBOOT_FORM, .killed = true),
	ODD_CHANGE("UKI, killed", EINTR, ODD_UKI, .killed = true),
};

static void odd_write_form(enum odd_form form)
{
	struct odd_buf b = { };

	if (form == ODD_RAW)
		odd_put(&b, odd_image, sizeof(odd_image));
	else if (form == ODD_GZIP)
		odd_put_gzip(&b, odd_image, sizeof(odd_image));
	else if (form == ODD_UKI)
		odd_put_uki(&b);
	else
		odd_put_zboot(&b, ODD_ZBOOT_AT, sizeof(odd_image) + 10 + 8 + 5 * 5, "gzip");
	odd_write(ODD_PATH, &b, 0);
	free(b.at);
}

static void odd_change_file(const struct odd_change *c)
{
	const char *path = c->initrd ? ODD_INITRD : ODD_PATH;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st))
		tap_bail("%s: %s", path, strerror(errno));
	if (c->grows && ftruncate(fd, st.st_size + c->grows))
		tap_bail("%s: %s", path, strerror(errno));
	if (c->bytes && pwrite(fd, c->bytes, 2, c->at) != 2)
		tap_bail("%s: %s", path, strerror(errno));
	close(fd);
	if (c->other) {
		odd_make_image(2 * ODD_MEMORY);
		odd_write_form(c->form);
	}
}

/* EBUSY: the lock is held; EBADF: it is free. */
static bool odd_under_way(void)
{
	return kexec_call_file(-1, -1, "", 1, KEXEC_FILE_NO_INITRAMFS) == EBUSY;
}

static void odd_set_hold(const char *value)
{
	int err = util_write(ODD_HOLD, value);

	if (err)
		tap_bail("%s: %s", ODD_HOLD, strerror(err));
}

/* The load is between its two looks at the files; false if it has ended before. */
static bool odd_wait_hold(pid_t pid)
{
	long value = 0;

	while (!util_read_number(ODD_HOLD, &value) && value != 2) {
		if (util_child_ended(pid))
			return false;
		usleep(1000);
	}
	return value == 2;
}

/* The kernel's message tells how the load ended. */
static void odd_try_kill(const struct odd_change *c, pid_t pid, bool held)
{
	int status;

	kill(pid, SIGKILL);
	tap_point(held && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
		  kexec_call_loaded() && !odd_under_way(), "%s", c->name);
	odd_set_hold("0");
}

static void odd_try_change(const struct odd_change *c)
{
	const struct odd_buf initrd = { .at = odd_image, .len = sizeof(odd_image) };
	bool held;
	int status;
	pid_t pid;

	odd_make_image(ODD_MEMORY);
	odd_write_form(c->form);
	odd_write(ODD_INITRD, &initrd, 0);
	odd_set_hold("1");
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		tap_bail("fork: %s", strerror(errno));
	if (!pid)
		_exit(odd_load(true));
	held = odd_wait_hold(pid);
	if (c->killed) {
		odd_try_kill(c, pid, held);
		return;
	}
	odd_change_file(c);
	odd_set_hold("0");
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		tap_point(false, "%s: the load died", c->name);
		return;
	}
	status = WEXITSTATUS(status);
	tap_point(held && status == c->want && kexec_call_loaded() && !odd_under_way(), "%s: %s",
		  c->name, status ? strerrorname_np(status) : "loaded");
}

static int odd_run_changes(void)
{
	unsigned int i;

	tap_plan(ARRAY_SIZE(odd_changes) + 1);
	odd_write_good();
	if (odd_load(false))
		tap_bail("the good file does not load");
	for (i = 0; i < ARRAY_SIZE(odd_changes); i++)
		odd_try_change(&odd_changes[i]);
	odd_write_good();
	tap_point(!odd_load(false), "the next load works");
	return tap_finish();
}

#define ODD_BELOW	"/tmp/below"
#define ODD_MERGED	"/tmp/merged"

static bool odd_stop;

static void *odd_flip(void *unused)
{
	static const char *const bytes[] = { "MZ", "\x1f\x8b" };
	int fd = open(ODD_BELOW "/odd", O_WRONLY | O_CLOEXEC);
	unsigned int n = 0;

	while (!__atomic_load_n(&odd_stop, __ATOMIC_ACQUIRE))
		if (pwrite(fd, bytes[n++ % 2], 2, 0) != 2)
			abort();
	return unused;
}

static void odd_mount(void)
{
	if (mkdir(ODD_BELOW, 0700) || mkdir(ODD_MERGED, 0700) || mkdir("/tmp/none", 0700) ||
	    mount("overlay", ODD_MERGED, "overlay", MS_RDONLY,
		  "lowerdir=" ODD_BELOW ":/tmp/none"))
		tap_bail("overlay: %s", strerror(errno));
}

static int odd_run_race(void)
{
	unsigned int good = 0, changed = 0, raw = 0, other = 0, i;
	pthread_t flipper;
	int err;

	tap_plan(2);
	odd_write_good();
	if (truncate(ODD_PATH, ODD_RACE_SIZE))
		tap_bail("%s: %s", ODD_PATH, strerror(errno));
	odd_mount();
	if (rename(ODD_PATH, ODD_BELOW "/odd") || symlink(ODD_MERGED "/odd", ODD_PATH))
		tap_bail("%s: %s", ODD_BELOW, strerror(errno));
	if (pthread_create(&flipper, NULL, odd_flip, NULL))
		tap_bail("no thread");
	for (i = 0; i < ODD_LOADS || (i < ODD_LOADS_MAX && !(good && changed && raw)); i++) {
		err = odd_load(false);
		good += !err;
		changed += err == EAGAIN;
		raw += err == ENOEXEC;
		other += err && err != EAGAIN && err != ENOEXEC;
	}
	__atomic_store_n(&odd_stop, true, __ATOMIC_RELEASE);
	pthread_join(flipper, NULL);
	tap_note("%u loaded, %u EAGAIN, %u ENOEXEC, %u other", good, changed, raw, other);
	tap_point(!other && good && changed && raw, "%u loads of a file that changes", i);
	unlink(ODD_PATH);
	odd_write_good();
	tap_point(!odd_load(false), "the next load works");
	return tap_finish();
}

/* Structure of a flat device tree: devicetree.org specification, chapter 5. */
#define ODD_FDT_MAGIC	0xd00dfeed
#define ODD_FDT_PROP	3
#define ODD_FDT_MAX	(2 * SZ_1M)
#define ODD_SEED_LEN	64

static u32 odd_be32(const unsigned char *at)
{
	return (u32)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* Whether @at may be an rng-seed that was not used yet. */
static bool odd_is_seed(const unsigned char *at, u32 name)
{
	static const unsigned char none[ODD_SEED_LEN];

	return odd_be32(at) == ODD_FDT_PROP && odd_be32(at + 4) == ODD_SEED_LEN &&
	       odd_be32(at + 8) == name && memcmp(at + 12, none, sizeof(none));
}

static bool odd_tree_has_seed(int kcore, off_t at)
{
	static unsigned char tree[ODD_FDT_MAX];
	ssize_t len = pread(kcore, tree, sizeof(tree), at);
	u32 structs = odd_be32(tree + 8), strings = odd_be32(tree + 12);
	u32 strings_len = odd_be32(tree + 32), structs_len = odd_be32(tree + 36), i;
	const unsigned char *name;

	if (len < 64 || (u64)structs + structs_len > (u64)len || structs_len < 64 ||
	    (u64)strings + strings_len > (u64)len)
		return false;
	name = memmem(tree + strings, strings_len, "rng-seed", sizeof("rng-seed"));
	for (i = 0; name && i + 12 + ODD_SEED_LEN <= structs_len; i += 4)
		if (odd_is_seed(tree + structs + i, name - tree - strings))
			return true;
	return false;
}

static unsigned int odd_count_range(int kcore, off_t at, u64 len)
{
	static unsigned char chunk[SZ_1M];
	unsigned int found = 0;
	ssize_t got, i;

	for (; len; len -= got, at += got) {
		got = pread(kcore, chunk, len < sizeof(chunk) ? len : sizeof(chunk), at);
		if (got <= 0)
			break;
		for (i = 0; i < got; i += 4096)
			if (odd_be32(chunk + i) == ODD_FDT_MAGIC)
				found += odd_tree_has_seed(kcore, at + i);
	}
	return found;
}

/* Device trees in memory whose seed was not used yet, this process's copies left out. */
static unsigned int odd_count_seeds(void)
{
	int kcore = open("/proc/kcore", O_RDONLY | O_CLOEXEC);
	unsigned int found = 0, i;
	Elf64_Phdr phdr;
	Elf64_Ehdr ehdr;

	if (kcore < 0 || pread(kcore, &ehdr, sizeof(ehdr), 0) != sizeof(ehdr))
		tap_bail("/proc/kcore: %s", strerror(errno));
	for (i = 0; i < ehdr.e_phnum; i++) {
		if (pread(kcore, &phdr, sizeof(phdr), ehdr.e_phoff + i * sizeof(phdr)) !=
		    sizeof(phdr))
			tap_bail("/proc/kcore: %s", strerror(errno));
		/* All of memory has a physical address, vmalloc and modules have none. */
		if (phdr.p_type == PT_LOAD && phdr.p_paddr != -1UL)
			found += odd_count_range(kcore, phdr.p_offset, phdr.p_filesz);
	}
	close(kcore);
	return found;
}

static int odd_run_seeds(void)
{
	unsigned int before = odd_count_seeds(), after;

	tap_plan(2);
	odd_write_good();
	if (odd_load(false))
		tap_bail("the good file does not load");
	after = odd_count_seeds();
	tap_point(!before, "%u device trees with a seed before the load", before);
	tap_point(after == 1, "%u after it: the image's", after);
	return tap_finish();
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "files"))
		return odd_run_files();
	if (argc == 2 && !strcmp(argv[1], "changes"))
		return odd_run_changes();
	if (argc == 2 && !strcmp(argv[1], "race"))
		return odd_run_race();
	if (argc == 2 && !strcmp(argv[1], "seeds"))
		return odd_run_seeds();
	fprintf(stderr, "usage: odd_kernel files|changes|race|seeds\n");
	return 2;
}
