// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suite kexec-crashkernel-param
 *
 * Command lines, sizes of memory, and the reservation that crashkernel= requests.
 * The machines have 1, 4 and 32 GB; FW_GB() is one whose firmware reserves a part.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../lib/crashkernel_param.h"

#define MB(n)		((u64)(n) << 20)
#define GB(n)		((u64)(n) << 30)
#define FW_GB(n)	(GB(n) - MB(20))

/* Default size of low memory; an odd number, which no test requests. */
#define LOW		MB(77)

struct crashkernel_case {
	const char *cmdline;
	u64 ram;
	int ret;
	u64 size;
	u64 base;
	u64 low_size;
	bool high;
	bool low_is_wrong;
	bool zero;
};

#define NONE(ram, line)			{ line, ram, -ENOENT }
#define BAD(ram, line)			{ line, ram, -EINVAL }
#define PLAIN(ram, line, size)		{ line, ram, 0, size, 0, LOW }
#define FIXED(ram, line, size, base)	{ line, ram, 0, size, base }
#define HIGH(ram, line, size, low)	{ line, ram, 0, size, 0, low, true }
#define PLAIN_LOW(ram, line, size, low)	{ line, ram, 0, size, 0, low }
#define FIXED_LOW(ram, line, size, base, low)	{ line, ram, 0, size, base, low }
#define BAD_LOW(ram, line, size, base, low) \
	{ line, ram, 0, size, base, low, false, true }
#define BESIDE_CMA(ram, line, size, base, low, high) \
	{ line, ram, 0, size, base, low, high }

#define ZERO(ram, line, high)		{ line, ram, 0, 0, 0, LOW, high, .zero = true }

#define DISTRO	"crashkernel=512M-2G:64M,2G-16G:192M,16G-:512M"

