// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: timelines of kernels that cannot be trusted
 *
 * A round writes random marks, changes some of the bytes, hands a copy of just
 * the right length to the reader, and looks at what it accepts: time runs
 * forward and ends before now, and no figure is negative.  Untouched bytes have to
 * come back as they were.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../kernel/kexec/lib/timeline_abi.h"
#include "sim.h"

static void timeline_draw(struct sim *s, struct kexec_timeline_log *log, u64 now)
{
	u64 at = sim_between(s, 1, now / 2);
	unsigned int i;

	memset(log, 0, sizeof(*log));
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		if (i != KEXEC_PHASE_VERIFY && i != KEXEC_PHASE_RELOCATION && sim_one_in(s, 5))
			continue;
		log->start[i] = at;
		at = sim_between(s, at, now);
		if (i != KEXEC_PHASE_RELOCATION)
			log->end[i] = at;
	}
}

static void timeline_expect_sound(struct sim *s, const struct kexec_timeline_log *log, u64 now,
				  u64 hz)
{
	unsigned int i;

	sim_check(s, log->start[KEXEC_PHASE_VERIFY], "no origin");
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		u64 end = i == KEXEC_PHASE_RELOCATION ? now : log->end[i];

		if (!log->start[i])
			continue;
		sim_check(s, log->start[i] <= end && end <= now, "phase %u", i);
		sim_check(s, kexec_timeline_us(end, log->start[i], hz) >= 0, "phase %u", i);
	}
}

static void timeline_sim_round(struct sim *s)
{
	u64 hz = sim_between(s, 1000000, 1000000000), now = sim_between(s, 2, U64_MAX >> 1);
	u64 pa = sim_below(s, 1ULL << 52);
	struct kexec_timeline_log in, out;
	struct kexec_timeline bytes;
	size_t len = sizeof(bytes);
	unsigned int changes;
	u8 *copy;
	int ret;

	timeline_draw(s, &in, now);
	kexec_timeline_encode(&in, pa, hz, &bytes);
	changes = sim_below(s, 4);
	if (changes && sim_one_in(s, 4))
		len = sim_below(s, sizeof(bytes));
	copy = sim_alloc(len ?: 1);
	memcpy(copy, &bytes, len);
	for (ret = 0; len && ret < (int)changes; ret++)
		copy[sim_below(s, len)] ^= sim_between(s, 1, 255);

	ret = kexec_timeline_decode(copy, len, pa, hz, now, &out);
	s->ops++;
	sim_check(s, changes || !ret, "%d for valid bytes", ret);
	if (!ret)
		timeline_expect_sound(s, &out, now, hz);
	if (!changes)
		sim_check(s, !memcmp(in.start, out.start, sizeof(in.start)) &&
			  !memcmp(in.end, out.end, sizeof(in.end)), "marks changed");
	free(copy);
}

const struct sim_test timeline_sim_tests[] = {
	{ "timeline-decode", timeline_sim_round, 100000 },
	{}
};
