// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Loading a unified kernel image
 *
 * A UKI is read as a whole, so LSM, IMA and the signature check see all bytes.  Its headers
 * and its command line are read before, to place the segments, and compared afterwards.  Its
 * initrd and that of the caller are one to initrd.c, which may unpack them.
 *
 * The signature of a UKI is for its kernel, initrd and command line together.  On a system
 * that requires a signature the caller can neither add an initrd nor replace the command
 * line of a signed one.
 */
#define pr_fmt(fmt) "kexec: UKI: " fmt

#include <linux/cleanup.h>
#include <linux/errno.h>
#include <linux/ima.h>
#include <linux/minmax.h>
#include <linux/pe.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include <asm/setup.h>

#include "read.h"
#include "signature.h"
#include "uki.h"

/* Bytes copied between two checks for signals. */
#define UKI_CHUNK	SZ_1M

/* ima_measure_critical_data() returns lengths as int. */
#define UKI_MEASURE	SZ_1G

/* A command line may have spaces around it in its section. */
#define UKI_CMDLINE_MAX	(2 * COMMAND_LINE_SIZE)

/* Characters of a description in a message. */
#define UKI_TEXT	64

/* The initrd of the caller starts here, as the archives of systemd-stub do. */
#define UKI_INITRD_ALIGN	4

static int uki_read_cmdline(struct kexec_uki *uki, struct file *file)
{
	const struct uki_part *part = &uki->layout.part[UKI_CMDLINE];
	ssize_t got;

	if (!part->len)
		return 0;
	if (part->len > UKI_CMDLINE_MAX) {
		pr_err("command line of %llu bytes is too long (limit %d)\n", part->len,
		       COMMAND_LINE_SIZE - 1);
		return -ENOEXEC;
	}
	uki->cmdline = kzalloc(part->len + 1, GFP_KERNEL);
	if (!uki->cmdline) {
		pr_err("no memory for the command line\n");
		return -ENOMEM;
	}
	got = kexec_read_at(file, uki->cmdline, part->len, part->start);
	if (got < 0) {
		pr_err("reading the command line failed (%zd)\n", got);
		return got;
	}
	return got == part->len ? 0 : kexec_read_changed("kernel");
}

static int uki_use_cmdline(struct kexec_uki *uki, char **cmdline)
{
	const u64 len = uki->layout.part[UKI_CMDLINE].len;
	char *line;

	if (!uki->cmdline)
		return 0;
	line = kmemdup(uki->cmdline, len + 1, GFP_KERNEL);
	if (!line) {
		pr_err("no memory for the command line\n");
		return -ENOMEM;
	}
	kfree(*cmdline);
	*cmdline = line;
	if (kexec_uki_clean_line(line, len) < COMMAND_LINE_SIZE)
		return 0;
	pr_err("command line of %zu bytes is too long (limit %d)\n", strlen(line),
	       COMMAND_LINE_SIZE - 1);
	return -ENOEXEC;
}

/**
 * kexec_uki_open() - find the parts of a UKI and the command line to use
 * @uki: zeroed; kexec_uki_close() after success and failure
 * @file: the file, for which kexec_uki_detect() is true
 * @len: bytes of it
 * @head: its first bytes
 * @head_len: bytes at @head
 * @cmdline: command line of the caller, allocated, or NULL; replaced by the one to use
 *
 * A command line of the caller that is not empty replaces that of the UKI.  "@" and a number
 * as its first word select a profile.
 *
 * Return: 0, or a negative errno after one message, see kexec_uki_parse().
 */
int kexec_uki_open(struct kexec_uki *uki, struct file *file, u64 len, const void *head,
		   size_t head_len, char **cmdline)
{
	unsigned int profile = 0;
	const char *rest;
	int ret;

	if (*cmdline) {
		rest = kexec_uki_parse_profile(*cmdline, &profile);
		memmove(*cmdline, rest, strlen(rest) + 1);
	}
	ret = kexec_uki_parse(head, head_len, len, profile, &uki->layout);
	if (ret)
		return ret;
	uki->head = kmemdup(head, head_len, GFP_KERNEL);
	if (!uki->head) {
		pr_err("no memory for the headers\n");
		return -ENOMEM;
	}
	uki->head_len = head_len;
	uki->len = len;
	uki->cmdline_given = *cmdline && **cmdline;
	if (uki->cmdline_given)
		return 0;
	ret = uki_read_cmdline(uki, file);
	return ret ?: uki_use_cmdline(uki, cmdline);
}

/**
 * kexec_uki_set_kernel() - remove the padding of a signed kernel from its part
 * @uki: the UKI
 * @head: first bytes of its kernel
 * @head_len: bytes at @head
 *
 * Return: bytes of the kernel.
 */
