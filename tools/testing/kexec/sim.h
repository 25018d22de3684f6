/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the host simulator share: rounds, random numbers, verdicts.
 */
#ifndef _KEXEC_SIM_H
#define _KEXEC_SIM_H

#include <linux/kernel.h>
#include <linux/types.h>

/**
 * struct sim - one test while it runs
 * @name: name of the test
 * @seed: seed of the whole run
 * @round: number of the round under way
 * @rng: state of the random numbers, set anew for each round
 * @ops: operations done so far: calls into the code under test
 */
struct sim {
	const char *name;
	u64 seed;
	u64 round;
	u64 rng;
	u64 ops;
};

/**
 * struct sim_test - one line of the TAP output
 * @name: name of the test
 * @round: does one round; whatever it does follows from sim_random() alone
 * @rounds: rounds that `make check` does
 */
struct sim_test {
	const char *name;
	void (*round)(struct sim *s);
	u64 rounds;
};

/* One array for each file, ended by an entry without a name. */
extern const struct sim_test range_map_sim_tests[];
extern const struct sim_test extent_sim_tests[];
extern const struct sim_test elfcore_sim_tests[];
extern const struct sim_test crashkernel_param_sim_tests[];
extern const struct sim_test image_header_sim_tests[];
extern const struct sim_test fdt_sim_tests[];
extern const struct sim_test timeline_sim_tests[];
extern const struct sim_test initrd_cpio_sim_tests[];

u64 sim_random(struct sim *s);
u64 sim_below(struct sim *s, u64 limit);
u64 sim_between(struct sim *s, u64 first, u64 last);
bool sim_one_in(struct sim *s, unsigned int n);
void sim_fill(struct sim *s, void *buf, size_t len);
void *sim_alloc(size_t len);

/* Ends the test; memory of this round is not freed. */
void __noreturn __printf(4, 5) sim_fail(struct sim *s, const char *file, int line,
					const char *fmt, ...);

#define sim_check(s, cond, fmt, ...)						\
do {										\
	if (!(cond))								\
		sim_fail(s, __FILE__, __LINE__, "%s: " fmt, #cond, ##__VA_ARGS__); \
} while (0)

#endif /* _KEXEC_SIM_H */
