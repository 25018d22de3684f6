/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_READ_H
#define _KERNEL_KEXEC_READ_H

#include <linux/kernel_read_file.h>
#include <linux/types.h>

struct file;

/**
 * struct kexec_reader - a file that is loaded
 * @file: the file
 * @id: its use, for LSM and IMA
 * @what: its name in messages
 */
struct kexec_reader {
	struct file *file;
	enum kernel_read_file_id id;
	const char *what;
};

u64 kexec_read_memory(void);
loff_t kexec_read_size(struct file *file, int fd, const char *what);
int kexec_read_changed(const char *what);
int kexec_read_all(void *va, size_t len, void *arg);
ssize_t kexec_read_part(void *va, size_t len, loff_t pos, void *arg);
ssize_t kexec_read_at(struct file *file, void *buf, size_t len, loff_t pos);

#endif /* _KERNEL_KEXEC_READ_H */
