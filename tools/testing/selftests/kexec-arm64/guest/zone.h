/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /proc/zoneinfo says of each zone, and the least of it during some time.
 */
#ifndef ZONE_H
#define ZONE_H

#include <pthread.h>
#include <stdatomic.h>

#include "util.h"

#define ZONE_MAX	8

/**
 * struct zone_state - one zone that has memory, in pages
 * @name: "node N, zone NAME"
 * @free: free pages, with those in the lists of CPUs and without those of CMA areas
 * @mark: high watermark plus lowmem_reserve
 */
struct zone_state {
	char name[40];
	u64 free;
	u64 mark;
};

/**
 * struct zone_facts - all zones, the highest one last
 * @nr: how many
 * @zone: the zones
 */
struct zone_facts {
	unsigned int nr;
	struct zone_state zone[ZONE_MAX];
};

/**
 * struct zone_watch - a thread that reads them all the time
 * @thread: the thread
 * @stop: it shall end
 * @least: each zone at the moment when it had least above its mark
 */
struct zone_watch {
	pthread_t thread;
	atomic_int stop;
	struct zone_state least[ZONE_MAX];
};

void zone_read(struct zone_facts *facts);
s64 zone_spare(const struct zone_state *zone);
void zone_watch_begin(struct zone_watch *watch);
void zone_watch_end(struct zone_watch *watch);

#endif /* ZONE_H */
