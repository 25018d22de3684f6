// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: extent.c on a simulated machine
 *
 * extent-load simulates a load and the exit on a machine with a few hundred small
 * pages of memory:
 *
 *	1. some pages are in use, the rest is free, in pieces;
 *	2. segments get destinations, which may be in use by this kernel;
 *	3. each of their pages is assigned a page for its bytes: its own destination if
 *	   that is free, else any free page that is not a destination;
 *	4. the copy list is made in the order of the destinations and checked;
 *	5. the copies are done, in the order of the list or in any other, and
 *	   every byte of every destination is compared with the loaded one.
 *
 * extent-check passes random lists to kexec_extent_check() and compares the result
 * with one computed page by page.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/mm.h>

#include "../../../kernel/kexec/lib/extent.h"
#include "../../../kernel/kexec/lib/range_map.h"
#include "sim.h"

#define PAGES		256
#define PAGE_BYTES	64
#define SEGMENTS	16
#define NO_PAGE		PAGES

enum extent_use { FREE, BUSY, TAKEN };

/**
 * struct extent_seg - one segment
 * @dst: first page of the destination
 * @nr: pages
 * @src: for each page, the page with its bytes
 * @bytes: the loaded bytes
 */
struct extent_seg {
	unsigned int dst;
	unsigned int nr;
	unsigned int src[PAGES];
	u8 bytes[PAGES * PAGE_BYTES];
};

/**
 * struct extent_machine - the machine and its image
 * @mem: its memory
 * @use: use of each page
 * @is_dst: true if the page is in a destination
 * @base: address of page 0
 * @in_place: chance of 1 in so many that a free destination is not used
 * @scatter: chance of 1 in so many that a source does not follow the one before
 * @nr_segs: segments in use
 * @seg: the segments
 */
struct extent_machine {
	u8 mem[PAGES * PAGE_BYTES];
	enum extent_use use[PAGES];
	bool is_dst[PAGES];
	u64 base;
	unsigned int in_place;
	unsigned int scatter;
	unsigned int nr_segs;
	struct extent_seg seg[SEGMENTS];
};

static u64 extent_pa(const struct extent_machine *m, unsigned int page)
{
	return m->base + (u64)page * PAGE_BYTES;
}

static void extent_boot(struct sim *s, struct extent_machine *m)
{
	unsigned int busy = sim_between(s, 2, 12), i;

	memset(m, 0, sizeof(*m));
	sim_fill(s, m->mem, sizeof(m->mem));
	m->base = sim_one_in(s, 3) ? U64_MAX - sizeof(m->mem) - (PAGE_BYTES - 1) :
				     sim_below(s, 1ULL << 52);
	m->base -= m->base % PAGE_BYTES;
	m->in_place = sim_between(s, 1, 4);
	m->scatter = sim_between(s, 1, 20);
	for (i = 0; i < PAGES; i++)
		m->use[i] = sim_one_in(s, busy) ? BUSY : FREE;
}

/* Destinations may be anywhere, but do not overlap. */
static void extent_place(struct sim *s, struct extent_machine *m)
{
	unsigned int want = sim_between(s, 1, SEGMENTS), i, left = PAGES / 3;
	struct range_map *map = sim_alloc(struct_size(map, r, SEGMENTS + 1));
	u64 addr;

	map->max = SEGMENTS + 1;
	sim_check(s, !range_map_add(map, m->base, extent_pa(m, PAGES)), "empty map");
	while (m->nr_segs < want && left) {
		struct extent_seg *seg = &m->seg[m->nr_segs];
		struct range_request req = {
			.align = PAGE_BYTES,
			.min = extent_pa(m, sim_below(s, PAGES)),
			.max = extent_pa(m, PAGES),
			.top_down = sim_below(s, 2),
		};

		seg->nr = sim_between(s, 1, min(left, 24U));
		req.size = (u64)seg->nr * PAGE_BYTES;
		if (range_map_find_hole(map, &req, &addr)) {
			want--;
			continue;
		}
		sim_check(s, !range_map_remove(map, addr, addr + req.size), "place lost");
		seg->dst = (addr - m->base) / PAGE_BYTES;
		for (i = 0; i < seg->nr; i++)
			m->is_dst[seg->dst + i] = true;
		sim_fill(s, seg->bytes, seg->nr * PAGE_BYTES);
		left -= seg->nr;
		m->nr_segs++;
	}
	free(map);
}

static bool extent_usable(const struct extent_machine *m, unsigned int page)
{
	return page < PAGES && m->use[page] == FREE && !m->is_dst[page];
}

/* A page for the bytes of another one; contiguous with the last one if possible. */
static unsigned int extent_alloc(struct sim *s, struct extent_machine *m, unsigned int last)
{
	unsigned int i, start = sim_below(s, PAGES);

	if (last != NO_PAGE && extent_usable(m, last + 1) && !sim_one_in(s, m->scatter))
		return last + 1;
	for (i = 0; i < PAGES; i++) {
		if (extent_usable(m, (start + i) % PAGES))
			return (start + i) % PAGES;
	}
	return NO_PAGE;
}

