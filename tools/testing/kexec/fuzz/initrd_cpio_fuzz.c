// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: archives of an initrd
 *
 * Input: kind (1 byte), then the archives; or the end of an initrd that may have a boot
 * configuration.  Archives are read in pieces of random length.  The end, and whether an
 * entry is cut there, are as for a reader that has all bytes at once.  A boot configuration is
 * in the initrd, has the length that its header says, and at most three bytes after it.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../../kernel/kexec/lib/initrd_cpio.h"
#include "fuzz.h"

#define DIGITS	8

/* The path of a link has at most as many bytes as a name. */
#define NAME_MAX_LEN	4096

#define CONFIG_MAGIC	"#BOOTCONFIG\n"

/* Size and checksum, 32 bits each, and the 12 letters. */
#define CONFIG_HEADER	20

/* A number of the header, or a negative value. */
static s64 initrd_number(const u8 *header, unsigned int field)
{
	char digits[DIGITS + 1] = { };
	unsigned int i;

	memcpy(digits, header + 6 + DIGITS * field, DIGITS);
	for (i = 0; i < DIGITS; i++) {
		if (!isxdigit((u8)digits[i]))
			return -1;
	}
	return strtoll(digits, NULL, 16);
}

/* Bytes of an entry with its padding, or -EBADMSG. */
static s64 initrd_entry_len(const u8 *header)
{
	s64 mode = initrd_number(header, 1), body = initrd_number(header, 6);
	s64 name = initrd_number(header, 11), body_max;

	if (memcmp(header, "07070", 5) || (header[5] != '1' && header[5] != '2') || mode < 0)
		return -EBADMSG;
	switch (mode >> 12 & 15) {
	case 8:
		body_max = UINT32_MAX;
		break;
	case 10:
		body_max = NAME_MAX_LEN;
		break;
	default:
		body_max = 0;
	}
	if (body < 0 || body > body_max || name < 1 || name > NAME_MAX_LEN)
		return -EBADMSG;
	return (INITRD_CPIO_HEADER + name + 3) / 4 * 4 + (body + 3) / 4 * 4;
}

/* Bytes that are accepted, or -EBADMSG; @cut: the last entry is not complete. */
static s64 initrd_expected(const u8 *data, size_t len, bool *cut)
{
	size_t pos = 0;
	s64 entry;

	*cut = false;
	while (pos < len) {
		if (!data[pos]) {
			pos++;
			continue;
		}
		if (pos % 4)
			return -EBADMSG;
		if (data[pos] != '0')
			break;
		*cut = len - pos < INITRD_CPIO_HEADER;
		if (*cut)
			return len;
		entry = initrd_entry_len(data + pos);
		if (entry < 0)
			return entry;
		*cut = entry > len - pos;
		if (*cut)
			return len;
		pos += entry;
	}
	return pos;
}

static s64 initrd_feed(struct initrd_cpio *cpio, const u8 *data, size_t len, unsigned int step)
{
	size_t done = 0, piece;
	u8 *copy;
	s64 ret;

	do {
		piece = min_t(size_t, step ?: len, len - done);
		copy = fuzz_copy(data + done, piece);
		ret = kexec_initrd_cpio_feed(cpio, copy, piece);
		free(copy);
		fuzz_check(ret <= (s64)piece, "%lld of %zu bytes", ret, piece);
		if (ret < 0)
			return ret;
		done += ret;
		fuzz_check(cpio->pos == done, "at %llu, not at %zu", cpio->pos, done);
	} while (done < len && ret == piece);
	return done;
}

static void initrd_archives(struct fuzz_input *in, unsigned int step)
{
	struct initrd_cpio cpio = { };
	bool cut;
	s64 expected = initrd_expected(in->pos, in->left, &cut);
	s64 ret = initrd_feed(&cpio, in->pos, in->left, step);

	fuzz_check(ret == expected, "%lld, not %lld", ret, expected);
	fuzz_check(ret < 0 || kexec_initrd_cpio_whole(&cpio) != cut, "cut: %d", cut);
}

static void initrd_end(struct fuzz_input *in)
{
	size_t len = in->left;
	u8 *data = fuzz_copy(in->pos, len);
	u64 tail = kexec_initrd_tail(data, len), end;
	u32 size;

	fuzz_check(tail <= len, "%llu of %zu bytes", tail, len);
	if (tail) {
		fuzz_check(tail >= CONFIG_HEADER, "%llu bytes", tail);
		for (end = len; end > len - 4 && memcmp(data + end - 12, CONFIG_MAGIC, 12); end--)
			;
		fuzz_check(end > len - 4, "no magic number");
		memcpy(&size, data + end - CONFIG_HEADER, sizeof(size));
		fuzz_check(tail == size + CONFIG_HEADER + len - end, "%llu bytes, %u in it", tail,
			   size);
	}
	free(data);
}

void fuzz_one(struct fuzz_input *in)
{
	u8 kind = fuzz_u8(in);

	if (kind & 1)
		initrd_end(in);
	else
		initrd_archives(in, kind / 2);
}
