// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: reading crashkernel=
 *
 * The parameter has these forms; a NUMBER is decimal, octal after 0 or hexadecimal after
 * 0x, and may end in one of K M G T P E::
 *
 *	crashkernel=SIZE[@OFFSET] [crashkernel=SIZE,low]
 *	crashkernel=START-[END]:SIZE[,START-[END]:SIZE...][@OFFSET] [crashkernel=SIZE,low]
 *	crashkernel=SIZE,high [crashkernel=SIZE,low]
 *	crashkernel=SIZE,cma, alone or in addition to one of these
 *
 * The last parameter of each kind is used; one without a suffix takes precedence over
 * ",high".  A malformed ",low" or ",cma" is ignored, because the main region is useful
 * without it.  Of several ranges the first with the size of memory is used, rounded up to
 * CRASHKERNEL_RAM_UNIT, because firmware reserves a part.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>

#include "crashkernel_param.h"

/* Bytes; more than firmware usually reserves. */
#define CRASHKERNEL_RAM_UNIT	(128ULL << 20)

#define CRASHKERNEL_NAME		"crashkernel="

static const char crashkernel_high[] = ",high";
static const char crashkernel_low[] = ",low";
static const char crashkernel_cma[] = ",cma";

static bool crashkernel_is_end(char c)
{
	return c == '\0' || c == ' ' || c == '\t' || c == '\n';
}

static const char *crashkernel_find_end(const char *p)
{
	while (!crashkernel_is_end(*p))
		p++;
	return p;
}

static bool crashkernel_has_suffix(const char *value, const char *suffix)
{
	const char *end = crashkernel_find_end(value);
	size_t len = strlen(suffix);

	return end - value >= len && !memcmp(end - len, suffix, len);
}

/* Without @suffix: the kind that has none. */
static bool crashkernel_is_kind(const char *value, const char *suffix)
{
	if (suffix)
		return crashkernel_has_suffix(value, suffix);
	return !crashkernel_has_suffix(value, crashkernel_high) &&
	       !crashkernel_has_suffix(value, crashkernel_low) &&
	       !crashkernel_has_suffix(value, crashkernel_cma);
}

static const char *crashkernel_find_last(const char *cmdline, const char *suffix)
{
	const size_t len = strlen(CRASHKERNEL_NAME);
	const char *p, *last = NULL;

	for (p = strstr(cmdline, CRASHKERNEL_NAME); p; p = strstr(p, CRASHKERNEL_NAME)) {
		bool whole = p == cmdline || crashkernel_is_end(p[-1]);

		p += len;
		if (whole && crashkernel_is_kind(p, suffix))
			last = p;
	}
	return last;
}

static int crashkernel_refuse(struct crashkernel_request *req, const char *where, const char *why)
{
	req->where = where;
	req->why = why;
	return -EINVAL;
}

static int crashkernel_refuse_all(struct crashkernel_request *req, const char *where)
{
	return crashkernel_refuse(req, where, "that is all the memory there is");
}

/* 16 and above mean "no digit". */
static unsigned int crashkernel_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Returns 0 if @c is no unit. */
static unsigned int crashkernel_unit_shift(char c)
{
	static const char units[] = "kmgtpe";
	const char *unit = c ? strchr(units, c | 0x20) : NULL;

	return unit ? (unit - units + 1) * 10 : 0;
}

static unsigned int crashkernel_radix(const char **pos)
{
	const char *p = *pos;

	if (p[0] != '0')
		return 10;
	if ((p[1] | 0x20) != 'x' || crashkernel_digit(p[2]) >= 16)
		return 8;
	*pos += 2;
	return 16;
}

/* Advances *@pos. */
static int crashkernel_number(struct crashkernel_request *req, const char **pos, u64 *val)
{
	const char *start = *pos, *digits;
	unsigned int radix = crashkernel_radix(pos), shift;
	const char *p = *pos;
	u64 n = 0;

	for (digits = p; crashkernel_digit(*p) < radix; p++)
		if (check_mul_overflow(n, (u64)radix, &n) ||
		    check_add_overflow(n, (u64)crashkernel_digit(*p), &n))
			return crashkernel_refuse(req, start, "number does not fit in 64 bits");
	if (p == digits)
		return crashkernel_refuse(req, start, "number expected");

	shift = crashkernel_unit_shift(*p);
	if (n << shift >> shift != n)
		return crashkernel_refuse(req, start, "number does not fit in 64 bits");
	*val = n << shift;
	*pos = p + !!shift;
	return 0;
}

/* The end of the value, perhaps with an offset before it. */
static int crashkernel_offset(struct crashkernel_request *req, const char *p)
{
	int ret;

	if (*p == '@') {
		p++;
		ret = crashkernel_number(req, &p, &req->base);
		if (ret)
			return ret;
	}
	return crashkernel_is_end(*p) ? 0 : crashkernel_refuse(req, p, "'@' or end expected");
}

static int crashkernel_one_range(struct crashkernel_request *req, const char **pos,
				 u64 *start, u64 *end, u64 *size)
{
	const char *p = *pos;
	int ret;

	ret = crashkernel_number(req, &p, start);
	if (ret)
		return ret;
	if (*p != '-')
		return crashkernel_refuse(req, p, "'-' expected");
	p++;
	*end = U64_MAX;
	if (*p != ':') {
		const char *end_at = p;

		ret = crashkernel_number(req, &p, end);
		if (ret)
			return ret;
		if (*end <= *start)
			return crashkernel_refuse(req, end_at, "range ends before it starts");
	}
	if (*p != ':')
		return crashkernel_refuse(req, p, "':' expected");
	p++;
	ret = crashkernel_number(req, &p, size);
	*pos = p;
	return ret;
}

