// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: phases of the reboot or of the panic that started this kernel
 *
 * Prints the phases in /chosen/linux,kexec-timeline and those of this kernel in the log and
 * in /sys/kernel/kexec_timeline.  The flattened tree is read, because with ACPI there is no
 * other.  After a panic the notes of the crashed kernel have its only time stamp.  The data
 * does not change after the initcalls.
 */
#define pr_fmt(fmt) "kexec: timeline: " fmt

#include <linux/cache.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kexec_arch.h>
#include <linux/kobject.h>
#include <linux/libfdt.h>
#include <linux/of_fdt.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "timeline_notes.h"
#include "lib/timeline_abi.h"

static struct kexec_timeline_log timeline_show_log __ro_after_init;
static u64 timeline_show_origin __ro_after_init;
static u64 timeline_show_hz __ro_after_init;
static u64 timeline_show_first __initdata;

/**
 * kexec_timeline_first_mark() - record the start of this kernel's C code
 *
 * Context: setup_arch(), before anything else.
 */
void __init kexec_timeline_first_mark(void)
{
	timeline_show_first = kexec_arch_counter(NULL);
}

/* Microseconds since the start of reboot(KEXEC), or since the panic. */
static s64 timeline_sysfs_start(enum kexec_phase i)
{
	const struct kexec_timeline_log *log = &timeline_show_log;

	return kexec_timeline_us(log->start[i], timeline_show_origin, timeline_show_hz);
}

static s64 timeline_sysfs_duration(enum kexec_phase i)
{
	const struct kexec_timeline_log *log = &timeline_show_log;
	u64 end = i == KEXEC_PHASE_DUMP ? kexec_arch_counter(NULL) : log->end[i];

	return kexec_timeline_us(end, log->start[i], timeline_show_hz);
}

static ssize_t kexec_timeline_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < KEXEC_NR_PHASES; i++)
		if (timeline_show_log.start[i])
			len += sysfs_emit_at(buf, len, "%s %lld %lld\n", kexec_timeline_name(i),
					     timeline_sysfs_start(i), timeline_sysfs_duration(i));
	return len;
}

static struct kobj_attribute timeline_sysfs_attr = __ATTR_RO(kexec_timeline);

static void __init timeline_sysfs_print(void)
{
	unsigned int i;

	for (i = 0; i < KEXEC_NR_PHASES; i++)
		if (timeline_show_log.start[i])
			pr_info("%-10s at %11lld us, took %9lld us\n", kexec_timeline_name(i),
				timeline_sysfs_start(i), timeline_sysfs_duration(i));
}

static const char * __init timeline_sysfs_reason(int err)
{
	switch (err) {
	case -EPROTO:
		return "it has another version";
	case -ESTALE:
		return "it is a copy from an earlier reboot";
	case -ERANGE:
		return "its counter has another frequency";
	default:
		return "it makes no sense";
	}
}

/* Returns false if this kernel was not started by a panic. */
static bool __init timeline_sysfs_panic(void)
{
	struct kexec_timeline_log *log = &timeline_show_log;
	u64 ticks = kexec_timeline_panic_ticks;

	kexec_arch_counter(&timeline_show_hz);
	if (!ticks || ticks > timeline_show_first || !timeline_show_hz)
		return false;
	*log = (struct kexec_timeline_log) { .now = KEXEC_NR_PHASES };
	log->start[KEXEC_PHASE_PANIC] = ticks;
	log->end[KEXEC_PHASE_PANIC] = timeline_show_first;
	timeline_show_origin = ticks;
	return true;
}

/* Returns false if there is no valid property. */
static bool __init timeline_sysfs_read(void)
{
	const void *fdt = initial_boot_params, *value;
	int len, ret;

	if (!fdt)
		return false;
	value = fdt_getprop(fdt, fdt_path_offset(fdt, "/chosen"), KEXEC_TIMELINE_PROP, &len);
	if (!value)
		return false;

	kexec_arch_counter(&timeline_show_hz);
	ret = kexec_timeline_decode(value, len, initial_boot_params_pa, timeline_show_hz,
				    timeline_show_first, &timeline_show_log);
	if (ret && ret != -ENODATA)
		pr_notice("/chosen/%s of the previous kernel (%d bytes) is not used: %s\n",
			  KEXEC_TIMELINE_PROP, len, timeline_sysfs_reason(ret));
	timeline_show_log.end[KEXEC_PHASE_RELOCATION] = timeline_show_first;
	timeline_show_origin = timeline_show_log.start[KEXEC_PHASE_VERIFY];
	return !ret;
}

/* The last initcall level: init is started next. */
static int __init timeline_sysfs_init(void)
{
	struct kexec_timeline_log *log = &timeline_show_log;
	u64 now = kexec_arch_counter(NULL);
	bool panic = timeline_sysfs_panic();

	if (!panic && !timeline_sysfs_read())
		return 0;
	log->start[KEXEC_PHASE_BOOT] = timeline_show_first;
	log->end[KEXEC_PHASE_BOOT] = now;

	timeline_sysfs_print();
	/* It ends when it is read. */
	if (panic)
		log->start[KEXEC_PHASE_DUMP] = now;
	return sysfs_create_file(kernel_kobj, &timeline_sysfs_attr.attr);
}
late_initcall_sync(timeline_sysfs_init);
