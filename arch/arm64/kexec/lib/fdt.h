/* SPDX-License-Identifier: GPL-2.0-only */
/* Content of the next kernel's device tree, besides the request of the loader. */
#ifndef _ARM64_KEXEC_FDT_H
#define _ARM64_KEXEC_FDT_H

#include <linux/kexec_arch.h>
#include <linux/types.h>

/* Main crash region, low region, CMA areas. */
#define KEXEC_FDT_MAX_USABLE	(2 + KEXEC_CRASH_CMA_MAX)

/* 512 bits: twice as many as the pool needs to be ready. */
#define KEXEC_FDT_RNG_SEED_SIZE	64

/**
 * struct fdt_range - bytes of physical memory
 * @start: first byte
 * @size: bytes
 */
struct fdt_range {
	u64 start;
	u64 size;
};

#define KEXEC_FDT_IMA_PROP	"linux,ima-kexec-buffer"

/**
 * struct fdt_source - data of the running kernel
 * @blob: its device tree
 * @blob_pa: physical address of the tree at boot; its reservation is not passed on
 * @seeded: the seeds are random; otherwise the next kernel gets none
 * @kaslr_seed: for /chosen/kaslr-seed
 * @rng_seed: for /chosen/rng-seed
 * @usable: memory of a capture kernel: the main crash region, the low one if there is one,
 *   CMA areas
 * @nr_usable: entries of @usable
 * @persistent: memory that every later kernel must reserve
 * @nr_persistent: entries of @persistent
 * @nr_free_slots: entries for kexec_fdt_add_memrsv()
 */
struct fdt_source {
	const void *blob;
	u64 blob_pa;
	bool seeded;
	u64 kaslr_seed;
	u8 rng_seed[KEXEC_FDT_RNG_SEED_SIZE];
	struct fdt_range usable[KEXEC_FDT_MAX_USABLE];
	unsigned int nr_usable;
	const struct fdt_range *persistent;
	unsigned int nr_persistent;
	unsigned int nr_free_slots;
};

size_t kexec_fdt_bound(const struct fdt_source *src,
		       const struct kexec_fdt_request *req);
int kexec_fdt_build(const struct fdt_source *src,
		    const struct kexec_fdt_request *req,
		    void *fdt, size_t capacity, size_t *used);
int kexec_fdt_clear_ima(void *fdt);

int kexec_fdt_copy(const void *blob, void *fdt, size_t capacity);
int kexec_fdt_reserve_slots(void *fdt, size_t capacity, unsigned int nr);
int kexec_fdt_add_memrsv(void *fdt, const struct fdt_range *range, unsigned int nr);

#endif /* _ARM64_KEXEC_FDT_H */