static int crashkernel_ranges(struct crashkernel_request *req, const char *p, u64 ram)
{
	u64 start, end, size;
	int ret;

	for (;; p++) {
		ret = crashkernel_one_range(req, &p, &start, &end, &size);
		if (ret)
			return ret;
		if (ram >= start && ram < end)
			break;
		if (*p != ',')
			return crashkernel_offset(req, p);
	}
	req->size = size;

	if (*p == ',')
		while (!crashkernel_is_end(*p) && *p != '@')
			p++;
	return crashkernel_offset(req, p);
}

static int crashkernel_plain(struct crashkernel_request *req, const char *p, u64 ram)
{
	const char *colon = strchr(p, ':');
	int ret;

	if (colon && colon < crashkernel_find_end(p))
		return crashkernel_ranges(req, p, ram);

	ret = crashkernel_number(req, &p, &req->size);
	if (!ret)
		ret = crashkernel_offset(req, p);
	req->zero = !ret && !req->size;
	return ret;
}

static int crashkernel_suffixed(struct crashkernel_request *req, const char *p,
				const char *suffix, u64 *size)
{
	int ret = crashkernel_number(req, &p, size);

	if (!ret && crashkernel_find_end(p) - p != strlen(suffix))
		ret = crashkernel_refuse(req, p,
					 "',high', ',low' or ',cma' expected after the number");
	return ret;
}

static int crashkernel_low_size(struct crashkernel_request *req, const char *cmdline,
				u64 low_default)
{
	const char *value = crashkernel_find_last(cmdline, crashkernel_low);
	u64 size = low_default;
	int ret = value ? crashkernel_suffixed(req, value, crashkernel_low, &size) : 0;

	req->low_given = value && !ret;
	req->low_size = ret ? low_default : size;
	return ret;
}

static int crashkernel_high_low(struct crashkernel_request *req, const char *cmdline,
				u64 low_default)
{
	const char *value = crashkernel_find_last(cmdline, crashkernel_high);
	int ret;

	if (!value)
		return -ENOENT;
	ret = crashkernel_suffixed(req, value, crashkernel_high, &req->size);
	if (ret)
		return ret;

	req->high = true;
	req->zero = !req->size;
	return crashkernel_low_size(req, cmdline, low_default);
}

static int crashkernel_plain_low(struct crashkernel_request *req, const char *cmdline,
				 const char *value, u64 ram, u64 low_default)
{
	int ret = crashkernel_plain(req, value, ram);

	if (ret)
		return ret;
	/* With an offset, there is a low region only if it is requested. */
	crashkernel_low_size(req, cmdline, req->base ? 0 : low_default);
	return 0;
}

/**
 * crashkernel_param_parse() - read crashkernel= from a command line
 * @cmdline: the command line
 * @ram: bytes of memory that the machine has
 * @low_default: bytes of the low region without ",low"
 * @req: receives the request
 *
 * Return: 0; -ENOENT if there is no request; -EINVAL with @req->why set if it is malformed
 * or for all memory.
 */
int crashkernel_param_parse(const char *cmdline, u64 ram, u64 low_default,
			    struct crashkernel_request *req)
{
	const char *value = crashkernel_find_last(cmdline, NULL);
	u64 unit = CRASHKERNEL_RAM_UNIT;
	int ret;

	*req = (struct crashkernel_request){ };
	if (value)
		ret = crashkernel_plain_low(req, cmdline, value, ALIGN(ram, unit), low_default);
	else
		ret = crashkernel_high_low(req, cmdline, low_default);
	if (ret)
		return ret;
	if (req->size >= ram)
		return crashkernel_refuse_all(req, value ?:
					      crashkernel_find_last(cmdline, crashkernel_high));
	return 0;
}

/**
 * crashkernel_param_parse_cma() - read crashkernel=SIZE,cma from a command line
 * @cmdline: the command line
 * @ram: bytes of memory that the machine has
 * @req: receives the size; other members are 0
 *
 * Return: 0; -ENOENT if there is no such parameter; -EINVAL with @req->why set if it is
 * malformed or for all memory.
 */
int crashkernel_param_parse_cma(const char *cmdline, u64 ram, struct crashkernel_request *req)
{
	const char *value = crashkernel_find_last(cmdline, crashkernel_cma);
	int ret;

	*req = (struct crashkernel_request){ };
	if (!value)
		return -ENOENT;
	ret = crashkernel_suffixed(req, value, crashkernel_cma, &req->size);
	if (!ret && req->size >= ram)
		ret = crashkernel_refuse_all(req, value);
	return ret;
}

/**
 * crashkernel_param_fit_low() - choose the size of the low region
 * @size: bytes requested, a multiple of the page size
 * @largest: bytes of the largest free range of low memory
 * @free: bytes of all free low memory
 * @align: alignment of a reduced size, a power of two
 *
 * A request that does not fit is reduced to at most half of the free low memory, because
 * the running kernel has devices with the same limit.
 *
 * Return: @size if it fits, else the reduced size, which may be 0.
 */
u64 crashkernel_param_fit_low(u64 size, u64 largest, u64 free, u64 align)
{
	u64 half = free / 2;

	if (size <= largest)
		return size;
	return ALIGN_DOWN(min(largest, half), align);
}
