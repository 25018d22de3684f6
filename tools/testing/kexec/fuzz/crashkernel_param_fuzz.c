// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: fuzz target: crashkernel=
 *
 * Input: memory of the machine and the default of the low region (2 numbers), a number
 * for the size of free low memory, the command line.  A request that is accepted can be
 * written in its simplest form and means the same; parameters before and after it change
 * nothing; a fault has a reason and a place in the text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>

#include "../../../../kernel/kexec/lib/crashkernel_param.h"
#include "fuzz.h"

struct crashkernel_machine {
	u64 ram;
	u64 low_default;
};

/* The text in memory of its exact size, between @before and @after. */
static char *crashkernel_text(const char *before, const u8 *bytes, size_t len,
			      const char *after)
{
	size_t head = strlen(before), tail = strlen(after);
	char *text;

	len = strnlen((const char *)bytes, len);
	text = fuzz_alloc(head + len + tail + 1);
	memcpy(text, before, head);
	memcpy(text + head, bytes, len);
	memcpy(text + head + len, after, tail);
	return text;
}

static void crashkernel_expect_valid(const struct crashkernel_machine *m, const char *text,
				     const struct crashkernel_request *req, int ret)
{
	fuzz_check(!ret || ret == -ENOENT || ret == -EINVAL, "%d", ret);
	fuzz_check(ret != -EINVAL || req->why, "no reason");
	fuzz_check(!req->why == !req->where, "a reason without a place");
	if (req->where)
		fuzz_check(req->where >= text && req->where <= text + strlen(text),
			   "the place is not in the text");
	if (!ret)
		fuzz_check(req->size < m->ram, "%#llx of %#llx bytes", req->size, m->ram);
}

static int crashkernel_parse(const struct crashkernel_machine *m, const char *text,
			     struct crashkernel_request *req)
{
	struct crashkernel_request cma;
	int ret = crashkernel_param_parse(text, m->ram, m->low_default, req);

	crashkernel_expect_valid(m, text, req, ret);
	crashkernel_expect_valid(m, text, &cma, crashkernel_param_parse_cma(text, m->ram, &cma));
	return ret;
}

static bool crashkernel_same(const struct crashkernel_request *a,
			     const struct crashkernel_request *b)
{
	return a->size == b->size && a->base == b->base && a->low_size == b->low_size &&
	       a->high == b->high;
}

static void crashkernel_expect_simple(const struct crashkernel_machine *m,
				      const struct crashkernel_request *req)
{
	struct crashkernel_request again;
	char text[160];
	int ret;

	if (req->high)
		snprintf(text, sizeof(text), "crashkernel=%llu,high crashkernel=%#llx,low",
			 req->size, req->low_size);
	else
		snprintf(text, sizeof(text), "crashkernel=%#llx@0%llo crashkernel=%llu,low",
			 req->size, req->base, req->low_size);
	ret = crashkernel_parse(m, text, &again);
	fuzz_check(!ret && !again.why && crashkernel_same(req, &again), "%d for \"%s\"", ret,
		   text);
}

static void crashkernel_expect_alone(const struct crashkernel_machine *m,
				     const struct fuzz_input *in,
				     const struct crashkernel_request *req, int ret)
{
	char *text = crashkernel_text("quiet crashkernel ", in->pos, in->left,
				      " xcrashkernel=1M ro");
	struct crashkernel_request again;
	int ret_again = crashkernel_parse(m, text, &again);

	fuzz_check(ret == ret_again && (ret || crashkernel_same(req, &again)) &&
		   req->why == again.why, "%d, %d between others", ret, ret_again);
	free(text);
}

static void crashkernel_fit_low(u64 size, u64 largest, u64 free, u64 align)
{
	u64 fit = crashkernel_param_fit_low(size, largest, free, align);

	fuzz_check(fit <= size && fit <= largest, "%#llx of %#llx", fit, size);
	fuzz_check(size > largest ? fit <= free / 2 && !(fit % align) : fit == size,
		   "%#llx of %#llx", fit, size);
}

void fuzz_one(struct fuzz_input *in)
{
	struct crashkernel_machine m = { fuzz_number(in), fuzz_number(in) };
	u64 largest = fuzz_number(in), bits = fuzz_u8(in);
	struct crashkernel_request req;
	char *text = crashkernel_text("", in->pos, in->left, "");
	int ret = crashkernel_parse(&m, text, &req);

	crashkernel_expect_alone(&m, in, &req, ret);
	if (!ret)
		crashkernel_expect_simple(&m, &req);
	crashkernel_fit_low(m.low_default, largest, m.ram, 1ULL << (bits & 63));
	free(text);
}
