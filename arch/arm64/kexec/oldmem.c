// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory of the crashed kernel
 *
 * Runs in the capture kernel, for fs/proc/vmcore.c.  The device tree limits this kernel to the
 * crash reservation (linux,usable-memory-range), so the memory of the crashed kernel is not in
 * the linear map and is mapped for each read: write-back cacheable like the mappings through
 * which it was written, because other attributes could show stale data (DDI 0487, "Mismatched
 * memory attributes").
 *
 * Addresses are from the ELF core header, which the crash may have corrupted, so they are
 * checked.
 *
 * Context: process context, may sleep.  There is no shared state.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crash_dump.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/string.h>
#include <linux/uio.h>

#include <asm/pgtable-hwdef.h>

/**
 * copy_oldmem_page() - copy from one page of the crashed kernel
 * @iter: destination
 * @pfn: the page
 * @csize: bytes to copy
 * @offset: offset of the first byte in the page; the range must not cross the page
 *
 * Context: process context, may sleep.
 * Return: bytes copied, -EINVAL if they cross the page or the page cannot exist, or -ENOMEM if
 * it cannot be mapped; the last two after one message, the first time.
 */
ssize_t copy_oldmem_page(struct iov_iter *iter, unsigned long pfn,
			 size_t csize, unsigned long offset)
{
	size_t copied;
	void *src;

	if (!csize)
		return 0;
	if (offset >= PAGE_SIZE || csize > PAGE_SIZE - offset)
		return -EINVAL;

	if (PFN_PHYS(pfn) >> PHYS_MASK_SHIFT || PHYS_PFN(PFN_PHYS(pfn)) != pfn) {
		pr_err_once("page frame %#lx of the crashed kernel cannot exist: the ELF core header is damaged\n",
			    pfn);
		return -EINVAL;
	}
	src = memremap(PFN_PHYS(pfn) + offset, csize, MEMREMAP_WB);
	if (!src) {
		pr_err_once("page frame %#lx of the crashed kernel cannot be mapped\n", pfn);
		return -ENOMEM;
	}
	copied = copy_to_iter(src, csize, iter);
	memunmap(src);
	return copied;
}

/* The loader need not pass the size of the header. */
static bool oldmem_in_elfcorehdr(u64 pos, u64 len)
{
	u64 end;

	if (check_add_overflow(pos, len, &end) || end > BIT_ULL(PHYS_MASK_SHIFT))
		return false;
	if (!elfcorehdr_size)
		return true;
	return pos >= elfcorehdr_addr && end - elfcorehdr_addr <= elfcorehdr_size;
}

/**
 * elfcorehdr_read() - read from the ELF core header
 * @buf: destination
 * @count: bytes
 * @ppos: physical address of the first byte; advanced by @count
 *
 * The header is in the crash reservation, which is memory of this kernel, or anywhere with an
 * elfcorehdr= parameter of the user.
 *
 * Context: process context, may sleep.
 * Return: @count, -EINVAL if the header is shorter, or -ENOMEM if it cannot be mapped, both
 * after one message.
 */
ssize_t elfcorehdr_read(char *buf, size_t count, u64 *ppos)
{
	void *src;

	if (!oldmem_in_elfcorehdr(*ppos, count)) {
		pr_err("ELF core header at %#llx: %llu bytes, but %zu at %#llx requested: damaged\n",
		       elfcorehdr_addr, elfcorehdr_size, count, *ppos);
		return -EINVAL;
	}

	src = memremap(*ppos, count, MEMREMAP_WB);
	if (!src) {
		pr_err("ELF core header at %#llx (%zu bytes) cannot be mapped\n", *ppos, count);
		return -ENOMEM;
	}
	memcpy(buf, src, count);
	memunmap(src);
	*ppos += count;
	return count;
}
