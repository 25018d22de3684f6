// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: the timeline of the kernel before
 *
 * Input: the counter's frequency and its value (1 and 7 bytes), the bytes of the
 * property.  In an accepted property, time is in order and ends before now; encoding
 * it again results in the same bytes.  The same bytes are read as notes of a dump: the time
 * of a panic is a number after its key.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <asm/byteorder.h>

#include "../../../../kernel/kexec/lib/timeline_abi.h"
#include "fuzz.h"

/* Frequencies of counters in use. */
static const u64 timeline_hz[] = { 1000000, 24000000, 62500000, 1000000000 };

static void timeline_expect_order(const struct kexec_timeline_log *log, u64 now, u64 hz)
{
	unsigned int i;

	fuzz_check(log->now == KEXEC_NR_PHASES, "phase %u", log->now);
	fuzz_check(log->start[KEXEC_PHASE_VERIFY], "no origin");
	fuzz_check(log->start[KEXEC_PHASE_RELOCATION] && !log->end[KEXEC_PHASE_RELOCATION],
		   "relocation");
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		u64 start = log->start[i], end = log->end[i];

		if (i == KEXEC_PHASE_RELOCATION)
			end = now;
		fuzz_check(start ? start <= end && end <= now : !end, "phase %u", i);
		fuzz_check(kexec_timeline_us(end, start, hz) >= 0 &&
			   kexec_timeline_us(start, end, hz) <= 0, "phase %u", i);
	}
}

static void timeline_expect_same(const struct kexec_timeline_log *log, const u8 *bytes,
				 size_t len, u64 pa, u64 hz)
{
	struct kexec_timeline_log back;
	struct kexec_timeline from, to;

	memcpy(&from, bytes, sizeof(from));
	kexec_timeline_encode(log, pa, hz, &to);
	/* Phases that this kernel does not know follow the others. */
	fuzz_check(len == sizeof(to) + (be64_to_cpu(from.nr_spans) - KEXEC_NR_HANDED) *
		   sizeof(to.span[0]), "%zu bytes", len);
	to.nr_spans = from.nr_spans;
	fuzz_check(!memcmp(&from, &to, sizeof(to)), "other bytes");

	to.nr_spans = cpu_to_be64(KEXEC_NR_HANDED);
	fuzz_check(!kexec_timeline_decode(&to, sizeof(to), pa, hz, U64_MAX >> 1, &back) &&
		   !memcmp(&back.start, &log->start, sizeof(back.start)) &&
		   !memcmp(&back.end, &log->end, sizeof(back.end)), "other time stamps");
}

static void timeline_notes(const u8 *from, size_t len)
{
	static const char key[] = "\n" KEXEC_TIMELINE_PANIC_KEY "=";
	u8 *notes = fuzz_copy(from, len), *text = notes, *end = notes + len;
	u64 ticks = kexec_timeline_find_panic(notes, len);

	while (ticks && end - text >= sizeof(key) &&
	       (memcmp(text, key, sizeof(key) - 1) ||
		strtoull((char *)text + sizeof(key) - 1, NULL, 10) != ticks))
		text++;
	fuzz_check(!ticks || end - text >= sizeof(key), "%llu ticks are not in the notes", ticks);
	free(notes);
}

void fuzz_one(struct fuzz_input *in)
{
	u64 hz = timeline_hz[fuzz_u8(in) % ARRAY_SIZE(timeline_hz)];
	u64 now = fuzz_bytes(in, 7), pa = 0;
	struct kexec_timeline_log log;
	size_t len = in->left;
	u8 *bytes = fuzz_copy(in->pos, len);
	int ret;

	timeline_notes(in->pos, len);
	/* A stale copy is a matter of one comparison: mostly meet it. */
	if (len >= 24 && bytes[len - 1] != 0xff) {
		u64 be = cpu_to_be64(hz);

		pa = bytes[15];
		memset(bytes + 8, 0, 7);
		memcpy(bytes + 16, &be, sizeof(be));
	}
	ret = kexec_timeline_decode(bytes, len, pa, hz, now, &log);
	fuzz_check(!ret || ret == -ENODATA || ret == -EPROTO || ret == -ESTALE ||
		   ret == -ERANGE || ret == -EINVAL, "%d", ret);
	if (!ret) {
		timeline_expect_order(&log, now, hz);
		timeline_expect_same(&log, bytes, len, pa, hz);
	}
	free(bytes);
}
