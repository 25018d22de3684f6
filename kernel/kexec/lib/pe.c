// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: PE programs whose signature can be checked
 *
 * verify_pefile_signature() hashes the sections of a program.  Their table follows the data
 * directories, whose number is in the file, and it trusts the offsets in the table.  A file
 * that makes it read other memory is rejected before.  Also built on the host.
 */

#include <linux/kernel.h>
#include <linux/pe.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/unaligned.h>

#include "pe.h"

/* Offset of the PE header, in the MS-DOS header. */
#define PE_AT		60
#define PE_DOS_LEN	64

/* The entry of the certificates is the fifth. */
#define PE_MIN_DIRS	(offsetof(struct data_directory, certs) / sizeof(struct data_dirent) + 1)

/* A certificate and its wrapper.  The verification reads so many bytes before it looks. */
#define PE_MIN_CERT	(sizeof(struct win_certificate) + 4)

/* They are sorted by insertion; kernels have up to five, and UKIs up to 90. */
#define PE_MAX_SECTIONS	128

static bool pe_sections_fit(const u8 *entry, unsigned int nr, u64 start, u64 len)
{
	u64 at, size, left = len - start;

	for (; nr; nr--, entry += sizeof(struct section_header)) {
		at = get_unaligned_le32(entry + offsetof(struct section_header, data_addr));
		size = get_unaligned_le32(entry + offsetof(struct section_header, raw_data_size));
		/* All sections together are no longer than the file. */
		if (size > left || (size && at + size > len))
			return false;
		left -= size;
	}
	return true;
}

/* The wrapper begins with a length, from which the verification subtracts its size. */
static bool pe_certificate_fits(const u8 *bytes, u64 at, u64 size, u64 start, u64 len)
{
	u32 cert_len;

	if (at < start || size < PE_MIN_CERT || at + size > len)
		return false;
	cert_len = get_unaligned_le32(bytes + at);
	return cert_len >= PE_MIN_CERT && cert_len <= size;
}

/**
 * kexec_pe_is_sound() - tell whether all bytes that a signature is for are in a program
 * @program: the program, no alignment needed
 * @len: bytes of it
 *
 * Return: true if they are, or if no section is hashed, because the program is not signed.
 */
bool kexec_pe_is_sound(const void *program, size_t len)
{
	const u8 *bytes = program, *coff, *opt, *dirs;
	u64 opt_at, table, headers, nr_dirs, nr, cert_at, cert_size;

	if (len < PE_DOS_LEN || get_unaligned_le16(bytes) != MZ_MAGIC)
		return false;
	opt_at = (u64)get_unaligned_le32(bytes + PE_AT) + sizeof(struct pe_hdr);
	if (opt_at + sizeof(struct pe32plus_opt_hdr) > len)
		return false;
	opt = bytes + opt_at;
	coff = opt - sizeof(struct pe_hdr);
	if (get_unaligned_le32(coff) != PE_MAGIC ||
	    get_unaligned_le16(opt) != PE_OPT_MAGIC_PE32PLUS)
		return false;

	headers = get_unaligned_le32(opt + offsetof(struct pe32plus_opt_hdr, header_size));
	nr_dirs = get_unaligned_le32(opt + offsetof(struct pe32plus_opt_hdr, data_dirs));
	table = opt_at + sizeof(struct pe32plus_opt_hdr) + nr_dirs * sizeof(struct data_dirent);
	if (nr_dirs < PE_MIN_DIRS || table > headers || headers > len)
		return false;
	dirs = opt + sizeof(struct pe32plus_opt_hdr);
	cert_at = get_unaligned_le32(dirs + offsetof(struct data_directory, certs.virtual_address));
	cert_size = get_unaligned_le32(dirs + offsetof(struct data_directory, certs.size));
	if (!cert_at || !cert_size)
		return true;

	nr = get_unaligned_le16(coff + offsetof(struct pe_hdr, sections));
	/* Other readers find the table by the size of the header before it. */
	return pe_certificate_fits(bytes, cert_at, cert_size, headers, len) &&
	       nr && nr <= PE_MAX_SECTIONS &&
	       table + nr * sizeof(struct section_header) <= headers &&
	       table == opt_at + get_unaligned_le16(coff + offsetof(struct pe_hdr, opt_hdr_size)) &&
	       pe_sections_fit(bytes + table, nr, headers, len);
}
