// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Surroundings of the bad-input test
 *
 * Images that only have to be refused are made up: an Image header and zeroes
 * behind it. The good one among them (rig_good_image()) differs from each bad
 * one in a single field, and a control case proves that it loads, so what the
 * kernel refuses is that field. Nothing made up is ever started.
 *
 * All files lie in a tmpfs that rig_init() mounts and rig_fini() takes away.
 * They are sparse: a file of 8 GiB costs nothing, and reading a hole of a
 * tmpfs fills no page cache, which keeps the leak measurement quiet.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "kexec_call.h"
#include "rig.h"
#include "tap.h"

struct rig rig = { .kmsg = true };

/* The first 64 bytes of an Image, all fields little-endian. */
struct rig_header {
	u32 code[2];
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 spare[3];
	u32 magic;
	u32 pe;
};

static_assert(sizeof(struct rig_header) == 64, "an Image header has 64 bytes");

/**
 * rig_read_number() - read a file that holds one decimal number
 * @path: the file
 * @value: the number
 *
 * Return: 0 or an errno.
 */
int rig_read_number(const char *path, long *value)
{
	FILE *f = fopen(path, "r");
	int got;

	if (!f)
		return errno;
	got = fscanf(f, "%ld", value);
	fclose(f);
	return got == 1 ? 0 : EIO;
}

/**
 * rig_meminfo() - read one field of /proc/meminfo
 * @field: its name with the colon
 *
 * Return: bytes.
 */
u64 rig_meminfo(const char *field)
{
	unsigned long long kib = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "r");

	if (!f)
		tap_bail("/proc/meminfo: %s", strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, field, strlen(field)))
			kib = strtoull(line + strlen(field), NULL, 10);
	fclose(f);
	return kib << 10;
}

/**
 * rig_now_ms() - a clock that never steps back
 *
 * Return: milliseconds since some moment.
 */
u64 rig_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000UL + ts.tv_nsec / 1000000;
}

/**
 * rig_path() - path of a file in the test's directory
 * @name: its name
 *
 * Return: a string that lives until the next call but three.
 */
const char *rig_path(const char *name)
{
	static char path[4][160];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", rig.dir, name);
	return path[turn];
}

/**
 * rig_make_file() - make a file of the test's directory anew
 * @name: its name
 * @head: its first bytes
 * @len: how many
 * @size: bytes in all; what @head does not cover is a hole
 */
void rig_make_file(const char *name, const void *head, size_t len, u64 size)
{
	const char *path = rig_path(name);
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, head, len) != (ssize_t)len ||
	    ftruncate(fd, size))
		tap_bail("making %s: %s", path, strerror(errno));
	close(fd);
}

/**
 * rig_make_image() - make a file that begins with an Image header
 * @name: name in the test's directory
 * @image: what the header says
 */
void rig_make_image(const char *name, const struct rig_image *image)
{
	struct rig_header header = {
		.code = { 0x14000000, 0x14000000 },	/* branches to themselves */
		.text_offset = image->text_offset,
		.image_size = image->image_size,
		.flags = image->flags,
		.magic = image->magic,
	};

	rig_make_file(name, &header, sizeof(header), image->file_size);
}

/**
 * rig_good_image() - a made-up Image that has to load
 *
 * Its page size field says "unspecified", which any CPU can serve.
 *
 * Return: the header's fields.
 */
struct rig_image rig_good_image(void)
{
	return (struct rig_image){
		.image_size = 1 << 20,
		.flags = 0,
		.file_size = 256 << 10,
		.magic = RIG_IMAGE_MAGIC,
	};
}

/**
 * rig_open() - open a file of the test's directory
 * @name: its name
 * @flags: as for open()
 *
 * Return: a descriptor; there is no failure.
 */
