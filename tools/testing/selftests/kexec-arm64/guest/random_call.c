// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Random calls of both system calls
 *
 * random_call_make() begins with a call that has to succeed and changes some of its
 * arguments, most of them to bad ones. random_call_model() derives the result from the
 * arguments alone, in the order of checks that kernel/kexec/syscall.c documents.
 *
 * Normal segments are in the memory that /proc/iomem shows as free, crash segments in the
 * reservation. The files are in the directory of the fixture, and are open from
 * random_call_init() on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bad_cases.h"
#include "fixture.h"
#include "kexec_call.h"
#include "random_call.h"
#include "tap.h"

#ifndef KEXEC_UPDATE_ELFCOREHDR
#define KEXEC_UPDATE_ELFCOREHDR		0x00000004
#define KEXEC_CRASH_HOTPLUG_SUPPORT	0x00000008
#endif
#define RANDOM_CALL_HOTPLUG	(KEXEC_UPDATE_ELFCOREHDR | KEXEC_CRASH_HOTPLUG_SUPPORT)
#define RANDOM_CALL_LOAD_FLAGS	(KEXEC_ARCH_MASK | KEXEC_ON_CRASH | RANDOM_CALL_HOTPLUG)
#define RANDOM_CALL_FILE_FLAGS	(KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH | \
				 KEXEC_FILE_NO_INITRAMFS | KEXEC_FILE_DEBUG)

#define RANDOM_CALL_PA_BITS	48
#define RANDOM_CALL_BUF		(4 * SZ_1M)	/* bytes of content of a segment, at most */
#define RANDOM_CALL_PAGES	16		/* of most segments */
#define RANDOM_CALL_CMDLINE	2048		/* COMMAND_LINE_SIZE */
#define RANDOM_CALL_KERNEL_VA	0xffff800080000000UL

/**
 * struct random_call_file - a file descriptor and the errno that it causes
 * @name: for a note
 * @kernel: errno as the kernel
 * @initrd: errno as the initrd
 * @late: errno when it is read, as either
 * @fd: the descriptor
 */
struct random_call_file {
	const char *name;
	int kernel;
	int initrd;
	int late;
	int fd;
};

enum random_call_file_nr {
	FILE_GOOD,
	FILE_ZEROES,
	FILE_EMPTY,
	FILE_OFFSET,
	FILE_FAR,
	FILE_8_GIB,
	FILE_OVER_RAM,
	FILE_BUSY,
	FILE_WRITE_ONLY,
	FILE_PATH_ONLY,
	FILE_DIRECTORY,
	FILE_PIPE,
	FILE_DEVICE,
	FILE_MINUS_ONE,
	FILE_CLOSED,
	FILE_NR,
};

static struct random_call_file random_call_files[FILE_NR] = {
	[FILE_GOOD] = { "good", 0, 0, 0, -1 },
	[FILE_ZEROES] = { "zeroes", ENOEXEC, 0, 0, -1 },
	[FILE_EMPTY] = { "empty", EINVAL, EINVAL, 0, -1 },
	[FILE_OFFSET] = { "offset", ENOEXEC, 0, 0, -1 },
	[FILE_FAR] = { "far", EADDRNOTAVAIL, 0, 0, -1 },
	[FILE_8_GIB] = { "8-gib", EFBIG, EFBIG, 0, -1 },
	[FILE_OVER_RAM] = { "over-ram", ENOMEM, ENOMEM, 0, -1 },
	[FILE_BUSY] = { "busy", 0, 0, ETXTBSY, -1 },
	[FILE_WRITE_ONLY] = { "write-only", EBADF, EBADF, 0, -1 },
	[FILE_PATH_ONLY] = { "path-only", EBADF, EBADF, 0, -1 },
	[FILE_DIRECTORY] = { "directory", EINVAL, EINVAL, 0, -1 },
	[FILE_PIPE] = { "pipe", EINVAL, EINVAL, 0, -1 },
	[FILE_DEVICE] = { "device", EINVAL, EINVAL, 0, -1 },
	[FILE_MINUS_ONE] = { "-1", EBADF, EBADF, 0, -1 },
	[FILE_CLOSED] = { "closed", EBADF, EBADF, 0, 1000 },
};

