// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the permissions of the linear map
 *
 * The CPU has each page in its TLB as writable before it is protected: a stale entry
 * makes a write succeed.  Longer ranges are invalidated in another way than short ones.
 */

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/set_memory.h>
#include <linux/sizes.h>
#include <linux/uaccess.h>

static int protect_test_write(void *va, u64 value)
{
	return copy_to_kernel_nofault(va, &value, sizeof(value));
}

static void protect_test_range(struct kunit *test, u64 len)
{
	void *mem = (void *)__get_free_pages(GFP_KERNEL, get_order(len));
	phys_addr_t start;
	u64 at;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	start = virt_to_phys(mem);
	for (at = 0; at < len; at += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, protect_test_write(mem + at, at), 0);

	KUNIT_EXPECT_EQ(test, kexec_arch_protect(start, len, false), 0);
	for (at = 0; at < len; at += PAGE_SIZE) {
		KUNIT_EXPECT_EQ(test, protect_test_write(mem + at, ~at), -EFAULT);
		KUNIT_EXPECT_EQ(test, *(u64 *)(mem + at), at);
	}

	KUNIT_EXPECT_EQ(test, kexec_arch_protect(start, len, true), 0);
	for (at = 0; at < len; at += PAGE_SIZE)
		KUNIT_EXPECT_EQ(test, protect_test_write(mem + at, ~at), 0);
	free_pages((unsigned long)mem, get_order(len));
}

static void protect_test_pages(struct kunit *test)
{
	protect_test_range(test, 4 * PAGE_SIZE);
}

static void protect_test_all(struct kunit *test)
{
	protect_test_range(test, SZ_4M);
}

static int protect_test_init(struct kunit *test)
{
	if (!can_set_direct_map())
		kunit_skip(test, "the linear map is not mapped by pages");
	return 0;
}

static struct kunit_case protect_test_cases[] = {
	KUNIT_CASE(protect_test_pages),
	KUNIT_CASE(protect_test_all),
	{}
};

static struct kunit_suite protect_test_suite = {
	.name = "kexec-protect",
	.init = protect_test_init,
	.test_cases = protect_test_cases,
};

kunit_test_suite(protect_test_suite);

MODULE_DESCRIPTION("KUnit tests of kexec: permissions of the linear map");
MODULE_LICENSE("GPL");