/* Returns false if memory is short. */
static bool extent_load(struct sim *s, struct extent_machine *m)
{
	unsigned int i, n, page, last = NO_PAGE;

	for (i = 0; i < m->nr_segs; i++) {
		struct extent_seg *seg = &m->seg[i];

		for (n = 0; n < seg->nr; n++) {
			page = seg->dst + n;
			if (m->use[page] != FREE || sim_one_in(s, m->in_place))
				page = extent_alloc(s, m, last);
			if (page == NO_PAGE)
				return false;
			last = page;
			m->use[page] = TAKEN;
			seg->src[n] = page;
			memcpy(m->mem + page * PAGE_BYTES, seg->bytes + n * PAGE_BYTES,
			       PAGE_BYTES);
		}
	}
	return true;
}

/* The source of each page, by destination: the list in its simplest form. */
static void extent_sources(const struct extent_machine *m, unsigned int *src)
{
	unsigned int i, n;

	for (i = 0; i < PAGES; i++)
		src[i] = NO_PAGE;
	for (i = 0; i < m->nr_segs; i++) {
		for (n = 0; n < m->seg[i].nr; n++) {
			if (m->seg[i].src[n] != m->seg[i].dst + n)
				src[m->seg[i].dst + n] = m->seg[i].src[n];
		}
	}
}

/* Entry @i of @list. */
static struct kexec_extent *extent_entry(const struct kexec_extent_list *list, unsigned int i)
{
	struct kexec_extent_table *table = list->first;

	for (; i >= table->nr; table = kexec_extent_next(table))
		i -= table->nr;
	return &table->extent[i];
}

static void *extent_page(void *ctx)
{
	return sim_alloc(PAGE_SIZE);
}

static void extent_free(struct kexec_extent_list *list)
{
	struct kexec_extent_table *table = list->first, *next;

	for (; table; table = next) {
		next = kexec_extent_next(table);
		free(table);
	}
}

/* The minimum number of entries, and each one correct. */
static void extent_compare(struct sim *s, const struct extent_machine *m,
			   const struct kexec_extent_list *list)
{
	unsigned int src[PAGES], i, nr = 0, page = 0;

	extent_sources(m, src);
	for (i = 0; i < PAGES; i++) {
		if (src[i] != NO_PAGE)
			nr += !i || src[i - 1] == NO_PAGE || src[i - 1] + 1 != src[i];
	}
	sim_check(s, list->nr == nr, "%u instead of %u entries", list->nr, nr);

	for (i = 0; i < list->nr; i++) {
		const struct kexec_extent *c = extent_entry(list, i);
		u64 done;

		for (done = 0; done < c->len; done += PAGE_BYTES, page++) {
			while (page < PAGES && src[page] == NO_PAGE)
				page++;
			sim_check(s, page < PAGES && c->dst_pa + done == extent_pa(m, page) &&
				  c->src_pa + done == extent_pa(m, src[page]),
				  "entry %u: %#llx from %#llx, byte %#llx", i, c->dst_pa,
				  c->src_pa, done);
		}
	}
	for (; page < PAGES; page++)
		sim_check(s, src[page] == NO_PAGE, "page %u is missing", page);
}

static int extent_cmp_seg(const void *a, const void *b)
{
	const struct extent_seg *sa = a, *sb = b;

	return (int)sa->dst - (int)sb->dst;
}

static void extent_add_all(struct sim *s, struct extent_machine *m, struct kexec_extent_list *list)
{
	unsigned int i, n;

	qsort(m->seg, m->nr_segs, sizeof(*m->seg), extent_cmp_seg);
	for (i = 0; i < m->nr_segs; i++) {
		const struct extent_seg *seg = &m->seg[i];

		for (n = 0; n < seg->nr; n++) {
			sim_check(s, !kexec_extent_add(list, extent_pa(m, seg->dst + n),
						       extent_pa(m, seg->src[n]), PAGE_BYTES),
				  "page %u of segment %u", n, i);
			s->ops++;
		}
	}
}

/* Page after page of an entry, upwards, as the relocation routine does. */
static void extent_copy(struct extent_machine *m, const struct kexec_extent *c)
{
	u8 *dst = m->mem + (c->dst_pa - m->base), *src = m->mem + (c->src_pa - m->base);
	u64 done;

	for (done = 0; done < c->len; done += PAGE_BYTES)
		memcpy(dst + done, src + done, PAGE_BYTES);
}

