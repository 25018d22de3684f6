// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: State of the host: messages of the code under test, signals
 *
 * They use conversions of the kernel (%pa and others), which the C library prints
 * differently.  This is sufficient for -v.
 */
#include <stdarg.h>
#include <stdio.h>

#include <linux/printk.h>
#include <linux/sched/signal.h>

bool sim_fatal_signal;
bool sim_log_verbose;
unsigned int sim_log_errors;
unsigned int sim_log_warnings;

/**
 * sim_log_reset() - reset the counters of messages
 */
void sim_log_reset(void)
{
	sim_log_errors = 0;
	sim_log_warnings = 0;
}

/**
 * sim_log() - count and maybe print a message
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
