// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs streams of events through the model and compares what it reports; prints
 * TAP.
 *
 *	model_test FILE
 *
 * FILE has cases of lines "NAME [OPERAND...]"; numbers are hexadecimal:
 *
 * case NAME			a machine with 4 MiB at 40000000, the model strict
 * lax				lines are cached only if they were accessed
 * cpu N			what follows happens on this CPU
 * mode EL on|off		its exception level, MMU and caches on or off
 * load|store|fetch PA LEN	an access; VA = PA
 * entry PA VALUE		a store of 8 bytes, and what it stores
 * use VA			a load at this VA from 40000000
 * dc ivac|cvac|civac|cvau PA	cache maintenance
 * ic iallu|ialluis|ivau [PA]
 * dsb nsh|ish|osh|sy [ld|st]	barriers
 * dmb, isb
 * tcr|ttbr0|ttbr1 VALUE, vbar	registers of the kernel's regime
 * sctlr PC, step PC [isb]	a write of SCTLR.M, and the block after it
 * tlbi all|allis|va [VA]
 * image PA LEN			a kernel is entered
 * power-off
 * expect NAME...		ends the case: reports of these kinds and no others
 */
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define RAM_BASE	0x40000000ULL
#define RAM_SIZE	(4ULL << 20)
#define PAGE		4096

static struct coh model;
static uint8_t memory[RAM_SIZE];
static struct coh_event at;
static char title[128];
static int results, failed;

struct command {
	const char *name;
	void (*run)(char **word);
};

static uint64_t number(const char *word)
{
	if (!word) {
		fprintf(stderr, "%s: an operand is missing\n", title);
		exit(2);
	}
	return strtoull(word, NULL, 16);
}

static int choose(const char *word, const char *const *names)
{
	int i;

	for (i = 0; names[i]; i++)
		if (word && !strcmp(word, names[i]))
			return i;
	fprintf(stderr, "%s: %s is unknown\n", title, word ? word : "nothing");
	exit(2);
}

static void run_case(char **word)
{
	snprintf(title, sizeof(title), "%s", word[1]);
	memset(memory, 0, sizeof(memory));
	memset(&model, 0, sizeof(model));
	model.base = RAM_BASE;
	model.size = RAM_SIZE;
	model.memory = memory;
	model.line_shift = 6;
	model.strict = true;
	model.out = fopen("/dev/null", "w");
	if (!model.out || !coh_init(&model))
		exit(2);
	at = (struct coh_event) { .cpu = 0, .pc = 0x1000 };
}

static void run_lax(char **word)
{
	(void)word;
	model.strict = false;
}

static void run_cpu(char **word)
{
	at.cpu = number(word[1]);
}

static void run_mode(char **word)
{
	coh_mode(&model, &at, number(word[1]), true, !strcmp(word[2], "on"));
}

static void run_load(char **word)
{
	coh_access(&model, &at, number(word[1]), number(word[1]), number(word[2]), false);
}

static void run_store(char **word)
{
	coh_access(&model, &at, number(word[1]), number(word[1]), number(word[2]), true);
}

static void run_entry(char **word)
{
	uint64_t pa = number(word[1]), value = number(word[2]);

	memcpy(memory + (pa - RAM_BASE), &value, sizeof(value));
	coh_access(&model, &at, pa, pa, sizeof(value), true);
}

static void run_use(char **word)
{
	coh_access(&model, &at, number(word[1]), RAM_BASE, 8, false);
}

static void run_fetch(char **word)
{
	coh_fetch(&model, &at, number(word[1]), number(word[2]));
}

static void run_dc(char **word)
{
	static const char *const names[] = { "ivac", "cvac", "civac", "cvau", NULL };

	coh_dc(&model, &at, choose(word[1], names), number(word[2]));
}

static void run_ic(char **word)
{
	static const char *const names[] = { "iallu", "ialluis", "ivau", NULL };
	enum coh_ic op = choose(word[1], names);

	coh_ic(&model, &at, op, op == COH_IC_LINE ? number(word[2]) : 0);
}

