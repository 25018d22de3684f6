// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: parts of a UKI
 *
 * Input: kind (1 byte), profile (1 byte), bytes of the file after its head (2 bytes), then
 * the head, or a text.  Each part of an accepted file is in the file, after the section
 * table, and in no other part.  All that is hashed of a sound program is in it.  A refused
 * file has one message.  A cleaned text has no control
 * characters, and is shorter or the same.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/printk.h>
#include <linux/unaligned.h>

#include "../../../../kernel/kexec/lib/pe.h"
#include "../../../../kernel/kexec/lib/uki.h"
#include "fuzz.h"

static void uki_expect_apart(const struct uki_part *a, const struct uki_part *b)
{
	fuzz_check(!a->len || !b->len || a->start >= b->start + b->len ||
		   b->start >= a->start + a->len, "[%llu, +%llu) and [%llu, +%llu)", a->start,
		   a->len, b->start, b->len);
}

static void uki_expect_sound(const struct uki_layout *layout, u64 file_len)
{
	unsigned int id, other;

	fuzz_check(layout->part[UKI_LINUX].len, "no kernel");
	for (id = 0; id < UKI_NR_PARTS; id++) {
		const struct uki_part *part = &layout->part[id];

		/* The headers have more than 64 bytes. */
		fuzz_check(!part->len || part->start > 64, "part %u at %llu", id, part->start);
		fuzz_check(!part->len || (part->start <= file_len &&
					  part->len <= file_len - part->start),
			   "part %u: %llu bytes at %llu of %llu", id, part->len, part->start,
			   file_len);
		for (other = 0; other < id; other++)
			uki_expect_apart(part, &layout->part[other]);
	}
}

/* As verify_pefile_signature() finds them, for a program of PE32+. */
static void uki_expect_hashable(const u8 *file, size_t len)
{
	u64 opt = get_unaligned_le32(file + 60) + 24ULL, table, size, at, i;

	fuzz_check(opt + 112 <= len, "optional header at %llu", opt);
	table = opt + 112 + 8ULL * get_unaligned_le32(file + opt + 108);
	fuzz_check(table >= opt + 112 + 40 && table <= len, "sections at %llu", table);
	at = get_unaligned_le32(file + opt + 112 + 32);
	size = get_unaligned_le32(file + opt + 112 + 36);
	if (!at || !size)
		return;
	fuzz_check(size >= 12 && at + size <= len, "certificates at %llu", at);
	fuzz_check(get_unaligned_le32(file + at) >= 12, "a certificate without data");
	fuzz_check(get_unaligned_le32(file + at) <= size, "a certificate beyond its table");
	fuzz_check(get_unaligned_le16(file + opt - 18), "no section");
	for (i = 0; i < get_unaligned_le16(file + opt - 18); i++) {
		fuzz_check(table + 40 * i + 40 <= len, "section %llu", i);
		size = get_unaligned_le32(file + table + 40 * i + 16);
		at = get_unaligned_le32(file + table + 40 * i + 20);
		fuzz_check(!size || at + size <= len, "%llu bytes at %llu", size, at);
	}
}

static void uki_file(struct fuzz_input *in, unsigned int profile, u64 more)
{
	size_t len = in->left;
	u8 *head = fuzz_copy(in->pos, len);
	struct uki_layout layout;
	int ret;

	fuzz_check(kexec_uki_kernel_len(head, len, len + more) <= len + more, "kernel too long");
	if (kexec_pe_is_sound(head, len))
		uki_expect_hashable(head, len);
	if (kexec_uki_detect(head, len)) {
		ret = kexec_uki_parse(head, len, len + more, profile, &layout);
		fuzz_check(!ret || ret == -ENOEXEC || (ret == -EINVAL && profile), "%d", ret);
		fuzz_check(sim_log_errors == !!ret, "%u messages for %d", sim_log_errors, ret);
		if (!ret)
			uki_expect_sound(&layout, len + more);
	}
	sim_log_reset();
	free(head);
}

static void uki_line(const u8 *bytes, size_t len)
{
	char *line = fuzz_alloc(len + 1);
	size_t got, i;

	memcpy(line, bytes, len);
	got = kexec_uki_clean_line(line, len);
	fuzz_check(got <= len && strlen(line) == got, "%zu of %zu bytes", got, len);
	fuzz_check(!got || (line[0] != ' ' && line[got - 1] != ' '), "a space at an end");
	for (i = 0; i < got; i++)
		fuzz_check((u8)line[i] >= ' ' && line[i] != 0x7f, "character %#x", line[i]);
	free(line);
}

static void uki_text(struct fuzz_input *in)
{
	size_t len = in->left, got;
	char *text = fuzz_alloc(len + 1);
	const char *name = NULL, *rest;
	u8 *osrel = fuzz_copy(in->pos, len);
	unsigned int profile;

	got = kexec_uki_os_name((char *)osrel, len, &name);
	fuzz_check(!got || (name >= (char *)osrel + 12 && got <= (char *)osrel + len - name),
		   "%zu bytes of a name", got);
	free(osrel);
	uki_line(in->pos, len);
	memcpy(text, in->pos, len);
	text[len] = 0;
	rest = kexec_uki_parse_profile(text, &profile);
	fuzz_check(rest >= text && rest <= text + len, "rest at %zd", rest - text);
	fuzz_check(rest > text ? text[0] == '@' : !profile, "profile %u", profile);
	free(text);
}

void fuzz_one(struct fuzz_input *in)
{
	u8 kind = fuzz_u8(in), profile = fuzz_u8(in);
	u64 more = fuzz_u16(in);

	if (kind & 1)
		uki_text(in);
	else
		uki_file(in, profile, more);
}
