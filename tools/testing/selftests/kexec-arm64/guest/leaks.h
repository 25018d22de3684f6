/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Search for leaks of failed loads and of loads without page tables.
 */
#ifndef LEAKS_H
#define LEAKS_H

#define LEAKS_MIN_ROUNDS	14

void leaks_rounds(unsigned int rounds);
void leaks_tables(void);

#endif /* LEAKS_H */
