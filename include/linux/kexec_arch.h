/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface between policy, which decides, and the machine part, which operates the machine.
 */
#ifndef _LINUX_KEXEC_ARCH_H
#define _LINUX_KEXEC_ARCH_H

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/types.h>

/*
 * Code that a panic runs.  It does not sleep, allocate or wait for a lock.  It calls only
 * code of the same section and the functions of kernel/kexec/sections.txt.  This is checked
 * in builds with CONFIG_KEXEC_DEBUG_PARAMS, and by make matrix without it.
 */
#define __kexec_panic	notrace __section(".text.unlikely.kexec_panic")

struct kimage;
struct pt_regs;

/**
 * struct kexec_extent - one range that is copied when this kernel is left
 * @dst_pa: physical address of the destination, page aligned
 * @src_pa: physical address of the source, page aligned, never inside a destination
 * @len: bytes, a multiple of the page size, not 0
 */
struct kexec_extent {
	u64 dst_pa;
	u64 src_pa;
	u64 len;
};

/**
 * struct kexec_extent_table - one page of the copy list
 * @nr: entries of @extent in use
 * @next_pa: physical address of the next table, or KEXEC_EXTENT_END
 * @extent: the entries
 *
 * Read by relocate.S.
 */
struct kexec_extent_table {
	u64 nr;
	u64 next_pa;
	struct kexec_extent extent[];
};

/* Not 0, because page frame 0 may be a table. */
#define KEXEC_EXTENT_END	(~0ULL)

#define KEXEC_TABLE_EXTENTS \
	((PAGE_SIZE - sizeof(struct kexec_extent_table)) / sizeof(struct kexec_extent))

/**
 * struct kexec_plan - parameters for the start of the next kernel
 * @entry_pa: first instruction of the next kernel or of a purgatory
 * @dtb_pa: value of x0; 0 if user space provides entry code
 * @copies: first table of ranges to copy, in pages of @alloc_page, sorted by destination,
 *   neighbours merged; NULL if the image is in place
 * @nr_copies: entries of all tables
 * @crash: the image is started by a panic
 * @alloc_page: returns a zeroed page that is no destination, or NULL
 * @alloc_ctx: passed to @alloc_page
 * @arch_data: state of the machine part, in a page of @alloc_page
 */
struct kexec_plan {
	phys_addr_t entry_pa;
	phys_addr_t dtb_pa;
	struct kexec_extent_table *copies;
	unsigned int nr_copies;
	bool crash;
	void *(*alloc_page)(void *ctx);
	void *alloc_ctx;
	void *arch_data;
};

/**
 * struct kexec_image_info - requirements of a kernel's header
 * @text_offset: bytes from a 2 MiB boundary to the first byte of the image
 * @image_size: bytes of memory from the first byte on, bss included
 * @align: alignment of the boundary, in bytes
 * @max: the image ends below this address
 * @window: bytes of a window, aligned to @window_align, with the image and its initrd
 * @window_align: see @window
 * @part_align: alignment of initrd and device tree, in bytes
 * @dtb_max: bytes of the device tree that is placed, a power of two
 * @page_shift: page size of the kernel, 0 if unknown
 * @low: the kernel loses the memory below the image, so place it as low as possible
 * @packed: the file is a packed Image; the fields above are unknown until the second call
 *   of kexec_arch_image_probe()
 * @packing: compression of the packed data, a number of the machine part
 * @in_place: a packed file may be read to the end of the memory that it is unpacked to
 * @payload_start: offset of the packed data in the file
 * @payload_len: bytes of packed data
 */
struct kexec_image_info {
	u64 text_offset;
	u64 image_size;
	u64 align;
	u64 max;
	u64 window;
	u64 window_align;
	u64 part_align;
	u64 dtb_max;
	unsigned int page_shift;
	bool low;
	bool packed;
	unsigned int packing;
	bool in_place;
	u64 payload_start;
	u64 payload_len;
};

/**
 * struct kexec_range - physical memory
 * @start: address of the first byte
 * @end: exclusive
 */
