// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: unpacking an initrd at load time
 *
 * The next kernel unpacks its initrd while nothing else runs, so the initrd of a normal
 * image is unpacked when it is loaded.  The archives keep their order, their bytes and
 * their alignment, and a boot configuration stays at the end.
 *
 * The first pass reads the file to memory of its own and unpacks it piece by piece only to
 * count and to check.  For the second pass the file is read to the end of its segment, and
 * is unpacked to the start of it.  Both use the decompressors of the initramfs, which
 * initrd_pack.c calls.  A file of plain archives has neither pass: only the headers of its
 * entries are read, to find that out.
 *
 * A file that cannot be unpacked is loaded as it is, after one message.  LSM and IMA see the
 * file as it is, before each pass.
 */
#define pr_fmt(fmt) "kexec: initrd: " fmt

#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysctl.h>
#include <linux/vmalloc.h>

#include "initrd.h"
#include "initrd_pack.h"
#include "initrd_run.h"
#include "pages.h"
#include "lib/initrd_cpio.h"

/* Distance of the unpacked data from the unread part of the file; see initrd_run.c. */
#define INITRD_MARGIN	SZ_2M

/* Bytes that are read at a time in search of packed data. */
#define INITRD_PIECE	SZ_4K

/* Bytes of a plain archive that are copied at a time; less than the distance. */
#define INITRD_STEP	SZ_1M

enum { INITRD_NEVER, INITRD_IF_SMALL, INITRD_ALWAYS };

static int initrd_mode = INITRD_IF_SMALL;

#ifdef CONFIG_SYSCTL
static struct ctl_table initrd_sysctl[] = {
	{
		.procname = "kexec_unpack_initrd",
		.proc_handler = proc_dointvec_minmax,
		.mode = 0644,
		.maxlen = sizeof(initrd_mode),
		.data = &initrd_mode,
		.extra1 = SYSCTL_ZERO,
		.extra2 = SYSCTL_TWO,
	},
};

static int __init initrd_sysctl_register(void)
{
	register_sysctl_init("kernel", initrd_sysctl);
	return 0;
}
late_initcall(initrd_sysctl_register);
#endif

static int initrd_align(struct initrd_run *run)
{
	static const u8 zeroes[INITRD_CPIO_ALIGN];

	run->cpio = (struct initrd_cpio) { };
	return kexec_initrd_write(run, zeroes, -run->out_len % INITRD_CPIO_ALIGN);
}

/* An archive that is not packed, to the end of its padding. */
static int initrd_copy(struct initrd_run *run)
{
	const u8 *data;
	u64 step;
	s64 len;
	int ret;

	do {
		data = run->in + run->pos;
		step = min_t(u64, run->in_len - run->pos, INITRD_STEP);
		len = kexec_initrd_cpio_feed(&run->cpio, data, step);
		if (len < 0)
			return kexec_initrd_fault(run, -EBADMSG, "a cpio archive in it is damaged");
		run->pos += len;
		run->last = len;
		ret = kexec_initrd_write(run, data, len);
	} while (!ret && len && len == step);
	return ret;
}

/* Advances to the first byte that is no zero; returns false if there is none. */
static bool initrd_skip_zeroes(struct initrd_run *run)
{
	const u8 *data, *next;
	u64 step;

	for (; run->pos < run->in_len; run->pos += step) {
		data = run->in + run->pos;
		step = min_t(u64, run->in_len - run->pos, INITRD_STEP);
		next = memchr_inv(data, 0, step);
		if (next) {
			run->pos += next - data;
			return true;
		}
		cond_resched();
	}
	return false;
}

static int initrd_one(struct initrd_run *run)
{
	int ret = initrd_align(run);

	if (ret)
		return ret;
	if (run->in[run->pos] == '0' && !(run->pos % INITRD_CPIO_ALIGN))
		return initrd_copy(run);
	ret = kexec_initrd_unpack_one(run);
	if (!ret && !kexec_initrd_cpio_whole(&run->cpio))
		ret = kexec_initrd_fault(run, -EBADMSG, "it has no complete cpio archive");
	return ret;
}

/**
 * kexec_initrd_all() - unpack all parts of an initrd
 * @run: the run; @file_len, @in and @limit are set, and @out unless it only counts; the
 *   caller frees @moved
 *
 * Return: 0, or an errno that @run has with its reason.
 */
int kexec_initrd_all(struct initrd_run *run)
{
	u64 tail = kexec_initrd_tail(run->in, run->file_len);
	int ret = 0;

	run->in_len = run->file_len - tail;
	while (!ret) {
		run->last = 0;
		if (!initrd_skip_zeroes(run))
			break;
		ret = initrd_one(run);
	}
	if (ret || !tail)
		return ret;
	run->pos = run->in_len;
	ret = initrd_align(run);
	if (!ret)
		ret = kexec_initrd_reserve(run, tail);
	return ret ?: kexec_initrd_write(run, run->in + run->pos, tail);
}

static int initrd_run(struct initrd_run *run)
{
	int ret = kexec_initrd_all(run);

	kvfree(run->moved);
	return ret;
}

/**
 * kexec_initrd_keep() - load an initrd as it is
 * @initrd: the initrd
 */
void kexec_initrd_keep(struct kexec_initrd *initrd)
{
	initrd->len = initrd->file_len;
	initrd->room = initrd->file_len;
	initrd->unpack = false;
}

