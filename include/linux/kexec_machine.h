/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one door between the two halves of kexec.
 *
 * kernel/kexec/ decides (who may load, where segments go, when to leave) and
 * arch/arm64/kexec/ acts on the machine (cache maintenance, page tables, the
 * last instructions).  All that the policy half asks of the machine half is
 * declared here, and nothing here allocates for the caller unless it says so.
 */
#ifndef _LINUX_KEXEC_MACHINE_H
#define _LINUX_KEXEC_MACHINE_H

#include <linux/types.h>

struct kimage;
struct pt_regs;

/**
 * struct kexec_copy - one run of bytes that has to move when this kernel leaves
 * @dst_pa: first byte of the destination, page aligned
 * @src_pa: first byte of the source, page aligned, never inside a destination
 * @len: bytes, a multiple of the page size
 */
struct kexec_copy {
	phys_addr_t dst_pa;
	phys_addr_t src_pa;
	u64 len;
};

/**
 * struct kexec_plan - what the machine must know to start the next kernel
 * @entry_pa: first instruction of the next kernel (or of a purgatory)
 * @dtb_pa: goes to x0; 0 when user space brought its own entry code
 * @copies: what has to move, sorted by destination, neighbours merged; owned
 *          by the policy half and valid until kexec_arch_release()
 * @nr_copies: entries in @copies; 0 means that the image already lies in place
 * @crash: the image is started from a panic
 * @alloc_page: returns one zeroed page that is no destination and that stays
 *              untouched until the next kernel runs, or NULL
 * @alloc_ctx: passed to @alloc_page
 * @machine: the machine half's own state, NULL until kexec_arch_prepare()
 */
struct kexec_plan {
	phys_addr_t entry_pa;
	phys_addr_t dtb_pa;
	const struct kexec_copy *copies;
	unsigned int nr_copies;
	bool crash;
	void *(*alloc_page)(void *ctx);
	void *alloc_ctx;
	void *machine;
};

/**
 * struct kexec_image_info - what a kernel's header says about placing it
 * @text_offset: bytes from a 2 MiB boundary to the first byte of the image
 * @image_size: bytes of memory from the first byte on, bss included
 * @align: alignment of the boundary, in bytes
 * @page_shift: page size the kernel was built for, 0 when it does not say
 * @low: memory below the image is lost to that kernel, so put it as low as
 *       memory allows
 * @packed: the file holds the Image in packed form; the fields above are unknown until
 *          kexec_arch_image_peek()
 * @payload_start: offset in the file of the first packed byte
 * @payload_len: bytes from there on that are packed
 */
struct kexec_image_info {
	u64 text_offset;
	u64 image_size;
	u64 align;
	unsigned int page_shift;
	bool low;
	bool packed;
	u64 payload_start;
	u64 payload_len;
};

/**
 * struct kexec_fdt_request - what the next kernel's device tree has to say
 * @cmdline: NUL-terminated command line, or NULL to hand over none
 * @initrd_pa: first byte of the initrd
 * @initrd_len: bytes, 0 when there is none
 * @crash: the tree is for a capture kernel
 * @elfcorehdr_pa: first byte of the ELF core header, for a capture kernel
 * @elfcorehdr_len: bytes of it
 * @ima_pa: first byte of the IMA measurement list
 * @ima_len: bytes of it, 0 when there is none
 */
struct kexec_fdt_request {
	const char *cmdline;
	phys_addr_t initrd_pa;
	u64 initrd_len;
	bool crash;
	phys_addr_t elfcorehdr_pa;
	u64 elfcorehdr_len;
	phys_addr_t ima_pa;
	u64 ima_len;
};

/**
 * struct kexec_range - physical memory, in bytes
 * @start: first byte
 * @end: byte after the last one
 */
struct kexec_range {
	phys_addr_t start;
	phys_addr_t end;
};

/**
 * enum kexec_park - what to do with the other CPUs
 * @KEXEC_PARK_PROBE: see whether each of them could be turned off
 * @KEXEC_PARK_OFF: turn them off
 */
enum kexec_park {
	KEXEC_PARK_PROBE,
	KEXEC_PARK_OFF,
};

int kexec_arch_image_probe(const void *head, size_t head_len, u64 file_len,
			   struct kexec_image_info *info);
int kexec_arch_image_peek(const void *data, size_t len, struct kexec_image_info *info);
int kexec_arch_image_unpack(const void *file, size_t file_len, void *image, size_t *len,
			    struct kexec_image_info *info);
int kexec_arch_image_sig(const void *file, size_t file_len, const void *image, size_t len);
int kexec_arch_fdt_build(const struct kexec_fdt_request *req, void *fdt,
			 size_t room, size_t *used);

int kexec_arch_prepare(struct kexec_plan *plan);
void kexec_arch_release(struct kexec_plan *plan);
void kexec_arch_sync(const void *va, size_t len);
void kexec_arch_save_regs(struct pt_regs *regs, const struct pt_regs *from);
int kexec_arch_park(enum kexec_park how);
unsigned int kexec_arch_dump_excluded(struct kexec_range *ranges, unsigned int max);

/*
 * Debuggers look up this one and machine_crash_shutdown() (linux/reboot.h) by
 * name, so both keep the names that the base declares.
 */
void __noreturn machine_kexec(struct kimage *image);

/* Implemented by the policy half. */
struct kexec_plan *kexec_image_plan(struct kimage *image);

#endif /* _LINUX_KEXEC_MACHINE_H */
