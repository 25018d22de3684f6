/* SPDX-License-Identifier: GPL-2.0-only */
/* Test parameters; constants without CONFIG_KEXEC_DEBUG_PARAMS. */
#ifndef _KERNEL_KEXEC_DEBUG_H
#define _KERNEL_KEXEC_DEBUG_H

#include <linux/string.h>
#include <linux/types.h>

/**
 * struct kexec_debug_params - parameters of /sys/module/kexec that other files read
 * @in_place: allocate the destinations of segments
 * @fail_seal: make loads fail after all files were read
 * @demand_signature: refuse kernels without a good signature
 * @recheck_ms: delay of each check of the image
 * @refresh_size: maximum bytes of an updated ELF core header, 0 for its segment
 * @cma_wait_ms: wait of a panic for DMA to CMA areas
 */
struct kexec_debug_params {
	bool in_place;
	bool fail_seal;
	bool demand_signature;
	unsigned int recheck_ms;
	unsigned int refresh_size;
	unsigned int cma_wait_ms;
};

/*
 * The time that mainline waits.  A device writes for milliseconds to a page that a driver
 * has pinned for one transfer.
 */
#define KEXEC_CMA_WAIT_MS	10000

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
extern struct kexec_debug_params kexec_debug;

void kexec_debug_count_deferred(void);
void kexec_debug_meet(unsigned int point);
void kexec_debug_hold_read(void);
void kexec_debug_hold_reboot(void);
void kexec_debug_hold_unpack(bool store);
void kexec_debug_panic_again(unsigned int tries);
void kexec_debug_panic_copy(unsigned int segments);
void kexec_debug_panic_publish(unsigned int point);
void kexec_debug_panic_refresh(void);
void kexec_debug_panic_grow(void);
void kexec_debug_copy_refresh(void *dst, const void *src, size_t len);
#else
static const struct kexec_debug_params kexec_debug = {
	.in_place = true,
	.cma_wait_ms = KEXEC_CMA_WAIT_MS,
};

static inline void kexec_debug_count_deferred(void) { }
static inline void kexec_debug_meet(unsigned int point) { }
static inline void kexec_debug_hold_read(void) { }
static inline void kexec_debug_hold_reboot(void) { }
static inline void kexec_debug_hold_unpack(bool store) { }
static inline void kexec_debug_panic_again(unsigned int tries) { }
static inline void kexec_debug_panic_copy(unsigned int segments) { }
static inline void kexec_debug_panic_publish(unsigned int point) { }
static inline void kexec_debug_panic_refresh(void) { }
static inline void kexec_debug_panic_grow(void) { }

static inline void kexec_debug_copy_refresh(void *dst, const void *src, size_t len)
{
	memcpy(dst, src, len);
}
#endif

#endif /* _KERNEL_KEXEC_DEBUG_H */
