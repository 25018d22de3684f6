/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads in which one allocation or one copy from the caller fails.
 */
#ifndef FAULTS_H
#define FAULTS_H

void faults_run(unsigned int rounds);
void faults_reboot(void);

#endif /* FAULTS_H */
