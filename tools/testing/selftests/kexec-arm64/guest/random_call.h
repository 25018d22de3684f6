/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random calls of kexec_load() and kexec_file_load(), and a model of their results.
 */
#ifndef RANDOM_CALL_H
#define RANDOM_CALL_H

#include <linux/kexec.h>
#include <stdbool.h>

#include "util.h"

#define RANDOM_CALL_SEGMENTS	(KEXEC_SEGMENT_MAX + 2)

struct random_call_file;

/**
 * struct random_call - one load or unload
 * @by_file: kexec_file_load(), else kexec_load()
 * @no_cap: by a task without CAP_SYS_BOOT
 * @flags: of the system call
 * @entry: of kexec_load(), as are @nr, @list and @seg
 * @nr: number of segments
 * @list: list of segments: @seg, or one that cannot be read
 * @seg: segments, sorted by address unless one is bad
 * @kernel: of kexec_file_load(), as are @initrd and @cmdline
 * @initrd: the other file
 * @cmdline: index of the command line
 */
struct random_call {
	bool by_file;
	bool no_cap;
	unsigned long flags;
	unsigned long entry;
	unsigned long nr;
	const struct kexec_segment *list;
	struct kexec_segment seg[RANDOM_CALL_SEGMENTS];
	const struct random_call_file *kernel;
	const struct random_call_file *initrd;
	unsigned int cmdline;
};

/**
 * struct random_call_result - result of a call in a model
 * @err: 0 or an errno
 * @locked: found with the kexec lock, so it may also be EBUSY
 * @unload: it was an unload
 */
struct random_call_result {
	int err;
	bool locked;
	bool unload;
};

/**
 * struct random_call_region - main region of the crash reservation; both are 0 without one
 * @start: its first byte
 * @end: the byte after its last
 */
struct random_call_region {
	u64 start;
	u64 end;
};

void random_call_init(void);
void random_call_make(struct random_call *c, u64 *random, const struct random_call_region *crash);
bool random_call_is_crash(const struct random_call *c);
struct random_call_result random_call_model(const struct random_call *c,
					    const struct random_call_region *crash);
int random_call_run(const struct random_call *c);
void random_call_note(const struct random_call *c);

#endif /* RANDOM_CALL_H */
