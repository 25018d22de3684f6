/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel said between two moments.
 */
#ifndef KLOG_H
#define KLOG_H

#include <stdbool.h>

/**
 * struct klog_catch - the records that came since klog_mark()
 * @key: text of the expected message; NULL counts no @key_hits
 * @injected: failed allocations are no @splats
 * @errors: records at level err or worse that begin with "kexec: "
 * @key_hits: "kexec: " records of any level that hold @key
 * @key_errors: the records that count in both
 * @splats: warnings with a trace, failed allocations and the like, of anyone
 * @error: the first of @errors
 * @splat: the first of @splats
 */
struct klog_catch {
	const char *key;
	bool injected;
	unsigned int errors;
	unsigned int key_hits;
	unsigned int key_errors;
	unsigned int splats;
	char error[320];
	char splat[320];
};

void klog_mark(void);
void klog_collect(struct klog_catch *c);

#endif /* KLOG_H */
