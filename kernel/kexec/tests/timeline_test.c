// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the bytes of a timeline
 *
 * Time stamps are written to bytes and read again.  Bytes that are malformed, of
 * another machine or of an earlier reboot are refused, each with its own errno.
 */

#include <kunit/test.h>
#include <linux/align.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#include "../lib/timeline_abi.h"

#define TREE_PA		0x8a400000ULL
#define HZ_62M5		62500000ULL
#define NOW		1000000ULL
#define NOTES_ROOM	200

/* Every phase takes 10 ticks, and 5 pass between it and the next. */
static void timeline_test_marks(struct kexec_timeline_log *log)
{
	unsigned int i;

	*log = (struct kexec_timeline_log) { .now = KEXEC_NR_PHASES };
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		log->start[i] = 100 + 15 * i;
		log->end[i] = log->start[i] + 10;
	}
	log->end[KEXEC_PHASE_RELOCATION] = 0;
}

static void timeline_test_bytes(struct kexec_timeline *bytes)
{
	struct kexec_timeline_log log;

	timeline_test_marks(&log);
	kexec_timeline_encode(&log, TREE_PA, HZ_62M5, bytes);
}

static int timeline_test_decode(const void *bytes, size_t len, struct kexec_timeline_log *log)
{
	return kexec_timeline_decode(bytes, len, TREE_PA, HZ_62M5, NOW, log);
}

static void timeline_test_round_trip(struct kunit *test)
{
	u8 *buf = kunit_kzalloc(test, sizeof(struct kexec_timeline) + 4, GFP_KERNEL);
	struct kexec_timeline_log in, out;
	struct kexec_timeline bytes;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	timeline_test_marks(&in);
	kexec_timeline_encode(&in, TREE_PA, HZ_62M5, &bytes);
	/* Values in a tree are aligned to 4 bytes, not to 8. */
	memcpy(buf + 4, &bytes, sizeof(bytes));
	KUNIT_ASSERT_EQ(test, 0, timeline_test_decode(buf + 4, sizeof(bytes), &out));
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		KUNIT_EXPECT_EQ(test, in.start[i], out.start[i]);
		KUNIT_EXPECT_EQ(test, in.end[i], out.end[i]);
	}
	KUNIT_EXPECT_EQ(test, 0ULL, out.start[KEXEC_PHASE_BOOT]);
}

/* The property is a sequence of bytes, not a C structure. */
static void timeline_test_layout(struct kunit *test)
{
	static const u8 head[] = {
		'k', 'e', 'x', 't', 0, 0, 0, 1,
		0, 0, 0, 0, 0x8a, 0x40, 0, 0,
		0, 0, 0, 0, 0x03, 0xb9, 0xac, 0xa0,
		0, 0, 0, 0, 0, 0, 0, 7,
		0, 0, 0, 0, 0, 0, 0, 100,
		0, 0, 0, 0, 0, 0, 0, 110,
		0, 0, 0, 0, 0, 0, 0, 115,
	};
	struct kexec_timeline bytes;

	timeline_test_bytes(&bytes);
	KUNIT_EXPECT_EQ(test, 144UL, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, 0, memcmp(head, &bytes, sizeof(head)));
}

static void timeline_test_header(struct kunit *test)
{
	struct kexec_timeline good, bad;
	struct kexec_timeline_log log;
	size_t len = sizeof(bad);

	timeline_test_bytes(&good);

	memset(&bad, 0, sizeof(bad));
	KUNIT_EXPECT_EQ(test, -ENODATA, timeline_test_decode(&bad, len, &log));
	bad = good;
	bad.magic ^= cpu_to_be32(1);
	KUNIT_EXPECT_EQ(test, -EINVAL, timeline_test_decode(&bad, len, &log));
	bad = good;
	bad.version = cpu_to_be32(KEXEC_TIMELINE_VERSION + 1);
	KUNIT_EXPECT_EQ(test, -EPROTO, timeline_test_decode(&bad, len, &log));
	bad = good;
	bad.tree_pa = cpu_to_be64(TREE_PA + 0x200000);
	KUNIT_EXPECT_EQ(test, -ESTALE, timeline_test_decode(&bad, len, &log));
	bad = good;
	bad.hz = cpu_to_be64(HZ_62M5 + 1);
	KUNIT_EXPECT_EQ(test, -ERANGE, timeline_test_decode(&bad, len, &log));
	bad.hz = 0;
	KUNIT_EXPECT_EQ(test, -ERANGE,
			kexec_timeline_decode(&bad, len, TREE_PA, 0, NOW, &log));
}

