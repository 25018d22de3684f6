// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the crash reservation
 *
 * crashkernel= reserves one region, crashk_res, for the capture kernel.  If 32-bit devices
 * cannot reach it (at or above CRASH_ADDR_LOW_MAX), there is a second one, crashk_low_res,
 * for their buffers.
 *
 *	form			tried first	then
 *	size			low		high, with a low region
 *	size,high		high		low
 *	size@offset, ranges@	there		nothing
 *
 * A low region that does not fit is reduced: the main region alone still makes a dump on
 * most machines.  This runs early at boot, in memblock; crash_size.c changes the
 * reservation at run time, by the same rules.  For crashkernel=SIZE,cma see crash_cma.c.
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

#include "crash_cma.h"
#include "crash_reserve.h"
#include "lib/crashkernel_param.h"

#define CRASHKERNEL_RES {					\
	.name = "Crash kernel",				\
	.flags = IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY, \
	.desc = IORES_DESC_CRASH_KERNEL,		\
}

struct resource crashk_res = CRASHKERNEL_RES;
struct resource crashk_low_res = CRASHKERNEL_RES;

/* Without crashkernel= the defaults hold. */
struct crash_rules kexec_crash_rules __ro_after_init = {
	.low_size = DEFAULT_CRASH_KERNEL_LOW_SIZE,
};

/* Bytes of crashkernel=SIZE,cma that parse_crashkernel() found. */
static u64 crash_cma_size __initdata;

/* @end is exclusive. */
struct crashkernel_window {
	u64 start;
	u64 end;
	const char *name;
};

/* Parsed elsewhere; this marks the parameter as known. */
static int __init crash_known_param(char *unused)
{
	return 0;
}
early_param("crashkernel", crash_known_param);

static void __init crash_report_refusal(const struct crashkernel_request *req, const char *form)
{
	if (req->why)
		pr_err("crashkernel=%s is ignored: %s at \"%.20s\"\n", form, req->why, req->where);
}

/* Returns 0 bytes if no CMA area is to be reserved. */
static u64 __init crash_parse_cma(const char *cmdline, u64 ram)
{
	struct crashkernel_request req;

	if (crashkernel_param_parse_cma(cmdline, ram, &req)) {
		crash_report_refusal(&req, "SIZE,cma");
		return 0;
	}
	if (IS_ENABLED(CONFIG_CMA))
		return req.size;
	pr_warn("crashkernel=SIZE,cma is ignored: the kernel has no CMA\n");
	return 0;
}

/**
 * parse_crashkernel() - read crashkernel= from a command line
 * @cmdline: the command line
 * @system_ram: bytes of memory
 * @crash_size: receives the requested size, in bytes
 * @crash_base: receives the requested address, 0 for any
 * @low_size: receives the size of the low region, in bytes
 * @high: set if ",high" is requested
 *
 * Return: 0, with a size of 0 if only ",cma" is requested; -ENOENT without a request or in
 * a capture kernel; or -EINVAL after one message.
 */
int __init parse_crashkernel(char *cmdline, unsigned long long system_ram,
			     unsigned long long *crash_size,
			     unsigned long long *crash_base,
			     unsigned long long *low_size, bool *high)
{
	struct crashkernel_request req;
	int ret;

	ret = crashkernel_param_parse(cmdline, system_ram, DEFAULT_CRASH_KERNEL_LOW_SIZE, &req);
	/* A capture kernel often inherits the parameter (kexec --reuse-cmdline). */
	if (is_kdump_kernel()) {
		if (ret != -ENOENT)
			pr_info("crashkernel= is ignored in a capture kernel\n");
		ret = -ENOENT;
	} else {
		crash_report_refusal(&req, ret ? "" : "SIZE,low");
		if (!req.zero && ret != -EINVAL)
			crash_cma_size = crash_parse_cma(cmdline, system_ram);
	}
	kexec_crash_rules = (struct crash_rules) {
		.forbidden = req.zero || is_kdump_kernel(),
		.high = req.high,
		/* With an offset, req.low_size is 0 by default, but the region may move. */
		.low_size = !ret && req.low_given ? PAGE_ALIGN(req.low_size) :
						    DEFAULT_CRASH_KERNEL_LOW_SIZE,
	};
	if (!ret && !req.size) {
		pr_info("crashkernel= reserves nothing on a machine with %llu MB\n",
			system_ram >> 20);
		ret = -EINVAL;
	}
	/* The main region may be claimed at run time. */
	if (crash_cma_size)
		ret = 0;

	*crash_size = ret ? 0 : req.size;
	*crash_base = req.base;
	if (low_size)
		*low_size = req.low_size;
	if (high)
		*high = req.high;
	return ret;
}

