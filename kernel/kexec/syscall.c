// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: the system calls kexec_load and kexec_file_load
 *
 * On failure the loaded image does not change, except that it may lose its memory for IMA's
 * list, see image_check_ima_size().  The order of the checks is part of the ABI, because it
 * decides the errno:
 *
 * - permission (EPERM), for kexec_load also LSM and lockdown
 * - flags, number of segments, architecture (EINVAL)
 * - the list of segments can be read (EFAULT)
 * - no other load, unload or kexec reboot is in progress (EBUSY)
 * - the image itself
 */
#define pr_fmt(fmt) "kexec: " fmt

#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/syscalls.h>

#include <trace/events/kexec.h>

#include "contig.h"
#include "crash_elfcorehdr.h"
#include "file.h"
#include "hotplug.h"
#include "image.h"
#include "lock.h"
#include "pages.h"
#include "purgatory.h"
#include "segment.h"

static int syscall_lock(const char *what)
{
	if (kexec_lock_timeout())
		return 0;
	pr_err("%s refused: another load, unload or kexec reboot is busy; try again\n", what);
	return -EBUSY;
}

static int syscall_finish(struct kexec_image *img, int ret)
{
	if (!ret)
		ret = kexec_image_seal(img);
	trace_kexec_load(kexec_image_is_crash(img), img->kimage.file_mode,
			 img->kimage.nr_segments, img->plan.entry_pa, ret);
	if (ret)
		kexec_image_abort(img);
	else
		kexec_image_publish(img);
	return ret;
}

static int syscall_unload(int type, bool file_mode)
{
	int ret = syscall_lock("unload");

	if (ret)
		return ret;
	kexec_image_unload(type);
	kexec_hotplug_unlock();
	trace_kexec_load(type == KEXEC_TYPE_CRASH, file_mode, 0, 0, 0);
	return 0;
}

#ifdef CONFIG_KEXEC

static int syscall_load_allowed(int type)
{
	int ret;

	if (!kexec_load_permitted(type))
		return -EPERM;

	/* There is no file to measure or appraise, so a policy may deny it. */
	ret = security_kernel_load_data(LOADING_KEXEC_IMAGE, false);
	if (!ret)
		ret = security_locked_down(LOCKDOWN_KEXEC);
	if (ret)
		pr_err("load refused by a security module or lockdown (%d); use kexec_file_load\n",
		       ret);
	return ret;
}

static int syscall_load_args(unsigned long nr_segments, unsigned long flags)
{
	unsigned long unknown = flags & ~(KEXEC_ARCH_MASK | KEXEC_FLAGS);
	unsigned long arch = flags & KEXEC_ARCH_MASK;

	if (unknown) {
		pr_err("flags %#lx: %#lx is not known or not supported\n", flags, unknown);
		return -EINVAL;
	}
	if (nr_segments > KEXEC_SEGMENT_MAX) {
		pr_err("%lu segments given (limit %d)\n", nr_segments, KEXEC_SEGMENT_MAX);
		return -EINVAL;
	}
	if (arch != KEXEC_ARCH && (arch != KEXEC_ARCH_DEFAULT || in_compat_syscall())) {
		pr_err("flags %#lx: architecture %lu is not supported (%u)\n", flags,
		       arch >> 16, KEXEC_ARCH >> 16);
		return -EINVAL;
	}
	return 0;
}

static int syscall_check_entry(unsigned long entry, bool crash)
{
#ifdef CONFIG_CRASH_DUMP
	if (crash && (entry < crashk_res.start || entry > crashk_res.end)) {
		pr_err("entry %#lx is not in the crash reservation %pR\n",
		       entry, &crashk_res);
		return -EADDRNOTAVAIL;
	}
#else
	if (crash) {
		pr_err("flags: this kernel is built without CONFIG_CRASH_DUMP\n");
		return -EADDRNOTAVAIL;
	}
#endif
	return 0;
}

static int syscall_add_segments(struct kexec_image *img, const struct kexec_segment *segments,
				unsigned int nr)
{
	int ret = kexec_segment_check(img, segments, nr);
	unsigned int i;

	for (i = 0; i < nr && ret >= 0; i++)
		ret = kexec_segment_add(img, segments[i].mem, segments[i].memsz);
	return min(ret, 0);
}

static int syscall_fill_segments(struct kexec_image *img, const struct kexec_segment *segments,
				 unsigned int nr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = kexec_segment_fill_user(img, i, segments[i].buf, segments[i].bufsz);
		if (ret)
			return ret;
	}
	return 0;
}

static int syscall_load_locked(unsigned long entry, const struct kexec_segment *segments,
			       unsigned int nr, unsigned long flags)
{
	bool crash = flags & KEXEC_ON_CRASH;
	struct kexec_image *img;
	int ret;

	ret = syscall_check_entry(entry, crash);
	if (ret)
		return ret;

	img = kexec_image_alloc(crash ? KEXEC_TYPE_CRASH : KEXEC_TYPE_DEFAULT, false);
	if (!img)
		return -ENOMEM;
	img->kimage.start = entry;
	img->plan.entry_pa = entry;
#ifdef CONFIG_CRASH_HOTPLUG
	/* With either flag no checksum of user space covers the ELF core header. */
	img->kimage.hotplug_support = crash && (flags & (KEXEC_CRASH_HOTPLUG_SUPPORT |
							 KEXEC_UPDATE_ELFCOREHDR));
#endif
	ret = syscall_add_segments(img, segments, nr);
	if (!ret) {
		kexec_contig_place(img);
		ret = kexec_pages_place(img);
	}
	if (!ret)
		ret = syscall_fill_segments(img, segments, nr);
	if (!ret)
		kexec_purgatory_check(img);
	if (!ret && crash)
		kexec_elfcorehdr_check_user();
	return syscall_finish(img, ret);
}

