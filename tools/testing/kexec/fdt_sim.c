// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fdt.c, read back
 *
 * A round makes the tree of a running kernel (nodes, reservations, a /chosen
 * with properties of an earlier boot, valid or broken), builds the next tree and
 * reads it with libfdt:
 *
 *	- /chosen has the requested properties and none of the old ones;
 *	- all required reservations exist, and unrelated ones are unchanged;
 *	- every other node and property is as before;
 *	- it fits in the size that was promised, and in less or not at all;
 *	- the tree after next is as large as the next one: a chain of kexecs does
 *	  not make it grow.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kexec_arch.h>
#include <linux/kexec_timeline.h>
#include <linux/libfdt.h>
#include <linux/printk.h>

#include "../../../arch/arm64/kexec/lib/fdt.h"
#include "sim.h"

#define TREE_BYTES	8192
#define KEEP		40
#define CANARY		0xc3
#define CANARIES	256

/* Separate areas of memory, so that ranges do not overlap by chance; 4 KiB pages. */
#define AREA_OTHER	0x10000000ULL
#define AREA_BLOB	0x20000000ULL
#define OLD_ELFCORE	0x30000000ULL
#define OLD_IMA		0x31000000ULL
#define OLD_USABLE	0x32000000ULL
#define OLD_INITRD	0x33000000ULL
#define AREA_NEW	0x40000000ULL
#define AREA_KEEP	0x60000000ULL

/**
 * struct fdt_case - the running tree and the request for the next one
 * @tree: the running tree
 * @src: data of the running kernel
 * @req: the request
 * @persistent: run-time reservations
 * @cmdline: text of the request
 * @nr_other: unrelated reservations in the running tree
 */
struct fdt_case {
	u8 tree[TREE_BYTES] __aligned(8);
	struct fdt_source src;
	struct kexec_fdt_request req;
	struct fdt_range persistent[KEEP];
	char cmdline[600];
	unsigned int nr_other;
};

static void fdt_ok(struct sim *s, int err)
{
	sim_check(s, err >= 0, "libfdt: %s", fdt_strerror(err));
}

static u64 fdt_pages(struct sim *s)
{
	return sim_between(s, 1, 64) << 12;
}

static void fdt_draw_nodes(struct sim *s, void *tree)
{
	unsigned int nr = sim_below(s, 8), props;
	char name[24];
	u8 value[48];
	int node;

	while (nr--) {
		snprintf(name, sizeof(name), "device@%llx", sim_random(s));
		node = fdt_add_subnode(tree, 0, name);
		fdt_ok(s, node);
		for (props = sim_below(s, 5); props; props--) {
			snprintf(name, sizeof(name), "prop-%llu", sim_below(s, 1000));
			sim_fill(s, value, sizeof(value));
			fdt_ok(s, fdt_setprop(tree, node, name, value, sim_below(s, 49)));
		}
	}
}

/* An old property: valid, of another length, or absent; reserved or not. */
static void fdt_draw_old_range(struct sim *s, struct fdt_case *c, int chosen,
			       const char *name, u64 start)
{
	u64 size = fdt_pages(s);
	u8 junk[40];

	switch (sim_below(s, 4)) {
	case 0:
		return;
	case 1:
		sim_fill(s, junk, sizeof(junk));
		fdt_ok(s, fdt_setprop(c->tree, chosen, name, junk, sim_below(s, 16)));
		return;
	}
	fdt_ok(s, fdt_appendprop_addrrange(c->tree, 0, chosen, name, start, size));
	if (sim_below(s, 2))
		fdt_ok(s, fdt_add_mem_rsv(c->tree, start, size));
}

static void fdt_draw_old_initrd(struct sim *s, struct fdt_case *c, int chosen)
{
	u64 start = OLD_INITRD, size = fdt_pages(s) - sim_below(s, 4096);

	if (sim_below(s, 2)) {
		fdt_ok(s, fdt_setprop_u64(c->tree, chosen, "linux,initrd-start", start));
		fdt_ok(s, fdt_setprop_u64(c->tree, chosen, "linux,initrd-end", start + size));
	} else {
		fdt_ok(s, fdt_setprop_u32(c->tree, chosen, "linux,initrd-start", start));
		fdt_ok(s, fdt_setprop_u32(c->tree, chosen, "linux,initrd-end", start + size));
	}
	/* boot loaders reserve whole pages */
	if (sim_below(s, 2))
		fdt_ok(s, fdt_add_mem_rsv(c->tree, start, ALIGN(size, 4096ULL)));
}

