// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Bad input to kexec_file_load()
 *
 * The errno of each case is the one that the 6.12 system call gives, with the
 * exceptions that carry CASE_BASE_OTHER:
 *
 * - a cut-off Image: its PE section table promises bytes that the file does
 *   not have, so the next kernel would run into zeroes: ENOEXEC, which
 *   kexec_file_load(2) gives for a file that cannot be loaded;
 * - an image_size of all ones: too large, as 1 TiB is, and EADDRNOTAVAIL as for
 *   that; the base's sum wraps around to 0, which it then calls too small;
 * - a file that is no Image, or whose header fits no Image: ENOEXEC, on which loaders
 *   try something else, where the base says EINVAL or EADDRNOTAVAIL;
 * - a command line longer than COMMAND_LINE_SIZE (2048 bytes with its NUL): the
 *   next kernel would cut it off without a word: EINVAL, for any length. The
 *   length is looked at before any byte is copied.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bad_cases.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define FILE_CMDLINE_MAX 2048		/* COMMAND_LINE_SIZE of arm64 */

/* What stands in for a file. */
enum file_kind {
	FILE_NOT_OPEN,		/* -1 */
	FILE_CLOSED,		/* a number that was never opened */
	FILE_DIRECTORY,
	FILE_PIPE,
	FILE_DEVICE,
	FILE_WRITE_ONLY,
	FILE_PATH_ONLY,
	FILE_BUSY,		/* open for writing in another process */
	FILE_EMPTY,
	FILE_SIZELESS,		/* regular, but its size says 0 */
	FILE_ONE_BYTE,
	FILE_ZEROES,
	FILE_ELF,
	FILE_8G,
	FILE_OVER_RAM,
};

static struct fixture_image file_over_ram(void)
{
	struct fixture_image image = fixture_good_image();

	image.file_size = (fixture.ram + fixture.ram / 2) & -SZ_1M;
	image.image_size = image.file_size;
	if (image.file_size >= 4 * SZ_1G)
		tap_bail("too much memory: a file would pass the limit of 4 GiB first");
	return image;
}

static int file_open_made(enum file_kind kind)
{
	struct fixture_image image = fixture_good_image();
	int mode = O_RDONLY;

	if (kind == FILE_8G)
		image.file_size = 8 * SZ_1G;
	if (kind == FILE_OVER_RAM)
		image = file_over_ram();
	if (kind == FILE_WRITE_ONLY)
		mode = O_WRONLY;
	if (kind == FILE_PATH_ONLY)
		mode = O_PATH;
	fixture_make_image("odd", &image);
	if (kind == FILE_EMPTY)
		fixture_make_file("odd", NULL, 0, 0);
	if (kind == FILE_ONE_BYTE)
		fixture_make_file("odd", "M", 1, 1);
	if (kind == FILE_ZEROES)
		fixture_make_file("odd", NULL, 0, SZ_1M);
	return fixture_open("odd", mode);
}

/* Returns what to hand over; *second is closed together with it. */
static int file_open(enum file_kind kind, int *second)
{
	int ends[2];

	*second = FIXTURE_NO_FD;
	switch (kind) {
	case FILE_NOT_OPEN:
		return FIXTURE_NO_FD;
	case FILE_CLOSED:
		return 1000;
	case FILE_DIRECTORY:
		return fixture_open(".", O_RDONLY | O_DIRECTORY);
	case FILE_PIPE:
		if (pipe2(ends, O_CLOEXEC))
			tap_bail("pipe: %s", strerror(errno));
		*second = ends[1];
		return ends[0];
	case FILE_DEVICE:
		return open("/dev/zero", O_RDONLY | O_CLOEXEC);
	case FILE_SIZELESS:
		return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	case FILE_ELF:
		return open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	default:
		break;
	}
	ends[0] = file_open_made(kind);
	if (kind == FILE_BUSY)
		*second = fixture_open("odd", O_WRONLY);
	return ends[0];
}

static int file_as_kernel(const struct bad_case *c)
{
	int second, fd = file_open(c->arg, &second);
	int err = kexec_call_file(fd, FIXTURE_NO_FD, FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
				  KEXEC_FILE_NO_INITRAMFS);

	close(fd);
	close(second);
	return err;
}

