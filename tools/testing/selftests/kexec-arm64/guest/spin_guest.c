// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: spin_guest - a CPU that runs a KVM guest during a panic
 *
 * spin_guest CPU: binds itself to CPU and makes a guest of one vCPU and one page. The
 * guest reports "running" by a store to a page that does not exist, and then spins, so
 * the CPU stays at EL1 or EL0 of the guest until an interrupt.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

#define GUEST_PA	0x40000000UL
#define GUEST_MMIO_PA	0x10000000UL

/* KVM_REG_ARM_CORE counts in words of 32 bits into struct kvm_regs. */
#define CORE_REG(_field) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
	 (offsetof(struct kvm_regs, _field) / sizeof(u32)))

/* mov x0, #0x10000000; str x0, [x0]; b . */
static const u32 guest_code[] = { 0xd2a20000, 0xf9000000, 0x14000000 };

static int spin_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		util_die("%s", what);
	return ret;
}

static void spin_bind(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		util_die("sched_setaffinity");
}

static int spin_make_vm(int kvm)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_PA, .memory_size = page,
	};
	int vm = spin_ioctl(kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	void *mem = mmap(NULL, page, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED)
		util_die("mmap");
	memcpy(mem, guest_code, sizeof(guest_code));
	region.userspace_addr = (u64)mem;
	spin_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	return vm;
}

static int spin_make_vcpu(int vm)
{
	int vcpu = spin_ioctl(vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
	u64 pc = GUEST_PA;
	struct kvm_one_reg reg = { .id = CORE_REG(regs.pc), .addr = (u64)&pc };
	struct kvm_vcpu_init init = { };

	spin_ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
	spin_ioctl(vcpu, KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
	spin_ioctl(vcpu, KVM_SET_ONE_REG, &reg, "KVM_SET_ONE_REG");
	return vcpu;
}

int main(int argc, char **argv)
{
	struct kvm_run *run;
	int kvm, vcpu, len;

	if (argc != 2) {
		fputs("usage: spin_guest CPU\n", stderr);
		return 2;
	}
	spin_bind(atoi(argv[1]));
	kvm = open("/dev/kvm", O_RDWR);
	if (kvm < 0)
		util_die("/dev/kvm");
	vcpu = spin_make_vcpu(spin_make_vm(kvm));
	len = spin_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	run = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED)
		util_die("mmap of the vCPU");

	spin_ioctl(vcpu, KVM_RUN, NULL, "KVM_RUN");
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != GUEST_MMIO_PA) {
		fprintf(stderr, "exit %u instead of the store\n", run->exit_reason);
		return 1;
	}
	puts("running");
	fflush(stdout);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	for (;;)
		spin_ioctl(vcpu, KVM_RUN, NULL, "KVM_RUN");
}
