// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory without a free block
 *
 * After months of uptime every block of 2 MiB may contain an unmovable page.
 * kexec.fragment=1 has the same effect: it allocates every free block and frees all
 * of its pages but one, at a different offset in each.  The value read is the number of
 * pages kept; 0 frees them.
 */
#include <linux/gfp.h>
#include <linux/kstrtox.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sizes.h>

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "kexec."

#define FRAGMENT_ORDER	min_t(unsigned int, MAX_PAGE_ORDER, ilog2(SZ_2M) - PAGE_SHIFT)

/* Offset of the kept page in the next block; any odd number. */
#define FRAGMENT_STRIDE	37

static DEFINE_MUTEX(fragment_lock);
static LIST_HEAD(fragment_blocks);
static LIST_HEAD(fragment_kept);
static unsigned int fragment_nr;

/* Allocate all blocks first: a freed one could merge with another one. */
static bool fragment_take(void)
{
	gfp_t gfp = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;
	struct page *page;

	while ((page = alloc_pages(gfp & ~__GFP_DIRECT_RECLAIM, FRAGMENT_ORDER))) {
		split_page(page, FRAGMENT_ORDER);
		list_add(&page->lru, &fragment_blocks);
		cond_resched();
	}
	return !list_empty(&fragment_blocks);
}

static void fragment_give_back(void)
{
	struct page *block, *next;
	unsigned int i, keep;

	list_for_each_entry_safe(block, next, &fragment_blocks, lru) {
		list_del(&block->lru);
		keep = fragment_nr++ * FRAGMENT_STRIDE % (1U << FRAGMENT_ORDER);
		for (i = 0; i < 1U << FRAGMENT_ORDER; i++) {
			if (i != keep)
				__free_page(block + i);
		}
		list_add(&block[keep].lru, &fragment_kept);
		cond_resched();
	}
}

static void fragment_free(void)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, &fragment_kept, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
	fragment_nr = 0;
}

static int fragment_set(const char *text, const struct kernel_param *kp)
{
	bool on;
	int ret = kstrtobool(text, &on);

	if (ret)
		return ret;
	guard(mutex)(&fragment_lock);
	if (!on) {
		fragment_free();
		return 0;
	}
	/* Keep the last blocks allocated until other memory is free again. */
	while (fragment_take())
		fragment_give_back();
	return 0;
}

static const struct kernel_param_ops fragment_ops = {
	.set = fragment_set,
	.get = param_get_uint,
};
module_param_cb(fragment, &fragment_ops, &fragment_nr, 0600);
MODULE_PARM_DESC(fragment, "leave no free block of 2 MiB (0: undo)");
