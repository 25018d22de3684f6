// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Tests of the registers that a dump shows
 */

#include <kunit/test.h>
#include <linux/kexec_arch.h>
#include <linux/ptrace.h>
#include <linux/string.h>

#define SAVE_REGS_FIRST	4
#define SAVE_REGS_LAST	28

/* x29 is the frame pointer of this function, and x18 may be the shadow call stack's. */
static void save_regs_call(struct pt_regs *regs)
{
	asm volatile("mov	x0, %[regs]\n\t"
		     "mov	x1, xzr\n\t"
		     ".irp	n, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17\n\t"
		     "mov	x\\n, #0x1000 + \\n\n\t"
		     ".endr\n\t"
		     ".irp	n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
		     "mov	x\\n, #0x1000 + \\n\n\t"
		     ".endr\n\t"
		     "bl	kexec_arch_save_regs"
		     : : [regs] "r" (regs)
		     : "x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11",
		       "x12", "x13", "x14", "x15", "x16", "x17", "x19", "x20", "x21", "x22",
		       "x23", "x24", "x25", "x26", "x27", "x28", "x30", "memory");
}

static void save_regs_test_caller(struct kunit *test)
{
	struct pt_regs regs;
	unsigned int i;

	memset(&regs, 0xa5, sizeof(regs));
	save_regs_call(&regs);
	for (i = SAVE_REGS_FIRST; i <= SAVE_REGS_LAST; i++)
		if (i != 18)
			KUNIT_EXPECT_EQ_MSG(test, regs.regs[i], 0x1000 + i, "x%u", i);
	KUNIT_EXPECT_EQ(test, regs.regs[0], (u64)&regs);
	KUNIT_EXPECT_EQ(test, regs.regs[1], 0);
	KUNIT_EXPECT_EQ(test, regs.regs[29], (u64)__builtin_frame_address(0));
	KUNIT_EXPECT_EQ(test, regs.pc, regs.regs[30]);
	KUNIT_EXPECT_EQ(test, regs.pstate & PSR_MODE_MASK, read_sysreg(CurrentEL) | 1);
}

static void save_regs_test_fault(struct kunit *test)
{
	struct pt_regs from, regs;

	memset(&from, 0x5a, sizeof(from));
	memset(&regs, 0, sizeof(regs));
	kexec_arch_save_regs(&regs, &from);
	KUNIT_EXPECT_MEMEQ(test, &regs, &from, sizeof(regs));
}

static struct kunit_case save_regs_test_cases[] = {
	KUNIT_CASE(save_regs_test_caller),
	KUNIT_CASE(save_regs_test_fault),
	{}
};

static struct kunit_suite save_regs_test_suite = {
	.name = "kexec-save-regs",
	.test_cases = save_regs_test_cases,
};

kunit_test_suite(save_regs_test_suite);

MODULE_DESCRIPTION("KUnit tests of kexec: the registers that a dump shows");
MODULE_LICENSE("GPL");