/**
 * struct random_call_cmdline - a command line and the errno that it causes
 * @text: the text
 * @len: bytes with the NUL
 * @err: the errno
 */
struct random_call_cmdline {
	const char *text;
	unsigned long len;
	int err;
};

static char random_call_long[RANDOM_CALL_CMDLINE + 1];

static const struct random_call_cmdline random_call_cmdlines[] = {
	{ FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE), 0 },
	{ NULL, 0, 0 },
	{ "", 1, 0 },
	/* All but the last byte are 'x', so it has no NUL when it is cut. */
	{ random_call_long + 1, RANDOM_CALL_CMDLINE, 0 },
	{ random_call_long, RANDOM_CALL_CMDLINE, EINVAL },
	{ random_call_long, RANDOM_CALL_CMDLINE + 1, EINVAL },
	{ FIXTURE_CMDLINE, -1UL, EINVAL },
	{ NULL, 16, EFAULT },
	{ (const char *)RANDOM_CALL_KERNEL_VA, 16, EFAULT },
};

/* RANDOM_CALL_BUF bytes of data, followed by a page that cannot be read. */
static char *random_call_data;
/* The same, that begins like an ELF file. */
static char *random_call_elf;

static char *random_call_map(const char *head)
{
	char *data = mmap(NULL, RANDOM_CALL_BUF + fixture.page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED || mprotect(data + RANDOM_CALL_BUF, fixture.page, PROT_NONE))
		tap_bail("mmap: %s", strerror(errno));
	memcpy(data, head, strlen(head));
	return data;
}

static int random_call_open_image(enum random_call_file_nr nr)
{
	const char *name = random_call_files[nr].name;
	struct fixture_image image = fixture_good_image();

	if (nr == FILE_OFFSET)
		image.text_offset = SZ_2M;
	if (nr == FILE_FAR)
		image.image_size = 1UL << 50;
	if (nr == FILE_8_GIB)
		image.file_size = 8 * SZ_1G;
	if (nr == FILE_OVER_RAM)
		image.file_size = (fixture.ram + fixture.ram / 2) & -SZ_1M;
	if (nr == FILE_ZEROES)
		image.magic = 0;
	fixture_make_image(name, &image);
	if (nr == FILE_EMPTY)
		fixture_make_file(name, NULL, 0, 0);
	/* A writer, for ever. */
	if (nr == FILE_BUSY)
		fixture_open(name, O_WRONLY);
	if (nr == FILE_WRITE_ONLY)
		return fixture_open(name, O_WRONLY);
	return fixture_open(name, nr == FILE_PATH_ONLY ? O_PATH : O_RDONLY);
}

/**
 * random_call_init() - make and open the files
 */
void random_call_init(void)
{
	unsigned int i;
	int ends[2];

	if (fixture.ram + fixture.ram / 2 >= 4 * SZ_1G)
		tap_bail("too much memory: a file would exceed the limit of 4 GiB");
	random_call_data = random_call_map("");
	random_call_elf = random_call_map("\177ELF");
	memset(random_call_long, 'x', RANDOM_CALL_CMDLINE);
	for (i = FILE_GOOD; i <= FILE_PATH_ONLY; i++)
		random_call_files[i].fd = random_call_open_image(i);
	if (pipe2(ends, O_CLOEXEC))
		tap_bail("pipe: %s", strerror(errno));
	random_call_files[FILE_DIRECTORY].fd = fixture_open(".", O_RDONLY | O_DIRECTORY);
	random_call_files[FILE_PIPE].fd = ends[0];
	random_call_files[FILE_DEVICE].fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
}

static bool random_call_one_in(u64 *random, u64 n)
{
	return !util_random(random, n);
}

static void random_call_make_good(struct random_call *c, u64 *random, u64 mem)
{
	u64 pages, page = fixture.page;
	unsigned int i;

	c->entry = mem;
	c->list = c->seg;
	c->nr = 1 + util_random(random, random_call_one_in(random, 4) ? KEXEC_SEGMENT_MAX : 3);
	for (i = 0; i < RANDOM_CALL_SEGMENTS; i++) {
		pages = 1 + util_random(random, random_call_one_in(random, 8) ?
					RANDOM_CALL_BUF / page : RANDOM_CALL_PAGES);
		c->seg[i] = (struct kexec_segment) {
			.buf = random_call_data,
			.bufsz = util_random(random, pages * page + 1),
			.mem = (void *)mem,
			.memsz = pages * page,
		};
		mem += (pages + util_random(random, 3)) * page;
	}
	/* Hotplug support requires an ELF header. */
	if (!random_call_one_in(random, 4)) {
		c->seg[0].buf = random_call_elf;
		c->seg[0].bufsz = c->seg[0].memsz;
	}
}

