// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: crashkernel_param.c on good and damaged command lines
 *
 * reserve-grammar generates command lines from random numbers, so the request of each
 * is known.  Other parameters, some of them similar to crashkernel=, are around it.
 *
 * reserve-damage changes bytes of such a line.  Its meaning is unknown, but the parser
 * must not read outside of the text, must return one of its three errnos, and must
 * report a position in the text with an error.
 *
 * reserve-low reduces a low region to memory of any size.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../kernel/kexec/lib/crashkernel_param.h"
#include "sim.h"

#define LINE_MAX_BYTES	1024
#define RAM_UNIT	(128ULL << 20)

/**
 * struct crashkernel_case - a command line and its meaning
 * @line: the text
 * @len: bytes of it so far
 * @ram: bytes of memory of the machine
 * @low_default: low memory that "high" alone implies
 * @want: expected request
 * @ret: expected return value
 */
struct crashkernel_case {
	char line[LINE_MAX_BYTES];
	size_t len;
	u64 ram;
	u64 low_default;
	struct crashkernel_request want;
	int ret;
	bool cma;
	u64 cma_size;
};

static void __printf(2, 3) crashkernel_put(struct crashkernel_case *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	c->len += vsnprintf(c->line + c->len, sizeof(c->line) - c->len, fmt, args);
	va_end(args);
}

/* Write @val in one of its notations. */
static void crashkernel_put_number(struct sim *s, struct crashkernel_case *c, u64 val)
{
	static const char *const radix[] = { "%llu", "0x%llx", "0%llo", "0X%llX" };
	static const char units[] = "KkMmGgTtPpEe";
	unsigned int unit = sim_below(s, 12), shift = (unit / 2 + 1) * 10;
	char digits[32];

	if (sim_below(s, 2) || (val >> shift << shift) != val)
		shift = 0;
	snprintf(digits, sizeof(digits), radix[sim_below(s, 4)], val >> shift);
	/* a leading 0 of its own is octal, too */
	crashkernel_put(c, "%s", digits);
	if (!shift)
		return;
	/* in hexadecimal, e is a digit */
	if (units[unit] == 'e' || units[unit] == 'E') {
		c->len -= strlen(digits);
		crashkernel_put(c, "%llu", val >> shift);
	}
	crashkernel_put(c, "%c", units[unit]);
}

static void crashkernel_put_offset(struct sim *s, struct crashkernel_case *c)
{
	if (sim_below(s, 2))
		return;
	c->want.base = sim_random(s) >> sim_below(s, 64);
	crashkernel_put(c, "@");
	crashkernel_put_number(s, c, c->want.base);
}

static u64 crashkernel_draw_size(struct sim *s, const struct crashkernel_case *c)
{
	/* around the limit, which is all of the memory */
	if (sim_one_in(s, 16))
		return c->ram + sim_below(s, 3) - 1;
	return sim_below(s, 4096) << (sim_below(s, 2) ? 20 : sim_below(s, 50));
}

static void crashkernel_put_ranges(struct sim *s, struct crashkernel_case *c)
{
	u64 ram = (c->ram + RAM_UNIT - 1) / RAM_UNIT * RAM_UNIT;
	unsigned int nr = sim_between(s, 1, 5), i;
	bool found = false;
	u64 start = sim_below(s, 8) << 27, end, size;

	for (i = 0; i < nr; i++) {
		bool open = sim_one_in(s, 6);

		end = start + sim_between(s, 1, 64) *
			      (sim_below(s, 2) ? RAM_UNIT : 4 * RAM_UNIT);
		size = crashkernel_draw_size(s, c);
		crashkernel_put(c, i ? "," : "");
		crashkernel_put_number(s, c, start);
		crashkernel_put(c, "-");
		if (!open)
			crashkernel_put_number(s, c, end);
		crashkernel_put(c, ":");
		crashkernel_put_number(s, c, size);
		if (!found && ram >= start && (open || ram < end)) {
			found = true;
			c->want.size = size;
		}
		start = end + (sim_below(s, 3) ? 0 : sim_below(s, 8) * RAM_UNIT);
	}
	crashkernel_put_offset(s, c);
}

