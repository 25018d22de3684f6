/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a unified kernel image (UKI). */
#ifndef _KERNEL_KEXEC_LIB_UKI_H
#define _KERNEL_KEXEC_LIB_UKI_H

#include <linux/types.h>

/**
 * enum uki_part_id - parts that a load uses
 * @UKI_LINUX: the kernel
 * @UKI_INITRD: the initrd
 * @UKI_CMDLINE: the command line
 * @UKI_UNAME: version of the kernel, text
 * @UKI_OSREL: content of os-release(5)
 * @UKI_NR_PARTS: number of them
 */
enum uki_part_id {
	UKI_LINUX,
	UKI_INITRD,
	UKI_CMDLINE,
	UKI_UNAME,
	UKI_OSREL,
	UKI_NR_PARTS,
};

/**
 * struct uki_part - location of a part in the file
 * @start: offset of its first byte
 * @len: bytes, 0 if the UKI does not have the part
 */
struct uki_part {
	u64 start;
	u64 len;
};

/**
 * struct uki_layout - parts of one profile
 * @part: the parts
 * @device_tree: there is a section with a device tree
 */
struct uki_layout {
	struct uki_part part[UKI_NR_PARTS];
	bool device_tree;
};

bool kexec_uki_detect(const void *head, size_t len);
int kexec_uki_parse(const void *head, size_t head_len, u64 file_len, unsigned int profile,
		    struct uki_layout *layout);
u64 kexec_uki_kernel_len(const void *head, size_t head_len, u64 len);
const char *kexec_uki_parse_profile(const char *cmdline, unsigned int *profile);
size_t kexec_uki_clean_line(char *text, size_t len);
size_t kexec_uki_os_name(const char *osrel, size_t len, const char **name);

#endif /* _KERNEL_KEXEC_LIB_UKI_H */
