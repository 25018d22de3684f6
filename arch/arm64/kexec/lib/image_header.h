/* SPDX-License-Identifier: GPL-2.0-only */
/* The arm64 Image header, and the features that it requires of the CPUs. */
#ifndef _ARM64_KEXEC_IMAGE_H
#define _ARM64_KEXEC_IMAGE_H

#include <linux/sizes.h>
#include <linux/types.h>

struct kexec_image_info;

/* The header, the PE header and its section table. */
#define KEXEC_IMAGE_HEAD_SIZE	SZ_4K

/**
 * struct image_cpu_caps - features that all CPUs of this machine have
 * @little_endian: a little-endian kernel
 * @big_endian: a big-endian kernel
 * @granule_4k: pages of 4 KiB
 * @granule_16k: pages of 16 KiB
 * @granule_64k: pages of 64 KiB
 */
struct image_cpu_caps {
	bool little_endian;
	bool big_endian;
	bool granule_4k;
	bool granule_16k;
	bool granule_64k;
};

u64 kexec_image_promise(const void *head, size_t head_len);
int kexec_image_parse(const void *head, size_t head_len, u64 file_len,
		      const struct image_cpu_caps *caps,
		      struct kexec_image_info *info);

#endif /* _ARM64_KEXEC_IMAGE_H */
