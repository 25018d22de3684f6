// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Fixture of the bad-input test
 *
 * Images that must be refused are artificial: an Image header, followed by zeroes.
 * The good one (fixture_good_image()) differs from each bad one in a single field, and
 * a control case proves that it loads, so the kernel refuses the bad ones because of
 * that field. No artificial image is started.
 *
 * All files are in a tmpfs that fixture_init() mounts and fixture_fini() unmounts. They
 * are sparse: a file of 8 GiB needs no memory, and reading a hole of a tmpfs adds no
 * page cache, which would disturb the measurement of leaks.
 */
#define _GNU_SOURCE
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "fixture.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"

struct fixture fixture = { .kmsg = true };

/* The first 64 bytes of an Image, all fields little-endian. */
struct fixture_header {
	u32 code[2];
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 spare[3];
	u32 magic;
	u32 pe;
};

static_assert(sizeof(struct fixture_header) == 64, "an Image header has 64 bytes");

/**
 * fixture_path() - path of a file in the test's directory
 * @name: its name
 *
 * Return: a string that lives until the next call but three.
 */
const char *fixture_path(const char *name)
{
	static char path[4][160];
	static unsigned int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", fixture.dir, name);
	return path[turn];
}

/**
 * fixture_make_file() - make a file of the test's directory anew
 * @name: its name
 * @head: its first bytes
 * @len: how many
 * @size: bytes in all; what @head does not cover is a hole
 */
void fixture_make_file(const char *name, const void *head, size_t len, u64 size)
{
	const char *path = fixture_path(name);
	int fd;

	unlink(path);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, head, len) != (ssize_t)len ||
	    ftruncate(fd, size))
		tap_bail("making %s: %s", path, strerror(errno));
	close(fd);
}

/**
 * fixture_make_image() - make a file that begins with an Image header
 * @name: name in the test's directory
 * @image: what the header says
 */
void fixture_make_image(const char *name, const struct fixture_image *image)
{
	struct fixture_header header = {
		.code = { 0x14000000, 0x14000000 },	/* branches to themselves */
		.text_offset = image->text_offset,
		.image_size = image->image_size,
		.flags = image->flags,
		.magic = image->magic,
	};

	fixture_make_file(name, &header, sizeof(header), image->file_size);
}

/**
 * fixture_good_image() - a made-up Image that has to load
 *
 * Its page size field says "unspecified", which any CPU can serve.
 *
 * Return: the header's fields.
 */
struct fixture_image fixture_good_image(void)
{
	return (struct fixture_image){
		.image_size = 1 << 20,
		.flags = 0,
		.file_size = 256 << 10,
		.magic = FIXTURE_IMAGE_MAGIC,
	};
}

/**
 * fixture_open() - open a file of the test's directory
 * @name: its name
 * @flags: as for open()
 *
 * Return: a descriptor; there is no failure.
 */
int fixture_open(const char *name, int flags)
{
	int fd = open(fixture_path(name), flags | O_CLOEXEC);

	if (fd < 0)
		tap_bail("%s: %s", fixture_path(name), strerror(errno));
	return fd;
}

/**
 * fixture_look() - ask what is loaded
 * @now: filled in
 */
void fixture_look(struct fixture_loaded *now)
{
	long normal, crash = 0;

	if (util_read_number("/sys/kernel/kexec_loaded", &normal))
		tap_bail("/sys/kernel/kexec_loaded cannot be read");
	util_read_number("/sys/kernel/kexec_crash_loaded", &crash);
	now->normal = normal;
	now->crash = crash;
}

/**
 * fixture_load_real() - load the Image and the initrd of the command line
 *
 * Return: 0 or an errno.
 */
int fixture_load_real(void)
{
	return kexec_call_paths(fixture.kernel, fixture.initrd, FIXTURE_CMDLINE, 0);
}

/**
 * fixture_load_small() - load the good made-up Image, without an initrd
 * @flags: for kexec_file_load(), besides KEXEC_FILE_NO_INITRAMFS
 *
 * Return: 0 or an errno.
 */
int fixture_load_small(unsigned long flags)
{
	struct fixture_image good = fixture_good_image();
	int fd, err;

	fixture_make_image("small", &good);
	fd = fixture_open("small", O_RDONLY);
	err = kexec_call_file(fd, FIXTURE_NO_FD, FIXTURE_CMDLINE, sizeof(FIXTURE_CMDLINE),
			      flags | KEXEC_FILE_NO_INITRAMFS);
	close(fd);
	return err;
}

/**
 * fixture_unload() - drop the normal image
 *
 * Return: 0 or an errno.
 */
int fixture_unload(void)
{
	return kexec_call_file(FIXTURE_NO_FD, FIXTURE_NO_FD, NULL, 0, KEXEC_FILE_UNLOAD);
}

/**
 * fixture_restore() - go back to what a round of cases starts from
 * @loaded: true for the real image (and a crash image, if there is room for
 *          one), false for nothing
 *
 * Return: true if the kernel then says so.
 */
bool fixture_restore(bool loaded)
{
	struct fixture_loaded now;
	int err;

	err = loaded ? fixture_load_real() : fixture_unload();
	if (!err && fixture.crash)
		err = loaded ? fixture_load_small(KEXEC_FILE_ON_CRASH) :
			kexec_call_file(FIXTURE_NO_FD, FIXTURE_NO_FD, NULL, 0,
					KEXEC_FILE_UNLOAD | KEXEC_FILE_ON_CRASH);
	fixture_look(&now);
	if (!err && now.normal == loaded && now.crash == (loaded && fixture.crash))
		return true;
	tap_note("cannot get back to %s: errno %d, kexec_loaded %d, kexec_crash_loaded %d",
		 loaded ? "a loaded image" : "nothing loaded", err, now.normal,
		 now.crash);
	return false;
}

/**
 * fixture_init() - get everything ready; the options are in @fixture already
 *
 * Ends the test when the guest is not what the options say.
 */
void fixture_init(void)
{
	long crash_size = 0;

	fixture.page = sysconf(_SC_PAGESIZE);
	fixture.ram = util_sum_fields("/proc/meminfo", "MemTotal:") << 10;
	iomem_read(&fixture.mem);
	util_read_number("/sys/kernel/kexec_crash_size", &crash_size);
	if (fixture.crash != !!crash_size)
		tap_bail("crash region of %ld bytes does not fit the options", crash_size);
	if (access(fixture.kernel, R_OK) || access(fixture.initrd, R_OK))
		tap_bail("%s or %s cannot be read", fixture.kernel, fixture.initrd);
	if (!mkdtemp(fixture.dir))
		tap_bail("%s: %s", fixture.dir, strerror(errno));
	if (mount("kexec-test", fixture.dir, "tmpfs", 0, NULL))
		tap_bail("tmpfs on %s: %s", fixture.dir, strerror(errno));
}

/**
 * fixture_fini() - leave no trace
 */
void fixture_fini(void)
{
	umount2(fixture.dir, MNT_DETACH);
	rmdir(fixture.dir);
}