static void fdt_draw_chosen(struct sim *s, struct fdt_case *c)
{
	int chosen = fdt_add_subnode(c->tree, 0, "chosen");
	u8 marks[200] = {};

	fdt_ok(s, chosen);
	fdt_ok(s, fdt_setprop_string(c->tree, chosen, "stdout-path", "/pl011@9000000"));
	if (sim_below(s, 2))
		fdt_ok(s, fdt_setprop_string(c->tree, chosen, "bootargs", "old=1"));
	if (sim_below(s, 2))
		fdt_ok(s, fdt_setprop_u64(c->tree, chosen, "kaslr-seed", 0));
	if (sim_below(s, 2))
		fdt_ok(s, fdt_setprop(c->tree, chosen, "rng-seed", c, 32));
	if (sim_below(s, 2))
		fdt_draw_old_initrd(s, c, chosen);
	sim_fill(s, marks, sizeof(marks));
	if (sim_below(s, 2))
		fdt_ok(s, fdt_setprop(c->tree, chosen, KEXEC_TIMELINE_PROP, marks,
				      sim_below(s, sizeof(marks))));
	fdt_draw_old_range(s, c, chosen, "linux,elfcorehdr", OLD_ELFCORE);
	fdt_draw_old_range(s, c, chosen, "linux,ima-kexec-buffer", OLD_IMA);
	fdt_draw_old_range(s, c, chosen, "linux,usable-memory-range", OLD_USABLE);
}

static void fdt_draw_tree(struct sim *s, struct fdt_case *c)
{
	unsigned int i;

	fdt_ok(s, fdt_create_empty_tree(c->tree, TREE_BYTES));
	fdt_ok(s, fdt_setprop_u32(c->tree, 0, "#address-cells", 2));
	fdt_ok(s, fdt_setprop_u32(c->tree, 0, "#size-cells", sim_between(s, 1, 2)));
	fdt_draw_nodes(s, c->tree);
	if (sim_below(s, 8))
		fdt_draw_chosen(s, c);
	c->nr_other = sim_below(s, 4);
	for (i = 0; i < c->nr_other; i++)
		fdt_ok(s, fdt_add_mem_rsv(c->tree, AREA_OTHER + ((u64)i << 20), 4096 * (i + 1)));
	fdt_ok(s, fdt_pack(c->tree));
	c->src.blob = c->tree;
	c->src.blob_pa = AREA_BLOB;
	if (sim_below(s, 2)) {
		fdt_ok(s, fdt_open_into(c->tree, c->tree, TREE_BYTES));
		fdt_ok(s, fdt_add_mem_rsv(c->tree, AREA_BLOB, TREE_BYTES));
		fdt_ok(s, fdt_pack(c->tree));
	}
}

static void fdt_draw_request(struct sim *s, struct fdt_case *c)
{
	struct kexec_fdt_request *r = &c->req;
	unsigned int i, len = sim_below(s, sizeof(c->cmdline));

	for (i = 0; i < len; i++)
		c->cmdline[i] = sim_between(s, ' ', '~');
	r->cmdline = sim_below(s, 4) ? c->cmdline : NULL;
	r->crash = sim_below(s, 2);
	r->initrd_pa = AREA_NEW;
	r->initrd_len = sim_below(s, 3) ? fdt_pages(s) - sim_below(s, 4096) : 0;
	r->elfcorehdr_pa = AREA_NEW + 0x1000000;
	r->elfcorehdr_len = sim_below(s, 3) ? fdt_pages(s) : 0;
	r->ima_pa = AREA_NEW + 0x2000000;
	r->ima_len = sim_below(s, 2) ? fdt_pages(s) : 0;

	c->src.seeded = sim_below(s, 2);
	c->src.kaslr_seed = sim_random(s);
	sim_fill(s, c->src.rng_seed, sizeof(c->src.rng_seed));
	c->src.nr_usable = sim_between(s, 1, KEXEC_FDT_MAX_USABLE);
	for (i = 0; i < KEXEC_FDT_MAX_USABLE; i++)
		c->src.usable[i] = (struct fdt_range){ sim_below(s, 1ULL << 40) << 12,
						       fdt_pages(s) };
	c->src.persistent = c->persistent;
	c->src.nr_persistent = sim_below(s, KEEP + 1);
	for (i = 0; i < c->src.nr_persistent; i++)
		c->persistent[i] = (struct fdt_range){ AREA_KEEP + ((u64)i << 24), fdt_pages(s) };
}

static void fdt_expect_prop(struct sim *s, const void *fdt, const char *name,
			    const void *want, int want_len)
{
	int chosen = fdt_path_offset(fdt, "/chosen"), len;
	const void *prop = fdt_getprop(fdt, chosen, name, &len);

	if (!want) {
		sim_check(s, !prop, "%s is still there", name);
		return;
	}
	sim_check(s, prop && len == want_len && !memcmp(prop, want, len), "%s: %d bytes", name,
		  len);
}

