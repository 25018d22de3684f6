/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KERNEL_KEXEC_CRASH_ELFCOREHDR_H
#define _KERNEL_KEXEC_CRASH_ELFCOREHDR_H

#include <linux/errno.h>
#include <linux/types.h>

struct kexec_image;
struct kexec_refusal;

/**
 * struct kexec_refresh - update of the ELF core header of a crash image
 * @seg: segment of the header
 * @hdr: the header in the reservation, or NULL
 * @stage: buffer for the next header
 * @capacity: size of either, in bytes
 * @used: bytes of @hdr with content; the rest is zero
 * @staged_used: the same for @stage
 * @len: bytes of @stage to be copied to @hdr
 * @digest: of all of @stage
 * @error: errno of the last update, which was reported, or 0
 */
struct kexec_refresh {
	unsigned int seg;
	void *hdr;
	void *stage;
	size_t capacity;
	size_t used;
	size_t staged_used;
	size_t len;
	u32 digest;
	int error;
};

#ifdef CONFIG_CRASH_DUMP
int kexec_elfcorehdr_size(const struct kexec_image *img, size_t *len);
int kexec_elfcorehdr_fill(struct kexec_image *img, unsigned int seg);
void kexec_elfcorehdr_check_user(void);
#else
static inline int kexec_elfcorehdr_size(const struct kexec_image *img, size_t *len)
{
	return -EOPNOTSUPP;
}

static inline int kexec_elfcorehdr_fill(struct kexec_image *img, unsigned int seg)
{
	return -EOPNOTSUPP;
}

static inline void kexec_elfcorehdr_check_user(void) { }
#endif

#ifdef CONFIG_CRASH_HOTPLUG
int kexec_elfcorehdr_attach(struct kexec_image *img);
void kexec_elfcorehdr_detach(struct kexec_image *img);
void kexec_elfcorehdr_update(void);
int kexec_elfcorehdr_ask(const struct kexec_image *img, struct kexec_refusal *refusal);
void kexec_elfcorehdr_finish(void);
#else
static inline int kexec_elfcorehdr_attach(struct kexec_image *img) { return 0; }
static inline void kexec_elfcorehdr_detach(struct kexec_image *img) { }
static inline void kexec_elfcorehdr_update(void) { }
static inline void kexec_elfcorehdr_finish(void) { }
static inline int kexec_elfcorehdr_ask(const struct kexec_image *img,
				       struct kexec_refusal *refusal)
{
	return 0;
}

#endif

#endif /* _KERNEL_KEXEC_CRASH_ELFCOREHDR_H */