static void random_call_spoil_segment(struct random_call *c, u64 *random,
				      const struct random_call_region *crash)
{
	struct kexec_segment *seg = &c->seg[util_random(random, KEXEC_SEGMENT_MAX) % c->nr];
	u64 page = fixture.page;
	const u64 mem[] = {
		0, -page, 1UL << 52, (u64)c->seg[0].mem, (u64)seg->mem + page / 2,
		(u64)seg->mem + page, (fixture.mem.ram_end + SZ_1G) & -SZ_1G,
		fixture.mem.reserved_start & -page, fixture.mem.hole_start,
		crash->start, crash->end - page, crash->start - page,
	};
	const u64 memsz[] = {
		0, page, page / 2, seg->memsz + 1, -page, fixture.ram & -page, SZ_1T,
	};
	const u64 bufsz[] = { 0, 1, seg->memsz, seg->memsz + 1, 1UL << 63, -1UL };
	const char *const buf[] = {
		NULL, (char *)RANDOM_CALL_KERNEL_VA, random_call_data + RANDOM_CALL_BUF,
		random_call_data + RANDOM_CALL_BUF - page, random_call_elf,
	};

	switch (util_random(random, 4)) {
	case 0:
		seg->mem = (void *)mem[util_random(random, ARRAY_SIZE(mem))];
		break;
	case 1:
		seg->memsz = memsz[util_random(random, ARRAY_SIZE(memsz))];
		break;
	case 2:
		seg->bufsz = bufsz[util_random(random, ARRAY_SIZE(bufsz))];
		break;
	default:
		seg->buf = (char *)buf[util_random(random, ARRAY_SIZE(buf))];
		break;
	}
}

static void random_call_make_load(struct random_call *c, u64 *random,
				  const struct random_call_region *crash)
{
	static const unsigned long nr[] = {
		KEXEC_SEGMENT_MAX, KEXEC_SEGMENT_MAX + 1, KEXEC_SEGMENT_MAX + 2, -1UL,
	};
	const u64 entry[] = { 0, -1UL, fixture.mem.hole_start, crash->start, crash->end };
	bool on_crash = util_random(random, 2);

	c->flags = on_crash ? KEXEC_ON_CRASH : 0;
	random_call_make_good(c, random, on_crash ? crash->start : fixture.mem.hole_start);
	if (random_call_one_in(random, 2))
		c->flags |= KEXEC_ARCH_AARCH64;
	if (random_call_one_in(random, 4))
		c->flags |= RANDOM_CALL_HOTPLUG & (util_random(random, 4) << 2);
	if (random_call_one_in(random, 16))
		c->flags |= 1UL << util_random(random, 64);
	while (random_call_one_in(random, 3))
		random_call_spoil_segment(c, random, crash);
	if (random_call_one_in(random, 8))
		c->entry = entry[util_random(random, ARRAY_SIZE(entry))];
	if (random_call_one_in(random, 16))
		c->nr = nr[util_random(random, ARRAY_SIZE(nr))];
	if (random_call_one_in(random, 6))
		c->nr = 0;
	if (random_call_one_in(random, 24))
		c->list = util_random(random, 2) ? NULL : (void *)RANDOM_CALL_KERNEL_VA;
}

static void random_call_make_file(struct random_call *c, u64 *random)
{
	c->flags = RANDOM_CALL_FILE_FLAGS & ~KEXEC_FILE_UNLOAD & util_random(random, 16);
	if (random_call_one_in(random, 6))
		c->flags |= KEXEC_FILE_UNLOAD;
	if (random_call_one_in(random, 16))
		c->flags |= 1UL << util_random(random, 64);
	c->kernel = &random_call_files[FILE_GOOD];
	c->initrd = &random_call_files[util_random(random, 2) ? FILE_GOOD : FILE_ZEROES];
	if (random_call_one_in(random, 4))
		c->kernel = &random_call_files[util_random(random, FILE_NR)];
	if (random_call_one_in(random, 4))
		c->initrd = &random_call_files[util_random(random, FILE_NR)];
	if (random_call_one_in(random, 3))
		c->cmdline = util_random(random, ARRAY_SIZE(random_call_cmdlines));
}

