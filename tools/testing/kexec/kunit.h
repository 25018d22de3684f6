/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's own KUnit suites, run by the host simulator.
 */
#ifndef _KEXEC_SIM_KUNIT_H
#define _KEXEC_SIM_KUNIT_H

#include <linux/types.h>

unsigned int kunit_host_count(void);
void kunit_host_run(void);

/* sim.c */
void sim_result(bool ok, const char *suite, const char *name);
bool sim_wanted(const char *name);

#endif /* _KEXEC_SIM_KUNIT_H */
