// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the relocation page
 *
 * Its vectors run only when this kernel is left, in QEMU cases.  These tests
 * examine the instructions of the page.
 */

#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "../kern_reloc.h"

#define FAULT_TEST_VECTORS	16
#define FAULT_TEST_WORDS	32
/* "b ." is the end of each vector, "mov w3, #n" has its number */
#define FAULT_TEST_SPIN		0x14000000
#define FAULT_TEST_MOV_W3(n)	(0x52800003 | (n) << 5)

static bool fault_test_has(const __le32 *vector, u32 insn)
{
	unsigned int i;

	for (i = 0; i < FAULT_TEST_WORDS; i++)
		if (le32_to_cpu(vector[i]) == insn)
			return true;
	return false;
}

static void fault_test_vectors(struct kunit *test)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	kexec_fault_fill_page(page, 0x1234);
	for (i = 0; i < FAULT_TEST_VECTORS; i++) {
		const __le32 *vector = page + KERN_RELOC_PAGE_VECTORS + i * SZ_128;

		KUNIT_EXPECT_TRUE_MSG(test, fault_test_has(vector, FAULT_TEST_SPIN),
				      "vector %u", i);
		KUNIT_EXPECT_TRUE_MSG(test, fault_test_has(vector, FAULT_TEST_MOV_W3(i)),
				      "vector %u", i);
	}
	free_page((unsigned long)page);
}

static void fault_test_where(struct kunit *test)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	const struct kern_reloc_where *where = page + KERN_RELOC_PAGE_WHERE;
	u64 record_pa;

	KUNIT_ASSERT_NOT_NULL(test, page);
	record_pa = virt_to_phys(page);
	kexec_fault_fill_page(page, record_pa);
	KUNIT_EXPECT_EQ(test, record_pa, where->record_pa);
	KUNIT_EXPECT_EQ(test, (u64)phys_to_virt(record_pa), record_pa + where->pa_to_addr);
	free_page((unsigned long)page);
}

/* The copy that __cpu_soft_restart() uses for an image in place. */
static void fault_test_in_place(struct kunit *test)
{
	const struct kern_reloc_where *where = (void *)kexec_fault_page + KERN_RELOC_PAGE_WHERE;

	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(__pa_symbol(kexec_fault_page), SZ_2K));
	KUNIT_EXPECT_NE(test, 0, where->record_pa);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED(where->record_pa, sizeof(struct kern_reloc_fault)));
}

static struct kunit_case fault_test_cases[] = {
	KUNIT_CASE(fault_test_vectors),
	KUNIT_CASE(fault_test_where),
	KUNIT_CASE(fault_test_in_place),
	{}
};

static struct kunit_suite fault_test_suite = {
	.name = "kexec-fault",
	.test_cases = fault_test_cases,
};

kunit_test_suite(fault_test_suite);

MODULE_DESCRIPTION("KUnit tests of kexec: the relocation page");
MODULE_LICENSE("GPL");
