// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Bad input to kexec_load()
 *
 * Segments go to free System RAM as /proc/iomem shows it, one page each if
 * not specified otherwise. The errno of each case is that of the 6.12 system
 * call, except for cases with CASE_BASE_OTHER: the base does not check whether a
 * destination is memory or reserved, and would write there at the reboot. Both are
 * EADDRNOTAVAIL here, the errno of every other address that cannot be used.
 *
 * Where a segment has two faults the order of checks matters. It is the base's:
 * alignment and wrap-around, overlap, buffer against memory, the sum of all
 * against RAM, and only then the addresses themselves.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "bad_cases.h"
#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define SEGMENT_KERNEL_PTR ((void *)0xffff800080000000UL)

/* Two pages of data, followed by two that cannot be read. */
static char *segment_buf(void)
{
	static char *buf;

	if (buf)
		return buf;
	buf = mmap(NULL, 4 * fixture.page, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf == MAP_FAILED ||
	    mprotect(buf + 2 * fixture.page, 2 * fixture.page, PROT_NONE))
		tap_bail("mmap: %s", strerror(errno));
	memset(buf, 'x', 2 * fixture.page);
	return buf;
}

static struct kexec_segment segment_at(u64 mem, u64 memsz)
{
	return (struct kexec_segment){
		.buf = segment_buf(),
		.bufsz = fixture.page,
		.mem = (void *)mem,
		.memsz = memsz,
	};
}

static int segment_load_at(u64 mem, u64 memsz, unsigned long flags)
{
	struct kexec_segment seg = segment_at(mem, memsz);

	return kexec_call_load(mem, 1, &seg, flags);
}

/* A good segment, but these flags. */
static int segment_flags(const struct bad_case *c)
{
	return segment_load_at(fixture.mem.hole_start, fixture.page, c->arg);
}

static int segment_unload_flags(const struct bad_case *c)
{
	return kexec_call_load(0, 0, NULL, c->arg);
}

/* @arg segments, all good and apart; beyond 16 only the number is wrong. */
static int segment_number(const struct bad_case *c)
{
	struct kexec_segment seg[32];
	unsigned int i;

	for (i = 0; i < 32; i++)
		seg[i] = segment_at(fixture.mem.hole_start + 2 * i * fixture.page, fixture.page);
	return kexec_call_load(fixture.mem.hole_start, c->arg, seg, 0);
}

/* Bad in one of the addresses or sizes. */
enum segment_shape {
	SEGMENT_UNALIGNED_MEM,
	SEGMENT_UNALIGNED_MEMSZ,
	SEGMENT_WRAPPING,
	SEGMENT_TOP,
	SEGMENT_BEHIND_RAM,
	SEGMENT_PHYS_0,
	SEGMENT_PHYS_2_52,
	SEGMENT_OVER_THE_END,
	SEGMENT_RESERVED,
	SEGMENT_INTO_RESERVED,
	SEGMENT_OVER_RAM,
	SEGMENT_BEFORE_CRASH,
	SEGMENT_OVER_CRASH_END,
};

static int segment_crash(u64 mem)
{
	struct kexec_segment seg = segment_at(mem, 2 * fixture.page);

	return kexec_call_load(fixture.mem.crash_start, 1, &seg, KEXEC_ON_CRASH);
}

