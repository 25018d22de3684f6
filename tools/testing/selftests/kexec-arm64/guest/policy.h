/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads that the administrator has forbidden. Both modes change the kernel for
 * good, so each needs a boot of its own.
 */
#ifndef POLICY_H
#define POLICY_H

void policy_sysctl(void);
void policy_lockdown(void);

#endif /* POLICY_H */
