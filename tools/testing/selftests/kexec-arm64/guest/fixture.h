/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all parts of kexec_bad_input share: the machine, the options, the
 * image that counts as good, and the means to bring it in and out.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include "util.h"

#include "iomem.h"

#define FIXTURE_CMDLINE	"console=ttyAMA0 panic=5"
#define FIXTURE_NO_FD	(-1)

/* Fields of the flags word in the header; boot protocol, section 4. */
#define FIXTURE_IMAGE_BE		BIT(0)
#define FIXTURE_IMAGE_4K		BIT(1)
#define FIXTURE_IMAGE_16K		(2UL << 1)
#define FIXTURE_IMAGE_64K		(3UL << 1)
#define FIXTURE_IMAGE_MAGIC		0x644d5241u

/**
 * struct fixture - the test's surroundings, set up once
 * @kernel: path of a real Image
 * @initrd: path of an initrd for it
 * @dir: a tmpfs of our own, so that sparse files cost nothing
 * @bad_granule: page size field that this CPU cannot serve, or 0
 * @base: expect what the kernel that we stand beside does (see bad_cases.c)
 * @kmsg: judge the kernel log
 * @crash: a crashkernel= reservation exists
 * @bad_endian: this CPU cannot run big-endian code
 * @page: bytes of a page
 * @ram: bytes of memory that the kernel manages (MemTotal)
 * @mem: addresses
 */
struct fixture {
	const char *kernel;
	const char *initrd;
	char dir[64];
	u64 bad_granule;
	bool base;
	bool kmsg;
	bool crash;
	bool bad_endian;
	u64 page;
	u64 ram;
	struct iomem_facts mem;
};

/**
 * struct fixture_image - the header of a made-up Image
 * @text_offset: as in the header
 * @image_size: as in the header
 * @flags: as in the header
 * @file_size: bytes of the file, which is sparse
 * @magic: as in the header
 */
struct fixture_image {
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 file_size;
	u32 magic;
};

/**
 * struct fixture_loaded - what the kernel says is loaded
 * @normal: /sys/kernel/kexec_loaded
 * @crash: /sys/kernel/kexec_crash_loaded
 */
struct fixture_loaded {
	bool normal;
	bool crash;
};

extern struct fixture fixture;

void fixture_init(void);
void fixture_fini(void);

const char *fixture_path(const char *name);
void fixture_make_file(const char *name, const void *head, size_t len, u64 size);
void fixture_make_image(const char *name, const struct fixture_image *image);
int fixture_open(const char *name, int flags);
struct fixture_image fixture_good_image(void);

void fixture_look(struct fixture_loaded *now);
int fixture_load_real(void);
int fixture_load_small(unsigned long flags);
int fixture_unload(void);
bool fixture_restore(bool loaded);

#endif /* FIXTURE_H */
