// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory of the crashed kernel
 *
 * Runs in the capture kernel, whose linear map lacks the memory of the crashed kernel
 * (linux,usable-memory-range).  It is mapped write-back cacheable like the mappings through
 * which it was written, because other attributes could show stale data (DDI 0487,
 * "Mismatched memory attributes").
 *
 * A mapping costs more than the copy of a page.  So windows of up to 2 MiB are mapped and
 * kept; the next page is most often in the same one.  A window is no larger than the memory
 * that the ELF core header lists around a page: other addresses may be devices or secure
 * memory, which a CPU must not even read speculatively.
 *
 * The crash may have corrupted the addresses in the ELF core header, so they are checked.
 *
 * oldmem_lock guards the windows.  It is not held while data is copied, because the copy to
 * user space may fault and sleep.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/align.h>
#include <linux/crash_dump.h>
#include <linux/elf.h>
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kexec_arch.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pfn.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uio.h>

#include <asm/pgtable-hwdef.h>

/* Each reader needs one at a time. */
#define OLDMEM_WINDOWS		8
#define OLDMEM_WINDOW_SIZE	SZ_2M

/**
 * struct oldmem_window - a mapping that is kept
 * @start: physical address
 * @end: physical address, exclusive
 * @va: the mapping, or NULL
 * @users: copies in progress; the mapping does not change meanwhile
 */
struct oldmem_window {
	u64 start;
	u64 end;
	void *va;
	unsigned int users;
};

static DEFINE_SPINLOCK(oldmem_lock);
static struct oldmem_window oldmem_window[OLDMEM_WINDOWS];
/* Where the search for an unused window begins. */
static unsigned int oldmem_next;

/* Memory that the ELF core header lists, whole pages; written during boot. */
static struct kexec_range *oldmem_ram;
static unsigned int oldmem_nr_ram;

/* Memory of the crashed kernel only.  False if it is not known. */
static bool oldmem_find_ram(u64 pa, struct kexec_range *where)
{
	const u64 block = ALIGN_DOWN(pa, OLDMEM_WINDOW_SIZE);
	unsigned int i;

	for (i = 0; i < oldmem_nr_ram; i++) {
		where->start = max(oldmem_ram[i].start, block);
		where->end = min(oldmem_ram[i].end, block + OLDMEM_WINDOW_SIZE);
		if (pa >= where->start && pa < where->end)
			return region_intersects(where->start, where->end - where->start,
						 IORESOURCE_SYSTEM_RAM, IORES_DESC_NONE) ==
			       REGION_DISJOINT;
	}
	return false;
}

static struct oldmem_window *oldmem_get_mapped(u64 pa)
{
	struct oldmem_window *w, *found = NULL;

	spin_lock(&oldmem_lock);
	for (w = oldmem_window; !found && w < oldmem_window + OLDMEM_WINDOWS; w++)
		if (w->va && pa >= w->start && pa < w->end)
			found = w;
	if (found)
		found->users++;
	spin_unlock(&oldmem_lock);
	return found;
}

static struct oldmem_window *oldmem_get_unused(void)
{
	struct oldmem_window *w, *found = NULL;
	unsigned int i;

	spin_lock(&oldmem_lock);
	for (i = 0; !found && i < OLDMEM_WINDOWS; i++) {
		w = &oldmem_window[oldmem_next++ % OLDMEM_WINDOWS];
		if (!w->users)
			found = w;
	}
	if (found) {
		found->users = 1;
		/* Not found until it is mapped again. */
		found->end = 0;
	}
	spin_unlock(&oldmem_lock);
	return found;
}

static void oldmem_put(struct oldmem_window *w)
{
	spin_lock(&oldmem_lock);
	w->users--;
	spin_unlock(&oldmem_lock);
}

static struct oldmem_window *oldmem_map(u64 pa)
{
	struct kexec_range where;
	struct oldmem_window *w;
	void *va;

