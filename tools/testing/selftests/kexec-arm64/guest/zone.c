// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "util.h"
#include "zone.h"

/* "protection: (0, 0, 5000, 5000)" has the largest number last. */
static u64 zone_protection(const char *line)
{
	u64 most = 0;
	char *end;

	for (line = strchr(line, '('); line && *line != ')'; line = end) {
		u64 value = strtoul(line + 1, &end, 10);

		most = value > most ? value : most;
		if (end == line + 1)
			break;
	}
	return most;
}

/**
 * zone_read() - read all zones that have memory
 * @facts: filled
 */
void zone_read(struct zone_facts *facts)
{
	FILE *f = fopen("/proc/zoneinfo", "re");
	struct zone_state z = { .name = "" };
	u64 managed = 0, value;
	char line[256], name[16];
	unsigned int node;

	if (!f)
		tap_bail("/proc/zoneinfo: %s", strerror(errno));
	facts->nr = 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Node %u, zone %15s", &node, name) == 2) {
			z = (struct zone_state){ .name = "" };
			managed = 0;
			snprintf(z.name, sizeof(z.name), "node %u, zone %s", node, name);
		} else if (sscanf(line, " pages free %lu", &value) == 1) {
			z.free = value;
		} else if (sscanf(line, " high %lu", &value) == 1) {
			z.mark = value;
		} else if (sscanf(line, " managed %lu", &value) == 1) {
			managed = value;
		} else if (sscanf(line, " nr_free_cma %lu", &value) == 1) {
			/* Comes after the others, and after "protection". */
			z.free -= value;
			if (managed && facts->nr < ZONE_MAX)
				facts->zone[facts->nr++] = z;
		} else if (managed && facts->nr && sscanf(line, " count: %lu", &value) == 1) {
			/* Pages in the lists of a CPU are free; these lines come last. */
			facts->zone[facts->nr - 1].free += value;
		} else if (strstr(line, " protection: (")) {
			z.mark += zone_protection(line);
		}
	}
	fclose(f);
	if (!facts->nr)
		tap_bail("/proc/zoneinfo has no zone");
}

/**
 * zone_spare() - pages of a zone above its mark
 * @zone: the zone
 *
 * Return: the pages; negative below the mark.
 */
s64 zone_spare(const struct zone_state *zone)
{
	return (s64)zone->free - (s64)zone->mark;
}

static void *zone_watch_loop(void *arg)
{
	struct zone_watch *watch = arg;
	struct zone_facts now;
	unsigned int i;

	while (!watch->stop) {
		zone_read(&now);
		for (i = 0; i < now.nr; i++)
			if (zone_spare(&now.zone[i]) < zone_spare(&watch->least[i]))
				watch->least[i] = now.zone[i];
	}
	return NULL;
}

/**
 * zone_watch_begin() - begin to read all zones over and over
 * @watch: filled
 */
void zone_watch_begin(struct zone_watch *watch)
{
	struct zone_facts now;

	zone_read(&now);
	watch->stop = 0;
	memcpy(watch->least, now.zone, sizeof(now.zone));
	if (pthread_create(&watch->thread, NULL, zone_watch_loop, watch))
		tap_bail("no thread");
}

/**
 * zone_watch_end() - end what zone_watch_begin() began
 * @watch: its @least is what was seen
 */
void zone_watch_end(struct zone_watch *watch)
{
	watch->stop = 1;
	pthread_join(watch->thread, NULL);
}