static const struct crashkernel_case crashkernel_cases[] = {
	/* No request */
	NONE(GB(1), ""),
	NONE(GB(4), "root=/dev/vda ro quiet"),
	NONE(GB(4), "crashkernel"),
	NONE(GB(4), "nocrashkernel=64M mycrashkernel=64M,high"),
	NONE(GB(4), "crashkernel=64M,low"),

	/* size */
	PLAIN(GB(1), "crashkernel=128M", MB(128)),
	PLAIN(GB(4), "root=/dev/vda crashkernel=256M quiet", MB(256)),
	PLAIN(GB(4), "quiet\tcrashkernel=256M\n", MB(256)),
	PLAIN(GB(32), "crashkernel=2G", GB(2)),
	PLAIN(GB(4), "crashkernel=262144k", MB(256)),
	PLAIN(GB(4), "crashkernel=268435456", MB(256)),
	PLAIN(GB(4), "crashkernel=0x10000000", MB(256)),
	PLAIN(GB(4), "crashkernel=0X10m", MB(16)),
	PLAIN(GB(4), "crashkernel=0400M", MB(256)),
	PLAIN(GB(32), "crashkernel=1g", GB(1)),
	ZERO(GB(4), "crashkernel=0", false),
	ZERO(GB(4), "crashkernel=64M crashkernel=0M", false),
	PLAIN(GB(1), "crashkernel=1023M", MB(1023)),
	BAD(GB(1), "crashkernel=1024M"),
	BAD(GB(1), "crashkernel=4G"),
	BAD(GB(4), "crashkernel=4P"),

	/* size@offset */
	FIXED(GB(1), "crashkernel=128M@0x50000000", MB(128), 0x50000000),
	FIXED(GB(4), "crashkernel=256M@2G", MB(256), GB(2)),
	PLAIN(GB(4), "crashkernel=256M@0", MB(256)),
	BAD(GB(4), "crashkernel=256M@"),
	BAD(GB(4), "crashkernel=256M@here"),
	BAD(GB(4), "crashkernel=256M@2G@3G"),
	BAD(GB(4), "crashkernel=256M@2Gx"),

	/* ranges */
	PLAIN(GB(1), DISTRO, MB(64)),
	PLAIN(FW_GB(1), DISTRO, MB(64)),
	PLAIN(GB(4), DISTRO, MB(192)),
	PLAIN(GB(32), DISTRO, MB(512)),
	PLAIN(MB(384), DISTRO, 0),
	PLAIN(FW_GB(2), DISTRO, MB(192)),
	PLAIN(FW_GB(32), "crashkernel=32G-:1G", GB(1)),
	PLAIN(GB(32), "crashkernel=0-:96M", MB(96)),
	PLAIN(GB(4), "crashkernel=1G-4G:64M", 0),
	PLAIN(GB(4), "crashkernel=4G-4097M:64M", MB(64)),
	FIXED(GB(4), DISTRO "@0x90000000", MB(192), 0x90000000),
	FIXED(GB(32), DISTRO "@3G quiet", MB(512), GB(3)),
	FIXED(GB(4), "crashkernel=1G-2G:64M@3G", 0, GB(3)),
	PLAIN(GB(1), "crashkernel=512M-2G:64M,2G", MB(64)),
	BAD(GB(4), "crashkernel=512M-2G:64M,2G"),
	BAD(GB(4), "crashkernel=512M-2G:64M,"),
	BAD(GB(4), "crashkernel=512M-2G:64M;2G-:128M"),
	BAD(GB(4), "crashkernel=1G-2G;64M,2G-:128M"),
	BAD(GB(4), "crashkernel=2G-1G:64M"),
	BAD(GB(4), "crashkernel=2G-2G:64M"),
	BAD(GB(4), "crashkernel=1G:64M"),
	BAD(GB(4), "crashkernel=-2G:64M"),
	BAD(GB(4), "crashkernel=1G-2G-3G:64M"),
	BAD(GB(4), "crashkernel=1G-:"),
	BAD(GB(4), "crashkernel=:64M"),
	BAD(GB(4), "crashkernel=1G-:5G"),
	BAD(GB(4), "crashkernel=1G-:64M@"),
	BAD(GB(4), "crashkernel=1G-:64Mx"),

	/* size,high and size,low */
	HIGH(GB(4), "crashkernel=256M,high", MB(256), LOW),
	HIGH(GB(32), "crashkernel=1G,high crashkernel=64M,low", GB(1), MB(64)),
	HIGH(GB(32), "crashkernel=64M,low crashkernel=1G,high", GB(1), MB(64)),
	HIGH(GB(32), "crashkernel=1G,high crashkernel=0,low", GB(1), 0),
	HIGH(GB(32), "crashkernel=1G,high crashkernel=2G,high", GB(2), LOW),
	HIGH(GB(32), "crashkernel=1G,high crashkernel=8M,low crashkernel=9M,low", GB(1), MB(9)),
	ZERO(GB(4), "crashkernel=0,high", true),
	BAD(GB(4), "crashkernel=4G,high"),
	BAD(GB(4), "crashkernel=,high"),
	BAD(GB(4), "crashkernel=256M,high crashkernel=,low"),
	BAD(GB(4), "crashkernel=256M,high crashkernel=64,,low"),
	BAD(GB(4), "crashkernel=256M@2G,high"),
	BAD(GB(4), "crashkernel=1G-:256M,high"),
	BAD(GB(4), "crashkernel=256M,low,high"),
	BAD(GB(4), "crashkernel=256M,HIGH"),
	BAD(GB(4), "crashkernel=256M,higher"),

	/* size,low next to a size without a suffix */
	PLAIN_LOW(GB(32), "crashkernel=1G crashkernel=16M,low", GB(1), MB(16)),
	PLAIN_LOW(GB(32), "crashkernel=16M,low crashkernel=1G", GB(1), MB(16)),
	PLAIN_LOW(GB(32), "crashkernel=1G crashkernel=0,low", GB(1), 0),
	PLAIN_LOW(GB(32), DISTRO " crashkernel=16M,low", MB(512), MB(16)),
	PLAIN_LOW(GB(4), "crashkernel=128M crashkernel=256M,high crashkernel=64M,low", MB(128),
		  MB(64)),
	FIXED_LOW(GB(32), "crashkernel=1G@8G crashkernel=16M,low", GB(1), GB(8), MB(16)),
	BAD_LOW(GB(32), "crashkernel=1G crashkernel=,low", GB(1), 0, LOW),
	BAD_LOW(GB(32), "crashkernel=16x,low crashkernel=1G", GB(1), 0, LOW),
	BAD_LOW(GB(32), "crashkernel=1G@8G crashkernel=junk,low", GB(1), GB(8), 0),

	/* size,cma is no request for a region */
	BESIDE_CMA(GB(4), "crashkernel=256M crashkernel=64M,cma", MB(256), 0, LOW, false),
	BESIDE_CMA(GB(4), "crashkernel=64M,cma crashkernel=256M", MB(256), 0, LOW, false),
	BESIDE_CMA(GB(4), DISTRO "@0x90000000 crashkernel=64M,cma", MB(192), 0x90000000, 0, false),
	BESIDE_CMA(GB(4), "crashkernel=256M,high crashkernel=64M,low crashkernel=64M,cma",
		   MB(256), 0, MB(64), true),
	BESIDE_CMA(GB(4), "crashkernel=256M crashkernel=junk,cma", MB(256), 0, LOW, false),
	NONE(GB(4), "crashkernel=64M,cma"),
	BAD(GB(4), "crashkernel=256M,cma,high"),
	BAD(GB(4), "crashkernel=256M,cm crashkernel=64M,cma"),

	/* Several */
	PLAIN(GB(4), "crashkernel=64M crashkernel=128M", MB(128)),
	PLAIN(GB(4), "crashkernel=1G-:64M crashkernel=128M", MB(128)),
	PLAIN(GB(4), "crashkernel=128M crashkernel=1G-:64M", MB(64)),
	PLAIN(GB(4), "crashkernel=128M crashkernel=256M,high", MB(128)),
	PLAIN(GB(4), "crashkernel=junk crashkernel=64M", MB(64)),
	BAD(GB(4), "crashkernel=64M crashkernel=junk"),
	BAD(GB(4), "crashkernel=256M,high crashkernel=junk"),

	/* Invalid and too large numbers */
	BAD(GB(4), "crashkernel="),
	BAD(GB(4), "crashkernel= 64M"),
	BAD(GB(4), "crashkernel=-64M"),
	BAD(GB(4), "crashkernel=+64M"),
	BAD(GB(4), "crashkernel=64MB"),
	BAD(GB(4), "crashkernel=0x"),
	BAD(GB(4), "crashkernel=0xM"),
	BAD(GB(4), "crashkernel=0x M"),
	BAD(GB(4), "crashkernel=\"64M\""),
	BAD(GB(4), "crashkernel=08M"),
	BAD(GB(4), "crashkernel=18446744073709551615"),
	BAD(GB(4), "crashkernel=18446744073709551616"),
	BAD(GB(4), "crashkernel=18446744073709551616M"),
	BAD(GB(4), "crashkernel=0x10000000000000000"),
	BAD(GB(4), "crashkernel=17592186044416M"),
	BAD(GB(4), "crashkernel=17592186044417M"),
	BAD(GB(4), "crashkernel=16E"),
	BAD(GB(4), "crashkernel=64M@16E"),
	BAD(GB(4), "crashkernel=0-16E:64M"),
	BAD(GB(4), "crashkernel=16E,high"),
	BAD(GB(4), "crashkernel=64M,high crashkernel=16E,low"),
};

