// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: read-only mapping of the crash reservation
 *
 * A stray write must not corrupt a loaded crash image.  Where the linear map has page
 * entries in any case (can_set_direct_map()), the main region is read-only while a crash
 * image is loaded, and the low region always.  Page entries are not requested for this,
 * because they cost memory and TLB entries for all of RAM.  Without them only the digests
 * of verify.c protect the image.
 *
 * A panic may write the vmcoreinfo page and the ELF core header, which are writable at
 * another address.
 *
 * Callers hold the kexec lock, or run at boot or in hibernation.
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/crash_reserve.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/kexec.h>
#include <linux/kexec_arch.h>
#include <linux/printk.h>

#include "crash_protect.h"

static void crash_protect_range(phys_addr_t start, u64 len, bool writable)
{
	int err = len ? kexec_arch_protect(start, len, writable) : 0;

	if (err)
		pr_warn_once("cannot change permissions of [%pa, %#llx) (%d); only the digests protect it\n",
			     &start, start + len, err);
}

static void crash_protect_res(const struct resource *res, bool writable)
{
	crash_protect_range(res->start, res->end ? resource_size(res) : 0, writable);
}

/**
 * kexec_crash_unprotect() - make the crash reservation writable
 *
 * May be called twice.
 */
void kexec_crash_unprotect(void)
{
	crash_protect_res(&crashk_res, true);
}

/**
 * kexec_crash_protect() - make the crash reservation with a complete image read-only
 */
void kexec_crash_protect(void)
{
	crash_protect_res(&crashk_res, false);
}

/**
 * kexec_crash_unprotect_range() - make a part writable before it is freed
 * @start: first byte, page aligned
 * @len: bytes
 */
void kexec_crash_unprotect_range(phys_addr_t start, u64 len)
{
	crash_protect_range(start, len, true);
}

/**
 * kexec_crash_protect_low() - make the low region read-only
 */
void kexec_crash_protect_low(void)
{
	crash_protect_res(&crashk_low_res, false);
}

/* As early as possible. */
static int __init crash_protect_low(void)
{
	kexec_crash_protect_low();
	return 0;
}
early_initcall(crash_protect_low);