static int segment_shape(const struct bad_case *c)
{
	const struct iomem_facts *m = &fixture.mem;
	u64 reserved = m->reserved_start & -fixture.page;
	u64 page = fixture.page;

	switch ((enum segment_shape)c->arg) {
	case SEGMENT_UNALIGNED_MEM:
		return segment_load_at(m->hole_start + page / 2, page, 0);
	case SEGMENT_UNALIGNED_MEMSZ:
		return segment_load_at(m->hole_start, page + page / 2, 0);
	case SEGMENT_WRAPPING:
		return segment_load_at(m->hole_start, -page, 0);
	case SEGMENT_TOP:
		return segment_load_at(-page, page, 0);
	case SEGMENT_BEHIND_RAM:
		return segment_load_at((m->ram_end + (1UL << 30)) & -(1UL << 30), page, 0);
	case SEGMENT_PHYS_0:
		return segment_load_at(0, page, 0);
	case SEGMENT_PHYS_2_52:
		return segment_load_at(1UL << 52, page, 0);
	case SEGMENT_OVER_THE_END:
		return segment_load_at((m->ram_end & -page) - page, 2 * page, 0);
	case SEGMENT_RESERVED:
		return segment_load_at(reserved, page, 0);
	case SEGMENT_INTO_RESERVED:
		return segment_load_at(reserved - page, 2 * page, 0);
	case SEGMENT_OVER_RAM:
		return segment_load_at(m->hole_start, (fixture.ram + fixture.ram / 2) & -page, 0);
	case SEGMENT_BEFORE_CRASH:
		return segment_crash(m->hole_start);
	case SEGMENT_OVER_CRASH_END:
		return segment_crash(m->crash_end - page);
	}
	return 0;
}

/* Second segment @arg pages after the first, both two pages long. */
static int segment_overlap(const struct bad_case *c)
{
	u64 mem = fixture.mem.hole_start;
	struct kexec_segment seg[2] = {
		segment_at(mem, 2 * fixture.page),
		segment_at(mem + c->arg * fixture.page, 2 * fixture.page),
	};

	return kexec_call_load(mem, 2, seg, 0);
}

/* 16 segments, of which the last covers the first. */
static int segment_overlap_last(const struct bad_case *c)
{
	u64 mem = fixture.mem.hole_start;
	struct kexec_segment seg[KEXEC_SEGMENT_MAX];
	unsigned int i;

	(void)c;
	for (i = 0; i < KEXEC_SEGMENT_MAX; i++)
		seg[i] = segment_at(mem + (KEXEC_SEGMENT_MAX - i) * fixture.page, fixture.page);
	seg[KEXEC_SEGMENT_MAX - 1] = seg[0];
	return kexec_call_load(mem, KEXEC_SEGMENT_MAX, seg, 0);
}

/* Each of four fits, their sum does not; they are adjacent. */
static int segment_sum_over_ram(const struct bad_case *c)
{
	u64 size = (fixture.ram * 3 / 8) & -fixture.page;
	struct kexec_segment seg[4];
	unsigned int i;

	(void)c;
	for (i = 0; i < 4; i++)
		seg[i] = segment_at(fixture.mem.ram_start + i * size, size);
	return kexec_call_load(fixture.mem.ram_start, 4, seg, 0);
}

static int segment_buf_over_mem(const struct bad_case *c)
{
	struct kexec_segment seg = segment_at(fixture.mem.hole_start, fixture.page);

	seg.bufsz = fixture.page + c->arg;
	return kexec_call_load(fixture.mem.hole_start, 1, &seg, 0);
}

/* Bad in a pointer. */
enum segment_pointer {
	SEGMENT_BUF_NULL,
	SEGMENT_BUF_KERNEL,
	SEGMENT_BUF_UNREADABLE,
	SEGMENT_BUF_HALF,
	SEGMENT_LIST_NULL,
	SEGMENT_LIST_KERNEL,
	SEGMENT_LIST_HALF,
};

static int segment_pointer(const struct bad_case *c)
{
	struct kexec_segment seg = segment_at(fixture.mem.hole_start, 4 * fixture.page);
	struct kexec_segment *list = &seg;
	unsigned int nr = 1;

	switch ((enum segment_pointer)c->arg) {
	case SEGMENT_BUF_NULL:
		seg.buf = NULL;
		break;
	case SEGMENT_BUF_KERNEL:
		seg.buf = SEGMENT_KERNEL_PTR;
		break;
	case SEGMENT_BUF_UNREADABLE:
		seg.buf = segment_buf() + 2 * fixture.page;
		break;
	case SEGMENT_BUF_HALF:
		seg.bufsz = 3 * fixture.page;
		break;
	case SEGMENT_LIST_NULL:
		list = NULL;
		break;
	case SEGMENT_LIST_KERNEL:
		list = SEGMENT_KERNEL_PTR;
		break;
	case SEGMENT_LIST_HALF:
		list = (void *)(segment_buf() + 2 * fixture.page - sizeof(seg));
		*list = seg;
		nr = 2;
		break;
	}
	return kexec_call_load(fixture.mem.hole_start, nr, list, 0);
}

