// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Unified kernel images
 *
 * A UKI is an EFI program, in the PE format, with a kernel in its section ".linux".  Other
 * sections have the initrd, the command line and descriptions, see systemd-stub(7).
 *
 * A section ".profile" starts a profile, which has the sections up to the next one.  The
 * sections before the first are the base: each profile has those that it does not replace.
 * Without ".profile" the base is profile 0.
 *
 * No number is trusted.  All sections are checked, also those that are not used: their bytes
 * are in the file, after the section table, and belong to no other section.  Also built on
 * the host.
 */

#define pr_fmt(fmt) "kexec: UKI: " fmt

#include <linux/bits.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/pe.h>
#include <linux/printk.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "uki.h"

/* Offset of the PE header, in the MS-DOS header. */
#define UKI_PE_AT	60
#define UKI_DOS_LEN	64

/* Section names are padded with NUL. */
#define UKI_NAME_LEN	8

/* The padding of a section is shorter, "FileAlignment" of the PE format. */
#define UKI_PADDING	4096

#define UKI_OS_NAME	"PRETTY_NAME="

/* Each of them is the only section of some addon. */
static const char * const uki_marks[] = {
	".linux", ".initrd", ".cmdline", ".dtb", ".dtbauto", ".ucode",
};

static const char * const uki_names[UKI_NR_PARTS] = {
	[UKI_LINUX] = ".linux",
	[UKI_INITRD] = ".initrd",
	[UKI_CMDLINE] = ".cmdline",
	[UKI_UNAME] = ".uname",
	[UKI_OSREL] = ".osrel",
};

/* The section table, of which @readable entries are in @head. */
struct uki_table {
	const u8 *head;
	u64 start;
	unsigned int nr;
	unsigned int readable;
};

/*
 * Bytes of a section in the file; @used without the padding.  The size in memory of a kernel
 * may be that of its program with its bss, so @used has the padding.
 */
struct uki_section {
	const char *name;
	u64 start;
	u64 len;
	u64 used;
};

/* Returns false for a file that is no PE program. */
static bool uki_find_table(const u8 *head, u64 len, struct uki_table *table)
{
	u64 pe;

	if (len < UKI_DOS_LEN || get_unaligned_le16(head) != MZ_MAGIC)
		return false;
	pe = get_unaligned_le32(head + UKI_PE_AT);
	if (pe + sizeof(struct pe_hdr) > len || get_unaligned_le32(head + pe) != PE_MAGIC)
		return false;

	table->head = head;
	table->nr = get_unaligned_le16(head + pe + offsetof(struct pe_hdr, sections));
	table->start = pe + sizeof(struct pe_hdr) +
		       get_unaligned_le16(head + pe + offsetof(struct pe_hdr, opt_hdr_size));
	table->readable = 0;
	if (table->start < len)
		table->readable = min_t(u64, table->nr,
					(len - table->start) / sizeof(struct section_header));
	return true;
}

static u64 uki_table_end(const struct uki_table *table)
{
	return table->start + (u64)table->nr * sizeof(struct section_header);
}

static bool uki_is(const struct uki_section *section, const char *name)
{
	return !strncmp(section->name, name, UKI_NAME_LEN);
}

static void uki_section(const struct uki_table *table, unsigned int nr, struct uki_section *section)
{
	const u8 *entry = table->head + table->start + nr * sizeof(struct section_header);
	u64 memory = get_unaligned_le32(entry + offsetof(struct section_header, virtual_size));
	u64 len = get_unaligned_le32(entry + offsetof(struct section_header, raw_data_size));

	*section = (struct uki_section) {
		.name = (const char *)entry + offsetof(struct section_header, name),
		.start = get_unaligned_le32(entry + offsetof(struct section_header, data_addr)),
		.len = len,
	};
	/* 0 by linkers that know no other size. */
	section->used = memory && !uki_is(section, uki_names[UKI_LINUX]) ? min(memory, len) : len;
}

/* Returns UKI_NR_PARTS for a section that is not used. */
static enum uki_part_id uki_part_id(const struct uki_section *section)
{
	enum uki_part_id id;

	for (id = 0; id < UKI_NR_PARTS; id++)
		if (uki_is(section, uki_names[id]))
			break;
	return id;
}