static void timeline_test_length(struct kunit *test)
{
	struct kexec_timeline *bytes;
	struct kexec_timeline_log log;
	size_t len, size = sizeof(*bytes) + 3 * sizeof(bytes->span[0]);

	bytes = kunit_kzalloc(test, size, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	timeline_test_bytes(bytes);
	for (len = 0; len <= size; len++)
		KUNIT_EXPECT_EQ(test, len == sizeof(*bytes) ? 0 : -EINVAL,
				timeline_test_decode(bytes, len, &log));

	/* A newer kernel has additional phases at the end. */
	bytes->nr_spans = cpu_to_be64(KEXEC_NR_HANDED + 3);
	KUNIT_EXPECT_EQ(test, 0, timeline_test_decode(bytes, size, &log));
	KUNIT_EXPECT_EQ(test, -EINVAL, timeline_test_decode(bytes, sizeof(*bytes), &log));
	bytes->nr_spans = cpu_to_be64(KEXEC_NR_HANDED - 1);
	KUNIT_EXPECT_EQ(test, -EINVAL, timeline_test_decode(bytes, sizeof(*bytes), &log));
	/* A number whose size in bytes is correct modulo 2^64. */
	bytes->nr_spans = cpu_to_be64(KEXEC_NR_HANDED + (1ULL << 60));
	KUNIT_EXPECT_EQ(test, -EINVAL, timeline_test_decode(bytes, sizeof(*bytes), &log));
}

/* No kernel has more than 256 phases. */
static void timeline_test_most(struct kunit *test)
{
	const unsigned int most = 256;
	struct kexec_timeline *bytes;
	struct kexec_timeline_log log;
	size_t size = sizeof(*bytes) + (most - KEXEC_NR_HANDED) * sizeof(bytes->span[0]);

	bytes = kunit_kzalloc(test, size + sizeof(bytes->span[0]), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bytes);
	timeline_test_bytes(bytes);
	bytes->nr_spans = cpu_to_be64(most);
	KUNIT_EXPECT_EQ(test, 0, timeline_test_decode(bytes, size, &log));
	bytes->nr_spans = cpu_to_be64(most + 1);
	KUNIT_EXPECT_EQ(test, -EINVAL,
			timeline_test_decode(bytes, size + sizeof(bytes->span[0]), &log));
}

static void timeline_test_order(struct kunit *test)
{
	const struct timeline_order_case {
		enum kexec_phase phase;
		u64 start;
		u64 end;
		int ret;
	} cases[] = {
		{ KEXEC_PHASE_DEVICES, 0, 0, 0 },
		{ KEXEC_PHASE_DEVICES, 7, 7, 0 },
		{ KEXEC_PHASE_DEVICES, 8, 7, -EINVAL },
		{ KEXEC_PHASE_DEVICES, 0, 7, -EINVAL },
		{ KEXEC_PHASE_DEVICES, 7, 0, -EINVAL },
		{ KEXEC_PHASE_CPUS, 7, NOW, 0 },
		{ KEXEC_PHASE_CPUS, 7, NOW + 1, -EINVAL },
		{ KEXEC_PHASE_VERIFY, 0, 0, -EINVAL },
		{ KEXEC_PHASE_RELOCATION, NOW, 0, 0 },
		{ KEXEC_PHASE_RELOCATION, NOW + 1, 0, -EINVAL },
		{ KEXEC_PHASE_RELOCATION, 7, 8, -EINVAL },
		{ KEXEC_PHASE_RELOCATION, 0, 0, -EINVAL },
	};
	struct kexec_timeline_log log;
	struct kexec_timeline bytes;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		timeline_test_bytes(&bytes);
		bytes.span[cases[i].phase].start = cpu_to_be64(cases[i].start);
		bytes.span[cases[i].phase].end = cpu_to_be64(cases[i].end);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    timeline_test_decode(&bytes, sizeof(bytes), &log),
				    "case %u", i);
	}
}

/* Every bit of the header is checked. */
static void timeline_test_bit_flips(struct kunit *test)
{
	size_t bit, bits = 8 * offsetof(struct kexec_timeline, span);
	struct kexec_timeline_log log;
	struct kexec_timeline bytes;

	for (bit = 0; bit < bits; bit++) {
		timeline_test_bytes(&bytes);
		((u8 *)&bytes)[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_TRUE_MSG(test, timeline_test_decode(&bytes, sizeof(bytes), &log) < 0,
				      "bit %zu", bit);
	}
}

static void timeline_test_us(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, 0LL, kexec_timeline_us(5, 5, HZ_62M5));
	KUNIT_EXPECT_EQ(test, 1000000LL, kexec_timeline_us(HZ_62M5 + 3, 3, HZ_62M5));
	KUNIT_EXPECT_EQ(test, -1000000LL, kexec_timeline_us(3, HZ_62M5 + 3, HZ_62M5));
	/* A hundred years at 1 GHz: the product does not fit in 64 bits. */
	KUNIT_EXPECT_EQ(test, 3155760000000000LL,
			kexec_timeline_us(3155760000000000000ULL, 0, 1000000000));
}