static void crashkernel_case_name(const struct crashkernel_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%llu MB: %s", c->ram >> 20, c->cmdline);
	/* KTAP does not allow a description with '#' or with a space at its end. */
	strreplace(desc, '\n', ' ');
	strreplace(desc, '\t', ' ');
}

KUNIT_ARRAY_PARAM(crashkernel_case, crashkernel_cases, crashkernel_case_name);

static void crashkernel_test_table(struct kunit *test)
{
	const struct crashkernel_case *c = test->param_value;
	const char *end = c->cmdline + strlen(c->cmdline);
	struct crashkernel_request req;

	KUNIT_ASSERT_EQ(test, crashkernel_param_parse(c->cmdline, c->ram, LOW, &req), c->ret);
	if (c->ret == -EINVAL) {
		KUNIT_EXPECT_NOT_NULL(test, req.why);
		KUNIT_EXPECT_GE(test, (ulong)req.where, (ulong)c->cmdline);
		KUNIT_EXPECT_LE(test, (ulong)req.where, (ulong)end);
		return;
	}
	KUNIT_EXPECT_EQ(test, !!req.why, c->low_is_wrong);
	KUNIT_EXPECT_EQ(test, req.size, c->size);
	KUNIT_EXPECT_EQ(test, req.base, c->base);
	KUNIT_EXPECT_EQ(test, req.low_size, c->low_size);
	KUNIT_EXPECT_EQ(test, req.high, c->high);
	KUNIT_EXPECT_EQ(test, req.zero, c->zero);
}

struct crashkernel_cma_case {
	const char *cmdline;
	int ret;
	u64 size;
};

