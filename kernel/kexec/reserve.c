// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: setting memory aside for a capture kernel
 *
 * crashkernel= gives one region, crashk_res, for the capture kernel.  When that
 * lies out of the reach of 32-bit devices (at or above CRASH_ADDR_LOW_MAX) there
 * is a second one within their reach, crashk_low_res, for their buffers.
 *
 *	form			tried first	then
 *	size			low		high, with a low region
 *	size,high		high		low
 *	size@offset, ranges@	there		nothing
 *
 * A low region that does not fit is reduced: the main region alone still makes
 * a dump on most machines.  A capture kernel reserves nothing.
 *
 * Everything happens once, on one CPU, early at boot, in memblock; nobody frees
 * what was taken but crash_shrink_memory().  An unused resource has both ends at
 * 0.  A request that cannot be met leaves one line that says what would fit.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/crash_dump.h>
#include <linux/crash_reserve.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/sizes.h>

#include "reserve.h"

#define RESERVE_RES {					\
	.name = "Crash kernel",				\
	.flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, \
	.desc = IORES_DESC_CRASH_KERNEL,		\
}

struct resource crashk_res = RESERVE_RES;
struct resource crashk_low_res = RESERVE_RES;

/**
 * struct reserve_window - where a region may lie
 * @start: first byte
 * @end: first byte behind
 * @name: for messages
 */
struct reserve_window {
	u64 start;
	u64 end;
	const char *name;
};

/* The kernel reads crashkernel= itself; this only tells it that it is known. */
static int __init reserve_known_param(char *unused)
{
	return 0;
}
early_param("crashkernel", reserve_known_param);

static void __init reserve_explain(const struct reserve_request *req, bool all)
{
	if (req->why)
		pr_err("crashkernel=%s is ignored: %s at \"%.20s\"\n", all ? "" : "SIZE,low",
		       req->why, req->where);
	if (req->cma)
		pr_warn("crashkernel=SIZE,cma is ignored: not supported yet\n");
}

/**
 * parse_crashkernel() - read crashkernel= from a command line
 * @cmdline: the command line
 * @system_ram: bytes of memory
 * @crash_size: filled with the bytes asked for
 * @crash_base: filled with the first byte asked for, 0 for any
 * @low_size: filled with the bytes of the low region
 * @high: set when ",high" is asked for
 *
 * Context: early boot.
 * Return: 0 when there is something to reserve, -ENOENT when nothing is asked
 * for or this is a capture kernel, -EINVAL after one message when it makes no
 * sense or comes to 0 bytes.
 */
int __init parse_crashkernel(char *cmdline, unsigned long long system_ram,
			     unsigned long long *crash_size,
			     unsigned long long *crash_base,
			     unsigned long long *low_size, bool *high)
{
	struct reserve_request req;
	int ret;

	ret = kexec_reserve_parse(cmdline, system_ram, DEFAULT_CRASH_KERNEL_LOW_SIZE, &req);
	/* A capture kernel often inherits the parameter (kexec --reuse-cmdline). */
	if (is_kdump_kernel()) {
		if (ret != -ENOENT)
			pr_info("crashkernel= is ignored in a capture kernel\n");
		ret = -ENOENT;
	} else {
		reserve_explain(&req, ret);
	}
	if (!ret && !req.size) {
		pr_info("crashkernel= reserves nothing on a machine with %llu MB\n",
			system_ram >> 20);
		ret = -EINVAL;
	}

	*crash_size = ret ? 0 : req.size;
	*crash_base = req.base;
	if (low_size)
		*low_size = req.low_size;
	if (high)
		*high = req.high;
	return ret;
}

static u64 __init reserve_take(u64 size, const struct reserve_window *w)
{
	if (w->start >= w->end)
		return 0;
	return memblock_phys_alloc_range(size, CRASH_ALIGN, w->start, w->end);
}

/* Bytes of the largest region that could be had, and of all in @total. */
static u64 __init reserve_scan(const struct reserve_window *w, u64 *total)
{
	phys_addr_t start, end;
	u64 i, largest = 0;

	*total = 0;

	for_each_free_mem_range(i, NUMA_NO_NODE, MEMBLOCK_NONE, &start, &end, NULL) {
		u64 from = ALIGN(max_t(u64, start, w->start), CRASH_ALIGN);
		u64 to = min_t(u64, end, w->end);

		if (from < to) {
			largest = max(largest, to - from);
			*total += to - from;
		}
	}
	return largest;
}