static int file_as_initrd(const struct bad_case *c)
{
	struct fixture_image good = fixture_good_image();
	int second, fd = file_open(c->arg, &second);
	int kernel_fd, err;

	fixture_make_image("small", &good);
	kernel_fd = fixture_open("small", O_RDONLY);
	err = kexec_call_file(kernel_fd, fd, FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE), 0);
	close(kernel_fd);
	close(fd);
	close(second);
	return err;
}

static int file_load_named(const char *name, const char *cmdline,
			   unsigned long cmdline_len, unsigned long flags)
{
	int fd = fixture_open(name, O_RDONLY);
	int err = kexec_call_file(fd, FIXTURE_NO_FD, cmdline, cmdline_len, flags);

	close(fd);
	return err;
}

static int file_header(const struct bad_case *c)
{
	struct fixture_image image = c->image;

	if (c->when & CASE_IF_GRANULE)
		image.flags = fixture.bad_granule;
	fixture_make_image("odd", &image);
	return file_load_named("odd", FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
			       KEXEC_FILE_NO_INITRAMFS);
}

/* @arg: how many bytes are left, in percent; 100 takes only the last page. */
static int file_cut_off(const struct bad_case *c)
{
	static char chunk[65536];
	int src = open(fixture.kernel, O_RDONLY | O_CLOEXEC);
	int dst, err = 0;
	struct stat st;
	off_t left;
	ssize_t len;

	if (src < 0 || fstat(src, &st))
		tap_bail("%s: %s", fixture.kernel, strerror(errno));
	left = c->arg == 100 ? st.st_size - 4096 : st.st_size * (off_t)c->arg / 100;
	fixture_make_file("cut", NULL, 0, 0);
	dst = fixture_open("cut", O_WRONLY);
	for (; left > 0; left -= len) {
		len = read(src, chunk, left < (off_t)sizeof(chunk) ? (size_t)left : sizeof(chunk));
		if (len <= 0 || write(dst, chunk, len) != len)
			tap_bail("copying %s: %s", fixture.kernel, strerror(errno));
	}
	close(dst);
	close(src);
	err = file_load_named("cut", FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
			      KEXEC_FILE_NO_INITRAMFS);
	unlink(fixture_path("cut"));
	return err;
}

static int file_shorter_than_header(const struct bad_case *c)
{
	struct fixture_image image = fixture_good_image();

	image.file_size = c->arg;
	fixture_make_image("odd", &image);
	return file_load_named("odd", FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
			       KEXEC_FILE_NO_INITRAMFS);
}

static int file_flags(const struct bad_case *c)
{
	return fixture_load_small(c->arg);
}

static int file_unload_flags(const struct bad_case *c)
{
	return kexec_call_file(FIXTURE_NO_FD, FIXTURE_NO_FD, NULL, 0,
			       KEXEC_FILE_UNLOAD | c->arg);
}

/* What is wrong with the command line. */
enum cmdline_kind {
	CMDLINE_LONGEST,	/* nothing: the longest that fits */
	CMDLINE_NO_NUL,
	CMDLINE_TOO_LONG,
	CMDLINE_64M,
	CMDLINE_ALL_ONES,
	CMDLINE_NULL,
	CMDLINE_KERNEL,
	CMDLINE_HALF,
};

/* One page, followed by one that cannot be read. */
static char *file_lonely_page(void)
{
	static char *page;

	if (page)
		return page;
	page = mmap(NULL, 2 * fixture.page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED || mprotect(page + fixture.page, fixture.page, PROT_NONE))
		tap_bail("mmap: %s", strerror(errno));
	memset(page, 'x', fixture.page);
	return page;
}

static int file_cmdline(const struct bad_case *c)
{
	static char text[FILE_CMDLINE_MAX + 1];
	struct fixture_image good = fixture_good_image();
	unsigned long len = FILE_CMDLINE_MAX;
	const char *ptr = text;

	memset(text, 'x', sizeof(text));
	text[FILE_CMDLINE_MAX - 1] = c->arg == CMDLINE_LONGEST ? '\0' : 'x';
	text[FILE_CMDLINE_MAX] = '\0';
	if (c->arg == CMDLINE_NO_NUL)
		len = 100;
	if (c->arg == CMDLINE_TOO_LONG)
		len = FILE_CMDLINE_MAX + 1;
	if (c->arg == CMDLINE_64M)
		len = 64 * SZ_1M;
	if (c->arg == CMDLINE_ALL_ONES)
		len = -1UL;
	if (c->arg == CMDLINE_NULL)
		ptr = NULL;
	if (c->arg == CMDLINE_KERNEL)
		ptr = (const char *)0xffff800080000000UL;
	if (c->arg == CMDLINE_HALF)
		ptr = file_lonely_page() + fixture.page - 64;

	fixture_make_image("small", &good);
	return file_load_named("small", ptr, len, KEXEC_FILE_NO_INITRAMFS);
}

