/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The three system calls under test. Each returns 0 or a positive errno.
 */
#ifndef KEXEC_CALL_H
#define KEXEC_CALL_H

#include <errno.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <stdbool.h>

#ifndef KEXEC_FILE_DEBUG
#define KEXEC_FILE_DEBUG	0x00000008
#endif

static inline int kexec_call_file(int kernel_fd, int initrd_fd,
				  const char *cmdline, unsigned long cmdline_len,
				  unsigned long flags)
{
	return syscall(SYS_kexec_file_load, kernel_fd, initrd_fd, cmdline_len,
		       cmdline, flags) ? errno : 0;
}

static inline int kexec_call_load(unsigned long entry, unsigned long nr_segments,
				  const struct kexec_segment *segments,
				  unsigned long flags)
{
	return syscall(SYS_kexec_load, entry, nr_segments, segments, flags) ?
		errno : 0;
}

/* Comes back only when it failed. */
static inline int kexec_call_reboot(void)
{
	return syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
		       LINUX_REBOOT_CMD_KEXEC, NULL) ? errno : 0;
}

int kexec_call_paths(const char *kernel, const char *initrd, const char *cmdline,
		     unsigned long flags);
bool kexec_call_loaded(void);

#endif /* KEXEC_CALL_H */