static void timeline_test_names(struct kunit *test)
{
	unsigned int i, k;

	for (i = 0; i < KEXEC_NR_PHASES; i++) {
		KUNIT_ASSERT_NOT_NULL(test, kexec_timeline_name(i));
		for (k = 0; k < i; k++)
			KUNIT_EXPECT_NE(test, 0, strcmp(kexec_timeline_name(i),
							kexec_timeline_name(k)));
	}
}

/* Bytes of a note that is written to @to. */
static size_t timeline_test_note(u8 *to, const char *name, const char *text)
{
	const Elf64_Nhdr note = { .n_namesz = strlen(name) + 1, .n_descsz = strlen(text) };

	memcpy(to, &note, sizeof(note));
	memcpy(to + sizeof(note), name, note.n_namesz);
	memcpy(to + sizeof(note) + ALIGN(note.n_namesz, 4), text, note.n_descsz);
	return sizeof(note) + ALIGN(note.n_namesz, 4) + ALIGN(note.n_descsz, 4);
}

static u64 timeline_test_notes(struct kunit *test, const char *name, const char *text)
{
	u8 *notes = kunit_kzalloc(test, NOTES_ROOM, GFP_KERNEL), *exact;
	size_t len;

	KUNIT_ASSERT_NOT_NULL(test, notes);
	/* Registers of a CPU. */
	len = timeline_test_note(notes, "CORE", "12345");
	len += timeline_test_note(notes + len, name, text);
	/* KASAN finds reads beyond the end. */
	exact = kunit_kmalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exact);
	memcpy(exact, notes, len);
	return kexec_timeline_find_panic(exact, len);
}

static void timeline_test_panic(struct kunit *test)
{
	static const struct {
		const char *text;
		u64 ticks;
	} cases[] = {
		{ "A=1\nNUMBER(kexec_panic_ticks)=1234567\nB=2\n", 1234567 },
		{ "\nNUMBER(kexec_panic_ticks)=1\nNUMBER(kexec_panic_ticks)=2\n", 1 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=18446744073709551609\n", U64_MAX - 6 },
		/* Too large, not terminated, not at the start of a line, another key. */
		{ "A=1\nNUMBER(kexec_panic_ticks)=99999999999999999999\n", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=12", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=123", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=1234", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=12345", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=12x\n", 0 },
		{ "A=1\nNUMBER(kexec_panic_ticks)=", 0 },
		{ "A=NUMBER(kexec_panic_ticks)=12\n", 0 },
		{ "A=1\nNUMBER(kexec_panic)=12\n", 0 },
		{ "", 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ticks,
				    timeline_test_notes(test, "VMCOREINFO", cases[i].text),
				    "%s", cases[i].text);
		KUNIT_EXPECT_EQ(test, 0ULL,
				timeline_test_notes(test, "VMCOREINFX", cases[i].text));
	}
}

/* Notes that end early, and lengths that are larger than all notes. */
static void timeline_test_panic_damaged(struct kunit *test)
{
	static const char text[] = "A=1\nNUMBER(kexec_panic_ticks)=77\n";
	u8 *notes = kunit_kzalloc(test, NOTES_ROOM, GFP_KERNEL), *copy;
	size_t len, cut, i;

	KUNIT_ASSERT_NOT_NULL(test, notes);
	len = timeline_test_note(notes, "VMCOREINFO", text);
	KUNIT_EXPECT_EQ(test, 77ULL, kexec_timeline_find_panic(notes, len));
	for (cut = 1; cut <= len; cut++) {
		copy = kunit_kmalloc(test, len - cut + 1, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		memcpy(copy + 1, notes, len - cut);
		KUNIT_EXPECT_EQ(test, 0ULL, kexec_timeline_find_panic(copy + 1, len - cut));
		kunit_kfree(test, copy);
	}
	for (i = 0; i < 2 * sizeof(u32); i++) {
		notes[i] ^= 0xff;
		KUNIT_EXPECT_EQ(test, 0ULL, kexec_timeline_find_panic(notes, len));
		notes[i] ^= 0xff;
	}
}

static struct kunit_case timeline_test_cases[] = {
	KUNIT_CASE(timeline_test_round_trip),
	KUNIT_CASE(timeline_test_layout),
	KUNIT_CASE(timeline_test_header),
	KUNIT_CASE(timeline_test_length),
	KUNIT_CASE(timeline_test_most),
	KUNIT_CASE(timeline_test_order),
	KUNIT_CASE(timeline_test_bit_flips),
	KUNIT_CASE(timeline_test_us),
	KUNIT_CASE(timeline_test_names),
	KUNIT_CASE(timeline_test_panic),
	KUNIT_CASE(timeline_test_panic_damaged),
	{}
};

static struct kunit_suite timeline_test_suite = {
	.name = "kexec-timeline",
	.test_cases = timeline_test_cases,
};

kunit_test_suite(timeline_test_suite);