u64 kexec_uki_set_kernel(struct kexec_uki *uki, const void *head, size_t head_len)
{
	struct uki_part *kernel = &uki->layout.part[UKI_LINUX];
	u64 len = kexec_uki_kernel_len(head, head_len, kernel->len);

	uki->padding = kernel->len - len;
	kernel->len = len;
	return len;
}

/**
 * kexec_uki_close() - free what kexec_uki_open() has allocated
 * @uki: the UKI
 */
void kexec_uki_close(struct kexec_uki *uki)
{
	kfree(uki->head);
	kfree(uki->cmdline);
}

static void uki_describe(const struct kexec_uki *uki, const void *file)
{
	const struct uki_part *uname = &uki->layout.part[UKI_UNAME];
	const struct uki_part *osrel = &uki->layout.part[UKI_OSREL];
	const char *name = "";
	int uname_len = strnlen(file + uname->start, min(uname->len, UKI_TEXT));
	int name_len = min(kexec_uki_os_name(file + osrel->start, osrel->len, &name), UKI_TEXT);

	pr_info("kernel \"%*pE\" of \"%*pE\"\n", uname_len, file + uname->start, name_len, name);
	if (uki->layout.device_tree)
		pr_info("device tree ignored; the next kernel uses that of this system\n");
}

/* Shorter than a page, see lib/uki.c. */
static int uki_check_padding(const struct kexec_uki *uki, const void *file)
{
	const struct uki_part *kernel = &uki->layout.part[UKI_LINUX];

	if (!memchr_inv(file + kernel->start + kernel->len, 0, uki->padding))
		return 0;
	pr_err("bytes after the signature of the kernel are not zero\n");
	return -ENOEXEC;
}

static int uki_check_unchanged(const struct kexec_uki *uki, const void *file)
{
	const struct uki_part *part = &uki->layout.part[UKI_CMDLINE];

	if (memcmp(file, uki->head, uki->head_len) ||
	    (uki->cmdline && memcmp(file + part->start, uki->cmdline, part->len)))
		return kexec_read_changed("kernel");
	return 0;
}

/* Returns 1 for an unsigned UKI, whose kernel may be signed. */
static int uki_verify(const struct kexec_uki *uki, const void *file)
{
	int ret = kexec_signature_check_program(file, uki->len);

	if (ret || !(uki->cmdline_given || uki->initrd_len) || !kexec_signature_required())
		return ret;
	pr_err("%s%s%s of the caller refused: this system requires a signature\n",
	       uki->initrd_len ? "initrd" : "",
	       uki->initrd_len && uki->cmdline_given ? " and " : "",
	       uki->cmdline_given ? "command line" : "");
	return -EPERM;
}

static void uki_measure_part(const struct uki_part *part, const char *what, const void *file)
{
	u64 done, step;
	char name[48];

	for (done = 0; done < part->len; done += step) {
		step = min_t(u64, part->len - done, UKI_MEASURE);
		snprintf(name, sizeof(name), "kexec_uki-%s-%llu", what, done);
		ima_measure_critical_data("kexec_load", name, file + part->start + done, step,
					  true, NULL, 0);
	}
}

static void uki_measure(const struct kexec_uki *uki, const void *file)
{
	uki_measure_part(&uki->layout.part[UKI_LINUX], "linux", file);
	uki_measure_part(&uki->layout.part[UKI_INITRD], "initrd", file);
}

static int uki_copy_interrupted(size_t done)
{
	if (!fatal_signal_pending(current))
		return 0;
	pr_err("copying was interrupted by a signal after %zu bytes\n", done);
	return -EINTR;
}

/**
 * kexec_uki_copy() - copy a part
 * @dst: filled
 * @len: bytes
 * @src: the part; may overlap @dst
 *
 * Other tasks may run meanwhile, and a fatal signal ends the work.
 *
 * Return: 0, or -EINTR after one message.
 */
int kexec_uki_copy(void *dst, size_t len, void *src)
{
	size_t done, step, at;

	for (done = 0; done < len; done += step) {
		step = min_t(size_t, len - done, UKI_CHUNK);
		if (uki_copy_interrupted(done))
			return -EINTR;
		/* No byte is overwritten before it is copied. */
		at = dst > src ? len - done - step : done;
		memmove(dst + at, src + at, step);
		cond_resched();
	}
	return 0;
}

/* Returns the bytes of the UKI's initrd with the padding before that of the caller. */
static u64 uki_own_room(const struct kexec_uki *uki)
{
	u64 own_len = uki->layout.part[UKI_INITRD].len;

	return uki->initrd_len ? ALIGN(own_len, UKI_INITRD_ALIGN) : own_len;
}

/**
 * kexec_uki_add_initrd() - add an initrd of the caller
 * @uki: the UKI
 * @len: bytes of it, 0 if there is none
 *
 * Return: bytes of both, that of the UKI first.
 */
