/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads that meet other loads, and loads that meet a signal.
 */
#ifndef RACES_H
#define RACES_H

#include <stdbool.h>

#define RACES_POINTS	3	/* that one races_run() reports */

void races_run(bool loaded);

#endif /* RACES_H */