int rig_open(const char *name, int flags)
{
	int fd = open(rig_path(name), flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("%s: %s", rig_path(name), strerror(errno));
	return fd;
}

/**
 * rig_look() - ask what is loaded
 * @now: filled in
 */
void rig_look(struct rig_loaded *now)
{
	long normal, crash = 0;

	if (rig_read_number("/sys/kernel/kexec_loaded", &normal))
		tap_bail("/sys/kernel/kexec_loaded cannot be read");
	rig_read_number("/sys/kernel/kexec_crash_loaded", &crash);
	now->normal = normal;
	now->crash = crash;
}

/**
 * rig_load_real() - load the Image and the initrd of the command line
 *
 * Return: 0 or an errno.
 */
int rig_load_real(void)
{
	int kernel_fd = open(rig.kernel, O_RDONLY | O_CLOEXEC);
	int initrd_fd = open(rig.initrd, O_RDONLY | O_CLOEXEC);
	int err;

	err = kexec_call_file(kernel_fd, initrd_fd, RIG_CMDLINE,
			      sizeof(RIG_CMDLINE), 0);
	close(initrd_fd);
	close(kernel_fd);
	return err;
}

/**
 * rig_load_small() - load the good made-up Image, without an initrd
 * @flags: for kexec_file_load(), besides KEXEC_FILE_NO_INITRAMFS
 *
 * Return: 0 or an errno.
 */
int rig_load_small(unsigned long flags)
{
	struct rig_image good = rig_good_image();
	int fd, err;

	rig_make_image("small", &good);
	fd = rig_open("small", O_RDONLY);
	err = kexec_call_file(fd, RIG_NO_FD, RIG_CMDLINE, sizeof(RIG_CMDLINE),
			      flags | KEXEC_FILE_NO_INITRAMFS);
	close(fd);
	return err;
}

/**
 * rig_unload() - drop the normal image
 *
 * Return: 0 or an errno.
 */
int rig_unload(void)
{
	return kexec_call_file(RIG_NO_FD, RIG_NO_FD, NULL, 0, KEXEC_FILE_UNLOAD);
}

/**
 * rig_restore() - go back to what a round of cases starts from
 * @loaded: true for the real image (and a crash image, if there is room for
 *          one), false for nothing
 *
 * Return: true if the kernel then says so.
 */
bool rig_restore(bool loaded)
{
	struct rig_loaded now;
	int err;

	err = loaded ? rig_load_real() : rig_unload();
	if (!err && rig.crash)
		err = loaded ? rig_load_small(KEXEC_FILE_ON_CRASH) :
			kexec_call_file(RIG_NO_FD, RIG_NO_FD, NULL, 0,
					KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH);
	rig_look(&now);
	if (!err && now.normal == loaded && now.crash == (loaded && rig.crash))
		return true;
	tap_note("cannot get back to %s: errno %d, kexec_loaded %d, kexec_crash_loaded %d",
		 loaded ? "a loaded image" : "nothing loaded", err, now.normal,
		 now.crash);
	return false;
}

/**
 * rig_init() - get everything ready; the options are in @rig already
 *
 * Ends the test when the guest is not what the options say.
 */
void rig_init(void)
{
	long crash_size = 0;

	rig.page = sysconf(_SC_PAGESIZE);
	rig.ram = rig_meminfo("MemTotal:");
	iomem_read(&rig.mem);
	rig_read_number("/sys/kernel/kexec_crash_size", &crash_size);
	if (rig.crash != !!crash_size)
		tap_bail("crash region of %ld bytes does not fit the options", crash_size);
	if (access(rig.kernel, R_OK) || access(rig.initrd, R_OK))
		tap_bail("%s or %s cannot be read", rig.kernel, rig.initrd);
	if (!mkdtemp(rig.dir))
		tap_bail("%s: %s", rig.dir, strerror(errno));
	if (mount("kexec-test", rig.dir, "tmpfs", 0, NULL))
		tap_bail("tmpfs on %s: %s", rig.dir, strerror(errno));
}

/**
 * rig_fini() - leave no trace
 */
void rig_fini(void)
{
	umount2(rig.dir, MNT_DETACH);
	rmdir(rig.dir);
}