/* Fail instead of invoking the OOM killer. */
static bool initrd_has_memory(u64 len)
{
	return kexec_pages_headroom(PFN_UP(len)) >= 0;
}

/* Returns true for a plain archive without a fault; bodies of its entries are not read. */
static bool initrd_is_plain(const struct kexec_initrd *initrd)
{
	u8 *piece __free(kfree) = kmalloc(INITRD_PIECE, GFP_KERNEL);
	struct initrd_cpio cpio = { };
	u64 pos = 0, left;
	ssize_t got;

	if (!piece)
		return false;
	while (pos < initrd->file_len) {
		left = initrd->file_len - pos;
		if (cpio.skip > left || fatal_signal_pending(current))
			return false;
		pos += cpio.skip;
		cpio.pos += cpio.skip;
		cpio.skip = 0;
		got = initrd->peek(piece, min_t(u64, INITRD_PIECE, initrd->file_len - pos), pos,
				   initrd->arg);
		if (got < 0 || (!got && pos < initrd->file_len) ||
		    kexec_initrd_cpio_feed(&cpio, piece, got) != got)
			return false;
		pos += got;
		cond_resched();
	}
	return kexec_initrd_cpio_whole(&cpio);
}

static int initrd_count(struct kexec_initrd *initrd, struct initrd_run *run)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	void *data = NULL;
	int ret;

	/* A file has hardly more bytes than its content. */
	if (initrd->file_len > run->limit) {
		kexec_initrd_fault(run, -EFBIG, "it is too large when it is unpacked");
		return 0;
	}
	if (initrd_has_memory(initrd->file_len + initrd->scratch))
		data = __vmalloc(initrd->file_len, gfp);
	if (!data) {
		kexec_initrd_fault(run, -ENOMEM, "no memory to look at it");
		return 0;
	}
	ret = initrd->read(data, initrd->file_len, initrd->arg);
	if (ret == -ENOMEM) {
		kexec_initrd_fault(run, -ENOMEM, "no memory to look at it");
	} else if (!ret) {
		run->in = data;
		run->file_len = initrd->file_len;
		ret = initrd_run(run);
	}
	vfree(data);
	/* Reading has failed, or a fault of the file, which is no error. */
	return run->err && run->err != -EINTR ? 0 : ret;
}

/**
 * kexec_initrd_plan() - decide whether an initrd is unpacked
 * @initrd: all up to @others are set; the rest is set here
 * @limit: maximum bytes for the next kernel
 *
 * Return: 0, also if it is loaded as it is; -EINTR or an errno of @read, after one message.
 */
int kexec_initrd_plan(struct kexec_initrd *initrd, u64 limit)
{
	int mode = READ_ONCE(initrd_mode), ret;
	struct initrd_run run = { .limit = limit };

	kexec_initrd_keep(initrd);
	if (mode == INITRD_NEVER)
		return 0;
	if (mode == INITRD_IF_SMALL)
		run.limit = min_t(u64, limit, (u64)si_mem_available() / 4 << PAGE_SHIFT);
	if (initrd_is_plain(initrd))
		return 0;
	ret = initrd_count(initrd, &run);
	if (run.err == -EINTR)
		pr_err("unpacking was interrupted by a signal\n");
	/* Packed data may have no content. */
	if (ret || (!run.err && (!run.packed || !run.out_len)))
		return ret;
	if (!run.err && !initrd_has_memory(run.out_len + INITRD_MARGIN + initrd->others))
		kexec_initrd_fault(&run, -ENOMEM, "no memory to unpack it");
	if (run.err) {
		pr_notice("loaded as it is: %s\n", run.fault);
		return 0;
	}
	initrd->len = run.out_len;
	initrd->room = max_t(u64, run.out_len + INITRD_MARGIN, initrd->file_len);
	initrd->unpack = true;
	return 0;
}

/**
 * kexec_initrd_read() - fill the segment of an initrd
 * @va: its address
 * @len: bytes at @va that become its content: @len of the initrd; @room bytes are mapped
 * @arg: the initrd, after kexec_initrd_plan(); if its @unpack is reset, call this again
 *   with its new @len
 *
 * Return: 0; -EINTR or an errno of the initrd's @read, after one message.
 */
int kexec_initrd_read(void *va, size_t len, void *arg)
{
	struct kexec_initrd *initrd = arg;
	struct initrd_run run = { .file_len = initrd->file_len, .out = va, .limit = len };
	int ret;

	if (!initrd->unpack)
		return initrd->read(va, initrd->file_len, initrd->arg);
	run.in = va + initrd->room - initrd->file_len;
	ret = initrd->read((void *)run.in, initrd->file_len, initrd->arg);
	if (ret)
		return ret;
	ret = initrd_run(&run);
	if (ret == -EINTR)
		pr_err("unpacking was interrupted by a signal\n");
	if (ret == -EINTR)
		return ret;
	if (!ret && run.out_len == len) {
		pr_notice("unpacked: %zu kB, %s, to %zu kB\n", initrd->file_len >> 10,
			  run.packed, len >> 10);
		return 0;
	}
	/* The file is not the one that was counted, or there is less memory. */
	pr_notice("loaded as it is: %s\n", run.fault ?: "it has changed");
	kexec_initrd_keep(initrd);
	return 0;
}
