/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_PRINTK_H
#define _KEXEC_SIM_LINUX_PRINTK_H

#include <linux/types.h>

/*
 * Messages are counted rather than shown, so that a test can hold the code to
 * its rule: one line at error level for each failure, none for success.
 */
extern bool sim_log_verbose;
extern unsigned int sim_log_errors;
extern unsigned int sim_log_warnings;

void sim_log_reset(void);
void sim_log(unsigned int *count, const char *fmt, ...);

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif

#define pr_err(fmt, ...)	sim_log(&sim_log_errors, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	sim_log(&sim_log_warnings, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_notice(fmt, ...)	sim_log(NULL, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...)	sim_log(NULL, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_debug(fmt, ...)	sim_log(NULL, pr_fmt(fmt), ##__VA_ARGS__)

#endif /* _KEXEC_SIM_LINUX_PRINTK_H */
