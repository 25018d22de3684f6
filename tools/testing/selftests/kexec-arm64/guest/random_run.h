/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random loads, unloads and changes of the settings, by one caller and by several.
 */
#ifndef RANDOM_RUN_H
#define RANDOM_RUN_H

void random_run(const char *how);

#endif /* RANDOM_RUN_H */
