// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: the copy list
 *
 * The model has 1024 pages and, for each page that is a destination, the page that is its
 * source.  Input: where the pages are and how many tables can be allocated, a page that
 * is in place, then runs of 4 bytes each.  The list must copy the same pages with as few
 * entries as possible; the copies are done on a small memory in two orders, and a list
 * that is accepted gives the same bytes in both.  A list of any numbers is checked entry
 * against entry.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/mm.h>

#include "../../../../kernel/kexec/lib/extent.h"
#include "fuzz.h"

#define PAGES		1024
#define PAGE_BYTES	4096ULL
#define NO_PAGE		PAGES
#define ENTRIES		24
#define RANGES		8

/**
 * struct pages - the model and the list under test
 * @src: for each page, its source, or NO_PAGE if nothing is copied there
 * @nr: minimum number of entries
 * @end: page after the last destination that was listed
 * @base: address of page 0
 * @tables: tables that the allocator may still return
 * @list: the list
 */
struct pages {
	unsigned int src[PAGES];
	unsigned int nr;
	unsigned int end;
	u64 base;
	unsigned int tables;
	struct kexec_extent_list list;
};

static u64 pages_pa(const struct pages *p, unsigned int page)
{
	return p->base + page * PAGE_BYTES;
}

static void *pages_alloc_table(void *ctx)
{
	struct pages *p = ctx;

	if (!p->tables)
		return NULL;
	p->tables--;
	return fuzz_alloc(PAGE_SIZE);
}

static void extent_free(struct kexec_extent_list *list)
{
	struct kexec_extent_table *table = list->first, *next;

	for (; table; table = next) {
		next = kexec_extent_next(table);
		free(table);
	}
}

/* Does a run carry on where the last listed one ends? */
static bool pages_continue(const struct pages *p, unsigned int dst, unsigned int src)
{
	return p->nr && dst == p->end && p->src[dst - 1] + 1 == src;
}

/* Returns whether the run is in the list, or in place. */
static bool pages_add_run(struct pages *p, unsigned int dst, unsigned int src, unsigned int len)
{
	bool joins = pages_continue(p, dst, src), full = !(p->nr % KEXEC_TABLE_EXTENTS);
	int ret, want = 0;
	unsigned int i;

	if (dst + len > PAGES || src + len > PAGES)
		return false;
	if (!len || dst < p->end)
		want = -EINVAL;
	else if (src != dst && !joins && full && !p->tables)
		want = -ENOMEM;
	ret = kexec_extent_add(&p->list, pages_pa(p, dst), pages_pa(p, src), len * PAGE_BYTES);
	fuzz_check(ret == want, "%d instead of %d", ret, want);
	if (ret || src == dst)
		return !ret;
	p->nr += !joins;
	p->end = dst + len;
	for (i = 0; i < len; i++)
		p->src[dst + i] = src + i;
	return true;
}

static void pages_add(struct pages *p, struct fuzz_input *in)
{
	unsigned int dst = fuzz_u8(in), src = fuzz_u8(in), len = fuzz_u8(in);
	u8 kind = fuzz_u8(in);

	/* Mostly in order, often contiguous. */
	if (kind & 3)
		dst = p->end + dst % 4;
	else
		dst *= 4;
	src += PAGES / 2 * !!(kind & 8);
	if (kind & 4 && p->end)
		src = p->src[p->end - 1] + 1 + dst - p->end;
	if (!(kind & 16)) {
		pages_add_run(p, dst, src, len % 16);
		return;
	}
	/* As many single pages, with every other page as a source. */
	for (; len && pages_add_run(p, dst, src, 1); len--, dst++, src += 2)
		;
}

/* Compare one entry, from @page on; returns the page after it. */
static unsigned int pages_compare_entry(const struct pages *p, const struct kexec_extent *c,
					unsigned int page)
{
	u64 done;

	for (done = 0; done < c->len; done += PAGE_BYTES, page++) {
		while (page < PAGES && p->src[page] == NO_PAGE)
			page++;
		fuzz_check(page < PAGES && c->dst_pa + done == pages_pa(p, page) &&
			   c->src_pa + done == pages_pa(p, p->src[page]),
			   "page %u, byte %#llx of its entry", page, done);
	}
	return page;
}

static void pages_compare(const struct pages *p)
{
	const struct kexec_extent_table *table;
	unsigned int i, page = 0, nr = 0;

	for (table = p->list.first; table; table = kexec_extent_next(table)) {
		fuzz_check(table->nr && table->nr <= KEXEC_TABLE_EXTENTS, "%llu entries",
			   table->nr);
		for (i = 0; i < table->nr; i++, nr++)
			page = pages_compare_entry(p, &table->extent[i], page);
	}
	fuzz_check(p->list.nr == p->nr && nr == p->nr, "%u, %u entries instead of %u",
		   p->list.nr, nr, p->nr);
	while (page < PAGES && p->src[page] == NO_PAGE)
		page++;
	fuzz_check(page == PAGES, "page %u is missing", page);
}

static struct kexec_extent *pages_entry(const struct pages *p, unsigned int i)
{
	struct kexec_extent_table *table = p->list.first;