static void fdt_expect_u64(struct sim *s, const void *fdt, const char *name, bool there,
			   u64 val)
{
	fdt64_t be = cpu_to_fdt64(val);

	fdt_expect_prop(s, fdt, name, there ? &be : NULL, sizeof(be));
}

static void fdt_expect_ranges(struct sim *s, const void *fdt, const char *name,
			      const struct fdt_range *r, unsigned int nr)
{
	int size_cells = fdt_size_cells(fdt, 0);
	u8 want[KEXEC_FDT_MAX_USABLE * 16], *p = want;
	unsigned int i, byte;

	for (i = 0; i < nr; i++) {
		for (byte = 0; byte < 8; byte++)
			*p++ = r[i].start >> (56 - 8 * byte);
		for (byte = 8 - 4 * size_cells; byte < 8; byte++)
			*p++ = r[i].size >> (56 - 8 * byte);
	}
	fdt_expect_prop(s, fdt, name, nr ? want : NULL, p - want);
}

static void fdt_read_chosen(struct sim *s, const struct fdt_case *c, const void *fdt)
{
	static const struct kexec_timeline timeline;
	const struct kexec_fdt_request *r = &c->req;
	struct fdt_range elfcore = { r->elfcorehdr_pa, r->elfcorehdr_len };
	struct fdt_range ima = { r->ima_pa, r->ima_len };

	fdt_expect_prop(s, fdt, "bootargs", r->cmdline,
			r->cmdline ? strlen(r->cmdline) + 1 : 0);
	fdt_expect_u64(s, fdt, "linux,initrd-start", r->initrd_len, r->initrd_pa);
	fdt_expect_u64(s, fdt, "linux,initrd-end", r->initrd_len, r->initrd_pa + r->initrd_len);
	fdt_expect_u64(s, fdt, "kaslr-seed", c->src.seeded, c->src.kaslr_seed);
	fdt_expect_prop(s, fdt, "rng-seed", c->src.seeded ? c->src.rng_seed : NULL,
			sizeof(c->src.rng_seed));
	fdt_expect_ranges(s, fdt, "linux,elfcorehdr", &elfcore, r->crash && r->elfcorehdr_len);
	fdt_expect_ranges(s, fdt, "linux,usable-memory-range", c->src.usable,
			  r->crash ? c->src.nr_usable : 0);
	fdt_expect_ranges(s, fdt, "linux,ima-kexec-buffer", &ima, !!r->ima_len);
	fdt_expect_prop(s, fdt, KEXEC_TIMELINE_PROP, r->crash ? NULL : &timeline,
			sizeof(timeline));
	fdt_expect_prop(s, fdt, "linux,booted-from-kexec", "", 0);
}

/* How many reservations hold [start, start + size); with @area, begin in its 16 MiB. */
static unsigned int fdt_rsv_count(struct sim *s, const void *fdt, u64 start, u64 size,
				  bool area)
{
	unsigned int nr = 0;
	int i;

	for (i = 0; i < fdt_num_mem_rsv(fdt); i++) {
		u64 at, len;

		fdt_ok(s, fdt_get_mem_rsv(fdt, i, &at, &len));
		if (area)
			nr += at >> 24 == start >> 24;
		else
			nr += at <= start && start + size <= at + len;
	}
	return nr;
}

static void fdt_expect_rsv(struct sim *s, const void *fdt, u64 start, u64 size)
{
	sim_check(s, fdt_rsv_count(s, fdt, start, size, true) == !!size &&
		  (!size || fdt_rsv_count(s, fdt, start, size, false) == 1),
		  "[%#llx, +%#llx) reserved %u times", start, size,
		  fdt_rsv_count(s, fdt, start, size, false));
}

static void fdt_read_rsv(struct sim *s, const struct fdt_case *c, const void *fdt)
{
	const struct kexec_fdt_request *r = &c->req;
	unsigned int i;

	fdt_expect_rsv(s, fdt, r->initrd_pa, r->initrd_len);
	fdt_expect_rsv(s, fdt, r->elfcorehdr_pa, r->crash ? r->elfcorehdr_len : 0);
	fdt_expect_rsv(s, fdt, r->ima_pa, r->ima_len);
	for (i = 0; i < c->src.nr_persistent; i++)
		fdt_expect_rsv(s, fdt, c->persistent[i].start, c->persistent[i].size);
	for (i = 0; i < c->nr_other; i++)
		sim_check(s, fdt_rsv_count(s, fdt, AREA_OTHER + ((u64)i << 20), 4096 * (i + 1),
					   false) == 1, "reservation %u of others", i);
}

