/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_INITRD_H
#define _KERNEL_KEXEC_INITRD_H

#include <linux/types.h>

struct initrd_run;

/**
 * struct kexec_initrd - an initrd that is being loaded
 * @read: reads the whole file to an address; returns 0, or an errno after one message
 * @peek: reads a part of it, without LSM and IMA; returns bytes, or an errno
 * @arg: passed to both
 * @scratch: bytes that the first @read needs besides
 * @file_len: bytes of the file
 * @others: bytes of the other segments
 * @len: bytes for the next kernel
 * @room: bytes that kexec_initrd_read() needs, at least @len
 * @unpack: unpack the file
 */
struct kexec_initrd {
	int (*read)(void *va, size_t len, void *arg);
	ssize_t (*peek)(void *va, size_t len, loff_t pos, void *arg);
	void *arg;
	size_t scratch;
	size_t file_len;
	size_t others;
	size_t len;
	size_t room;
	bool unpack;
};

int kexec_initrd_all(struct initrd_run *run);
int kexec_initrd_plan(struct kexec_initrd *initrd, u64 limit);
void kexec_initrd_keep(struct kexec_initrd *initrd);
int kexec_initrd_read(void *va, size_t len, void *arg);

#endif /* _KERNEL_KEXEC_INITRD_H */