	for (; i >= table->nr; table = kexec_extent_next(table))
		i -= table->nr;
	return &table->extent[i];
}

/* The number of each page, after copying entry by entry. */
static void pages_copy(const struct pages *p, u16 *mem, bool backwards)
{
	unsigned int i, n;

	for (i = 0; i < PAGES; i++)
		mem[i] = i;
	for (i = 0; i < p->nr; i++) {
		const struct kexec_extent *c = pages_entry(p, backwards ? p->nr - 1 - i : i);
		unsigned int dst = (c->dst_pa - p->base) / PAGE_BYTES;
		unsigned int src = (c->src_pa - p->base) / PAGE_BYTES;

		for (n = 0; n < c->len / PAGE_BYTES; n++)
			mem[dst + n] = mem[src + n];
	}
}

/* Destinations: those that are copied, and one that is in place. */
static void pages_expect_verdict(const struct pages *p, unsigned int in_place)
{
	struct kexec_range dst[PAGES / 2 + 1] = {
		{ pages_pa(p, in_place), pages_pa(p, in_place + 1) },
	};
	u16 forward[PAGES], backward[PAGES];
	unsigned int i, nr = 1;
	bool bad = false;
	int ret;

	for (i = 0; i < PAGES; i++) {
		bad |= p->src[i] != NO_PAGE && (p->src[p->src[i]] != NO_PAGE ||
						p->src[i] == in_place);
		if (p->src[i] == NO_PAGE)
			continue;
		if (nr == 1 || dst[nr - 1].end != pages_pa(p, i))
			dst[nr++].start = pages_pa(p, i);
		dst[nr - 1].end = pages_pa(p, i + 1);
	}
	ret = kexec_extent_check(&p->list, dst, nr);
	fuzz_check(ret == (bad ? -EUCLEAN : 0), "%d", ret);
	if (ret)
		return;
	pages_copy(p, forward, false);
	pages_copy(p, backward, true);
	for (i = 0; i < PAGES; i++)
		fuzz_check(forward[i] == (p->src[i] == NO_PAGE ? i : p->src[i]) &&
			   backward[i] == forward[i], "page %u has the bytes of %u", i,
			   forward[i]);
}

static bool extent_wraps(u64 start, u64 len)
{
	return (__uint128_t)start + len > U64_MAX;
}

static bool extent_is_bad(const struct kexec_extent *c, unsigned int nr,
			  const struct kexec_range *dst, unsigned int nr_dst)
{
	unsigned int i, j;

	for (i = 0; i < nr; i++) {
		if (!c[i].len || extent_wraps(c[i].dst_pa, c[i].len) ||
		    extent_wraps(c[i].src_pa, c[i].len))
			return true;
		for (j = 0; j < nr_dst; j++)
			if (max(c[i].src_pa, dst[j].start) <
			    min(c[i].src_pa + c[i].len, dst[j].end))
				return true;
		for (j = 0; j < i; j++)
			if (c[j].dst_pa + c[j].len > c[i].dst_pa)
				return true;
	}
	return false;
}

/* Any numbers, in a list that no caller makes. */
static void extent_any_list(struct fuzz_input *in)
{
	unsigned int nr = fuzz_u8(in) % ENTRIES, nr_dst = fuzz_u8(in) % RANGES, i;
	struct kexec_extent_table *table = fuzz_alloc(struct_size(table, extent, nr));
	struct kexec_extent_list list = { .first = table, .last = table, .nr = nr };
	struct kexec_range dst[RANGES];
	int ret;

	table->nr = nr;
	table->next_pa = KEXEC_EXTENT_END;
	for (i = 0; i < nr; i++) {
		table->extent[i].dst_pa = fuzz_number(in);
		table->extent[i].src_pa = fuzz_number(in);
		table->extent[i].len = fuzz_number(in);
	}
	for (i = 0; i < nr_dst; i++) {
		dst[i].start = fuzz_number(in) / 2;
		dst[i].end = dst[i].start + 1 + fuzz_number(in) / 2;
	}
	ret = kexec_extent_check(&list, dst, nr_dst);
	fuzz_check(ret == (extent_is_bad(table->extent, nr, dst, nr_dst) ? -EUCLEAN : 0), "%d",
		   ret);
	free(table);
}

void fuzz_one(struct fuzz_input *in)
{
	u8 where = fuzz_u8(in), in_place = fuzz_u8(in);
	struct pages p = {
		.tables = where >> 2 & 7,
		.list = { .alloc_page = pages_alloc_table, .ctx = &p },
	};
	unsigned int i;

	if (where & 1) {
		extent_any_list(in);
		return;
	}
	/* At the top, the last page ends at the last address. */
	p.base = where & 2 ? -(PAGES + 1) * PAGE_BYTES : (u64)where << 30;
	for (i = 0; i < PAGES; i++)
		p.src[i] = NO_PAGE;
	while (in->left)
		pages_add(&p, in);
	pages_compare(&p);
	pages_expect_verdict(&p, in_place);
	extent_free(&p.list);
}