/* Reservations that were made for the boot of the running kernel only. */
static void fdt_read_forgotten(struct sim *s, const void *fdt)
{
	static const u64 area[] = { AREA_BLOB, OLD_ELFCORE, OLD_IMA, OLD_INITRD };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(area); i++)
		sim_check(s, !fdt_rsv_count(s, fdt, area[i], 1, true),
			  "%#llx is still reserved", area[i]);
}

/* The next node outside /chosen, which has no children here. */
static int fdt_next_other(const void *fdt, int node)
{
	do {
		node = fdt_next_node(fdt, node, NULL);
	} while (node >= 0 && !strcmp(fdt_get_name(fdt, node, NULL), "chosen"));
	return node;
}

static void fdt_same_props(struct sim *s, const void *old, int a, const void *new, int b)
{
	int pa = fdt_first_property_offset(old, a), pb = fdt_first_property_offset(new, b);

	while (pa >= 0 && pb >= 0) {
		const char *na, *nb;
		int la, lb;
		const void *va = fdt_getprop_by_offset(old, pa, &na, &la);
		const void *vb = fdt_getprop_by_offset(new, pb, &nb, &lb);

		sim_check(s, !strcmp(na, nb) && la == lb && !memcmp(va, vb, la),
			  "property %s became %s", na, nb);
		pa = fdt_next_property_offset(old, pa);
		pb = fdt_next_property_offset(new, pb);
	}
	sim_check(s, pa < 0 && pb < 0, "a property more or less");
}

static void fdt_read_others(struct sim *s, const struct fdt_case *c, const void *fdt)
{
	int a = 0, b = 0;

	for (; a >= 0 && b >= 0; a = fdt_next_other(c->tree, a), b = fdt_next_other(fdt, b)) {
		sim_check(s, !strcmp(fdt_get_name(c->tree, a, NULL), fdt_get_name(fdt, b, NULL)),
			  "another node");
		fdt_same_props(s, c->tree, a, fdt, b);
	}
	sim_check(s, a < 0 && b < 0, "a node more or less");
}

/* Returns the value of kexec_fdt_build(); checks the bytes after @capacity. */
static int fdt_build(struct sim *s, const struct fdt_source *src,
		     const struct kexec_fdt_request *req, u8 *buf, size_t capacity, size_t *used)
{
	unsigned int i;
	int ret;

	memset(buf, CANARY, capacity + CANARIES);
	sim_log_reset();
	ret = kexec_fdt_build(src, req, buf, capacity, used);
	s->ops++;
	for (i = 0; i < CANARIES; i++)
		sim_check(s, buf[capacity + i] == CANARY, "byte %u after %zu", i, capacity);
	sim_check(s, sim_log_errors == !!ret, "%u messages for %d", sim_log_errors, ret);
	return ret;
}

static void fdt_check_chain(struct sim *s, const struct fdt_case *c, const u8 *next,
			    size_t used)
{
	struct fdt_source src = c->src;
	size_t capacity, again = 0;
	u8 *buf;
	int ret;

	src.blob = next;
	src.blob_pa = AREA_BLOB + 0x1000000;
	capacity = kexec_fdt_bound(&src, &c->req);
	buf = sim_alloc(capacity + CANARIES);
	ret = fdt_build(s, &src, &c->req, buf, capacity, &again);
	sim_check(s, !ret && again == used, "%d, %zu bytes after %zu", ret, again, used);
	fdt_read_chosen(s, c, buf);
	fdt_read_rsv(s, c, buf);
	free(buf);
}

static void fdt_sim_round(struct sim *s)
{
	size_t capacity, small, used = 0, unused = 0;
	static struct fdt_case c;
	u8 *buf;
	int ret;

	memset(&c, 0, sizeof(c));
	fdt_draw_tree(s, &c);
	fdt_draw_request(s, &c);
	capacity = kexec_fdt_bound(&c.src, &c.req);
	buf = sim_alloc(capacity + CANARIES);

	ret = fdt_build(s, &c.src, &c.req, buf, capacity, &used);
	sim_check(s, !ret && used <= capacity, "%d, %zu of %zu bytes", ret, used, capacity);
	sim_check(s, fdt_totalsize(buf) == used && !fdt_check_full(buf, used), "not a tree");
	fdt_read_chosen(s, &c, buf);
	fdt_read_rsv(s, &c, buf);
	fdt_read_forgotten(s, buf);
	fdt_read_others(s, &c, buf);
	fdt_check_chain(s, &c, buf, used);

	small = sim_below(s, used);
	ret = fdt_build(s, &c.src, &c.req, buf, small, &unused);
	sim_check(s, ret == -ENOSPC, "%d with %zu of %zu bytes", ret, small, used);
	free(buf);
}

const struct sim_test fdt_sim_tests[] = {
	{ "fdt-readback", fdt_sim_round, 5000 },
	{}
};