static u64 __init reserve_largest(const struct reserve_window *w)
{
	u64 total;

	return reserve_scan(w, &total);
}

static u64 __init reserve_at(u64 base, u64 size)
{
	const struct reserve_window anywhere = { 0, U64_MAX };
	const struct reserve_window there = { base, base + size };

	if (!IS_ALIGNED(base, CRASH_ALIGN)) {
		pr_err("crashkernel=: offset %#llx is no multiple of %u MB\n", base,
		       CRASH_ALIGN >> 20);
		return 0;
	}
	if (there.end <= base || !memblock_is_region_memory(base, size)) {
		pr_err("crashkernel=: not all of [%#llx, %#llx) is memory; try without the offset\n",
		       base, there.end);
		return 0;
	}
	if (reserve_take(size, &there))
		return base;
	pr_err("crashkernel=: [%#llx, %#llx) is in use; try without the offset, %llu MB would fit\n",
	       base, there.end, reserve_largest(&anywhere) >> 20);
	return 0;
}

static void __init reserve_announce(struct resource *res, u64 base, u64 size, const char *name)
{
	res->start = base;
	res->end = base + size - 1;
	/* Nobody keeps pointers there, and the capture kernel's content may look like some. */
	kmemleak_ignore_phys(base);
	pr_info("%s reserved: 0x%016llx - 0x%016llx (%llu MB)\n", name, base, base + size,
		size >> 20);
}

static void __init reserve_low_region(u64 wanted, const struct reserve_window *low)
{
	u64 total, largest = reserve_scan(low, &total);
	u64 size = kexec_reserve_fit_low(wanted, largest, total, CRASH_ALIGN);
	u64 base = size ? reserve_take(size, low) : 0;

	if (!base)
		size = 0;
	if (size < wanted)
		pr_warn("crashkernel=: low region reduced to %llu MB (%llu MB requested)\n",
			size >> 20, wanted >> 20);
	if (base)
		reserve_announce(&crashk_low_res, base, size, "crashkernel low memory");
}

static u64 __init reserve_anywhere(u64 size, const struct reserve_window *first,
				   const struct reserve_window *second)
{
	u64 base = reserve_take(size, first);

	if (base)
		return base;
	base = reserve_take(size, second);
	if (base)
		pr_info("crashkernel: no %llu MB in %s memory, taken from %s memory\n",
			size >> 20, first->name, second->name);
	else
		pr_err("crashkernel=: no %llu MB in one piece; at most %lluM fits in %s and %lluM in %s memory\n",
		       size >> 20, reserve_largest(first) >> 20, first->name,
		       reserve_largest(second) >> 20, second->name);
	return base;
}

/**
 * reserve_crashkernel_generic() - set aside what parse_crashkernel() found
 * @cmdline: not used
 * @crash_size: bytes
 * @crash_base: first byte, 0 for any
 * @crash_low_size: bytes of the low region, if one is needed
 * @high: prefer memory out of the reach of 32-bit devices
 *
 * Context: early boot; memblock is complete, the page allocator does not exist.
 */
void __init reserve_crashkernel_generic(char *cmdline, unsigned long long crash_size,
					unsigned long long crash_base,
					unsigned long long crash_low_size, bool high)
{
	const struct reserve_window low = { 0, CRASH_ADDR_LOW_MAX, "low" };
	const struct reserve_window above = { CRASH_ADDR_LOW_MAX, CRASH_ADDR_HIGH_MAX, "high" };
	const u64 size = PAGE_ALIGN(crash_size);
	const u64 low_size = PAGE_ALIGN(crash_low_size);
	u64 base;

	if (crash_base)
		base = reserve_at(crash_base, size);
	else if (high)
		base = reserve_anywhere(size, &above, &low);
	else
		base = reserve_anywhere(size, &low, &above);
	if (!base)
		return;

	if (base >= low.end && low_size)
		reserve_low_region(low_size, &low);
	reserve_announce(&crashk_res, base, size, "crashkernel");
}

/* Make the regions show up in /proc/iomem, below the memory that they are part of. */
static int __init reserve_insert(void)
{
	if (crashk_res.end)
		insert_resource(&iomem_resource, &crashk_res);
	if (crashk_low_res.end)
		insert_resource(&iomem_resource, &crashk_low_res);
	return 0;
}
early_initcall(reserve_insert);
