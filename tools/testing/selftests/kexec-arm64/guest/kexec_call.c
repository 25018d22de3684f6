// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>

#include "kexec_call.h"
#include "util.h"

/**
 * kexec_call_paths() - kexec_file_load() of files by their names
 * @kernel: the kernel
 * @initrd: the initrd, or NULL for none
 * @cmdline: the command line
 * @flags: flags of the system call, besides KEXEC_FILE_NO_INITRAMFS
 *
 * Return: 0 or an errno; the program ends if a file cannot be opened.
 */
int kexec_call_paths(const char *kernel, const char *initrd, const char *cmdline,
		     unsigned long flags)
{
	int kernel_fd = util_open(kernel);
	int initrd_fd = initrd ? util_open(initrd) : -1;
	int err = kexec_call_file(kernel_fd, initrd_fd, cmdline, strlen(cmdline) + 1,
				  flags | (initrd ? 0 : KEXEC_FILE_NO_INITRAMFS));

	close(kernel_fd);
	if (initrd)
		close(initrd_fd);
	return err;
}

/**
 * kexec_call_loaded() - ask whether an image is loaded for a reboot
 *
 * Return: what /sys/kernel/kexec_loaded says; the program ends if it cannot be read.
 */
bool kexec_call_loaded(void)
{
	static const char path[] = "/sys/kernel/kexec_loaded";
	long value;

	errno = util_read_number(path, &value);
	if (errno)
		util_die("%s", path);
	return value;
}
