// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: memory that protected KVM hides from a dump
 *
 * With kvm-arm.mode=protected, reading memory of the hypervisor in a capture kernel ends in
 * a BUG at EL2.  So the ELF core header omits:
 *
 * - the pool that kvm_hyp_reserve() allocates for page tables and metadata;
 * - hypervisor text, read-only data and bss, inside the kernel image;
 * - per possible CPU: its stack, its per-CPU data, and the host's SVE state.
 *
 * The host can read hypervisor data between kvm_arm_init() and finalize_pkvm().
 * pkvm_ranges_init() has the initcall level of the latter and runs before it, because
 * arch/arm64/Kbuild links kexec/ before kvm/.  Pages donated later to a VM are not known
 * here; see hvc.rst.
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kexec_arch.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/sort.h>

#include <asm/kvm_mmu.h>
#include <asm/kvm_pkvm.h>
#include <asm/sections.h>
#include <asm/stacktrace/nvhe.h>

/* The pool and three sections; stack, data and SVE state of each CPU. */
#define PKVM_RANGES_FIXED	4
#define PKVM_RANGES_PER_CPU	3

/* Sorted, page aligned, neighbours merged. */
static struct kexec_range *pkvm_ranges __ro_after_init;
static unsigned int pkvm_ranges_nr __ro_after_init;

/* The hypervisor owns whole pages. */
static void __init pkvm_ranges_add(phys_addr_t start_pa, size_t len)
{
	pkvm_ranges[pkvm_ranges_nr++] = (struct kexec_range) {
		.start = PAGE_ALIGN_DOWN(start_pa),
		.end = PAGE_ALIGN(start_pa + len),
	};
}

static void __init pkvm_ranges_add_section(const char *start, const char *end)
{
	pkvm_ranges_add(__pa_symbol(start), end - start);
}

static void __init pkvm_ranges_add_cpu(unsigned int cpu)
{
	const char *first = CHOOSE_NVHE_SYM(__per_cpu_start);
	const char *last = CHOOSE_NVHE_SYM(__per_cpu_end);
	const struct kvm_host_data *host_data;

	pkvm_ranges_add(__pa(per_cpu(kvm_arm_hyp_stack_page, cpu)), PAGE_SIZE);
	pkvm_ranges_add(__pa(kvm_nvhe_sym(kvm_arm_hyp_percpu_base)[cpu]), last - first);
	if (!system_supports_sve())
		return;
	/* KVM has turned the pointer into an address of the hypervisor's linear map. */
	host_data = per_cpu_ptr_nvhe_sym(kvm_host_data, cpu);
	pkvm_ranges_add(__hyp_pa(host_data->sve_state), pkvm_host_sve_state_size());
}

static int __init pkvm_ranges_compare(const void *a, const void *b)
{
	const struct kexec_range *left = a, *right = b;

	return left->start < right->start ? -1 : left->start > right->start;
}

static void __init pkvm_ranges_merge(void)
{
	unsigned int i, last = 0;

	sort(pkvm_ranges, pkvm_ranges_nr, sizeof(*pkvm_ranges), pkvm_ranges_compare, NULL);
	for (i = 1; i < pkvm_ranges_nr; i++) {
		if (pkvm_ranges[i].start > pkvm_ranges[last].end)
			pkvm_ranges[++last] = pkvm_ranges[i];
		else
			pkvm_ranges[last].end = max(pkvm_ranges[last].end, pkvm_ranges[i].end);
	}
	pkvm_ranges_nr = last + 1;
}

static int __init pkvm_ranges_init(void)
{
	unsigned int cpu, max = PKVM_RANGES_FIXED + PKVM_RANGES_PER_CPU * num_possible_cpus();

	/* The condition of finalize_pkvm(): otherwise the host keeps all of its memory. */
	if (!is_protected_kvm_enabled() || !is_kvm_arm_initialised())
		return 0;
	pkvm_ranges = kvcalloc(max, sizeof(*pkvm_ranges), GFP_KERNEL);
	if (!pkvm_ranges)
		return -ENOMEM;

	pkvm_ranges_add(hyp_mem_base, hyp_mem_size);
	pkvm_ranges_add_section(__hyp_text_start, __hyp_text_end);
	pkvm_ranges_add_section(__hyp_rodata_start, __hyp_rodata_end);
	pkvm_ranges_add_section(__hyp_bss_start, __hyp_bss_end);
	for_each_possible_cpu(cpu)
		pkvm_ranges_add_cpu(cpu);
	pkvm_ranges_merge();
	return 0;
}
device_initcall_sync(pkvm_ranges_init);

/**
 * kexec_arch_dump_excluded() - list memory that a capture kernel cannot read
 * @ranges: filled with the first @max ranges, page aligned; NULL with @max 0
 * @max: entries of @ranges
 *
 * Return: the number of ranges, which does not change after boot.
 */
unsigned int kexec_arch_dump_excluded(struct kexec_range *ranges, unsigned int max)
{
	unsigned int i;

	for (i = 0; i < pkvm_ranges_nr && i < max; i++)
		ranges[i] = pkvm_ranges[i];
	return pkvm_ranges_nr;
}
