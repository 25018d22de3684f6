// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: vmcoreinfo page of a crash image
 *
 * One page of the crash reservation has a copy of vmcoreinfo for the panic path, so that a
 * stray write to the original does not affect the dump.  It is chosen while the old image
 * can still be started, so it is written later.
 *
 * It is no segment, and hibernation must save it, see crash_is_nosave().
 *
 * All callers but the panic path hold the kexec lock.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/kexec_arch.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>

#include "crash_vmcoreinfo.h"
#include "image.h"
#include "lock.h"
#include "usable.h"
#include "lib/range_map.h"

static void *vmcoreinfo_va;

static u64 crash_vmcoreinfo_end(const struct resource *res)
{
	return res->end ? (u64)res->end + 1 : 0;
}

/* A page without error that no segment covers, or 0. */
static phys_addr_t crash_vmcoreinfo_free_page(const struct kexec_image *img,
					      const struct resource *res)
{
	const struct kimage *kimage = &img->kimage;
	struct range_request want = {
		.size = PAGE_SIZE,
		.align = PAGE_SIZE,
		.min = res->start,
		.max = crash_vmcoreinfo_end(res),
		.top_down = true,
	};
	/* Each segment adds at most one range. */
	DEFINE_RAW_FLEX(struct range_map, map, r, KEXEC_SEGMENT_MAX + 1);
	unsigned int i;
	u64 page_pa, bad;

	map->max = KEXEC_SEGMENT_MAX + 1;
	if (range_map_add(map, want.min, want.max))
		return 0;
	for (i = 0; i < kimage->nr_segments; i++) {
		u64 start = kimage->segment[i].mem, len = kimage->segment[i].memsz;

		if (len && range_map_remove(map, start, start + len))
			return 0;
	}
	for (; !range_map_find_hole(map, &want, &page_pa); want.max = page_pa)
		if (!kexec_usable_has_error(page_pa, page_pa + PAGE_SIZE, &bad))
			return page_pa;
	return 0;
}

/**
 * kexec_vmcoreinfo_copy_alloc() - choose and map the page for vmcoreinfo
 * @img: a crash image with all its segments, without content
 *
 * Return: 0, or -ENOMEM after one message.
 */
int kexec_vmcoreinfo_copy_alloc(struct kexec_image *img)
{
	phys_addr_t page_pa;
	struct page *page;

	kexec_lock_assert_held();
	/* The low region is read-only. */
	page_pa = crash_vmcoreinfo_free_page(img, &crashk_res);
	if (!page_pa) {
		pr_err("no page left in the crash reservation for vmcoreinfo: %llu MB, all in use\n",
		       (crash_vmcoreinfo_end(&crashk_res) - crashk_res.start) >> 20);
		return -ENOMEM;
	}

	page = pfn_to_page(PHYS_PFN(page_pa));
	img->kimage.vmcoreinfo_data_copy = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	if (!img->kimage.vmcoreinfo_data_copy) {
		pr_err("no address space to map the vmcoreinfo page at %pap\n", &page_pa);
		return -ENOMEM;
	}
	kexec_dprintk("vmcoreinfo copy at %pap\n", &page_pa);
	return 0;
}

/**
 * kexec_vmcoreinfo_copy_activate() - make the panic path use the page of an image
 * @img: the crash image in the reservation
 */
void __kexec_panic kexec_vmcoreinfo_copy_activate(struct kexec_image *img)
{
	vmcoreinfo_va = img->kimage.vmcoreinfo_data_copy;
	crash_update_vmcoreinfo_safecopy(vmcoreinfo_va);
}

/**
 * kexec_vmcoreinfo_copy_free() - unmap the page for vmcoreinfo
 * @img: any image that can no longer be started
 */
void kexec_vmcoreinfo_copy_free(struct kexec_image *img)
{
	void *va = img->kimage.vmcoreinfo_data_copy;

	if (!va)
		return;
	if (va == vmcoreinfo_va) {
		vmcoreinfo_va = NULL;
		crash_update_vmcoreinfo_safecopy(NULL);
	}
	img->kimage.vmcoreinfo_data_copy = NULL;
	vunmap(va);
}
