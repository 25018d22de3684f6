// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: QEMU plugin that feeds the model
 *
 * Arguments: out=FILE base=PA size=BYTES zva=BYTES strict=on|off stop=BLOCKS.
 * With stop, QEMU ends that many blocks after the second kernel was entered.  With
 * text=VA, where the kernel's image is, and start=VA, once or twice, all begins when
 * an instruction at such an address is executed; until then QEMU is much faster.
 *
 * More than one CPU need a thread of the host each (-accel tcg,thread=multi): on one
 * thread QEMU 10.0 passes the number of the CPU that translated a block, not of the
 * one that executes it.  One lock makes callbacks events of one order.
 *
 * RAM is read where QEMU has it: the plugin is a part of the same process.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decode.h"
#include "model.h"
#include "qemu_plugin.h"

/* SCTLR_ELx.M and .C */
#define SCTLR_M		1U
#define SCTLR_MC	5U
#define HCR_E2H		(1ULL << 34)
#define CTR_IDC		(1ULL << 28)
#define CTR_DIC		(1ULL << 29)
/* CLIDR_EL1.LoUIS [23:21] and .LoUU [29:27] */
#define CLIDR_LOU	(7ULL << 21 | 7ULL << 27)
#define PSCI_CPU_OFF	0x84000002U
/* Header of an Image, Documentation/arch/arm64/booting.rst. */
#define IMAGE_SIZE	16
#define IMAGE_MAGIC	56
#define IMAGE_ARM64	0x644d5241U
#define PAGE_MASK	0xfffULL

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_VERSION;

/**
 * struct mode - what a CPU executes with
 * @known: the rest is valid
 * @el: exception level
 * @kernel: the kernel's: EL1, or EL2 with VHE
 * @cached: MMU and data cache are on
 */
struct mode {
	bool known;
	int el;
	bool kernel;
	bool cached;
};

/**
 * struct block - a translated block of instructions
 * @va: address of the first one
 * @pa: physical addresses of both parts; the second page has one only if it crosses
 * @len: bytes of both parts
 * @isb: the first instruction is an isb
 * @image: it is the beginning of a kernel
 * @mode: what look_at_mode() found; a block is translated for one exception level
 */
struct block {
	uint64_t va;
	uint64_t pa[2];
	uint64_t len[2];
	bool isb;
	bool image;
	struct mode mode;
};

/* Registers that are read, in the order of names[]. */
enum reg { CPSR = 31, SCTLR1, SCTLR2, TCR1, TCR2, TTBR0_1, TTBR1_1, TTBR0_2, TTBR1_2, HCR, CTR,
	   CLIDR, REGS };

static const char *const names[REGS] = {
	[CPSR] = "cpsr", [SCTLR1] = "SCTLR", [SCTLR2] = "SCTLR_EL2", [TCR1] = "TCR_EL1",
	[TCR2] = "TCR_EL2", [TTBR0_1] = "TTBR0_EL1", [TTBR1_1] = "TTBR1_EL1",
	[TTBR0_2] = "TTBR0_EL2", [TTBR1_2] = "TTBR1_EL2", [HCR] = "HCR_EL2", [CTR] = "CTR_EL0",
	[CLIDR] = "CLIDR",
};

