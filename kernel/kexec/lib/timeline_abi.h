/* SPDX-License-Identifier: GPL-2.0-only */
/* Time stamps of the phases of a reboot, and their encoding for the next kernel. */
#ifndef _KERNEL_KEXEC_TIMELINE_H
#define _KERNEL_KEXEC_TIMELINE_H

#include <linux/kexec_timeline.h>
#include <linux/types.h>

struct kexec_image;

/**
 * struct kexec_timeline_log - time stamps of one image
 * @start: first tick of each phase, 0 if it has not started
 * @end: last tick of each phase, 0 if it has not ended
 * @now: current phase, KEXEC_NR_PHASES for none
 * @seg: segment of the device tree with the property
 * @offset: offset of the property's value in it, 0 if there is none
 */
struct kexec_timeline_log {
	u64 start[KEXEC_NR_PHASES];
	u64 end[KEXEC_NR_PHASES];
	enum kexec_phase now;
	unsigned int seg;
	size_t offset;
};

void kexec_timeline_enter(struct kexec_timeline_log *log, enum kexec_phase phase);
void kexec_timeline_pause(struct kexec_timeline_log *log);
void kexec_timeline_attach(struct kexec_image *img, unsigned int seg, const void *fdt);
void kexec_timeline_store(struct kexec_image *img);

const char *kexec_timeline_name(enum kexec_phase phase);
void kexec_timeline_encode(const struct kexec_timeline_log *log, u64 tree_pa, u64 hz,
			   struct kexec_timeline *to);
int kexec_timeline_decode(const void *from, size_t len, u64 tree_pa, u64 hz, u64 now,
			  struct kexec_timeline_log *log);
u64 kexec_timeline_find_panic(const void *notes, size_t len);
s64 kexec_timeline_us(u64 tick, u64 origin, u64 hz);

#endif /* _KERNEL_KEXEC_TIMELINE_H */