/**
 * random_call_make() - make a random call
 * @c: the call
 * @random: state of the generator
 * @crash: the crash reservation as it is or was
 */
void random_call_make(struct random_call *c, u64 *random, const struct random_call_region *crash)
{
	*c = (struct random_call) {
		.by_file = util_random(random, 2),
		.no_cap = random_call_one_in(random, 40),
	};
	if (c->by_file)
		random_call_make_file(c, random);
	else
		random_call_make_load(c, random, crash);
}

/**
 * random_call_is_crash() - does a call concern the crash image?
 * @c: the call
 *
 * Return: true if it does.
 */
bool random_call_is_crash(const struct random_call *c)
{
	return c->flags & (c->by_file ? KEXEC_FILE_ON_CRASH : KEXEC_ON_CRASH);
}

static int random_call_check_args(const struct random_call *c)
{
	unsigned long arch = c->flags & KEXEC_ARCH_MASK;

	if (c->by_file)
		return c->flags & ~RANDOM_CALL_FILE_FLAGS ? EINVAL : 0;
	return c->flags & ~RANDOM_CALL_LOAD_FLAGS || c->nr > KEXEC_SEGMENT_MAX ||
	       (arch != KEXEC_ARCH_AARCH64 && arch != KEXEC_ARCH_DEFAULT) ? EINVAL : 0;
}

static bool random_call_overlap(const struct kexec_segment *a, const struct kexec_segment *b)
{
	return (u64)a->mem < (u64)b->mem + b->memsz && (u64)b->mem < (u64)a->mem + a->memsz;
}

static bool random_call_is_addressable(const struct kexec_segment *seg)
{
	u64 end;

	return !__builtin_add_overflow((u64)seg->mem, seg->memsz, &end) &&
	       end < 1UL << RANDOM_CALL_PA_BITS && !((u64)seg->mem % fixture.page) &&
	       !(end % fixture.page);
}

static bool random_call_fits(const struct random_call *c)
{
	u64 sum = 0;
	unsigned int i, j;

	for (i = 0; i < c->nr; i++) {
		for (j = 0; j < i; j++)
			if (random_call_overlap(&c->seg[i], &c->seg[j]))
				return false;
		sum += c->seg[i].memsz;
		if (c->seg[i].bufsz > c->seg[i].memsz || c->seg[i].memsz > fixture.ram / 2 ||
		    sum > fixture.ram / 2)
			return false;
	}
	return true;
}

static bool random_call_is_within(const struct kexec_segment *seg, u64 start, u64 end)
{
	return (u64)seg->mem >= start && (u64)seg->mem + seg->memsz <= end;
}

/* Normal segments may be in the crash reservation, too. */
static bool random_call_is_usable(const struct random_call *c, const struct kexec_segment *seg,
				  const struct random_call_region *crash)
{
	if (!seg->memsz || random_call_is_within(seg, crash->start, crash->end))
		return true;
	return !random_call_is_crash(c) &&
	       random_call_is_within(seg, fixture.mem.hole_start, fixture.mem.hole_end);
}

static bool random_call_is_readable(const struct kexec_segment *seg)
{
	const char *buf = seg->buf;

	if (!seg->bufsz || !seg->memsz)
		return true;
	if (buf >= random_call_data && buf < random_call_data + RANDOM_CALL_BUF)
		return seg->bufsz <= (u64)(random_call_data + RANDOM_CALL_BUF - buf);
	return buf == random_call_elf && seg->bufsz <= RANDOM_CALL_BUF;
}

/* The kernel finds the header in the memory of a segment. */
static bool random_call_has_header(const struct random_call *c)
{
	unsigned int i;

	for (i = 0; i < c->nr; i++)
		if (c->seg[i].memsz && c->seg[i].buf == random_call_elf && c->seg[i].bufsz >= 4)
			return true;
	return false;
}

