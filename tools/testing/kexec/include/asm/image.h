/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_ASM_IMAGE_H
#define _KEXEC_SIM_ASM_IMAGE_H

#include <assert.h>

#include <linux/types.h>

/* The 64 bytes of Documentation/arch/arm64/booting.rst, "Call the kernel image". */
struct arm64_image_header {
	u32 code0, code1;
	u64 text_offset, image_size, flags;
	u64 res2, res3, res4;
	u32 magic, res5;
};

static_assert(sizeof(struct arm64_image_header) == 64, "size of the header");

/* Bit 0: byte order; bits 1 and 2: page size; bit 3: placement. */
#define arm64_image_flag_field(flags, field)	\
	(((flags) >> field##_SHIFT) & field##_MASK)
#define ARM64_IMAGE_FLAG_BE_SHIFT		0
#define ARM64_IMAGE_FLAG_BE_MASK		1
#define ARM64_IMAGE_FLAG_PAGE_SIZE_SHIFT	1
#define ARM64_IMAGE_FLAG_PAGE_SIZE_MASK		3
#define ARM64_IMAGE_FLAG_PHYS_BASE_SHIFT	3
#define ARM64_IMAGE_FLAG_PHYS_BASE_MASK		1
#define ARM64_IMAGE_FLAG_PAGE_SIZE_4K		1
#define ARM64_IMAGE_FLAG_PAGE_SIZE_16K		2
#define ARM64_IMAGE_FLAG_PAGE_SIZE_64K		3

#endif /* _KEXEC_SIM_ASM_IMAGE_H */