static struct coh model = { .base = 0x40000000, .size = 1ULL << 30, .line_shift = 6 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t zva_size = 64;
static uint64_t unresolved, operations, stop;
static uint64_t plugin_id, text_va, start_va[2];
static bool started;
static struct qemu_plugin_register *regs[COH_CPUS][REGS];
static struct plugin_array *buffer;

static uint64_t read_reg(unsigned int cpu, unsigned int reg)
{
	uint64_t value = 0;

	if (!regs[cpu][reg])
		return 0;
	g_byte_array_set_size(buffer, 0);
	qemu_plugin_read_register(regs[cpu][reg], buffer);
	memcpy(&value, buffer->data, buffer->len < 8 ? buffer->len : 8);
	return value;
}

static uint64_t operand(unsigned int cpu, const struct insn *insn)
{
	return insn->rt == 31 ? 0 : read_reg(cpu, insn->rt);
}

static void on_cpu(uint64_t id, unsigned int cpu)
{
	struct plugin_array *list = qemu_plugin_get_registers();
	const struct plugin_reg *r = list->data;
	unsigned int i, k;

	(void)id;
	if (cpu >= COH_CPUS)
		abort();
	for (i = 0; i < list->len; i++) {
		if (r[i].name[0] == 'x' && r[i].name[1] >= '0' && r[i].name[1] <= '9')
			regs[cpu][atoi(r[i].name + 1)] = r[i].handle;
		for (k = CPSR; k < REGS; k++)
			if (!strcmp(r[i].name, names[k]))
				regs[cpu][k] = r[i].handle;
	}
}

/* With HCR_EL2.E2H, EL2 uses the registers of EL2 under both names. */
static bool is_vhe(unsigned int cpu, int el)
{
	return el == 2 && (read_reg(cpu, HCR) & HCR_E2H);
}

static void read_regime(unsigned int cpu, struct coh_regime *r, bool el2)
{
	r->ttbr[0] = read_reg(cpu, el2 ? TTBR0_2 : TTBR0_1);
	r->ttbr[1] = read_reg(cpu, el2 ? TTBR1_2 : TTBR1_1);
	r->tcr = read_reg(cpu, el2 ? TCR2 : TCR1);
}

static void read_mode(unsigned int cpu, struct mode *mode)
{
	bool vhe;

	mode->el = read_reg(cpu, CPSR) >> 2 & 3;
	vhe = is_vhe(cpu, mode->el);
	mode->kernel = mode->el == 1 || vhe;
	mode->cached = true;
	if (mode->el)
		mode->cached = (read_reg(cpu, mode->el == 2 ? SCTLR2 : SCTLR1) & SCTLR_MC) ==
			       SCTLR_MC;
}

/* Only the low half is executed with the MMU on and off; a process always has it on. */
static void look_at_mode(const struct coh_event *e, struct mode *mode)
{
	struct coh_cpu *cpu = &model.cpus[e->cpu];

	if (!mode->known) {
		read_mode(e->cpu, mode);
		mode->known = !mode->el || e->pc >> 63;
	}
	if (mode->el == cpu->el && mode->kernel == cpu->kernel && mode->cached == cpu->cached)
		return;
	if (mode->kernel)
		read_regime(e->cpu, &cpu->regime, mode->el == 2);
	coh_mode(&model, e, mode->el, mode->kernel, mode->cached);
}

static void read_ctr(unsigned int cpu)
{
	uint64_t ctr = read_reg(cpu, CTR), clidr = read_reg(cpu, CLIDR);
	static bool done;

	if (done)
		return;
	done = true;
	/* With LoUIS and LoUU 0, data caches are beyond the PoU; D24, CLIDR_EL1. */
	model.idc = (ctr & CTR_IDC) || !(clidr & CLIDR_LOU);
	model.dic = ctr & CTR_DIC;
	fprintf(model.out, "machine ctr=%" PRIx64 " clidr=%" PRIx64 " idc=%d dic=%d strict=%d\n",
		ctr, clidr, model.idc, model.dic, model.strict);
}

static void on_exit_qemu(uint64_t id, void *arg)
{
	(void)id;
	(void)arg;
	coh_print(&model);
	fprintf(model.out, "end images=%u operations=%" PRIu64 " unresolved=%" PRIu64 "\n",
		model.images, operations, unresolved);
	fclose(model.out);
}

static void count_down(void)
{
	if (model.images < 2 || !stop || --stop)
		return;
	on_exit_qemu(0, NULL);
	_exit(0);
}

static void on_block(unsigned int cpu, void *arg)
{
	struct block *b = arg;
	const struct coh_event e = { .cpu = cpu, .pc = b->va };
	uint64_t len;

	pthread_mutex_lock(&lock);
	read_ctr(cpu);
	look_at_mode(&e, &b->mode);
	count_down();
	coh_step(&model, &e, b->isb);
	if (b->image && !model.cpus[cpu].cached) {
		memcpy(&len, model.memory + (b->pa[0] - model.base) + IMAGE_SIZE, sizeof(len));
		coh_image(&model, &e, b->pa[0], len);
	}
	coh_fetch(&model, &e, b->pa[0], b->len[0]);
	if (b->len[1])
		coh_fetch(&model, &e, b->pa[1], b->len[1]);
	pthread_mutex_unlock(&lock);
}

/* Translates as the CPU does now. */
static bool translate(unsigned int cpu, uint64_t va, uint64_t *pa)
{
	const struct coh_cpu *c = &model.cpus[cpu];
	struct coh_regime nvhe;

	*pa = va;
	if (!c->cached)
		return true;
	if (c->el != 2 || c->kernel)
		return coh_translate(&model, &c->regime, va, pa);
	/* TCR_EL2 has T0SZ and TG0 where TCR_EL1 has them; there is no upper half. */
	read_regime(cpu, &nvhe, true);
	return coh_translate(&model, &nvhe, va & ~(1ULL << 55), pa);
}

/* In the lower half of the kernel's addresses: the linear map. */
static bool is_linear(const struct coh_cpu *cpu, uint64_t va)
{
	return va >> 63 && !(va >> (63 - (cpu->regime.tcr >> 16 & 0x3f)) & 1);
}

/*
 * QEMU 10.0 ends when it is asked for the address of an access that changed what is mapped
 * where, as those do that configure PCI.  So it is asked where only RAM can be, and for
 * processes.
 */
static bool find_ram(unsigned int cpu, uint32_t access, uint64_t va, uint64_t *pa)
{
	const struct coh_cpu *c = &model.cpus[cpu];
	struct qemu_plugin_hwaddr *addr;

	if (c->el && !(c->kernel && c->cached && is_linear(c, va)))
		return translate(cpu, va, pa) && coh_is_ram(&model, *pa);
	addr = qemu_plugin_get_hwaddr(access, va);
	if (!addr || qemu_plugin_hwaddr_is_io(addr))
		return false;
	*pa = qemu_plugin_hwaddr_phys_addr(addr);
	return true;
}

static void access_page(const struct coh_event *e, uint32_t access, uint64_t va, uint64_t len)
{
	uint64_t pa;

	if (find_ram(e->cpu, access, va, &pa))
		coh_access(&model, e, va, pa, len, qemu_plugin_mem_is_store(access));
}

static void on_access(unsigned int cpu, uint32_t access, uint64_t va, void *arg)
{
	const struct coh_event e = { .cpu = cpu, .pc = (uint64_t)arg };
	uint64_t len = 1ULL << qemu_plugin_mem_size_shift(access);
	uint64_t room = PAGE_MASK + 1 - (va & PAGE_MASK);

	pthread_mutex_lock(&lock);
	/* Two pages are not always neighbours in physical memory. */
	if (len > room) {
		access_page(&e, access, va + room, len - room);
		len = room;
	}
	access_page(&e, access, va, len);
	pthread_mutex_unlock(&lock);
}

/* The physical address that a cache operation acts on. */
static bool resolve(unsigned int cpu, uint64_t va, uint64_t *pa)
{
	bool found = translate(cpu, va, pa);

	operations++;
	unresolved += !found;
	return found;
}

static void on_cache_insn(unsigned int cpu, const struct coh_event *e, const struct insn *insn)
{
	uint64_t va = operand(cpu, insn), pa = 0;

	if (insn->class == INSN_DC_ZVA)
		va &= ~(zva_size - 1);
	if (!(insn->class == INSN_IC && insn->ic != COH_IC_LINE) && !resolve(cpu, va, &pa))
		return;
	if (insn->class == INSN_DC)
		coh_dc(&model, e, insn->dc, pa);
	else if (insn->class == INSN_IC)
		coh_ic(&model, e, insn->ic, pa);
	else
		coh_access(&model, e, va, pa, zva_size, true);
}

/* Registers and invalidations of the regime that the kernel uses. */
static void on_regime_insn(unsigned int cpu, const struct coh_event *e, const struct insn *insn)
{
	struct coh_cpu *c = &model.cpus[cpu];
	uint64_t value = operand(cpu, insn), va, len;

	if (!c->kernel || (insn->el2 && c->el == 1))
		return;
	switch (insn->class) {
	case INSN_MSR_SCTLR:
		if ((value ^ read_reg(cpu, c->el == 2 ? SCTLR2 : SCTLR1)) & SCTLR_M)
			coh_sctlr(&model, e);
		break;
	case INSN_MSR_TTBR0:
	case INSN_MSR_TTBR1:
		coh_ttbr(&model, e, insn->class == INSN_MSR_TTBR1, value);
		break;
	case INSN_MSR_TCR:
		c->regime.tcr = value;
		break;
	case INSN_MSR_VBAR:
		coh_context(&model, e, COH_VBAR);
		break;
	case INSN_TLBI_ALL:
		coh_tlbi_all(&model, e, insn->shareable);
		break;
	case INSN_TLBI_VA:
		/* VA[55:12] in the low bits, TTL and ASID above them. */
		va = (uint64_t)((int64_t)(value << 20) >> 8);
		coh_tlbi_range(&model, e, va, PAGE_MASK + 1);
		break;
	default:
		tlbi_range(value, &va, &len);
		coh_tlbi_range(&model, e, va, len);
	}
}

static void on_insn(unsigned int cpu, void *arg)
{
	const struct insn *insn = arg;
	const struct coh_event e = { .cpu = cpu, .pc = insn->pc };

	pthread_mutex_lock(&lock);
	switch (insn->class) {
	case INSN_OTHER:
		break;
	case INSN_DC:
	case INSN_DC_ZVA:
	case INSN_IC:
		on_cache_insn(cpu, &e, insn);
		break;
	case INSN_DSB:
		coh_dsb(&model, cpu, insn->domain, insn->type);
		break;
	case INSN_DMB:
		coh_dmb(&model, cpu);
		break;
	case INSN_ISB:
		coh_isb(&model, cpu);
		break;
	case INSN_CALL:
		if ((uint32_t)read_reg(cpu, 0) == PSCI_CPU_OFF)
			coh_power_off(&model, cpu);
		break;
	default:
		on_regime_insn(cpu, &e, insn);
	}
	pthread_mutex_unlock(&lock);
}

static uint64_t host_to_pa(const void *host)
{
	return host ? model.base + ((const uint8_t *)host - model.memory) : 0;
}

/* The first code in RAM runs with the MMU off, or mapped where it is. */
static void find_memory(const struct qemu_plugin_insn *insn)
{
	uint64_t va = qemu_plugin_insn_vaddr(insn);
	const uint8_t *host = qemu_plugin_insn_haddr(insn);

	if (!model.memory && host && coh_is_ram(&model, va))
		model.memory = host - (va - model.base);
}

static void look_at_start(struct block *b, const struct qemu_plugin_insn *insn)
{
	uint32_t word;

	qemu_plugin_insn_data(insn, &word, sizeof(word));
	b->isb = word == INSN_ISB_WORD;
	if ((b->pa[0] & PAGE_MASK) || b->pa[0] != b->va || !coh_is_ram(&model, b->pa[0]))
		return;
	memcpy(&word, model.memory + (b->pa[0] - model.base) + IMAGE_MAGIC, sizeof(word));
	b->image = word == IMAGE_ARM64;
}

static void watch_insn(struct qemu_plugin_insn *insn, uint64_t va)
{
	struct insn decoded, *keep;
	uint32_t word;

	qemu_plugin_register_vcpu_mem_cb(insn, on_access, PLUGIN_NO_REGS, PLUGIN_MEM_RW,
					 (void *)va);
	qemu_plugin_insn_data(insn, &word, sizeof(word));
	decode(word, &decoded);
	if (decoded.class == INSN_OTHER)
		return;
	/* Kept for as long as QEMU may execute the block, which is for ever. */
	keep = malloc(sizeof(*keep));
	if (!keep)
		abort();
	*keep = decoded;
	keep->pc = va;
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, PLUGIN_READ_REGS, keep);
}