static bool random_call_may_enter(const struct random_call *c,
				  const struct random_call_region *crash)
{
	return !random_call_is_crash(c) ||
	       (c->entry >= crash->start && c->entry <= crash->end - !!crash->end);
}

static int random_call_check_segments(const struct random_call *c,
				      const struct random_call_region *crash)
{
	bool addressable = random_call_may_enter(c, crash), usable = true, readable = true;
	bool on_crash = random_call_is_crash(c);
	unsigned int i;
	int err = 0;

	for (i = 0; i < c->nr; i++) {
		addressable &= random_call_is_addressable(&c->seg[i]);
		usable &= random_call_is_usable(c, &c->seg[i], crash);
		readable &= random_call_is_readable(&c->seg[i]);
	}
	if (!addressable)
		err = EADDRNOTAVAIL;
	else if (!random_call_fits(c))
		err = EINVAL;
	else if (!usable)
		err = EADDRNOTAVAIL;
	else if (!readable)
		err = EFAULT;
	else if (on_crash && !crash->end)
		err = ENOMEM;	/* no page for vmcoreinfo */
	else if (on_crash && (c->flags & RANDOM_CALL_HOTPLUG) && !random_call_has_header(c))
		err = EINVAL;
	return err;
}

static int random_call_check_files(const struct random_call *c,
				   const struct random_call_region *crash)
{
	bool with_initrd = !(c->flags & KEXEC_FILE_NO_INITRAMFS);
	int err = c->kernel->kernel;

	if (!err)
		err = random_call_cmdlines[c->cmdline].err;
	if (!err && with_initrd)
		err = c->initrd->initrd;
	if (!err && random_call_is_crash(c) && !crash->end)
		err = EADDRNOTAVAIL;
	if (!err)
		err = c->kernel->late;
	return !err && with_initrd ? c->initrd->late : err;
}

/**
 * random_call_model() - the result of a call that is permitted
 * @c: the call
 * @crash: the crash reservation
 *
 * Return: the result.
 */
struct random_call_result random_call_model(const struct random_call *c,
					    const struct random_call_region *crash)
{
	struct random_call_result result = { .err = c->no_cap ? EPERM : 0 };

	if (!result.err)
		result.err = random_call_check_args(c);
	if (result.err)
		return result;
	result.unload = c->by_file ? c->flags & KEXEC_FILE_UNLOAD : !c->nr;
	if (!result.unload && !c->by_file && c->list != c->seg) {
		result.err = EFAULT;
		return result;
	}
	result.locked = true;
	if (!result.unload)
		result.err = c->by_file ? random_call_check_files(c, crash) :
			random_call_check_segments(c, crash);
	return result;
}

static const struct random_call *random_call_now;

static int random_call_run_now(void)
{
	const struct random_call *c = random_call_now;
	const struct random_call_cmdline *cmdline = &random_call_cmdlines[c->cmdline];

	if (!c->by_file)
		return kexec_call_load(c->entry, c->nr, c->list, c->flags);
	return kexec_call_file(c->kernel->fd, c->initrd->fd, cmdline->text, cmdline->len,
			       c->flags);
}

/**
 * random_call_run() - make the system call
 * @c: the call
 *
 * Return: 0 or an errno.
 */
int random_call_run(const struct random_call *c)
{
	random_call_now = c;
	return c->no_cap ? bad_cases_without_cap(random_call_run_now) : random_call_run_now();
}

/**
 * random_call_note() - print a call
 * @c: the call
 */
void random_call_note(const struct random_call *c)
{
	unsigned int i;

	if (c->by_file) {
		tap_note("kexec_file_load(%s, %s, command line %u, %#lx)%s", c->kernel->name,
			 c->initrd->name, c->cmdline, c->flags, c->no_cap ? " unprivileged" : "");
		return;
	}
	tap_note("kexec_load(%#lx, %lu, %s, %#lx)%s", c->entry, c->nr,
		 c->list == c->seg ? "list" : "bad list", c->flags,
		 c->no_cap ? " unprivileged" : "");
	for (i = 0; i < c->nr && i < RANDOM_CALL_SEGMENTS; i++)
		tap_note("segment %u: %p of %#lx bytes to %p of %#lx", i, c->seg[i].buf,
			 c->seg[i].bufsz, c->seg[i].mem, c->seg[i].memsz);
}