static int segment_crash_entry(const struct bad_case *c)
{
	struct kexec_segment seg = segment_at(fixture.crash ? fixture.mem.crash_start :
					      fixture.mem.hole_start, fixture.page);

	(void)c;
	return kexec_call_load(fixture.mem.hole_start, 1, &seg, KEXEC_ON_CRASH);
}

static int segment_load_quiet(void)
{
	return segment_load_at(fixture.mem.hole_start, fixture.page, 0);
}

static int segment_unprivileged(const struct bad_case *c)
{
	(void)c;
	return bad_cases_unprivileged(segment_load_quiet);
}

static int segment_no_cap(const struct bad_case *c)
{
	(void)c;
	return bad_cases_without_cap(segment_load_quiet);
}

#define SHAPE(_name, _key, _want, _shape) \
	{ .name = "segment: " _name, .key = _key, .want = _want, \
	  .run = segment_shape, .arg = _shape }
#define SHAPE_STRICTER(_name, _key, _shape) \
	{ .name = "segment: " _name, .key = _key, .want = EADDRNOTAVAIL, \
	  .when = CASE_BASE_OTHER, .run = segment_shape, .arg = _shape }
#define POINTER(_name, _key, _pointer) \
	{ .name = "segment: " _name, .key = _key, .want = EFAULT, \
	  .run = segment_pointer, .arg = _pointer }