static void on_translate(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;
	struct block *b = calloc(1, sizeof(*b));

	(void)id;
	if (!b)
		abort();
	find_memory(qemu_plugin_tb_get_insn(tb, 0));
	if (!model.memory)
		return;
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(insn);
		int part = i && (va ^ b->va) & ~PAGE_MASK;

		if (!i)
			b->va = va;
		if (!b->len[part])
			b->pa[part] = host_to_pa(qemu_plugin_insn_haddr(insn));
		b->len[part] += 4;
		watch_insn(insn, va);
	}
	look_at_start(b, qemu_plugin_tb_get_insn(tb, 0));
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, PLUGIN_READ_REGS, b);
}

/* From here on blocks are translated anew. */
static void begin(uint64_t id)
{
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate);
	qemu_plugin_register_atexit_cb(id, on_exit_qemu, NULL);
}

static void on_start(unsigned int cpu, void *arg)
{
	uint64_t pa, len;
	struct coh_regime r;

	(void)arg;
	pthread_mutex_lock(&lock);
	if (!started) {
		started = true;
		read_ctr(cpu);
		read_regime(cpu, &r, is_vhe(cpu, read_reg(cpu, CPSR) >> 2 & 3));
		if (!model.memory || !coh_translate(&model, &r, text_va, &pa))
			abort();
		memcpy(&len, model.memory + (pa - model.base) + IMAGE_SIZE, sizeof(len));
		coh_start_late(&model, pa, len);
		qemu_plugin_reset(plugin_id, begin);
	}
	pthread_mutex_unlock(&lock);
}

