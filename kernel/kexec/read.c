// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Reading the files of a load
 *
 * kernel_read_file() reads the whole, for LSM and IMA.  The first bytes of a file are read
 * before, to place its segment.  The caller compares both, because the file may change.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "read.h"

/* kexec_file_load(2) */
#define READ_SIZE_MAX	(4ULL * SZ_1G)

/**
 * kexec_read_memory() - get the size of memory
 *
 * Return: bytes.
 */
u64 kexec_read_memory(void)
{
	return (u64)totalram_pages() << PAGE_SHIFT;
}

/**
 * kexec_read_size() - get the size of a file that can be loaded
 * @file: the file, or NULL
 * @fd: its descriptor
 * @what: name for messages
 *
 * Return: bytes, or a negative errno after one message.
 */
loff_t kexec_read_size(struct file *file, int fd, const char *what)
{
	loff_t size;

	if (!file || !(file->f_mode & FMODE_READ)) {
		pr_err("%s: file descriptor %d is not open for reading\n", what, fd);
		return -EBADF;
	}
	if (!S_ISREG(file_inode(file)->i_mode)) {
		pr_err("%s: file descriptor %d is no regular file\n", what, fd);
		return -EINVAL;
	}
	size = i_size_read(file_inode(file));
	if (size <= 0) {
		pr_err("%s: the file is empty\n", what);
		return -EINVAL;
	}
	if (size > READ_SIZE_MAX) {
		pr_err("%s: the file has %lld bytes (limit %llu)\n", what, size,
		       READ_SIZE_MAX);
		return -EFBIG;
	}
	if (size > kexec_read_memory()) {
		pr_err("%s: the file has %lld bytes, all memory is %llu\n", what, size,
		       kexec_read_memory());
		return -ENOMEM;
	}
	return size;
}

/**
 * kexec_read_changed() - report that a file changes while it is loaded
 * @what: name of the file
 *
 * Return: -EAGAIN.
 */
int kexec_read_changed(const char *what)
{
	pr_err("%s: the file changed while it was loaded; load it again\n", what);
	return -EAGAIN;
}

/**
 * kexec_read_all() - read a file completely
 * @va: filled
 * @len: size of the file, in bytes
 * @arg: a struct kexec_reader
 *
 * Return: 0; -EAGAIN if the size of the file is another one, or the errno of its file
 * system, IMA or an LSM, after one message.
 */
int kexec_read_all(void *va, size_t len, void *arg)
{
	const struct kexec_reader *reader = arg;
	ssize_t got;

	/* With a buffer, a file that has grown is rejected: -EFBIG. */
	got = kernel_read_file(reader->file, 0, &va, len, NULL, reader->id);
	if (got == len)
		return 0;
	if (got >= 0 || i_size_read(file_inode(reader->file)) != len)
		return kexec_read_changed(reader->what);
	pr_err("%s: reading %zu bytes failed (%zd)\n",
	       reader->what, len, got);
	return got;
}

/**
 * kexec_read_at() - read a part of a file, without LSM and IMA
 * @file: the file
 * @buf: filled
 * @len: bytes
 * @pos: offset in the file
 *
 * A file system may return fewer bytes than asked for.
 *
 * Return: bytes in @buf, fewer than @len if the file ends before, or a negative errno.
 */
ssize_t kexec_read_at(struct file *file, void *buf, size_t len, loff_t pos)
{
	size_t done = 0;
	ssize_t got;

	do {
		got = kernel_read(file, buf + done, len - done, &pos);
		if (got < 0)
			return got;
		done += got;
	} while (got && done < len);
	return done;
}

/**
 * kexec_read_part() - read a part of a file, without LSM and IMA
 * @va: filled
 * @len: bytes
 * @pos: offset in the file
 * @arg: a struct kexec_reader
 *
 * Return: as kexec_read_at().
 */
ssize_t kexec_read_part(void *va, size_t len, loff_t pos, void *arg)
{
	const struct kexec_reader *reader = arg;

	return kexec_read_at(reader->file, va, len, pos);
}
