/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Phases of a kexec reboot: the device-tree property /chosen/linux,kexec-timeline, which
 * one kernel writes and the next one reads.  Versions may differ, see
 * Documentation/arch/arm64/kexec/timeline.rst.
 */
#ifndef _LINUX_KEXEC_TIMELINE_H
#define _LINUX_KEXEC_TIMELINE_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define KEXEC_TIMELINE_PROP	"linux,kexec-timeline"

/* "kext"; 0 in a property without time stamps. */
#define KEXEC_TIMELINE_MAGIC	0x6b657874
#define KEXEC_TIMELINE_VERSION	1

/* Line of the vmcoreinfo: ticks of the counter at a panic, decimal. */
#define KEXEC_TIMELINE_PANIC_KEY	"NUMBER(kexec_panic_ticks)"

/**
 * enum kexec_phase - phases from loading to the next kernel's init, or to a saved dump
 * @KEXEC_PHASE_LOAD: the system call that loaded the image
 * @KEXEC_PHASE_VERIFY: checks before devices are shut down
 * @KEXEC_PHASE_NOTIFIERS: reboot notifiers
 * @KEXEC_PHASE_DEVICES: device_shutdown()
 * @KEXEC_PHASE_SYSCORE: syscore_shutdown() and kmsg dumpers
 * @KEXEC_PHASE_CPUS: turning the other CPUs off
 * @KEXEC_PHASE_RELOCATION: to the first time stamp of the next kernel, which records the
 *   end
 * @KEXEC_PHASE_PANIC: start of the crash image, to the first time stamp of that kernel; this
 *   and the following ones are not in the property
 * @KEXEC_PHASE_BOOT: from there to init
 * @KEXEC_PHASE_DUMP: from there to the time at which the timeline is read
 * @KEXEC_NR_PHASES: number of phases
 * @KEXEC_NR_HANDED: number of phases in the property
 *
 * Indices of &kexec_timeline.span, so those in the property never change.
 */
enum kexec_phase {
	KEXEC_PHASE_LOAD,
	KEXEC_PHASE_VERIFY,
	KEXEC_PHASE_NOTIFIERS,
	KEXEC_PHASE_DEVICES,
	KEXEC_PHASE_SYSCORE,
	KEXEC_PHASE_CPUS,
	KEXEC_PHASE_RELOCATION,
	KEXEC_PHASE_PANIC,
	KEXEC_PHASE_BOOT,
	KEXEC_PHASE_DUMP,
	KEXEC_NR_PHASES,
	KEXEC_NR_HANDED = KEXEC_PHASE_PANIC,
};

/**
 * struct kexec_timeline_span - one phase
 * @start: ticks of the architected counter, 0 if the phase did not happen
 * @end: ticks; 0 if it did not happen, or if the reader records it
 */
struct kexec_timeline_span {
	__be64 start;
	__be64 end;
};

/**
 * struct kexec_timeline - the property
 * @magic: KEXEC_TIMELINE_MAGIC
 * @version: changes with the meaning of fields, not with additional phases
 * @tree_pa: address of the tree with this property; in another one it is a copy from an
 *   earlier reboot
 * @hz: ticks of the counter in a second
 * @nr_spans: entries of @span
 * @span: one for each &enum kexec_phase before KEXEC_NR_HANDED
 */
struct kexec_timeline {
	__be32 magic;
	__be32 version;
	__be64 tree_pa;
	__be64 hz;
	__be64 nr_spans;
	struct kexec_timeline_span span[KEXEC_NR_HANDED];
};

static_assert(offsetof(struct kexec_timeline, tree_pa) == 8);
static_assert(offsetof(struct kexec_timeline, hz) == 16);
static_assert(offsetof(struct kexec_timeline, nr_spans) == 24);
static_assert(offsetof(struct kexec_timeline, span) == 32);
static_assert(sizeof(struct kexec_timeline_span) == 16);
static_assert(KEXEC_NR_HANDED == 7);

#ifdef CONFIG_KEXEC_CORE
void kexec_timeline_first_mark(void);
#else
static inline void kexec_timeline_first_mark(void) { }
#endif

#endif /* _LINUX_KEXEC_TIMELINE_H */