static int file_bigger_than_crash_region(const struct bad_case *c)
{
	struct fixture_image image = fixture_good_image();

	(void)c;
	image.image_size = fixture.mem.crash_end - fixture.mem.crash_start + 2 * SZ_1M;
	fixture_make_image("odd", &image);
	return file_load_named("odd", FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
			       KEXEC_FILE_NO_INITRAMFS | KEXEC_FILE_ON_CRASH);
}

/* Opened by root, so that only the system call itself can refuse. */
static int file_prepared_fd;

static int file_load_prepared(void)
{
	return kexec_call_file(file_prepared_fd, FIXTURE_NO_FD, FIXTURE_CMDLINE,
			       sizeof(FIXTURE_CMDLINE), KEXEC_FILE_NO_INITRAMFS);
}

/* Operations of a process that may not load. */
enum file_deed {
	FILE_DEED_LOAD,
	FILE_DEED_UNLOAD,
	FILE_DEED_LOAD_NO_CAP,
};

static int file_privilege(const struct bad_case *c)
{
	struct fixture_image good = fixture_good_image();
	int err;

	fixture_make_image("small", &good);
	file_prepared_fd = fixture_open("small", O_RDONLY);
	if (c->arg == FILE_DEED_UNLOAD)
		err = bad_cases_unprivileged(fixture_unload);
	else if (c->arg == FILE_DEED_LOAD)
		err = bad_cases_unprivileged(file_load_prepared);
	else
		err = bad_cases_without_cap(file_load_prepared);
	close(file_prepared_fd);
	return err;
}

static int file_reboot(const struct bad_case *c)
{
	struct fixture_loaded now;

	(void)c;
	fixture_look(&now);
	return now.normal ? 0 : kexec_call_reboot();
}

#define IMAGE(_offset, _size, _flags, _magic) \
	{ .text_offset = _offset, .image_size = _size, .flags = _flags, \
	  .magic = _magic, .file_size = SZ_1M / 4 }
#define KERNEL(_name, _key, _want, _kind) \
	{ .name = "kernel: " _name, .key = _key, .want = _want, \
	  .run = file_as_kernel, .arg = _kind }
#define NOT_IMAGE(_name, _key, _kind) \
	{ .name = "kernel: " _name, .key = _key, .want = ENOEXEC, .base = EINVAL, \
	  .when = CASE_BASE_OTHER, .run = file_as_kernel, .arg = _kind }
#define BAD_HEADER(_name, _key, _base, ...) \
	{ .name = "header: " _name, .key = _key, .want = ENOEXEC, .base = _base, \
	  .when = CASE_BASE_OTHER, .run = file_header, .image = IMAGE(__VA_ARGS__) }
#define INITRD(_name, _key, _want, _kind) \
	{ .name = "initrd: " _name, .key = _key, .want = _want, \
	  .run = file_as_initrd, .arg = _kind }
#define CMDLINE(_name, _key, _want, _kind) \
	{ .name = "command line: " _name, .key = "command line of " _key, \
	  .want = _want, .run = file_cmdline, .arg = _kind }

