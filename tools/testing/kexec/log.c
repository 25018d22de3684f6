// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Messages of the code under test
 *
 * They use the kernel's own conversions (%pa and the like), which the C library
 * prints in its way; that is good enough for reading along with -v.
 */
#include <stdarg.h>
#include <stdio.h>

#include <linux/printk.h>

bool sim_log_verbose;
unsigned int sim_log_errors;
unsigned int sim_log_warnings;

/**
 * sim_log_reset() - forget the messages so far
 */
void sim_log_reset(void)
{
	sim_log_errors = 0;
	sim_log_warnings = 0;
}

/**
 * sim_log() - take a message
 * @count: counter of its level, or NULL
 * @fmt: the message
 */
void sim_log(unsigned int *count, const char *fmt, ...)
{
	va_list args;

	if (count)
		++*count;
	if (!sim_log_verbose)
		return;

	printf("# | ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
}