u64 kexec_uki_add_initrd(struct kexec_uki *uki, u64 len)
{
	uki->initrd_len = len;
	return uki_own_room(uki) + len;
}

/* Returns 1 for an unsigned UKI, whose kernel may be signed. */
static int uki_read(struct kexec_uki_fill *fill, void *file)
{
	int ret = kexec_read_all(file, fill->uki->len, &fill->file);

	if (!ret)
		ret = uki_check_unchanged(fill->uki, file);
	if (!ret)
		ret = uki_check_padding(fill->uki, file);
	return ret ?: uki_verify(fill->uki, file);
}

/*
 * To be counted, the initrd is needed before the segments are placed.  It is unpacked only
 * after the signature of a signed UKI was checked.  In an unsigned one the kernel may be
 * signed, which is checked later, and the initrd is trusted as much as one of the caller.
 */
static int uki_get_own(struct kexec_uki_fill *fill, void *va)
{
	const struct uki_part *own = &fill->uki->layout.part[UKI_INITRD];
	const gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	void *file;
	int ret;

	if (fill->data)
		return kexec_uki_copy(va, own->len, fill->data + own->start);
	file = __vmalloc(fill->uki->len, gfp);
	/* Loaded as it is then. */
	if (!file)
		return -ENOMEM;
	ret = uki_read(fill, file);
	if (ret >= 0)
		ret = kexec_uki_copy(va, own->len, file + own->start);
	vfree(file);
	return ret;
}

static int uki_read_initrds(void *va, size_t len, void *arg)
{
	struct kexec_uki_fill *fill = arg;
	const u64 own_len = fill->uki->layout.part[UKI_INITRD].len;
	const u64 own_room = uki_own_room(fill->uki), more = fill->uki->initrd_len;
	int ret = uki_get_own(fill, va);

	if (ret || !more)
		return ret;
	memset(va + own_len, 0, own_room - own_len);
	va += own_room;
	ret = kexec_read_all(va, more, &fill->initrd);
	/* No archive or packed file starts so. */
	if (ret || more < sizeof(u16) || *(__le16 *)va != cpu_to_le16(MZ_MAGIC))
		return ret;
	pr_err("initrd of the caller is a program; addons are not supported\n");
	return -EINVAL;
}

/* May return less than @len, at the end of an initrd. */
static ssize_t uki_peek_initrds(void *va, size_t len, loff_t pos, void *arg)
{
	struct kexec_uki_fill *fill = arg;
	const struct uki_part *own = &fill->uki->layout.part[UKI_INITRD];
	u64 own_room = uki_own_room(fill->uki);

	if (pos >= own_room)
		return kexec_read_part(va, len, pos - own_room, &fill->initrd);
	if (pos < own->len)
		return kexec_read_part(va, min(len, own->len - pos), own->start + pos,
				       &fill->file);
	memset(va, 0, min(len, own_room - pos));
	return min(len, own_room - pos);
}

/**
 * kexec_uki_init_initrds() - let the initrds of a UKI and of the caller be read as one
 * @fill: the load; its @initrds gets the callbacks
 */
void kexec_uki_init_initrds(struct kexec_uki_fill *fill)
{
	fill->initrds->read = uki_read_initrds;
	fill->initrds->peek = uki_peek_initrds;
	fill->initrds->arg = fill;
	fill->initrds->scratch = fill->uki->len;
}

/**
 * kexec_uki_fill() - read a UKI, fill the segment of its kernel, and leave the initrds
 * @va: the segment of the initrd, mapped
 * @len: bytes of all initrds there
 * @arg: a struct kexec_uki_fill, whose @room the UKI fits in
 *
 * The UKI is read to the end of the segment, so its initrd can be unpacked below.  If it is
 * not unpacked although it was planned, the @unpack of the initrds is reset; call this again
 * with their new @len.
 *
 * Return: 0, or a negative errno after one message: -EAGAIN if the file has changed since
 * kexec_uki_open(), -EPERM if the caller adds to a signed UKI and the system requires a
 * signature.
 */
int kexec_uki_fill(void *va, size_t len, void *arg)
{
	struct kexec_uki_fill *fill = arg;
	struct kexec_uki *uki = fill->uki;
	void *file = va + ALIGN_DOWN(fill->room - uki->len, sizeof(u64));
	int ret, check;

	check = uki_read(fill, file);
	if (check < 0)
		return check;
	uki_describe(uki, file);
	uki_measure(uki, file);
	ret = fill->fill_kernel(fill->arg, file + uki->layout.part[UKI_LINUX].start, check);
	if (ret)
		return ret;
	fill->data = file;
	ret = kexec_initrd_read(va, len, fill->initrds);
	fill->data = NULL;
	return ret;
}