/* A machine with 4 GB. */
static const struct crashkernel_cma_case crashkernel_cma_cases[] = {
	{ "", -ENOENT },
	{ "crashkernel=256M crashkernel=64M,low", -ENOENT },
	{ "cma=64M nocrashkernel=64M,cma", -ENOENT },
	{ "crashkernel=64M,cma", 0, MB(64) },
	{ "crashkernel=256M crashkernel=64M,cma quiet", 0, MB(64) },
	{ "crashkernel=1G,cma crashkernel=256M,high crashkernel=0x4000000,cma", 0, MB(64) },
	{ "crashkernel=junk crashkernel=3G,cma", 0, GB(3) },
	{ "crashkernel=0,cma", 0, 0 },
	{ "crashkernel=4G,cma", -EINVAL },
	{ "crashkernel=,cma", -EINVAL },
	{ "crashkernel=64M@1G,cma", -EINVAL },
	{ "crashkernel=1G-:64M,cma", -EINVAL },
	{ "crashkernel=64M,high,cma", -EINVAL },
	{ "crashkernel=64M,cma crashkernel=junk,cma", -EINVAL },
};

static void crashkernel_test_cma(struct kunit *test)
{
	const struct crashkernel_cma_case *c;
	struct crashkernel_request req;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crashkernel_cma_cases); i++) {
		c = &crashkernel_cma_cases[i];
		KUNIT_EXPECT_EQ_MSG(test, crashkernel_param_parse_cma(c->cmdline, GB(4), &req),
				    c->ret, "%s", c->cmdline);
		if (!c->ret)
			KUNIT_EXPECT_EQ_MSG(test, req.size, c->size, "%s", c->cmdline);
		KUNIT_EXPECT_EQ_MSG(test, !!req.why, c->ret == -EINVAL, "%s", c->cmdline);
	}
}

/* A truncated command line never requests more. */
static void crashkernel_test_cut_off(struct kunit *test)
{
	static const char line[] = "quiet " DISTRO "@0x90000000 crashkernel=300M,high";
	struct crashkernel_request req;
	char cut[sizeof(line)];
	size_t len;
	int ret;

	for (len = 0; len < sizeof(line); len++) {
		memcpy(cut, line, len);
		cut[len] = '\0';
		ret = crashkernel_param_parse(cut, GB(4), LOW, &req);
		if (ret)
			KUNIT_EXPECT_TRUE(test, ret == -ENOENT || (ret == -EINVAL && req.why));
		else
			KUNIT_EXPECT_LE(test, req.size, MB(512));
	}
	KUNIT_EXPECT_EQ(test, req.size, MB(192));
	KUNIT_EXPECT_EQ(test, req.base, 0x90000000);
}

struct crashkernel_low_case {
	u64 size;
	u64 largest;
	u64 free;
	u64 fit;
};

/* Request, largest free range, all free memory, result */
static const struct crashkernel_low_case crashkernel_low_cases[] = {
	{ MB(128), MB(128), MB(128), MB(128) },
	{ MB(16), GB(1), GB(2), MB(16) },
	{ MB(128), MB(126), MB(126), MB(62) },
	{ MB(128), MB(60), MB(200), MB(60) },
	{ MB(128), MB(126), MB(300), MB(126) },
	{ MB(128), MB(2), MB(3), 0 },
	{ MB(128), 0, 0, 0 },
	{ 0, 0, 0, 0 },
};

static void crashkernel_test_low(struct kunit *test)
{
	const struct crashkernel_low_case *c;

	for (c = crashkernel_low_cases;
	     c < crashkernel_low_cases + ARRAY_SIZE(crashkernel_low_cases); c++)
		KUNIT_EXPECT_EQ(test, c->fit,
				crashkernel_param_fit_low(c->size, c->largest, c->free, MB(2)));
}

static struct kunit_case crashkernel_test_cases[] = {
	KUNIT_CASE_PARAM(crashkernel_test_table, crashkernel_case_gen_params),
	KUNIT_CASE(crashkernel_test_cma),
	KUNIT_CASE(crashkernel_test_cut_off),
	KUNIT_CASE(crashkernel_test_low),
	{ }
};

static struct kunit_suite crashkernel_test_suite = {
	.name = "kexec-crashkernel-param",
	.test_cases = crashkernel_test_cases,
};

kunit_test_suite(crashkernel_test_suite);

MODULE_DESCRIPTION("KUnit tests for the crashkernel= parameter");
MODULE_LICENSE("GPL");