	if (!oldmem_find_ram(pa, &where))
		return NULL;
	w = oldmem_get_unused();
	if (!w)
		return NULL;
	if (w->va)
		memunmap(w->va);
	va = memremap(where.start, where.end - where.start, MEMREMAP_WB);

	spin_lock(&oldmem_lock);
	w->va = va;
	w->start = where.start;
	w->end = where.end;
	if (!va)
		w->users--;
	spin_unlock(&oldmem_lock);
	return va ? w : NULL;
}

/* The header does not list the page, or all windows are in use. */
static ssize_t oldmem_copy_unlisted(struct iov_iter *iter, u64 pa, size_t len)
{
	void *src = memremap(pa, len, MEMREMAP_WB);
	size_t copied;

	if (!src) {
		pr_err_once("page frame %#lx of the crashed kernel cannot be mapped\n",
			    (unsigned long)PHYS_PFN(pa));
		return -ENOMEM;
	}
	copied = copy_to_iter(src, len, iter);
	memunmap(src);
	return copied;
}

/**
 * copy_oldmem_page() - copy from one page of the crashed kernel
 * @iter: destination
 * @pfn: the page
 * @csize: bytes to copy
 * @offset: offset of the first byte in the page
 *
 * Return: bytes copied, -EINVAL if they cross the page or the page cannot exist, or
 * -ENOMEM, the last two after one message, the first time.
 */
ssize_t copy_oldmem_page(struct iov_iter *iter, unsigned long pfn,
			 size_t csize, unsigned long offset)
{
	const u64 pa = PFN_PHYS(pfn) + offset;
	struct oldmem_window *w;
	size_t copied;

	if (!csize)
		return 0;
	if (offset >= PAGE_SIZE || csize > PAGE_SIZE - offset)
		return -EINVAL;

	if (PFN_PHYS(pfn) >> PHYS_MASK_SHIFT || PHYS_PFN(PFN_PHYS(pfn)) != pfn) {
		pr_err_once("page frame %#lx of the crashed kernel cannot exist: damaged ELF core header\n",
			    pfn);
		return -EINVAL;
	}
	w = oldmem_get_mapped(pa) ?: oldmem_map(pa);
	if (!w)
		return oldmem_copy_unlisted(iter, pa, csize);
	copied = copy_to_iter(w->va + (pa - w->start), csize, iter);
	oldmem_put(w);
	return copied;
}

/* Whole pages below the end of physical addresses. */
static void oldmem_add_ram(const Elf64_Phdr *phdr)
{
	const u64 limit = BIT_ULL(PHYS_MASK_SHIFT);
	u64 end;

	if (phdr->p_type != PT_LOAD || check_add_overflow(phdr->p_offset, phdr->p_memsz, &end) ||
	    end > limit)
		return;
	oldmem_ram[oldmem_nr_ram].start = PAGE_ALIGN(phdr->p_offset);
	oldmem_ram[oldmem_nr_ram].end = PAGE_ALIGN_DOWN(end);
	oldmem_nr_ram++;
}

/* @buf has the start of the header.  Without a list each page is mapped by itself. */
static void oldmem_learn_ram(const void *buf, size_t len)
{
	const Elf64_Ehdr *ehdr = buf;
	const Elf64_Phdr *phdr = buf + sizeof(*ehdr);
	unsigned int i, nr;

	if (len <= sizeof(*ehdr) || memcmp(ehdr->e_ident, ELFMAG, SELFMAG) || oldmem_ram)
		return;
	nr = min_t(size_t, ehdr->e_phnum, (len - sizeof(*ehdr)) / sizeof(*phdr));
	oldmem_ram = kvcalloc(nr, sizeof(*oldmem_ram), GFP_KERNEL);
	for (i = 0; oldmem_ram && i < nr; i++)
		oldmem_add_ram(&phdr[i]);
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
 * With elfcorehdr= of the user, the header may be outside of this kernel's memory.
 *
 * Return: @count, -EINVAL if the header is shorter, or -ENOMEM, after one message.
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
	if (*ppos == elfcorehdr_addr)
		oldmem_learn_ram(buf, count);
	*ppos += count;
	return count;
}
