// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the bytes of a timeline
 *
 * Encodes and decodes /chosen/linux,kexec-timeline, and finds the time of a panic in the
 * notes of a dump.  The readers trust no value.  Also built on the host.
 */

#include <linux/align.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/byteorder.h>

#include "timeline_abi.h"

#define TIMELINE_ABI_US_PER_S	1000000ULL

/* Name of the note with the vmcoreinfo. */
#define TIMELINE_ABI_NOTE	"VMCOREINFO"

/* Limit of the number of phases. */
#define TIMELINE_ABI_MAX_SPANS	256

static const char * const timeline_abi_names[] = {
	[KEXEC_PHASE_LOAD] = "load",
	[KEXEC_PHASE_VERIFY] = "verify",
	[KEXEC_PHASE_NOTIFIERS] = "notifiers",
	[KEXEC_PHASE_DEVICES] = "devices",
	[KEXEC_PHASE_SYSCORE] = "syscore",
	[KEXEC_PHASE_CPUS] = "cpus",
	[KEXEC_PHASE_RELOCATION] = "relocation",
	[KEXEC_PHASE_PANIC] = "panic",
	[KEXEC_PHASE_BOOT] = "boot",
	[KEXEC_PHASE_DUMP] = "dump",
};

static_assert(ARRAY_SIZE(timeline_abi_names) == KEXEC_NR_PHASES);

/**
 * kexec_timeline_name() - get the name of a phase
 * @phase: the phase
 *
 * Return: one word, part of the ABI of sysfs.
 */
const char *kexec_timeline_name(enum kexec_phase phase)
{
	return timeline_abi_names[phase];
}

/**
 * kexec_timeline_encode() - make the bytes of the property
 * @log: the marks
 * @tree_pa: address of the tree with the property
 * @hz: ticks of the counter in a second
 * @to: the bytes
 */
void kexec_timeline_encode(const struct kexec_timeline_log *log, u64 tree_pa, u64 hz,
			   struct kexec_timeline *to)
{
	unsigned int i;

	to->magic = cpu_to_be32(KEXEC_TIMELINE_MAGIC);
	to->version = cpu_to_be32(KEXEC_TIMELINE_VERSION);
	to->tree_pa = cpu_to_be64(tree_pa);
	to->hz = cpu_to_be64(hz);
	to->nr_spans = cpu_to_be64(KEXEC_NR_HANDED);
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		to->span[i].start = cpu_to_be64(log->start[i]);
		to->span[i].end = cpu_to_be64(log->end[i]);
	}
}

/* Is the phase, from another kernel, plausible at @now? */
static bool timeline_abi_span_ok(const struct kexec_timeline_log *log, enum kexec_phase i,
				 u64 now)
{
	u64 start = log->start[i], end = log->end[i];

	if (i == KEXEC_PHASE_RELOCATION)
		return start && !end && start <= now;
	/* All others are counted from this one. */
	if (!start)
		return !end && i != KEXEC_PHASE_VERIFY;
	return start <= end && end <= now;
}

static int timeline_abi_check(const struct kexec_timeline *head, size_t len, u64 tree_pa,
			      u64 hz)
{
	u64 nr = be64_to_cpu(head->nr_spans);

	if (!head->magic)
		return -ENODATA;
	if (be32_to_cpu(head->magic) != KEXEC_TIMELINE_MAGIC)
		return -EINVAL;
	if (be32_to_cpu(head->version) != KEXEC_TIMELINE_VERSION)
		return -EPROTO;
	if (be64_to_cpu(head->tree_pa) != tree_pa)
		return -ESTALE;
	if (!hz || be64_to_cpu(head->hz) != hz)
		return -ERANGE;
	if (nr < KEXEC_NR_HANDED || nr > TIMELINE_ABI_MAX_SPANS ||
	    len != sizeof(*head) + (nr - KEXEC_NR_HANDED) * sizeof(head->span[0]))
		return -EINVAL;
	return 0;
}

