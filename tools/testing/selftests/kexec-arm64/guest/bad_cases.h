/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of loads that have to fail, and how.
 */
#ifndef BAD_CASES_H
#define BAD_CASES_H

#include <stdbool.h>

#include "fixture.h"

/* When a case applies, and where it is left out. */
#define CASE_IF_EMPTY	BIT(0)	/* only with nothing loaded */
#define CASE_IF_CRASH	BIT(1)	/* only with a crash reservation */
#define CASE_IF_NO_CRASH BIT(2)	/* only without one */
#define CASE_IF_GRANULE	BIT(3)	/* only when told which granule is missing */
#define CASE_IF_ENDIAN	BIT(4)	/* only when told that big-endian is missing */
#define CASE_BASE_OTHER	BIT(5)	/* the base kernel gives @base, not @want */

/**
 * struct bad_case - one load that must not work, or a control that must
 * @name: its fault
 * @key: text that the kernel's message must have; NULL for a control
 * @want: errno, 0 for a control
 * @base: errno of the base kernel if CASE_BASE_OTHER is set
 * @when: CASE_* bits
 * @run: tries it; returns 0 or an errno
 * @arg: for @run
 * @image: for @run
 */
struct bad_case {
	const char *name;
	const char *key;
	int want;
	int base;
	unsigned int when;
	int (*run)(const struct bad_case *c);
	unsigned long arg;
	struct fixture_image image;
};

extern const struct bad_case bad_file[];
extern const unsigned int bad_file_nr;
extern const struct bad_case bad_segment[];
extern const unsigned int bad_segment_nr;

bool bad_cases_applies(const struct bad_case *c, bool loaded);
unsigned int bad_cases_count(void);
int bad_cases_want(const struct bad_case *c);
void bad_cases_run(bool loaded);
unsigned int bad_cases_storm(unsigned int repeat);

int bad_cases_unprivileged(int (*call)(void));
int bad_cases_without_cap(int (*call)(void));

#endif /* BAD_CASES_H */