static u64 __init crash_alloc_range(u64 size, const struct crashkernel_window *w)
{
	if (w->start >= w->end)
		return 0;
	return memblock_phys_alloc_range(size, CRASH_ALIGN, w->start, w->end);
}

/* The largest free region; all of them in @total. */
static u64 __init crashkernel_scan(const struct crashkernel_window *w, u64 *total)
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

static u64 __init crash_alloc_largest(const struct crashkernel_window *w)
{
	u64 total;

	return crashkernel_scan(w, &total);
}

static u64 __init crash_alloc_at(u64 base, u64 size)
{
	const struct crashkernel_window anywhere = { 0, U64_MAX };
	const struct crashkernel_window there = { base, base + size };

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
	if (crash_alloc_range(size, &there))
		return base;
	pr_err("crashkernel=: [%#llx, %#llx) is in use; without the offset %llu MB would fit\n",
	       base, there.end, crash_alloc_largest(&anywhere) >> 20);
	return 0;
}

static void __init crash_set_resource(struct resource *res, u64 base, u64 size, const char *name)
{
	res->start = base;
	res->end = base + size - 1;
	/* kmemleak: this memory has no pointers, but its content may look like some. */
	kmemleak_ignore_phys(base);
	pr_info("%s reserved: 0x%016llx - 0x%016llx (%llu MB)\n", name, base, base + size,
		size >> 20);
}

static void __init crash_alloc_low(u64 wanted, const struct crashkernel_window *low)
{
	u64 total, largest = crashkernel_scan(low, &total);
	u64 size = crashkernel_param_fit_low(wanted, largest, total, CRASH_ALIGN);
	u64 base = size ? crash_alloc_range(size, low) : 0;

	if (!base)
		size = 0;
	if (size < wanted)
		pr_warn("crashkernel=: low region reduced to %llu MB (%llu MB requested)\n",
			size >> 20, wanted >> 20);
	if (base)
		crash_set_resource(&crashk_low_res, base, size, "crashkernel low memory");
}

static u64 __init crash_alloc_anywhere(u64 size, const struct crashkernel_window *first,
				       const struct crashkernel_window *second)
{
	u64 base = crash_alloc_range(size, first);

	if (base)
		return base;
	base = crash_alloc_range(size, second);
	if (base)
		pr_info("crashkernel: no %llu MB in %s memory, taken from %s memory\n",
			size >> 20, first->name, second->name);
	else
		pr_err("crashkernel=: no %llu MB in one piece; at most %lluM in %s, %lluM in %s memory\n",
		       size >> 20, crash_alloc_largest(first) >> 20, first->name,
		       crash_alloc_largest(second) >> 20, second->name);
	return base;
}

static void __init crash_reserve_main(u64 size, u64 wanted_base, u64 low_size, bool high)
{
	const struct crashkernel_window low = { 0, CRASH_ADDR_LOW_MAX, "low" };
	const struct crashkernel_window above = { CRASH_ADDR_LOW_MAX, CRASH_ADDR_HIGH_MAX, "high" };
	u64 base;

	if (wanted_base)
		base = crash_alloc_at(wanted_base, size);
	else if (high)
		base = crash_alloc_anywhere(size, &above, &low);
	else
		base = crash_alloc_anywhere(size, &low, &above);
	if (!base)
		return;

	if (base >= low.end && low_size)
		crash_alloc_low(low_size, &low);
	crash_set_resource(&crashk_res, base, size, "crashkernel");
}

/**
 * reserve_crashkernel_generic() - reserve the memory that parse_crashkernel() found
 * @cmdline: not used
 * @crash_size: bytes, 0 if only CMA areas are requested
 * @crash_base: first byte, 0 for any
 * @crash_low_size: bytes of the low region, if one is needed
 * @high: prefer memory out of the reach of 32-bit devices
 *
 * CMA areas are reserved without a main region, too: it may be claimed at run time.
 *
 * Context: early boot; memblock is complete.
 */
void __init reserve_crashkernel_generic(char *cmdline, unsigned long long crash_size,
					unsigned long long crash_base,
					unsigned long long crash_low_size, bool high)
{
	if (crash_size)
		crash_reserve_main(PAGE_ALIGN(crash_size), crash_base, PAGE_ALIGN(crash_low_size),
				   high);
	kexec_crash_cma_reserve(crash_cma_size);
}

/* Below the memory that they are part of. */
static int __init crash_insert_resources(void)
{
	if (crashk_res.end)
		insert_resource(&iomem_resource, &crashk_res);
	if (crashk_low_res.end)
		insert_resource(&iomem_resource, &crashk_low_res);
	return 0;
}
early_initcall(crash_insert_resources);