static void run_dsb(char **word)
{
	static const char *const names[] = { "nsh", "ish", "osh", "sy", NULL };
	enum coh_type type = COH_ALL;

	if (word[2])
		type = strcmp(word[2], "st") ? COH_LOADS : COH_STORES;
	coh_dsb(&model, at.cpu, choose(word[1], names), type);
}

static void run_dmb(char **word)
{
	(void)word;
	coh_dmb(&model, at.cpu);
}

static void run_isb(char **word)
{
	(void)word;
	coh_isb(&model, at.cpu);
}

static void run_tcr(char **word)
{
	model.cpus[at.cpu].regime.tcr = number(word[1]);
}

static void run_ttbr0(char **word)
{
	coh_ttbr(&model, &at, 0, number(word[1]));
}

static void run_ttbr1(char **word)
{
	coh_ttbr(&model, &at, 1, number(word[1]));
}

static void run_vbar(char **word)
{
	(void)word;
	coh_context(&model, &at, COH_VBAR);
}

static void run_sctlr(char **word)
{
	at.pc = number(word[1]);
	coh_sctlr(&model, &at);
}

static void run_step(char **word)
{
	at.pc = number(word[1]);
	coh_step(&model, &at, word[2]);
}

static void run_tlbi(char **word)
{
	static const char *const names[] = { "all", "allis", "va", NULL };
	int op = choose(word[1], names);

	if (op == 2)
		coh_tlbi_range(&model, &at, number(word[2]), PAGE);
	else
		coh_tlbi_all(&model, &at, op == 1);
}

static void run_image(char **word)
{
	coh_image(&model, &at, number(word[1]), number(word[2]));
}

static void run_power_off(char **word)
{
	(void)word;
	coh_power_off(&model, at.cpu);
}

static void run_expect(char **word)
{
	bool good = true;
	int kind, i;

	for (kind = 0; kind < COH_KINDS; kind++) {
		bool wanted = false;

		for (i = 1; word[i]; i++)
			wanted |= !strcmp(word[i], coh_kind_name(kind));
		if (wanted == !!model.counts[kind])
			continue;
		good = false;
		printf("# %s: %s\n", coh_kind_name(kind), wanted ? "not reported" : "reported");
	}
	printf("%sok %d - %s\n", good ? "" : "not ", ++results, title);
	failed += !good;
	fclose(model.out);
	coh_free(&model);
}

static const struct command commands[] = {
	{ "case", run_case }, { "lax", run_lax }, { "cpu", run_cpu }, { "mode", run_mode },
	{ "load", run_load }, { "store", run_store }, { "entry", run_entry },
	{ "use", run_use }, { "fetch", run_fetch }, { "dc", run_dc }, { "ic", run_ic },
	{ "dsb", run_dsb }, { "dmb", run_dmb }, { "isb", run_isb }, { "tcr", run_tcr },
	{ "ttbr0", run_ttbr0 }, { "ttbr1", run_ttbr1 }, { "vbar", run_vbar },
	{ "sctlr", run_sctlr }, { "step", run_step }, { "tlbi", run_tlbi },
	{ "image", run_image }, { "power-off", run_power_off }, { "expect", run_expect },
};

static void run_line(char *line)
{
	char *word[8] = { NULL };
	size_t n = 0, i;

	for (word[0] = strtok(line, " \t\n"); word[n] && n < 6; )
		word[++n] = strtok(NULL, " \t\n");
	if (!word[0] || word[0][0] == '#')
		return;
	for (i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(word[0], commands[i].name)) {
			commands[i].run(word);
			return;
		}
	}
	fprintf(stderr, "%s: %s is unknown\n", title, word[0]);
	exit(2);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 2 ? fopen(argv[1], "r") : NULL;
	char line[256];

	if (!in) {
		fprintf(stderr, "usage: model_test FILE\n");
		return 2;
	}
	puts("TAP version 13");
	while (fgets(line, sizeof(line), in))
		run_line(line);
	printf("1..%d\n", results);
	fclose(in);
	return failed || !results;
}
