/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_PE_H
#define _KEXEC_SIM_LINUX_PE_H

#include <assert.h>

#include <linux/types.h>

/*
 * The fields of PE/COFF that the loaders read, at the offsets of the PE
 * format specification, "COFF File Header", "Optional Header" and "Section
 * Table".
 */
#define MZ_MAGIC	('M' | 'Z' << 8)
#define PE_MAGIC	('P' | 'E' << 8)
#define PE_OPT_MAGIC_PE32PLUS	0x20b

struct pe_hdr {
	u32 magic;
	u16 machine;
	u16 sections;
	u8 unread_symbols[12];
	u16 opt_hdr_size;
	u16 unread_flags;
};

struct pe32plus_opt_hdr {
	u16 magic;
	u8 unread_start[58];
	u32 header_size;
	u8 unread_memory[44];
	u32 data_dirs;
};

struct data_dirent {
	u32 virtual_address;
	u32 size;
};

struct data_directory {
	struct data_dirent unread_first[4];
	struct data_dirent certs;
};

struct win_certificate {
	u32 length;
	u8 unread_kind[4];
};

struct section_header {
	char name[8];
	u32 virtual_size;
	u32 unread_address;
	u32 raw_data_size;
	u32 data_addr;
	u8 unread_rest[16];
};

static_assert(sizeof(struct pe_hdr) == 24, "size of the COFF header");
static_assert(sizeof(struct pe32plus_opt_hdr) == 112, "size of the optional header");
static_assert(sizeof(struct section_header) == 40, "size of a section header");

#endif /* _KEXEC_SIM_LINUX_PE_H */
