// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the firmware's configuration tables, for the next kernel
 *
 * The next kernel runs no EFI stub, but reads the configuration tables of the first one.
 *
 * LINUX_EFI_INITRD_MEDIA_GUID names the initrd of the first kernel.  A kernel without an
 * initrd would reserve and later free that range, which may be part of its image by then.
 * So the entry is removed once this kernel has read it.
 *
 * LINUX_EFI_SCREEN_INFO_TABLE_GUID names the firmware's frame buffer, until the driver of a
 * graphics device replaces it.  Each kernel clears the table after reading, and fills it
 * before it is left.  Only a zboot program installs the table; otherwise one page, which
 * later kernels reserve, has a copy of the array with one more entry.
 */
#define pr_fmt(fmt) "kexec: efi: " fmt

#include <linux/crc32.h>
#include <linux/efi.h>
#include <linux/gfp.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/libfdt.h>
#include <linux/of_fdt.h>
#include <linux/platform_device.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/screen_info.h>
#include <linux/unaligned.h>

#include "memreserve.h"

/* If the firmware has no table for the frame buffer. */
struct efi_tables_page {
	struct screen_info screen;
	efi_config_table_t tables[];
};

#define EFI_TABLES_MAX \
	((PAGE_SIZE - sizeof(struct efi_tables_page)) / sizeof(efi_config_table_t))

static phys_addr_t efi_tables_systab_pa;
static phys_addr_t efi_tables_screen_pa;
/* NULL once the system table names it. */
static struct efi_tables_page *efi_tables_new;
static unsigned long efi_tables_new_nr;

static phys_addr_t efi_tables_find_systab(void)
{
	const void *fdt = IS_ENABLED(CONFIG_KEXEC_FILE) ? kexec_memreserve_boot_blob() :
							  initial_boot_params;
	int len, node = fdt ? fdt_path_offset(fdt, "/chosen") : -1;
	const void *prop;

	if (node < 0)
		return 0;
	prop = fdt_getprop(fdt, node, "linux,uefi-system-table", &len);
	return prop && len == sizeof(u64) ? get_unaligned_be64(prop) : 0;
}

/* The firmware's pointers are virtual after SetVirtualAddressMap() (UEFI 2.10, 8.4). */
static efi_memory_desc_t *efi_tables_find_mapping(u64 va)
{
	efi_memory_desc_t *md;

	for_each_efi_memory_desc(md)
		if (md->attribute & EFI_MEMORY_RUNTIME && md->virt_addr &&
		    va - md->virt_addr < md->num_pages << EFI_PAGE_SHIFT)
			return md;
	return NULL;
}

static phys_addr_t efi_tables_to_pa(u64 va)
{
	const efi_memory_desc_t *md = efi_tables_find_mapping(va);

	return md ? va - md->virt_addr + md->phys_addr : va;
}

static efi_config_table_t *efi_tables_find(efi_config_table_t *tables, unsigned long nr,
					   efi_guid_t guid)
{
	unsigned long i;

	for (i = 0; i < nr; i++)
		if (!efi_guidcmp(tables[i].guid, guid))
			return &tables[i];
	return NULL;
}

static int efi_tables_add_screen(const efi_config_table_t *tables, unsigned long nr)
{
	struct efi_tables_page *page;
	int ret;

	if (nr >= EFI_TABLES_MAX)
		return -ENOSPC;
	page = (struct efi_tables_page *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	/* The next kernel would translate the address of the copy. */
	ret = efi_tables_find_mapping(__pa(page->tables)) ? -EADDRINUSE :
	      efi_mem_reserve_persistent(__pa(page), PAGE_SIZE);
	if (ret) {
		free_page((unsigned long)page);
		return ret;
	}

	memcpy(page->tables, tables, nr * sizeof(*tables));
	page->tables[nr].guid = LINUX_EFI_SCREEN_INFO_TABLE_GUID;
	page->tables[nr].table = (void *)__pa(&page->screen);
	efi_tables_screen_pa = __pa(&page->screen);
	efi_tables_new_nr = nr + 1;
	efi_tables_new = page;
	return 0;
}

static void efi_tables_publish(void)
{
	efi_system_table_t *systab;

	systab = memremap(efi_tables_systab_pa, sizeof(*systab), MEMREMAP_WB);
	if (!systab)
		return;
	systab->tables = __pa(efi_tables_new->tables);
	systab->nr_tables = efi_tables_new_nr;
	systab->hdr.crc32 = 0;
	systab->hdr.crc32 = crc32_le(~0, (void *)systab, sizeof(*systab)) ^ ~0;
	memunmap(systab);
	efi_tables_new = NULL;
}

/* See sysfb_disable(). */
static bool efi_tables_screen_is_used(void)
{
	static const char * const names[] = { "simple-framebuffer.0", "efi-framebuffer.0" };
	struct device *dev;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		dev = bus_find_device_by_name(&platform_bus_type, NULL, names[i]);
		put_device(dev);
		if (dev)
			return true;
	}
	return false;
}

static int efi_tables_hand_on_screen(struct notifier_block *nb, unsigned long action,
				     void *data)
{
	struct screen_info *screen;

	if (!kexec_in_progress || !efi_tables_screen_is_used())
		return NOTIFY_DONE;
	screen = memremap(efi_tables_screen_pa, sizeof(*screen), MEMREMAP_WB);
	if (!screen)
		return NOTIFY_DONE;
	*screen = screen_info;
	memunmap(screen);
	if (efi_tables_new)
		efi_tables_publish();
	return NOTIFY_DONE;
}

static struct notifier_block efi_tables_notifier = {
	.notifier_call = efi_tables_hand_on_screen,
};

static int __init efi_tables_init_screen(efi_config_table_t *tables, unsigned long nr)
{
	const efi_config_table_t *found;
	int ret = 0;

	if (screen_info.orig_video_isVGA != VIDEO_TYPE_EFI || !screen_info.lfb_base)
		return 0;
	found = efi_tables_find(tables, nr, LINUX_EFI_SCREEN_INFO_TABLE_GUID);
	if (found)
		efi_tables_screen_pa = (phys_addr_t)found->table;
	else
		ret = efi_tables_add_screen(tables, nr);
	if (!ret)
		return register_reboot_notifier(&efi_tables_notifier);
	pr_notice("the next kernel will have no frame buffer (%d)\n", ret);
	return ret;
}

static int __init efi_tables_init_all(unsigned long va, unsigned long nr)
{
	efi_config_table_t *tables, *initrd;
	int ret = 0;

	tables = memremap(efi_tables_to_pa(va), nr * sizeof(*tables), MEMREMAP_WB);
	if (!tables)
		return -ENOMEM;
	initrd = efi_tables_find(tables, nr, LINUX_EFI_INITRD_MEDIA_GUID);
	if (initrd)
		initrd->guid = NULL_GUID;
	if (IS_ENABLED(CONFIG_SYSFB))
		ret = efi_tables_init_screen(tables, nr);
	memunmap(tables);
	return ret;
}

static int __init efi_tables_init(void)
{
	efi_system_table_t *systab;
	int ret;

	if (!efi_enabled(EFI_MEMMAP))
		return 0;
	efi_tables_systab_pa = efi_tables_find_systab();
	if (!efi_tables_systab_pa)
		return 0;
	systab = memremap(efi_tables_systab_pa, sizeof(*systab), MEMREMAP_WB);
	if (!systab)
		return -ENOMEM;
	ret = efi_tables_init_all(systab->tables, systab->nr_tables);
	memunmap(systab);
	return ret;
}
late_initcall(efi_tables_init);