/* Frees @segments. */
static int syscall_load(unsigned long entry, struct kexec_segment *segments, unsigned int nr,
			unsigned long flags)
{
	struct kexec_segment *s __free(kfree) = segments;
	int ret = syscall_lock("load");

	if (ret)
		return ret;
	ret = syscall_load_locked(entry, s, nr, flags);
	kexec_hotplug_unlock();
	return ret;
}

static int syscall_load_check(unsigned long nr_segments, unsigned long flags)
{
	int type = flags & KEXEC_ON_CRASH ? KEXEC_TYPE_CRASH : KEXEC_TYPE_DEFAULT;
	int ret = syscall_load_allowed(type);

	return ret ?: syscall_load_args(nr_segments, flags);
}

static int syscall_list_error(int err)
{
	pr_err("the list of segments cannot be read (%d)\n", err);
	return err;
}

SYSCALL_DEFINE4(kexec_load, unsigned long, entry, unsigned long, nr_segments,
		struct kexec_segment __user *, segments, unsigned long, flags)
{
	struct kexec_segment *list;
	int ret = syscall_load_check(nr_segments, flags);

	if (ret)
		return ret;
	if (!nr_segments)
		return syscall_unload(flags & KEXEC_ON_CRASH ? KEXEC_TYPE_CRASH :
				   KEXEC_TYPE_DEFAULT, false);

	list = memdup_array_user(segments, nr_segments, sizeof(*list));
	if (IS_ERR(list))
		return syscall_list_error(PTR_ERR(list));
	return syscall_load(entry, list, nr_segments, flags);
}

#ifdef CONFIG_COMPAT
COMPAT_SYSCALL_DEFINE4(kexec_load, compat_ulong_t, entry, compat_ulong_t, nr_segments,
		       struct compat_kexec_segment __user *, segments,
		       compat_ulong_t, flags)
{
	struct compat_kexec_segment *small __free(kfree) = NULL;
	struct kexec_segment *list;
	unsigned int i;
	int ret = syscall_load_check(nr_segments, flags);

	if (ret)
		return ret;
	if (!nr_segments)
		return syscall_unload(flags & KEXEC_ON_CRASH ? KEXEC_TYPE_CRASH :
				   KEXEC_TYPE_DEFAULT, false);

	small = memdup_array_user(segments, nr_segments, sizeof(*small));
	if (IS_ERR(small))
		return syscall_list_error(PTR_ERR(no_free_ptr(small)));
	list = kcalloc(nr_segments, sizeof(*list), GFP_KERNEL);
	if (!list)
		return syscall_list_error(-ENOMEM);
	for (i = 0; i < nr_segments; i++)
		list[i] = (struct kexec_segment) {
			.memsz = small[i].memsz, .mem = small[i].mem,
			.bufsz = small[i].bufsz, .buf = compat_ptr(small[i].buf),
		};
	return syscall_load(entry, list, nr_segments, flags);
}
#endif /* CONFIG_COMPAT */
#endif /* CONFIG_KEXEC */

#ifdef CONFIG_KEXEC_FILE

static int syscall_file_load_locked(int kernel_fd, int initrd_fd, unsigned long cmdline_len,
				    const char __user *cmdline, unsigned long flags)
{
	struct kexec_image *img;
	int ret;

	img = kexec_image_alloc(flags & KEXEC_FILE_ON_CRASH ? KEXEC_TYPE_CRASH :
				KEXEC_TYPE_DEFAULT, true);
	if (!img)
		return -ENOMEM;
	kexec_file_dbg_print = flags & KEXEC_FILE_DEBUG;
	ret = kexec_file_fill(img, kernel_fd, initrd_fd, cmdline, cmdline_len, flags);
	ret = syscall_finish(img, ret);
	kexec_file_dbg_print = false;
	return ret;
}

SYSCALL_DEFINE5(kexec_file_load, int, kernel_fd, int, initrd_fd, unsigned long, cmdline_len,
		const char __user *, cmdline_ptr, unsigned long, flags)
{
	int type = flags & KEXEC_FILE_ON_CRASH ? KEXEC_TYPE_CRASH : KEXEC_TYPE_DEFAULT;
	int ret;

	if (!kexec_load_permitted(type))
		return -EPERM;
	if (flags & ~KEXEC_FILE_FLAGS) {
		pr_err("flags %#lx: %#lx is not known\n", flags, flags & ~KEXEC_FILE_FLAGS);
		return -EINVAL;
	}
	if (flags & KEXEC_FILE_UNLOAD)
		return syscall_unload(type, true);

	ret = syscall_lock("load");
	if (ret)
		return ret;
	ret = syscall_file_load_locked(kernel_fd, initrd_fd, cmdline_len, cmdline_ptr, flags);
	kexec_hotplug_unlock();
	return ret;
}
#endif /* CONFIG_KEXEC_FILE */
