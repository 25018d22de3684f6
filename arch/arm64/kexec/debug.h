/* SPDX-License-Identifier: GPL-2.0-only */
/* Test parameters of the machine part; constants without CONFIG_KEXEC_DEBUG_PARAMS. */
#ifndef _ARM64_KEXEC_DEBUG_H
#define _ARM64_KEXEC_DEBUG_H

#include <linux/types.h>

struct kexec_plan;

/**
 * struct kexec_arch_debug_params - parameters of /sys/module/kexec that other files read
 * @fail_table: number of the page-table allocation of each load that fails, 0 for none
 * @show_irqs: count the interrupts that are routed to CPUs that are off
 * @cpu_on: AFFINITY_INFO never reports OFF
 */
struct kexec_arch_debug_params {
	unsigned int fail_table;
	bool show_irqs;
	bool cpu_on;
};

#ifdef CONFIG_KEXEC_DEBUG_PARAMS
extern struct kexec_arch_debug_params kexec_arch_debug;

void kexec_arch_debug_fault(const struct kexec_plan *plan);
#else
static const struct kexec_arch_debug_params kexec_arch_debug = { };

static inline void kexec_arch_debug_fault(const struct kexec_plan *plan) { }
#endif

#endif /* _ARM64_KEXEC_DEBUG_H */