static void on_translate_early(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb), i;

	(void)id;
	find_memory(qemu_plugin_tb_get_insn(tb, 0));
	for (i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t va = qemu_plugin_insn_vaddr(insn);

		if (va == start_va[0] || va == start_va[1])
			qemu_plugin_register_vcpu_insn_exec_cb(insn, on_start, PLUGIN_READ_REGS,
							       NULL);
	}
}

static bool take_argument(const char *arg)
{
	const char *value = strchr(arg, '=');

	if (!value)
		return false;
	value++;
	if (!strncmp(arg, "out=", 4))
		model.out = fopen(value, "w");
	else if (!strncmp(arg, "base=", 5))
		model.base = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "size=", 5))
		model.size = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "zva=", 4))
		zva_size = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "text=", 5))
		text_va = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "start=", 6))
		start_va[!!start_va[0]] = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "stop=", 5))
		stop = strtoull(value, NULL, 0);
	else if (!strncmp(arg, "strict=", 7))
		model.strict = !strcmp(value, "on");
	else
		return false;
	return true;
}

/* Called by QEMU. */
int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc, char **argv)
{
	int i;

	(void)info;
	for (i = 0; i < argc; i++) {
		if (!take_argument(argv[i])) {
			fprintf(stderr, "coherency: argument %s is wrong\n", argv[i]);
			return 1;
		}
	}
	if (!model.out || !coh_init(&model)) {
		fprintf(stderr, "coherency: no output file or no memory\n");
		return 1;
	}
	buffer = g_byte_array_new();
	qemu_plugin_register_vcpu_init_cb(id, on_cpu);
	plugin_id = id;
	if (text_va)
		qemu_plugin_register_vcpu_tb_trans_cb(id, on_translate_early);
	else
		begin(id);
	return 0;
}
