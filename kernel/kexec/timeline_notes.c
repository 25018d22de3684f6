// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the time of a panic, as seen by the capture kernel
 *
 * The vmcoreinfo of the crashed kernel has the counter at the start of the crash image.
 * /proc/vmcore reads the notes during boot; the time is copied from there.
 */

#include <linux/cache.h>
#include <linux/crash_dump.h>
#include <linux/uio.h>

#include "timeline_notes.h"
#include "lib/timeline_abi.h"

/* Notes are read by an fs_initcall() only. */
u64 kexec_timeline_panic_ticks __ro_after_init;

/**
 * elfcorehdr_read_notes() - read notes of the crashed kernel
 * @buf: destination
 * @count: bytes
 * @ppos: physical address of the first one; advanced by @count
 *
 * Return: @count, or an errno of read_from_oldmem().
 */
ssize_t elfcorehdr_read_notes(char *buf, size_t count, u64 *ppos)
{
	struct kvec kvec = { .iov_base = buf, .iov_len = count };
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_kvec(&iter, ITER_DEST, &kvec, 1, count);
	ret = read_from_oldmem(&iter, count, ppos, false);
	if (ret == count && !kexec_timeline_panic_ticks)
		kexec_timeline_panic_ticks = kexec_timeline_find_panic(buf, count);
	return ret;
}
