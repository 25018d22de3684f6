// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: output of a pass over an initrd
 *
 * Unpacked bytes are counted and limited, and in the second pass stored.  The unread part
 * of the file may be above them in the same memory.  If they reach it, it is moved; the
 * distance that is planned makes this rare.
 */

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "debug.h"
#include "initrd_run.h"
#include "pages.h"

/* Bytes that are copied between two checks for signals. */
#define RUN_STEP	SZ_1M

/**
 * kexec_initrd_fault() - store the reason why an initrd is not unpacked
 * @run: the run; keeps the first reason
 * @err: errno
 * @fault: for a message
 *
 * Return: @err.
 */
int kexec_initrd_fault(struct initrd_run *run, int err, const char *fault)
{
	if (!run->err) {
		run->err = err;
		run->fault = fault;
	}
	return err;
}

/**
 * kexec_initrd_reserve() - make room for unpacked bytes
 * @run: the run; if they reach the unread part of the file, that is moved
 * @len: number of bytes
 *
 * A decompressor may have read more than its own data, so the last piece that it was given
 * counts as unread.
 *
 * Return: 0, or -ENOMEM, which @run has with its reason.
 */
int kexec_initrd_reserve(struct initrd_run *run, u64 len)
{
	u64 keep = run->pos - run->last;
	u64 left = run->file_len - keep, done, step;

	if (!run->out || run->moved || run->out + run->out_len + len <= run->in + keep)
		return 0;
	if (kexec_pages_headroom(PFN_UP(left)) >= 0)
		run->moved = kvmalloc(left, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);
	if (!run->moved)
		return kexec_initrd_fault(run, -ENOMEM, "no memory for the rest of the file");
	for (done = 0; done < left; done += step) {
		step = min_t(u64, left - done, RUN_STEP);
		memcpy(run->moved + done, run->in + keep + done, step);
		cond_resched();
	}
	run->in = run->moved - keep;
	return 0;
}

/**
 * kexec_initrd_write() - add bytes to the unpacked initrd
 * @run: the run
 * @data: the bytes; may overlap with the destination
 * @len: number of them
 *
 * Return: 0, or an errno that @run has with its reason.
 */
int kexec_initrd_write(struct initrd_run *run, const void *data, u64 len)
{
	u64 step;

	if (len > run->limit - run->out_len)
		return kexec_initrd_fault(run, -EFBIG, "it is too large when it is unpacked");
	if (kexec_initrd_reserve(run, len))
		return run->err;
	if (run->out_len)
		kexec_debug_hold_unpack(run->out);
	for (; len; len -= step, data += step) {
		step = min_t(u64, len, RUN_STEP);
		if (fatal_signal_pending(current))
			return kexec_initrd_fault(run, -EINTR, "interrupted by a signal");
		cond_resched();
		if (run->out)
			memmove(run->out + run->out_len, data, step);
		run->out_len += step;
	}
	return 0;
}