static void crashkernel_put_noise(struct sim *s, struct crashkernel_case *c)
{
	static const char *const word[] = {
		"quiet", "root=/dev/vda1", "xcrashkernel=1G", "crashkernel", "crash_kernel=2G",
		"notcrashkernel=5M,high", "console=ttyAMA0,115200", "init=/bin/sh", "",
	};
	unsigned int nr = sim_below(s, 4);

	if (c->len)
		crashkernel_put(c, " ");
	while (nr--)
		crashkernel_put(c, "%s ", word[sim_below(s, ARRAY_SIZE(word))]);
}

static void crashkernel_put_plain(struct sim *s, struct crashkernel_case *c)
{
	c->want = (struct crashkernel_request){ };
	crashkernel_put_noise(s, c);
	crashkernel_put(c, "crashkernel=");
	if (sim_below(s, 2)) {
		crashkernel_put_ranges(s, c);
		return;
	}
	c->want.size = crashkernel_draw_size(s, c);
	crashkernel_put_number(s, c, c->want.size);
	crashkernel_put_offset(s, c);
}

static u64 crashkernel_put_suffixed(struct sim *s, struct crashkernel_case *c, const char *suffix)
{
	u64 size = crashkernel_draw_size(s, c);

	crashkernel_put_noise(s, c);
	crashkernel_put(c, "crashkernel=");
	crashkernel_put_number(s, c, size);
	crashkernel_put(c, "%s", suffix);
	return size;
}

static void crashkernel_draw(struct sim *s, struct crashkernel_case *c)
{
	bool plain = sim_below(s, 3), high = sim_below(s, 2), low = sim_below(s, 2);
	bool cma = sim_one_in(s, 3), cma_last = sim_below(s, 2);
	unsigned int again = sim_below(s, 3);
	u64 low_size;

	memset(c, 0, sizeof(*c));
	c->ram = sim_between(s, 1, 1ULL << sim_between(s, 28, 46));
	c->low_default = sim_below(s, 1 << 30);
	c->ret = plain || high ? 0 : -ENOENT;
	if (cma && !cma_last)
		c->cma_size = crashkernel_put_suffixed(s, c, ",cma");
	if (high) {
		c->want.size = crashkernel_put_suffixed(s, c, ",high");
		c->want.high = true;
	}
	low_size = low ? crashkernel_put_suffixed(s, c, ",low") : c->low_default;
	/* the last one is used */
	while (plain && again--)
		crashkernel_put_plain(s, c);
	if (plain)
		crashkernel_put_plain(s, c);
	if (cma && cma_last)
		c->cma_size = crashkernel_put_suffixed(s, c, ",cma");
	c->cma = cma;
	c->want.low_given = low;
	c->want.low_size = c->want.base && !low ? 0 : low_size;
	crashkernel_put_noise(s, c);
	if (!c->ret && c->want.size >= c->ram)
		c->ret = -EINVAL;
}

/* The text in memory of its exact size, for the address sanitizer. */
static int crashkernel_parse_exact(struct sim *s, const struct crashkernel_case *c,
				   struct crashkernel_request *req)
{
	size_t len = strlen(c->line);
	char *line = sim_alloc(len + 1);
	int ret;

	memcpy(line, c->line, len);
	ret = crashkernel_param_parse(line, c->ram, c->low_default, req);
	s->ops++;
	sim_check(s, !ret || ret == -ENOENT || ret == -EINVAL, "%d for \"%s\"", ret, line);
	if (ret == -EINVAL)
		sim_check(s, req->why && req->where >= line && req->where <= line + len,
			  "no place or no reason for \"%s\"", line);
	else if (!ret)
		sim_check(s, req->size < c->ram, "%#llx bytes of %#llx for \"%s\"", req->size,
			  c->ram, line);
	free(line);
	return ret;
}