/**
 * kexec_timeline_decode() - read the bytes of the property
 * @from: the bytes, not trusted, no alignment needed
 * @len: number of them
 * @tree_pa: address of the tree with the property
 * @hz: ticks of the counter in a second
 * @now: a tick after all of the property
 * @log: the marks; undefined after a failure
 *
 * Return: 0; -ENODATA for an empty property, -EPROTO for another version, -ESTALE for a
 * copy of an older one, -ERANGE for another frequency, -EINVAL for implausible values.
 */
int kexec_timeline_decode(const void *from, size_t len, u64 tree_pa, u64 hz, u64 now,
			  struct kexec_timeline_log *log)
{
	struct kexec_timeline bytes;
	unsigned int i;
	int ret;

	if (len < sizeof(bytes))
		return -EINVAL;
	/* The tree aligns values to 4 bytes only. */
	memcpy(&bytes, from, sizeof(bytes));
	ret = timeline_abi_check(&bytes, len, tree_pa, hz);
	if (ret)
		return ret;

	*log = (struct kexec_timeline_log) { .now = KEXEC_NR_PHASES };
	for (i = 0; i < KEXEC_NR_HANDED; i++) {
		log->start[i] = be64_to_cpu(bytes.span[i].start);
		log->end[i] = be64_to_cpu(bytes.span[i].end);
		if (!timeline_abi_span_ok(log, i, now))
			return -EINVAL;
	}
	return 0;
}

/* The number after the first line that starts with the key; 0 if there is none. */
static u64 timeline_abi_panic(const char *text, size_t len)
{
	static const char key[] = "\n" KEXEC_TIMELINE_PANIC_KEY "=";
	const size_t key_len = sizeof(key) - 1;
	const char *end = text + len, *p = text;
	u64 ticks = 0;

	while (end - p >= key_len && memcmp(p, key, key_len))
		p++;
	if (end - p < key_len)
		return 0;
	for (p += key_len; p < end && *p >= '0' && *p <= '9'; p++) {
		if (ticks > (U64_MAX - 9) / 10)
			return 0;
		ticks = 10 * ticks + (*p - '0');
	}
	return p < end && *p == '\n' ? ticks : 0;
}

/**
 * kexec_timeline_find_panic() - find the time of a panic in ELF notes
 * @notes: notes of the crashed kernel, not trusted; aligned to 4 bytes
 * @len: bytes at @notes
 *
 * Return: ticks of the counter, or 0 if no note has them.
 */
u64 kexec_timeline_find_panic(const void *notes, size_t len)
{
	const char *p = notes;
	Elf64_Nhdr note;
	u64 name, desc;

	while (len >= sizeof(note)) {
		memcpy(&note, p, sizeof(note));
		name = ALIGN((u64)note.n_namesz, 4);
		desc = ALIGN((u64)note.n_descsz, 4);
		p += sizeof(note);
		len -= sizeof(note);
		if (!name || name > len || desc > len - name)
			return 0;
		if (note.n_namesz == sizeof(TIMELINE_ABI_NOTE) &&
		    !memcmp(p, TIMELINE_ABI_NOTE, sizeof(TIMELINE_ABI_NOTE)))
			return timeline_abi_panic(p + name, note.n_descsz);
		p += name + desc;
		len -= name + desc;
	}
	return 0;
}

/**
 * kexec_timeline_us() - get the time between two ticks
 * @tick: the later one, usually
 * @origin: the earlier one, usually
 * @hz: ticks in a second, not 0
 *
 * Return: microseconds, rounded to zero.
 */
s64 kexec_timeline_us(u64 tick, u64 origin, u64 hz)
{
	if (tick < origin)
		return -kexec_timeline_us(origin, tick, hz);
	return mul_u64_u64_div_u64(tick - origin, TIMELINE_ABI_US_PER_S, hz);
}