static void extent_leave(struct sim *s, struct extent_machine *m, struct kexec_extent_list *list)
{
	bool any_order = sim_below(s, 2);
	unsigned int i, other;

	for (i = list->nr; any_order && i > 1; i--) {
		other = sim_below(s, i);
		swap(*extent_entry(list, i - 1), *extent_entry(list, other));
	}
	for (i = 0; i < list->nr; i++)
		extent_copy(m, extent_entry(list, i));

	for (i = 0; i < m->nr_segs; i++) {
		sim_check(s, !memcmp(m->mem + m->seg[i].dst * PAGE_BYTES, m->seg[i].bytes,
				     m->seg[i].nr * PAGE_BYTES), "segment %u is damaged", i);
	}
}

static void extent_sim_load(struct sim *s)
{
	static struct extent_machine m;
	struct kexec_extent_list list = { .alloc_page = extent_page };
	struct kexec_range dst[SEGMENTS];
	unsigned int i;

	extent_boot(s, &m);
	extent_place(s, &m);
	if (!m.nr_segs || !extent_load(s, &m))
		return;

	extent_add_all(s, &m, &list);
	for (i = 0; i < m.nr_segs; i++) {
		dst[i].start = extent_pa(&m, m.seg[i].dst);
		dst[i].end = extent_pa(&m, m.seg[i].dst + m.seg[i].nr);
	}
	sim_check(s, !kexec_extent_check(&list, dst, m.nr_segs), "a good list is refused");
	extent_compare(s, &m, &list);
	extent_leave(s, &m, &list);
	s->ops += 2;
	extent_free(&list);
}

/**
 * struct extent_verdict - the rules, page by page
 * @is_dst: is the page a destination?
 * @bad: a rule is broken
 */
struct extent_verdict {
	bool is_dst[PAGES];
	bool bad;
};

static void extent_judge(const struct kexec_extent_list *list, struct extent_verdict *v)
{
	unsigned int i, page, first, nr;

	memset(v, 0, sizeof(*v));
	for (i = 0; i < list->nr; i++) {
		const struct kexec_extent *c = extent_entry(list, i);

		first = c->dst_pa / PAGE_BYTES;
		nr = c->len / PAGE_BYTES;
		v->bad |= !nr || (i && extent_entry(list, i - 1)->dst_pa > c->dst_pa);
		for (page = first; page < first + nr; page++) {
			v->bad |= v->is_dst[page];
			v->is_dst[page] = true;
		}
	}
	for (i = 0; i < list->nr; i++) {
		first = extent_entry(list, i)->src_pa / PAGE_BYTES;
		nr = extent_entry(list, i)->len / PAGE_BYTES;
		for (page = first; page < first + nr; page++)
			v->bad |= v->is_dst[page];
	}
}

#define EXTENT_RANDOM_MAX	14

/* Mostly tidy lists, so that one slip decides. */
static void extent_random_list(struct sim *s, struct kexec_extent_list *list)
{
	unsigned int nr = sim_below(s, EXTENT_RANDOM_MAX + 1), i, dst = sim_below(s, 20);
	struct kexec_extent *copy;

	list->first = sim_alloc(PAGE_SIZE);
	list->first->next_pa = KEXEC_EXTENT_END;
	list->first->nr = nr;
	list->nr = nr;
	copy = list->first->extent;
	for (i = 0; i < nr; i++) {
		unsigned int len = sim_one_in(s, 30) ? 0 : sim_between(s, 1, 6);

		copy[i].dst_pa = (u64)dst * PAGE_BYTES;
		copy[i].src_pa = sim_between(s, sim_one_in(s, 20) ? 0 : PAGES / 2,
					     PAGES - 7) * PAGE_BYTES;
		copy[i].len = (u64)len * PAGE_BYTES;
		dst += len + sim_below(s, 3);
		if (dst && sim_one_in(s, 25))
			dst--;
	}
	if (nr > 1 && sim_one_in(s, 10)) {
		i = sim_below(s, nr - 1);
		swap(copy[i], copy[i + 1]);
	}
}

static void extent_sim_check(struct sim *s)
{
	struct kexec_range dst[EXTENT_RANDOM_MAX];
	struct kexec_extent_list list = { };
	struct extent_verdict v;
	unsigned int i;
	int ret;

	extent_random_list(s, &list);
	extent_judge(&list, &v);
	for (i = 0; i < list.nr; i++) {
		dst[i].start = list.first->extent[i].dst_pa;
		dst[i].end = dst[i].start + list.first->extent[i].len;
	}
	ret = kexec_extent_check(&list, dst, list.nr);
	sim_check(s, ret == (v.bad ? -EUCLEAN : 0), "%d for a %s list of %u", ret,
		  v.bad ? "bad" : "good", list.nr);
	s->ops++;
	extent_free(&list);
}

const struct sim_test extent_sim_tests[] = {
	{ "extent-load", extent_sim_load, 40000 },
	{ "extent-check", extent_sim_check, 600000 },
	{}
};