const struct bad_case bad_file[] = {
	{ .name = "control: the good Image loads", .run = file_flags },
	{ .name = "control: a command line of 2048 bytes loads",
	  .run = file_cmdline, .arg = CMDLINE_LONGEST },

	KERNEL("descriptor -1", "file descriptor -1 is not open for reading",
	       EBADF, FILE_NOT_OPEN),
	KERNEL("closed descriptor", "file descriptor 1000 is not open for reading",
	       EBADF, FILE_CLOSED),
	KERNEL("directory", "is no regular file", EINVAL, FILE_DIRECTORY),
	KERNEL("pipe", "is no regular file", EINVAL, FILE_PIPE),
	KERNEL("character device", "is no regular file", EINVAL, FILE_DEVICE),
	KERNEL("opened for writing only", "is not open for reading", EBADF, FILE_WRITE_ONLY),
	KERNEL("opened with O_PATH", "is not open for reading", EBADF, FILE_PATH_ONLY),
	KERNEL("being written", "bytes failed (-26)", ETXTBSY, FILE_BUSY),
	KERNEL("empty file", "kernel: the file is empty", EINVAL, FILE_EMPTY),
	KERNEL("file that gives no size", "kernel: the file is empty", EINVAL, FILE_SIZELESS),
	NOT_IMAGE("one byte", "file has 1 bytes, the header alone has 64", FILE_ONE_BYTE),
	NOT_IMAGE("zeroes", "magic is 0x00000000, not 0x644d5241", FILE_ZEROES),
	NOT_IMAGE("ELF file", "magic is 0x00400006, not 0x644d5241", FILE_ELF),
	KERNEL("file of 8 GiB", "kernel: the file has 8589934592 bytes (limit 4294967296)",
	       EFBIG, FILE_8G),
	KERNEL("file larger than RAM", "bytes, all memory is ", ENOMEM, FILE_OVER_RAM),

	{ .name = "kernel: last byte of the header missing",
	  .key = "file has 63 bytes, the header alone has 64", .want = ENOEXEC, .base = EINVAL,
	  .when = CASE_BASE_OTHER, .run = file_shorter_than_header, .arg = 63 },
	{ .name = "kernel: Image cut off in the middle",
	  .key = "file is truncated: a PE section ends at", .want = ENOEXEC,
	  .when = CASE_BASE_OTHER, .run = file_cut_off, .arg = 50 },
	{ .name = "kernel: Image without its last page",
	  .key = "file is truncated: a PE section ends at", .want = ENOEXEC,
	  .when = CASE_BASE_OTHER, .run = file_cut_off, .arg = 100 },
	BAD_HEADER("wrong magic", "magic is 0x644d5242, not 0x644d5241",
		   EINVAL, 0, SZ_1M, 0, 0x644d5242),
	BAD_HEADER("image_size 0", "image_size is 0, the file has 0x40000 bytes",
		   EINVAL, 0, 0, 0, FIXTURE_IMAGE_MAGIC),
	BAD_HEADER("image_size smaller than the file",
		   "image_size 0x20000 is below the 0x40000 bytes", EINVAL,
		   0, 128 << 10, 0, FIXTURE_IMAGE_MAGIC),
	{ .name = "header: image_size 1 TiB",
	  .key = "no place for a kernel with image_size 1099511627776",
	  .want = EADDRNOTAVAIL, .run = file_header,
	  .image = IMAGE(0, SZ_1T, 0, FIXTURE_IMAGE_MAGIC) },
	{ .name = "header: image_size all ones",
	  .key = "image_size 0xffffffffffffffff is above",
	  .want = EADDRNOTAVAIL, .base = EINVAL, .when = CASE_BASE_OTHER,
	  .run = file_header, .image = IMAGE(0, -1, 0, FIXTURE_IMAGE_MAGIC) },
	BAD_HEADER("odd text_offset", "text_offset 0x80001 is no multiple of", EADDRNOTAVAIL,
		   0x80001, SZ_1M, 0, FIXTURE_IMAGE_MAGIC),
	BAD_HEADER("text_offset half a page", "text_offset 0x800 is no multiple of", EADDRNOTAVAIL,
		   0x800, SZ_1M, 0, FIXTURE_IMAGE_MAGIC),
	BAD_HEADER("text_offset 2 MiB", "text_offset 0x200000 is not below", 0,
		   SZ_2M, SZ_1M, 0, FIXTURE_IMAGE_MAGIC),
	BAD_HEADER("text_offset 1 TiB", "text_offset 0x10000000000 is not below", EADDRNOTAVAIL,
		   SZ_1T, SZ_1M, 0, FIXTURE_IMAGE_MAGIC),
	BAD_HEADER("text_offset -2 MiB", "text_offset 0xffffffffffe00000 is not below", 0,
		   -2 * SZ_1M, 4 * SZ_1M, 0, FIXTURE_IMAGE_MAGIC),
	{ .name = "header: page size this CPU lacks", .key = "the CPUs support (4K 16K 64K)",
	  .want = EINVAL, .when = CASE_IF_GRANULE, .run = file_header,
	  .image = IMAGE(0, SZ_1M, 0, FIXTURE_IMAGE_MAGIC) },
	{ .name = "header: byte order this CPU lacks",
	  .key = "endian, which the CPUs do not support",
	  .want = EINVAL, .when = CASE_IF_ENDIAN, .run = file_header,
	  .image = IMAGE(0, SZ_1M, FIXTURE_IMAGE_BE, FIXTURE_IMAGE_MAGIC) },

	INITRD("descriptor -1", "file descriptor -1 is not open for reading",
	       EBADF, FILE_NOT_OPEN),
	INITRD("closed descriptor", "file descriptor 1000 is not open for reading",
	       EBADF, FILE_CLOSED),
	INITRD("directory", "is no regular file", EINVAL, FILE_DIRECTORY),
	INITRD("pipe", "is no regular file", EINVAL, FILE_PIPE),
	INITRD("opened for writing only", "is not open for reading", EBADF, FILE_WRITE_ONLY),
	INITRD("being written", "bytes failed (-26)", ETXTBSY, FILE_BUSY),
	INITRD("empty file", "initrd: the file is empty", EINVAL, FILE_EMPTY),
	INITRD("file of 8 GiB", "initrd: the file has 8589934592 bytes (limit 4294967296)",
	       EFBIG, FILE_8G),
	INITRD("file larger than RAM", "bytes, all memory is ", ENOMEM, FILE_OVER_RAM),

	CMDLINE("no NUL at the end", "100 bytes does not end with a NUL", EINVAL, CMDLINE_NO_NUL),
	{ .name = "command line: 2049 bytes", .key = "2049 bytes is too long (limit 2048)",
	  .want = EINVAL, .when = CASE_BASE_OTHER, .run = file_cmdline,
	  .arg = CMDLINE_TOO_LONG },
	{ .name = "command line: 64 MiB", .key = "67108864 bytes is too long",
	  .want = EINVAL, .base = ENOMEM, .when = CASE_BASE_OTHER,
	  .run = file_cmdline, .arg = CMDLINE_64M },
	{ .name = "command line: length all ones",
	  .key = "18446744073709551615 bytes is too long",
	  .want = EINVAL, .base = ENOMEM, .when = CASE_BASE_OTHER,
	  .run = file_cmdline, .arg = CMDLINE_ALL_ONES },
	CMDLINE("NULL pointer", "2048 bytes cannot be read (-14)", EFAULT, CMDLINE_NULL),
	CMDLINE("pointer into the kernel", "2048 bytes cannot be read (-14)",
		EFAULT, CMDLINE_KERNEL),
	CMDLINE("runs into an unreadable page", "2048 bytes cannot be read (-14)",
		EFAULT, CMDLINE_HALF),

	{ .name = "file load: unknown flag", .key = "0x10 is not known", .want = EINVAL,
	  .run = file_flags, .arg = 0x10 },
	{ .name = "file load: unknown flag in bit 40", .key = "0x10000000000 is not known",
	  .want = EINVAL, .run = file_flags, .arg = 1UL << 40 },
	{ .name = "file load: all flags", .key = "0xfffffffffffffff0 is not known", .want = EINVAL,
	  .run = file_flags, .arg = -1UL },
	{ .name = "file unload: unknown flag", .key = "0x80 is not known", .want = EINVAL,
	  .run = file_unload_flags, .arg = 0x80 },
	{ .name = "file load: crash image, no crashkernel=",
	  .key = "boot with a larger crashkernel=",
	  .want = EADDRNOTAVAIL, .when = CASE_IF_NO_CRASH, .run = file_flags,
	  .arg = KEXEC_FILE_ON_CRASH },
	{ .name = "file load: crash image larger than the crash region",
	  .key = "boot with a larger crashkernel=", .want = EADDRNOTAVAIL, .when = CASE_IF_CRASH,
	  .run = file_bigger_than_crash_region },
	{ .name = "file load: by a user without privileges",
	  .key = "has no capability CAP_SYS_BOOT",
	  .want = EPERM, .run = file_privilege, .arg = FILE_DEED_LOAD },
	{ .name = "file unload: by a user without privileges",
	  .key = "has no capability CAP_SYS_BOOT",
	  .want = EPERM, .run = file_privilege, .arg = FILE_DEED_UNLOAD },
	{ .name = "file load: by root without CAP_SYS_BOOT",
	  .key = "has no capability CAP_SYS_BOOT", .want = EPERM,
	  .run = file_privilege, .arg = FILE_DEED_LOAD_NO_CAP },
	{ .name = "reboot into nothing",
	  .key = "reboot refused: no image is loaded", .want = EINVAL,
	  .when = CASE_IF_EMPTY, .run = file_reboot },
};

const unsigned int bad_file_nr = ARRAY_SIZE(bad_file);
