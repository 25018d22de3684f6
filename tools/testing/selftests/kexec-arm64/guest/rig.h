/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all parts of kexec_bad_input share: the machine, the options, the
 * image that counts as good, and the means to bring it in and out.
 */
#ifndef RIG_H
#define RIG_H

#include <stdbool.h>
#include <stddef.h>
#include "kit.h"

#include "iomem.h"

#define RIG_CMDLINE	"console=ttyAMA0 panic=5"
#define RIG_NO_FD	(-1)

/* Fields of the flags word in the header; boot protocol, section 4. */
#define RIG_IMAGE_BE		BIT(0)
#define RIG_IMAGE_4K		BIT(1)
#define RIG_IMAGE_16K		(2UL << 1)
#define RIG_IMAGE_64K		(3UL << 1)
#define RIG_IMAGE_MAGIC		0x644d5241u

/**
 * struct rig - the test's surroundings, set up once
 * @kernel: path of a real Image
 * @initrd: path of an initrd for it
 * @dir: a tmpfs of our own, so that sparse files cost nothing
 * @bad_granule: page size field that this CPU cannot serve, or 0
 * @base: expect what the kernel that we stand beside does (see cases.c)
 * @kmsg: judge the kernel log
 * @crash: a crashkernel= reservation exists
 * @bad_endian: this CPU cannot run big-endian code
 * @page: bytes of a page
 * @ram: bytes of memory that the kernel manages (MemTotal)
 * @mem: addresses
 */
struct rig {
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
 * struct rig_image - the header of a made-up Image
 * @text_offset: as in the header
 * @image_size: as in the header
 * @flags: as in the header
 * @file_size: bytes of the file, which is sparse
 * @magic: as in the header
 */
struct rig_image {
	u64 text_offset;
	u64 image_size;
	u64 flags;
	u64 file_size;
	u32 magic;
};

/**
 * struct rig_loaded - what the kernel says is loaded
 * @normal: /sys/kernel/kexec_loaded
 * @crash: /sys/kernel/kexec_crash_loaded
 */
struct rig_loaded {
	bool normal;
	bool crash;
};

extern struct rig rig;

void rig_init(void);
void rig_fini(void);

int rig_read_number(const char *path, long *value);
int rig_write(const char *path, const char *text);
u64 rig_meminfo(const char *field);
u64 rig_now_ms(void);

const char *rig_path(const char *name);
void rig_make_file(const char *name, const void *head, size_t len, u64 size);
void rig_make_image(const char *name, const struct rig_image *image);
int rig_open(const char *name, int flags);
struct rig_image rig_good_image(void);

void rig_look(struct rig_loaded *now);
int rig_load_real(void);
int rig_load_small(unsigned long flags);
int rig_unload(void);
bool rig_restore(bool loaded);

#endif /* RIG_H */