static void crashkernel_check_cma(struct sim *s, const struct crashkernel_case *c)
{
	int want = !c->cma ? -ENOENT : c->cma_size < c->ram ? 0 : -EINVAL, ret;
	struct crashkernel_request req;

	ret = crashkernel_param_parse_cma(c->line, c->ram, &req);
	sim_check(s, ret == want && (ret || req.size == c->cma_size) &&
		  !!req.why == (ret == -EINVAL),
		  "cma %d instead of %d, size %#llx for \"%s\"", ret, want, req.size, c->line);
}

static void crashkernel_sim_grammar(struct sim *s)
{
	struct crashkernel_request req;
	struct crashkernel_case c;
	int ret;

	crashkernel_draw(s, &c);
	crashkernel_check_cma(s, &c);
	ret = crashkernel_parse_exact(s, &c, &req);
	sim_check(s, ret == c.ret, "%d instead of %d for \"%s\" with %#llx bytes", ret, c.ret,
		  c.line, c.ram);
	if (ret)
		return;
	sim_check(s, req.size == c.want.size && req.base == c.want.base &&
		  req.low_size == c.want.low_size && req.high == c.want.high,
		  "%#llx@%#llx low %#llx high %d for \"%s\"", req.size, req.base, req.low_size,
		  req.high, c.line);
	sim_check(s, req.low_given == c.want.low_given, "low given %d for \"%s\"", req.low_given,
		  c.line);
	sim_check(s, !req.why, "\"%s\" for \"%s\"", req.why, c.line);
}

static void crashkernel_sim_damage(struct sim *s)
{
	static const char likely_bytes[] = "0189xXkKMGe@:-,, \t\n=crashkernelhighlow";
	unsigned int damages = sim_between(s, 1, 8);
	struct crashkernel_request req;
	struct crashkernel_case c;

	crashkernel_draw(s, &c);
	if (sim_one_in(s, 8))
		c.ram = sim_random(s);
	while (damages--) {
		char *at = c.line + sim_below(s, c.len + 1);

		switch (sim_below(s, 4)) {
		case 0:
			*at = sim_random(s);
			break;
		case 1:
			*at = '\0';
			break;
		default:
			*at = likely_bytes[sim_below(s, sizeof(likely_bytes))];
		}
	}
	c.line[LINE_MAX_BYTES - 1] = '\0';
	crashkernel_parse_exact(s, &c, &req);
}

static void crashkernel_sim_low(struct sim *s)
{
	const u64 align = 1ULL << sim_between(s, 12, 30);
	const u64 free = sim_random(s) >> sim_below(s, 64);
	const u64 largest = sim_below(s, 2) ? free : free / sim_between(s, 1, 8);
	const u64 size = sim_below(s, 2) ? sim_random(s) >> sim_below(s, 64) : largest + 1;
	u64 fit = crashkernel_param_fit_low(size, largest, free, align);

	s->ops++;
	sim_check(s, fit <= size && fit <= largest, "%#llx of %#llx do not fit in %#llx", fit,
		  size, largest);
	if (size <= largest)
		sim_check(s, fit == size, "%#llx of %#llx in %#llx", fit, size, largest);
	else
		sim_check(s, !(fit % align) && fit <= free - fit &&
			  (fit + align > largest || fit + align > free / 2),
			  "%#llx of %#llx in %#llx and %#llx by %#llx", fit, size, largest, free,
			  align);
}

const struct sim_test crashkernel_param_sim_tests[] = {
	{ "reserve-grammar", crashkernel_sim_grammar, 200000 },
	{ "reserve-damage", crashkernel_sim_damage, 300000 },
	{ "reserve-low", crashkernel_sim_low, 300000 },
	{}
};