static int uki_check_section(const struct uki_table *table, unsigned int nr, u64 file_len)
{
	struct uki_section this, other;
	unsigned int i;

	uki_section(table, nr, &this);
	if (!this.len)
		return 0;
	if (this.start < uki_table_end(table)) {
		pr_err("section %u starts at byte %#llx, before the end of the headers (%#llx)\n",
		       nr, this.start, uki_table_end(table));
		return -ENOEXEC;
	}
	if (this.start + this.len > file_len) {
		pr_err("file is truncated: section %u ends at byte %#llx, the file at %#llx\n",
		       nr, this.start + this.len, file_len);
		return -ENOEXEC;
	}
	for (i = 0; i < nr; i++) {
		uki_section(table, i, &other);
		if (!other.len || this.start >= other.start + other.len ||
		    other.start >= this.start + this.len)
			continue;
		pr_err("section %u at byte %#llx overlaps section %u at %#llx\n", nr, this.start,
		       i, other.start);
		return -ENOEXEC;
	}
	return 0;
}

static int uki_check_table(const struct uki_table *table, u64 head_len, u64 file_len)
{
	unsigned int nr;
	int ret;

	if (table->readable < table->nr) {
		pr_err("section table ends at byte %#llx (limit %#llx)\n", uki_table_end(table),
		       head_len);
		return -ENOEXEC;
	}
	for (nr = 0; nr < table->nr; nr++) {
		ret = uki_check_section(table, nr, file_len);
		if (ret)
			return ret;
	}
	return 0;
}

/* @seen: bit mask of the parts that this profile, or the base, has */
static int uki_add_section(const struct uki_section *section, unsigned long *seen,
			   struct uki_layout *layout)
{
	enum uki_part_id id = uki_part_id(section);

	if (uki_is(section, ".dtb") || uki_is(section, ".dtbauto"))
		layout->device_tree = true;
	if (id == UKI_NR_PARTS)
		return 0;
	if (*seen & BIT(id)) {
		pr_err("two sections %s in one profile\n", uki_names[id]);
		return -ENOEXEC;
	}
	*seen |= BIT(id);
	layout->part[id] = (struct uki_part) { .start = section->start, .len = section->used };
	return 0;
}

/* Returns the number of profiles, or a negative errno after one message. */
static int uki_add_profile(const struct uki_table *table, unsigned int profile,
			   struct uki_layout *layout)
{
	unsigned int nr, nr_profiles = 0;
	unsigned long seen = 0;
	struct uki_section section;
	int ret;

	for (nr = 0; nr < table->nr; nr++) {
		uki_section(table, nr, &section);
		if (uki_is(&section, ".profile")) {
			nr_profiles++;
			seen = 0;
		} else if (!nr_profiles || nr_profiles - 1 == profile) {
			ret = uki_add_section(&section, &seen, layout);
			if (ret)
				return ret;
		}
	}
	return nr_profiles ?: 1;
}

static bool uki_has(const struct uki_table *table, const char *name)
{
	struct uki_section section;
	unsigned int nr;

	for (nr = 0; nr < table->readable; nr++) {
		uki_section(table, nr, &section);
		if (uki_is(&section, name))
			return true;
	}
	return false;
}

/**
 * kexec_uki_detect() - tell whether a file is a UKI or an addon of one
 * @head: first bytes of the file, no alignment needed
 * @len: bytes at @head
 *
 * Return: true for a PE program that has a section of a kernel, an initrd, a command line, a
 * device tree or microcode.
 */
bool kexec_uki_detect(const void *head, size_t len)
{
	struct uki_table table;
	unsigned int i;

	if (!uki_find_table(head, len, &table))
		return false;
	for (i = 0; i < ARRAY_SIZE(uki_marks); i++)
		if (uki_has(&table, uki_marks[i]))
			return true;
	return false;
}

/**
 * kexec_uki_parse() - find the parts of a UKI
 * @head: first bytes of the file, no alignment needed; kexec_uki_detect() is true for it
 * @head_len: bytes at @head, which have the section table
 * @file_len: bytes of the whole file
 * @profile: number of the profile
 * @layout: filled in on success
 *
 * Return: 0; -ENOEXEC for a damaged file, -EINVAL if it does not have the profile, after one
 * message.
 */
int kexec_uki_parse(const void *head, size_t head_len, u64 file_len, unsigned int profile,
		    struct uki_layout *layout)
{
	struct uki_table table;
	int ret;

	if (!uki_find_table(head, head_len, &table))
		return -ENOEXEC;
	ret = uki_check_table(&table, head_len, file_len);
	if (ret)
		return ret;

