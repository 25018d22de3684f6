// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: structure of an initrd
 *
 * An initrd is a row of cpio archives, packed or not, with zeroes between them, and may end
 * with a boot configuration.  This walks through the entries of an archive, as the next
 * kernel will, so that only data that it would accept is unpacked.
 *
 * An entry has a header, a name and a body, each padded to a multiple of four bytes.  See
 * Documentation/driver-api/early-userspace/buffer-format.rst.
 */

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "initrd_cpio.h"

#define CPIO_MAGIC_LEN	6
#define CPIO_DIGITS	8

/* Numbers of the header. */
#define CPIO_MODE	1
#define CPIO_BODY_LEN	6
#define CPIO_NAME_LEN	11

#define CPIO_TYPE	0170000
#define CPIO_FILE	0100000
#define CPIO_SYMLINK	0120000

/* Size and checksum, then the magic: Documentation/admin-guide/bootconfig.rst. */
#define TAIL_MAGIC	"#BOOTCONFIG\n"
#define TAIL_MAGIC_LEN	(sizeof(TAIL_MAGIC) - 1)
#define TAIL_HEADER	(2 * sizeof(u32) + TAIL_MAGIC_LEN)

/* Returns false if it is no number. */
static bool cpio_number(const struct initrd_cpio *cpio, unsigned int field, u32 *value)
{
	const u8 *digits = cpio->header + CPIO_MAGIC_LEN + field * CPIO_DIGITS;
	unsigned int i;
	u8 c;

	*value = 0;
	for (i = 0; i < CPIO_DIGITS; i++) {
		c = digits[i] | ('a' ^ 'A');
		if (digits[i] >= '0' && digits[i] <= '9')
			*value = *value << 4 | (digits[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (c - 'a' + 10);
		else
			return false;
	}
	return true;
}

/*
 * Kernels differ in what follows an entry without a name, a device with a body or a long
 * link, so none is accepted.
 */
static int cpio_entry(struct initrd_cpio *cpio)
{
	u32 mode, body, name;

	if (memcmp(cpio->header, "070701", CPIO_MAGIC_LEN) &&
	    memcmp(cpio->header, "070702", CPIO_MAGIC_LEN))
		return -EBADMSG;
	if (!cpio_number(cpio, CPIO_MODE, &mode) || !cpio_number(cpio, CPIO_BODY_LEN, &body) ||
	    !cpio_number(cpio, CPIO_NAME_LEN, &name))
		return -EBADMSG;
	if (!name || name > PATH_MAX)
		return -EBADMSG;
	mode &= CPIO_TYPE;
	if (body && mode != CPIO_FILE && (mode != CPIO_SYMLINK || body > PATH_MAX))
		return -EBADMSG;
	cpio->skip = ALIGN(INITRD_CPIO_HEADER + name, INITRD_CPIO_ALIGN) - INITRD_CPIO_HEADER +
		     ALIGN((u64)body, INITRD_CPIO_ALIGN);
	return 0;
}

/* Bytes of @data that belong to the current entry. */
static s64 cpio_step(struct initrd_cpio *cpio, const u8 *data, u64 len)
{
	u64 step;
	int ret;

	if (cpio->skip) {
		step = min(len, cpio->skip);
		cpio->skip -= step;
		return step;
	}
	step = min_t(u64, len, INITRD_CPIO_HEADER - cpio->have);
	memcpy(cpio->header + cpio->have, data, step);
	cpio->have += step;
	if (cpio->have < INITRD_CPIO_HEADER)
		return step;
	cpio->have = 0;
	ret = cpio_entry(cpio);
	return ret ?: step;
}

/**
 * kexec_initrd_cpio_feed() - read a piece of an archive
 * @cpio: zeroed before the first piece
 * @data: the piece
 * @len: bytes at @data
 *
 * Return: bytes read, fewer than @len if the archive ends before a byte that neither is a
 * zero nor starts an entry; -EBADMSG if it is damaged.
 */
s64 kexec_initrd_cpio_feed(struct initrd_cpio *cpio, const u8 *data, u64 len)
{
	u64 done = 0;
	const u8 *next;
	s64 step;

	while (done < len) {
		if (kexec_initrd_cpio_whole(cpio)) {
			next = memchr_inv(data + done, 0, len - done);
			step = next ? next - (data + done) : len - done;
			cpio->pos += step;
			done += step;
			if (!next)
				break;
			if (!IS_ALIGNED(cpio->pos, INITRD_CPIO_ALIGN))
				return -EBADMSG;
			if (*next != '0')
				break;
		}
		step = cpio_step(cpio, data + done, len - done);
		if (step < 0)
			return step;
		cpio->pos += step;
		done += step;
	}
	return done;
}

/**
 * kexec_initrd_cpio_whole() - tell whether an archive may end here
 * @cpio: after the last piece
 *
 * Return: true between two entries.
 */
bool kexec_initrd_cpio_whole(const struct initrd_cpio *cpio)
{
	return !cpio->skip && !cpio->have;
}

/**
 * kexec_initrd_tail() - find the boot configuration at the end of an initrd
 * @data: the initrd
 * @len: bytes at @data
 *
 * Boot loaders add up to three bytes after it.
 *
 * Return: bytes from its start to the end of the initrd; 0 if there is none.
 */
u64 kexec_initrd_tail(const u8 *data, u64 len)
{
	u64 pad, end;
	u32 size;

	for (pad = 0; pad < INITRD_CPIO_ALIGN && len >= pad + TAIL_HEADER; pad++) {
		end = len - pad;
		if (memcmp(data + end - TAIL_MAGIC_LEN, TAIL_MAGIC, TAIL_MAGIC_LEN))
			continue;
		size = get_unaligned_le32(data + end - TAIL_HEADER);
		return size <= end - TAIL_HEADER ? pad + TAIL_HEADER + size : 0;
	}
	return 0;
}