const struct bad_case bad_segment[] = {
	{ .name = "control: a segment of one page loads", .run = segment_flags },
	{ .name = "control: 16 segments load", .run = segment_number, .arg = 16 },

	{ .name = "load: 17 segments", .key = "17 segments given (limit 16)", .want = EINVAL,
	  .run = segment_number, .arg = 17 },
	{ .name = "load: 2^64 - 1 segments",
	  .key = "18446744073709551615 segments given", .want = EINVAL,
	  .run = segment_number, .arg = -1UL },
	{ .name = "load: unknown flag", .key = "0x10 is not known", .want = EINVAL,
	  .run = segment_flags, .arg = 0x10 },
	{ .name = "unload: unknown flag", .key = "0x8000 is not known", .want = EINVAL,
	  .run = segment_unload_flags, .arg = 0x8000 },
	{ .name = "load: PRESERVE_CONTEXT", .key = "0x2 is not known or not supported",
	  .want = EINVAL, .run = segment_flags, .arg = KEXEC_PRESERVE_CONTEXT },
	{ .name = "load: x86-64 as architecture",
	  .key = "architecture 62 is not supported", .want = EINVAL,
	  .run = segment_flags, .arg = KEXEC_ARCH_X86_64 },
	{ .name = "load: architecture that does not exist",
	  .key = "architecture 65535 is not supported",
	  .want = EINVAL, .run = segment_flags, .arg = 0xffff0000 },

	SHAPE("address not on a page", "is not aligned to pages of",
	      EADDRNOTAVAIL, SEGMENT_UNALIGNED_MEM),
	SHAPE("size not of pages", "is not aligned to pages of",
	      EADDRNOTAVAIL, SEGMENT_UNALIGNED_MEMSZ),
	SHAPE("wraps around", "reach beyond the physical address space",
	      EADDRNOTAVAIL, SEGMENT_WRAPPING),
	SHAPE("last page of the address space", "reach beyond the physical address space",
	      EADDRNOTAVAIL, SEGMENT_TOP),
	SHAPE_STRICTER("above RAM", "was no System RAM at boot", SEGMENT_BEHIND_RAM),
	SHAPE_STRICTER("at physical 0, where no RAM is", "[0x0, 0x1000) was no System RAM",
		       SEGMENT_PHYS_0),
	SHAPE_STRICTER("at 2^52", "at 0x10000000000000 reach beyond the physical",
		       SEGMENT_PHYS_2_52),
	SHAPE_STRICTER("reaches over the end of RAM", "is reserved memory (/proc/iomem)",
		       SEGMENT_OVER_THE_END),
	SHAPE_STRICTER("in reserved memory", "is reserved memory (/proc/iomem)", SEGMENT_RESERVED),
	SHAPE_STRICTER("reaches into reserved memory", "is reserved memory (/proc/iomem)",
		       SEGMENT_INTO_RESERVED),
	SHAPE("larger than RAM", "kB, half of memory)", EINVAL, SEGMENT_OVER_RAM),
	{ .name = "segments: together larger than RAM", .key = "segment 1: image grows to",
	  .want = EINVAL, .run = segment_sum_over_ram },
	{ .name = "segments: twice the same place", .key = "overlaps segment 0",
	  .want = EINVAL, .run = segment_overlap, .arg = 0 },
	{ .name = "segments: overlap by a page", .key = "overlaps segment 0",
	  .want = EINVAL, .run = segment_overlap, .arg = 1 },
	{ .name = "segments: the 16th covers the first",
	  .key = "overlaps segment 0",
	  .want = EINVAL, .run = segment_overlap_last },
	{ .name = "segment: buffer larger by a byte than its memory",
	  .key = "0x1001 bytes of content do not fit into 0x1000",
	  .want = EINVAL, .run = segment_buf_over_mem, .arg = 1 },
	{ .name = "segment: buffer of 2^63 bytes",
	  .key = "0x8000000000001000 bytes of content do not fit into",
	  .want = EINVAL, .run = segment_buf_over_mem, .arg = 1UL << 63 },

	POINTER("buffer NULL",
		"user buffer not readable near byte 0 of", SEGMENT_BUF_NULL),
	POINTER("buffer in the kernel",
		"user buffer not readable near byte 0 of", SEGMENT_BUF_KERNEL),
	POINTER("buffer without read permission",
		"user buffer not readable near byte 0 of", SEGMENT_BUF_UNREADABLE),
	POINTER("buffer runs into an unreadable page",
		"user buffer not readable near byte 0 of", SEGMENT_BUF_HALF),
	POINTER("list of segments NULL",
		"the list of segments cannot be read (-14)", SEGMENT_LIST_NULL),
	POINTER("list of segments in the kernel",
		"the list of segments cannot be read (-14)", SEGMENT_LIST_KERNEL),
	POINTER("list of segments runs into an unreadable page",
		"the list of segments cannot be read (-14)", SEGMENT_LIST_HALF),

	{ .name = "crash load: no crashkernel=", .key = "is not in the crash reservation",
	  .want = EADDRNOTAVAIL, .when = CASE_IF_NO_CRASH, .run = segment_crash_entry },
	{ .name = "crash load: entry outside the crash region",
	  .key = "is not in the crash reservation",
	  .want = EADDRNOTAVAIL, .when = CASE_IF_CRASH, .run = segment_crash_entry },
	{ .name = "crash load: segment outside the crash region",
	  .key = "is not in the crash reservation",
	  .want = EADDRNOTAVAIL, .when = CASE_IF_CRASH, .run = segment_shape,
	  .arg = SEGMENT_BEFORE_CRASH },
	{ .name = "crash load: segment over the end of the crash region",
	  .key = "is not in the crash reservation", .want = EADDRNOTAVAIL,
	  .when = CASE_IF_CRASH, .run = segment_shape, .arg = SEGMENT_OVER_CRASH_END },

	{ .name = "load: by a user without privileges", .key = "has no capability CAP_SYS_BOOT",
	  .want = EPERM, .run = segment_unprivileged },
	{ .name = "load: by root without CAP_SYS_BOOT", .key = "has no capability CAP_SYS_BOOT",
	  .want = EPERM, .run = segment_no_cap },
};

const unsigned int bad_segment_nr = ARRAY_SIZE(bad_segment);
