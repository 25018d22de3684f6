/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of KUnit as the suites of the pure files use: enough to run them on
 * the host under the sanitizers.
 */
#ifndef _KEXEC_SIM_KUNIT_TEST_H
#define _KEXEC_SIM_KUNIT_TEST_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>

#define KUNIT_PARAM_DESC_SIZE	128

struct kunit {
	void *priv;
	const void *param_value;
	bool failed;
	struct kunit_host_mem *mem;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn)		KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen)	{ .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(id, array, describe)						\
static const void *id##_gen_params(const void *prev, char *desc)			\
{											\
	typeof((array)[0]) *p = prev ? (typeof(p))prev + 1 : &(array)[0];		\
											\
	if (p == &(array)[ARRAY_SIZE(array)])						\
		return NULL;								\
	kunit_host_describe(p, describe, desc);						\
	return p;									\
}

#define kunit_host_describe(p, describe, desc)						\
do {											\
	void (*_describe)(typeof(p), char *) = (describe);				\
											\
	if (_describe)									\
		_describe(p, desc);							\
} while (0)

void kunit_host_register(struct kunit_suite *suite);
void *kunit_host_alloc(struct kunit *test, size_t n, size_t size);
void __printf(3, 4) kunit_host_failed(struct kunit *test, bool stop, const char *fmt, ...);

#define KUNIT_HOST_GLUE(a, b)	a##b
#define KUNIT_HOST_NAME(a, b)	KUNIT_HOST_GLUE(a, b)

#define kunit_test_suite(suite)								\
static void __attribute__((constructor)) KUNIT_HOST_NAME(suite##_, __COUNTER__)(void)	\
{											\
	kunit_host_register(&(suite));							\
}

#define kunit_kzalloc(test, size, gfp)		kunit_host_alloc(test, 1, size)
#define kunit_kmalloc(test, size, gfp)		kunit_host_alloc(test, 1, size)
#define kunit_kcalloc(test, n, size, gfp)	kunit_host_alloc(test, n, size)
/* All of a test's memory is freed at its end. */
#define kunit_kfree(test, p)			((void)(p))
#define kunit_kmalloc_array(test, n, size, gfp)	kunit_host_alloc(test, n, size)

/* Numbers and pointers alike; on failure both sides are shown as numbers. */
#define KUNIT_HOST_CMP(test, stop, l, op, r, fmt, ...)					\
do {											\
	typeof(l) _l = (l);								\
	typeof(r) _r = (r);								\
											\
	if (!(_l op _r))								\
		kunit_host_failed(test, stop,						\
				  "%s:%d: %s " #op " %s: %#llx, %#llx " fmt,		\
				  __FILE__, __LINE__, #l, #r, (u64)(uintptr_t)_l,	\
				  (u64)(uintptr_t)_r, ##__VA_ARGS__);			\
} while (0)

#define KUNIT_HOST_COND(test, stop, cond, fmt, ...)					\
do {											\
	if (!(cond))									\
		kunit_host_failed(test, stop, "%s:%d: %s " fmt, __FILE__, __LINE__,	\
				  #cond, ##__VA_ARGS__);				\
} while (0)

#define KUNIT_EXPECT_EQ(test, l, r)	KUNIT_HOST_CMP(test, false, l, ==, r, "")
#define KUNIT_EXPECT_NE(test, l, r)	KUNIT_HOST_CMP(test, false, l, !=, r, "")
#define KUNIT_EXPECT_LT(test, l, r)	KUNIT_HOST_CMP(test, false, l, <, r, "")
#define KUNIT_EXPECT_LE(test, l, r)	KUNIT_HOST_CMP(test, false, l, <=, r, "")
#define KUNIT_EXPECT_GT(test, l, r)	KUNIT_HOST_CMP(test, false, l, >, r, "")
#define KUNIT_EXPECT_GE(test, l, r)	KUNIT_HOST_CMP(test, false, l, >=, r, "")
#define KUNIT_ASSERT_EQ(test, l, r)	KUNIT_HOST_CMP(test, true, l, ==, r, "")
#define KUNIT_ASSERT_NE(test, l, r)	KUNIT_HOST_CMP(test, true, l, !=, r, "")
#define KUNIT_ASSERT_LT(test, l, r)	KUNIT_HOST_CMP(test, true, l, <, r, "")
#define KUNIT_ASSERT_LE(test, l, r)	KUNIT_HOST_CMP(test, true, l, <=, r, "")
#define KUNIT_ASSERT_GT(test, l, r)	KUNIT_HOST_CMP(test, true, l, >, r, "")
#define KUNIT_ASSERT_GE(test, l, r)	KUNIT_HOST_CMP(test, true, l, >=, r, "")
#define KUNIT_EXPECT_PTR_EQ		KUNIT_EXPECT_EQ
#define KUNIT_EXPECT_PTR_NE		KUNIT_EXPECT_NE
#define KUNIT_ASSERT_PTR_EQ		KUNIT_ASSERT_EQ
#define KUNIT_ASSERT_PTR_NE		KUNIT_ASSERT_NE

#define KUNIT_EXPECT_EQ_MSG(test, l, r, ...)	KUNIT_HOST_CMP(test, false, l, ==, r, __VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(test, l, r, ...)	KUNIT_HOST_CMP(test, false, l, !=, r, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(test, l, r, ...)	KUNIT_HOST_CMP(test, true, l, ==, r, __VA_ARGS__)

#define KUNIT_EXPECT_TRUE(test, c)		KUNIT_HOST_COND(test, false, c, "")
#define KUNIT_EXPECT_FALSE(test, c)		KUNIT_HOST_COND(test, false, !(c), "")
#define KUNIT_ASSERT_TRUE(test, c)		KUNIT_HOST_COND(test, true, c, "")
#define KUNIT_ASSERT_FALSE(test, c)		KUNIT_HOST_COND(test, true, !(c), "")
#define KUNIT_EXPECT_TRUE_MSG(test, c, ...)	KUNIT_HOST_COND(test, false, c, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(test, c, ...)	KUNIT_HOST_COND(test, false, !(c), __VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(test, c, ...)	KUNIT_HOST_COND(test, true, c, __VA_ARGS__)
#define KUNIT_EXPECT_NULL(test, p)		KUNIT_HOST_COND(test, false, !(p), "")
#define KUNIT_EXPECT_NOT_NULL(test, p)		KUNIT_HOST_COND(test, false, p, "")
#define KUNIT_ASSERT_NULL(test, p)		KUNIT_HOST_COND(test, true, !(p), "")
#define KUNIT_ASSERT_NOT_NULL(test, p)		KUNIT_HOST_COND(test, true, p, "")
#define KUNIT_EXPECT_NOT_ERR_OR_NULL(test, p)	KUNIT_HOST_COND(test, false, !IS_ERR_OR_NULL(p), "")
#define KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p)	KUNIT_HOST_COND(test, true, !IS_ERR_OR_NULL(p), "")

#define KUNIT_HOST_STREQ(l, r)			(!strcmp(l, r))
#define KUNIT_EXPECT_STREQ(test, l, r)						\
	KUNIT_HOST_COND(test, false, KUNIT_HOST_STREQ(l, r), "")
#define KUNIT_EXPECT_STREQ_MSG(test, l, r, ...)					\
	KUNIT_HOST_COND(test, false, KUNIT_HOST_STREQ(l, r), __VA_ARGS__)
#define KUNIT_ASSERT_STREQ(test, l, r)						\
	KUNIT_HOST_COND(test, true, KUNIT_HOST_STREQ(l, r), "")
#define KUNIT_EXPECT_MEMEQ(test, l, r, n)					\
	KUNIT_HOST_COND(test, false, !memcmp(l, r, n), "")
#define KUNIT_FAIL(test, ...)		kunit_host_failed(test, false, __VA_ARGS__)

#endif /* _KEXEC_SIM_KUNIT_TEST_H */
