// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Test results in the TAP format
 *
 * One process, the one that called tap_plan(), reports; its children hand
 * their results to it. Every line is flushed at once, because a guest may be
 * gone the moment after. A run is good when each point that the plan promised
 * was reported and none was bad: too few points is a failure as well, so a
 * test that ends early cannot pass.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tap.h"

static unsigned int tap_promised;
static unsigned int tap_seen;
static unsigned int tap_bad;

/**
 * tap_plan() - say how many points follow
 * @points: their number, at least 1
 */
void tap_plan(unsigned int points)
{
	tap_promised = points;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", points);
}

/**
 * tap_point() - report one point
 * @good: the result
 * @fmt: description of the test, as for printf()
 *
 * Return: @good.
 */
bool tap_point(bool good, const char *fmt, ...)
{
	va_list args;

	tap_seen++;
	if (!good)
		tap_bad++;
	printf("%s %u - ", good ? "ok" : "not ok", tap_seen);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	return good;
}

/**
 * tap_note() - add a diagnostic line
 * @fmt: text without the line's end, as for printf()
 */
void tap_note(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/**
 * tap_bail() - give up: the guest is not what the test needs
 * @fmt: why, as for printf()
 */
void tap_bail(const char *fmt, ...)
{
	va_list args;

	fputs("Bail out! ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	exit(2);
}

/**
 * tap_finish() - sum up
 *
 * Return: the exit status of the test: 0 if all that was promised held.
 */
int tap_finish(void)
{
	if (tap_seen != tap_promised)
		tap_note("%u points were promised, %u reported",
			 tap_promised, tap_seen);
	tap_note("%u good, %u bad", tap_seen - tap_bad, tap_bad);
	fflush(stdout);
	return tap_bad || tap_seen != tap_promised;
}
