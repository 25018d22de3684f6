/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_UKI_H
#define _KERNEL_KEXEC_UKI_H

#include <linux/types.h>

#include "initrd.h"
#include "read.h"
#include "lib/uki.h"

struct file;

/**
 * struct kexec_uki - a unified kernel image that is loaded
 * @layout: its parts
 * @len: bytes of the file, 0 if it is no UKI
 * @head: copy of its first bytes
 * @head_len: bytes at @head
 * @cmdline: copy of its command line, as in the file, and a NUL; NULL if it is not used
 * @cmdline_given: the caller's command line is used
 * @initrd_len: bytes of the caller's initrd
 * @padding: bytes between the kernel and the end of its section
 */
struct kexec_uki {
	struct uki_layout layout;
	u64 len;
	void *head;
	size_t head_len;
	char *cmdline;
	bool cmdline_given;
	u64 initrd_len;
	size_t padding;
};

/**
 * struct kexec_uki_fill - files of a load
 * @uki: the UKI
 * @file: reads it
 * @initrd: reads the initrd of the caller
 * @initrds: both initrds; kexec_uki_init_initrds() sets its callbacks
 * @room: bytes of the segment
 * @data: the UKI, while the segment has it
 * @fill_kernel: fills the segment of the kernel; @check: the kernel has to be signed, if the
 *   system requires a signature
 * @arg: passed to @fill_kernel
 */
struct kexec_uki_fill {
	struct kexec_uki *uki;
	struct kexec_reader file;
	struct kexec_reader initrd;
	struct kexec_initrd *initrds;
	size_t room;
	void *data;
	int (*fill_kernel)(void *arg, void *kernel, bool check);
	void *arg;
};

int kexec_uki_open(struct kexec_uki *uki, struct file *file, u64 len, const void *head,
		   size_t head_len, char **cmdline);
u64 kexec_uki_set_kernel(struct kexec_uki *uki, const void *head, size_t head_len);
void kexec_uki_close(struct kexec_uki *uki);
u64 kexec_uki_add_initrd(struct kexec_uki *uki, u64 len);
void kexec_uki_init_initrds(struct kexec_uki_fill *fill);
int kexec_uki_copy(void *dst, size_t len, void *src);
int kexec_uki_fill(void *va, size_t len, void *arg);

#endif /* _KERNEL_KEXEC_UKI_H */