struct kexec_range {
	u64 start;
	u64 end;
};

/**
 * struct kexec_fdt_request - content of the next kernel's device tree
 * @cmdline: command line, or NULL
 * @initrd_pa: physical address of the initrd
 * @initrd_len: bytes, 0 if there is none
 * @crash: the tree is for a capture kernel
 * @elfcorehdr_pa: physical address of the ELF core header, if @crash
 * @elfcorehdr_len: its size in bytes
 * @cma: CMA areas that the capture kernel uses, if @crash
 * @nr_cma: entries of @cma, at most KEXEC_CRASH_CMA_MAX
 * @ima_pa: physical address of the IMA measurement list
 * @ima_len: its size in bytes, 0 if there is none
 */
struct kexec_fdt_request {
	const char *cmdline;
	phys_addr_t initrd_pa;
	u64 initrd_len;
	bool crash;
	phys_addr_t elfcorehdr_pa;
	u64 elfcorehdr_len;
	const struct kexec_range *cma;
	unsigned int nr_cma;
	phys_addr_t ima_pa;
	u64 ima_len;
};

/* As in mainline: more ranges would make a longer device tree, and rarely more memory. */
#define KEXEC_CRASH_CMA_MAX	4

/* Less than a page. */
#define KEXEC_REFUSAL_TEXT	3584

/**
 * struct kexec_refusal - why an image would not be started, for a reader
 * @len: bytes of @text, without the NUL
 * @text: the lines that the refusal of an exit prints in the log
 */
struct kexec_refusal {
	size_t len;
	char text[KEXEC_REFUSAL_TEXT];
};

/**
 * enum kexec_cpus_op - operation on the other CPUs
 * @KEXEC_CPUS_PROBE: check that each of them can be turned off
 * @KEXEC_CPUS_OFF: turn them off
 */
enum kexec_cpus_op {
	KEXEC_CPUS_PROBE,
	KEXEC_CPUS_OFF,
};

int kexec_arch_image_probe(const void *data, size_t len, u64 file_len,
			   struct kexec_image_info *info);
int kexec_arch_image_unpack(const void *file, size_t file_len, void *image, size_t *len,
			    struct kexec_image_info *info);
int kexec_arch_fdt_build(const struct kexec_fdt_request *req, void *fdt,
			 size_t capacity, size_t *used);

int kexec_arch_prepare(struct kexec_plan *plan);
void kexec_arch_clean_to_poc(const void *va, size_t len);
int kexec_arch_protect(phys_addr_t start, u64 len, bool writable);
u64 kexec_arch_counter(u64 *hz);
void kexec_arch_save_regs(struct pt_regs *regs, const struct pt_regs *from);
int kexec_arch_shutdown_cpus(enum kexec_cpus_op how, struct kexec_refusal *refusal);
unsigned int kexec_arch_dump_excluded(struct kexec_range *ranges, unsigned int max);
int kexec_arch_reserved(void *fdt, unsigned int *generation);

/*
 * Debuggers look up machine_kexec() (linux/kexec.h) and machine_crash_shutdown()
 * (linux/reboot.h) by name.
 */

/* Implemented by policy. */
struct kexec_plan *kexec_image_plan(struct kimage *image);
__printf(2, 3) void kexec_refusal_err(struct kexec_refusal *refusal, const char *fmt, ...);

/*
 * For drivers of hardware that uses memory while the next kernel runs.  32-bit Arm has the
 * GICv3, too.
 */
#define KEXEC_RESERVES_RUNTIME	(IS_ENABLED(CONFIG_ARM64) && IS_ENABLED(CONFIG_KEXEC_CORE))

#if KEXEC_RESERVES_RUNTIME
int kexec_memreserve_add(phys_addr_t base, u64 size);
#else
static inline int kexec_memreserve_add(phys_addr_t base, u64 size)
{
	return 0;
}
#endif

#endif /* _LINUX_KEXEC_ARCH_H */