	*layout = (struct uki_layout) { };
	ret = uki_add_profile(&table, profile, layout);
	if (ret < 0)
		return ret;
	if (profile >= ret) {
		pr_err("no profile %u (number of profiles: %d)\n", profile, ret);
		return -EINVAL;
	}
	if (layout->part[UKI_LINUX].len)
		return 0;
	pr_err("profile %u has no kernel%s\n", profile,
	       uki_has(&table, uki_names[UKI_LINUX]) ? "" : "; the file is an addon");
	return -ENOEXEC;
}

/**
 * kexec_uki_kernel_len() - find the end of a kernel in its section
 * @head: first bytes of the section, no alignment needed
 * @head_len: bytes at @head
 * @len: bytes of the section
 *
 * A kernel that is signed ends with its signatures, which are not valid with more bytes after
 * them.
 *
 * Return: bytes of the kernel: @len, or less, if only padding can follow its signatures.
 */
u64 kexec_uki_kernel_len(const void *head, size_t head_len, u64 len)
{
	const u8 *opt, *entry;
	struct uki_table table;
	u64 end;

	if (!uki_find_table(head, head_len, &table))
		return len;
	opt = head + get_unaligned_le32(head + UKI_PE_AT) + sizeof(struct pe_hdr);
	entry = opt + sizeof(struct pe32plus_opt_hdr) + offsetof(struct data_directory, certs);
	if (entry + sizeof(struct data_dirent) > (u8 *)head + head_len ||
	    get_unaligned_le16(opt) != PE_OPT_MAGIC_PE32PLUS)
		return len;

	end = (u64)get_unaligned_le32(entry + offsetof(struct data_dirent, virtual_address)) +
	      get_unaligned_le32(entry + offsetof(struct data_dirent, size));
	return end >= head_len && end < len && len - end < UKI_PADDING ? end : len;
}

/**
 * kexec_uki_parse_profile() - get the profile from the start of a command line
 * @cmdline: the command line; "@" and a number as its first word select a profile
 * @profile: set to the number, or to 0
 *
 * Return: the rest of the command line.
 */
const char *kexec_uki_parse_profile(const char *cmdline, unsigned int *profile)
{
	const char *p = cmdline + 1;
	unsigned int nr = 0;

	*profile = 0;
	if (*cmdline != '@')
		return cmdline;
	/* A UKI has fewer than 2^16 sections. */
	for (; *p >= '0' && *p <= '9'; p++)
		nr = min_t(unsigned int, nr * 10 + *p - '0', U16_MAX);
	if (p == cmdline + 1 || (*p && *p != ' '))
		return cmdline;
	while (*p == ' ')
		p++;
	*profile = nr;
	return p;
}

/**
 * kexec_uki_clean_line() - make one line of the text in a section
 * @text: the text, and a byte after it
 * @len: bytes of the text
 *
 * The text ends at its first NUL.  Control characters become spaces, and spaces at the start
 * and at the end are removed.
 *
 * Return: length of the line, which ends with a NUL.
 */
size_t kexec_uki_clean_line(char *text, size_t len)
{
	size_t start = 0, i;

	len = strnlen(text, len);
	for (i = 0; i < len; i++)
		if ((u8)text[i] < ' ' || text[i] == 0x7f)
			text[i] = ' ';
	while (start < len && text[start] == ' ')
		start++;
	while (len > start && text[len - 1] == ' ')
		len--;
	memmove(text, text + start, len - start);
	text[len - start] = '\0';
	return len - start;
}

static size_t uki_unquote(const char *text, size_t len, const char **name)
{
	bool quoted = len > 1 && (*text == '"' || *text == '\'') && text[len - 1] == *text;

	*name = text + quoted;
	return len - 2 * quoted;
}

/**
 * kexec_uki_os_name() - find the name of the operating system
 * @osrel: content of os-release(5)
 * @len: bytes of it
 * @name: set to the name in @osrel, without its quotes
 *
 * Return: bytes at @name, 0 if there is none.
 */
size_t kexec_uki_os_name(const char *osrel, size_t len, const char **name)
{
	const size_t prefix = sizeof(UKI_OS_NAME) - 1;
	const char *line = osrel, *newline;
	size_t line_len;

	for (; len; line += line_len, len -= line_len) {
		newline = memchr(line, '\n', len);
		line_len = newline ? newline - line : len;
		if (line_len > prefix && !memcmp(line, UKI_OS_NAME, prefix))
			return uki_unquote(line + prefix, line_len - prefix, name);
		line_len += !!newline;
	}
	return 0;
}
