/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Test results in the TAP format, version 13, with the plan up front.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>

#include "util.h"

void tap_plan(unsigned int points);
bool tap_point(bool good, const char *fmt, ...)
	__printf(2, 3);
void tap_note(const char *fmt, ...) __printf(1, 2);
void tap_bail(const char *fmt, ...)
	__printf(1, 2) __noreturn;
int tap_finish(void);

#endif /* TAP_H */
