/* SPDX-License-Identifier: GPL-2.0-only */
/* The ELF core header of a dump. */
#ifndef _KERNEL_KEXEC_ELFCORE_H
#define _KERNEL_KEXEC_ELFCORE_H

#include <linux/types.h>

#include "range_map.h"

#ifdef CONFIG_CRASH_MAX_MEMORY_RANGES
#define ELFCORE_MIN_RANGES	CONFIG_CRASH_MAX_MEMORY_RANGES
#else
#define ELFCORE_MIN_RANGES	0
#endif

/* The length of a header is a multiple of it, on every page size. */
#define ELFCORE_ALIGN	4096

/**
 * struct elfcore_req - content of the header
 * @ram: memory to dump, in any order; empty ranges are ignored
 * @nr_ram: entries of @ram
 * @skip: excluded memory, of the kernel image as well; may overlap or be outside of @ram
 * @nr_skip: entries of @skip
 * @cpu_note_pa: physical address of each CPU's register note
 * @nr_cpus: entries of @cpu_note_pa
 * @cpu_note_len: bytes of each of these notes
 * @info_pa: physical address of the vmcoreinfo note
 * @info_len: bytes of it, 0 omits it
 * @text_va: virtual address at which the kernel image is mapped
 * @text_pa: physical address of the kernel image
 * @text_len: bytes of it, 0 omits it; it ends below 2^64
 * @linear_offset: virtual minus physical address in the linear map, modulo 2^64
 */
struct elfcore_req {
	const struct kexec_range *ram;
	unsigned int nr_ram;
	const struct kexec_range *skip;
	unsigned int nr_skip;
	const u64 *cpu_note_pa;
	unsigned int nr_cpus;
	u64 cpu_note_len;
	u64 info_pa;
	u64 info_len;
	u64 text_va;
	u64 text_pa;
	u64 text_len;
	u64 linear_offset;
};

size_t kexec_elfcore_capacity(unsigned int nr_cpus, unsigned int nr_ranges);
int kexec_elfcore_size(const struct elfcore_req *req, size_t *size);
int kexec_elfcore_build(const struct elfcore_req *req, void *buf, size_t capacity,
			size_t *len);

#endif /* _KERNEL_KEXEC_ELFCORE_H */
