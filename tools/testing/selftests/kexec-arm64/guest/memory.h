/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether failed loads leave memory behind, and loads without page tables.
 */
#ifndef MEMORY_H
#define MEMORY_H

#define MEMORY_MIN_ROUNDS	14

void memory_rounds(unsigned int rounds);
void memory_tables(void);

#endif /* MEMORY_H */
