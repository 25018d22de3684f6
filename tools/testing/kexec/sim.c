// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: Host simulator of kexec: framework of the tests
 *
 * A test is a function that does one round.  Before each round the random
 * numbers are set from the seed of the run, the name of the test and the number
 * of the round, so that any round can be repeated alone:
 *
 *	kexec-sim -s SEED -r ROUND NAME
 *
 * Output is TAP with a plan.  A report of a sanitizer ends the program; then results
 * are missing, and the exit status is not 0.
 */
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <linux/printk.h>
#include <linux/string.h>

#include "kunit.h"
#include "sim.h"

static const struct sim_test *const sim_tables[] = {
	range_map_sim_tests,
	extent_sim_tests,
	elfcore_sim_tests,
	crashkernel_param_sim_tests,
	image_header_sim_tests,
	fdt_sim_tests,
	timeline_sim_tests,
	initrd_cpio_sim_tests,
};

/**
 * struct sim_options - command line
 * @seed: seed of the run
 * @rounds: rounds of each test, 0 for the number in its table
 * @seconds: time for each test instead of a number of rounds, 0 for none
 * @only_round: the one round to do, -1 for all
 * @pattern: part of a test's name, NULL for all
 * @verbose: show what the code under test prints
 */
struct sim_options {
	u64 seed;
	u64 rounds;
	double seconds;
	s64 only_round;
	const char *pattern;
	bool verbose;
};

static struct sim_options sim_opts = { .seed = 1, .only_round = -1 };
static jmp_buf sim_escape;

/* Limit in seconds for this number of rounds, which usually take microseconds. */
#define SIM_WATCH_ROUNDS	256
#define SIM_WATCH_SECONDS	60
static unsigned int sim_nr_failed, sim_nr_done;

/* Not on the stack: keeps its value across longjmp(). */
static struct sim sim_now_running;

/* The step of splitmix64, whose output passes as random for any seed. */
static u64 sim_mix(u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/**
 * sim_random() - 64 random bits
 * @s: the test
 *
 * Return: the bits.
 */
u64 sim_random(struct sim *s)
{
	s->rng += 0x9e3779b97f4a7c15ULL;
	return sim_mix(s->rng);
}

/**
 * sim_below() - a random number
 * @s: the test
 * @limit: first number that is too large, not 0
 *
 * Return: the number.
 */
u64 sim_below(struct sim *s, u64 limit)
{
	return sim_random(s) % limit;
}

/**
 * sim_between() - a random number
 * @s: the test
 * @first: smallest number
 * @last: largest number
 *
 * Return: the number.
 */
u64 sim_between(struct sim *s, u64 first, u64 last)
{
	u64 span = last - first + 1;

	return span ? first + sim_below(s, span) : sim_random(s);
}

/**
 * sim_one_in() - a random decision
 * @s: the test
 * @n: true once in this number of calls on average, not 0
 *
 * Return: the decision.
 */
bool sim_one_in(struct sim *s, unsigned int n)
{
	return !sim_below(s, n);
}

/**
 * sim_fill() - fill memory with random bytes
 * @s: the test
 * @buf: the memory
 * @len: bytes
 */
void sim_fill(struct sim *s, void *buf, size_t len)
{
	u8 *p = buf;
	u64 bits = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		if (!(i % sizeof(bits)))
			bits = sim_random(s);
		p[i] = bits >> (i % sizeof(bits) * 8);
	}
}

/**
 * sim_alloc() - zeroed memory of exactly this size, or the end of the program
 * @len: bytes
 *
 * Exact, so that the address sanitizer sees the first byte beyond.
 *
 * Return: the memory, to be freed by free().
 */
void *sim_alloc(size_t len)
{
	void *p = calloc(1, len);

	if (!p && len) {
		printf("Bail out! no memory for %zu bytes\n", len);
		exit(1);
	}
	return p;
}

/**
 * sim_fail() - report a failure and end the test
 * @s: the test
 * @file: source file
 * @line: source line
 * @fmt: expected and actual values
 */
void sim_fail(struct sim *s, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n# again: kexec-sim -s %#llx -r %llu %s\n", s->seed, s->round, s->name);
	longjmp(sim_escape, 1);
}

static double sim_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static u64 sim_hash(const char *name)
{
	u64 h = 0;

	for (; *name; name++)
		h = sim_mix(h + (u8)*name + 1);
	return h;
}

/* The code under test does not end; it is not inside the C library. */
static void sim_hangs(int sig)
{
	printf("Bail out! no end to: kexec-sim -s %#llx -r %llu %s\n", sim_now_running.seed,
	       sim_now_running.round, sim_now_running.name);
	fflush(stdout);
	_exit(1);
}

static void sim_one_round(const struct sim_test *t, struct sim *s)
{
	s->rng = sim_mix(s->seed ^ sim_hash(t->name)) + sim_mix(s->round);
	sim_log_reset();
	t->round(s);
}

static void sim_rounds(const struct sim_test *t, struct sim *s)
{
	u64 rounds = sim_opts.rounds ?: t->rounds;
	double until = sim_now() + sim_opts.seconds;

	if (sim_opts.only_round >= 0) {
		alarm(SIM_WATCH_SECONDS);
		s->round = sim_opts.only_round;
		sim_one_round(t, s);
		return;
	}
	while (sim_opts.seconds ? sim_now() < until : s->round < rounds) {
		if (!(s->round % SIM_WATCH_ROUNDS))
			alarm(SIM_WATCH_SECONDS);
		sim_one_round(t, s);
		s->round++;
	}
}

/**
 * sim_result() - print one line of TAP
 * @ok: passed
 * @suite: first part of the name
 * @name: second part of the name, or NULL
 */
void sim_result(bool ok, const char *suite, const char *name)
{
	printf("%sok %u - %s%s%s\n", ok ? "" : "not ", ++sim_nr_done, suite,
	       name ? "." : "", name ?: "");
	fflush(stdout);
	sim_nr_failed += !ok;
}

/**
 * sim_wanted() - check whether a test is selected
 * @name: its name
 *
 * Return: true if it is.
 */
bool sim_wanted(const char *name)
{
	return !sim_opts.pattern || strstr(name, sim_opts.pattern);
}

static void sim_run(const struct sim_test *t)
{
	struct sim *s = &sim_now_running;
	const double start = sim_now();
	int ok;

	*s = (struct sim){ .name = t->name, .seed = sim_opts.seed };
	ok = !setjmp(sim_escape);
	if (ok)
		sim_rounds(t, s);
	printf("# %s: %llu rounds, %llu operations, %.2f s\n", t->name, s->round, s->ops,
	       sim_now() - start);
	sim_result(ok && s->ops, t->name, NULL);
}

static unsigned int sim_each(void (*run)(const struct sim_test *t))
{
	const struct sim_test *t;
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(sim_tables); i++) {
		for (t = sim_tables[i]; t->name; t++) {
			if (!sim_wanted(t->name))
				continue;
			nr++;
			if (run)
				run(t);
		}
	}
	return nr;
}

static int sim_usage(const char *prog)
{
	fprintf(stderr,
		"usage: %s [-s seed] [-n rounds | -t seconds | -r round] [-v] [part of a name]\n"
		"  -s  seed of the run, 0 for the time of day (default 1)\n"
		"  -n  rounds of each random test (default: as suits each)\n"
		"  -t  seconds for each random test instead\n"
		"  -r  this round only\n"
		"  -v  show what the code under test prints\n", prog);
	return 2;
}

static int sim_parse(int argc, char **argv)
{
	int opt;

	while ((opt = getopt(argc, argv, "s:n:t:r:v")) != -1) {
		switch (opt) {
		case 's':
			sim_opts.seed = strtoull(optarg, NULL, 0) ?: (u64)time(NULL);
			break;
		case 'n':
			sim_opts.rounds = strtoull(optarg, NULL, 0);
			break;
		case 't':
			sim_opts.seconds = strtod(optarg, NULL);
			break;
		case 'r':
			sim_opts.only_round = strtoll(optarg, NULL, 0);
			break;
		case 'v':
			sim_opts.verbose = true;
			break;
		default:
			return sim_usage(argv[0]);
		}
	}
	sim_opts.pattern = argv[optind];
	return 0;
}

int main(int argc, char **argv)
{
	double start = sim_now();
	unsigned int planned;

	if (sim_parse(argc, argv))
		return 2;
	sim_log_verbose = sim_opts.verbose;

	signal(SIGALRM, sim_hangs);

	planned = kunit_host_count() + sim_each(NULL);
	printf("TAP version 13\n1..%u\n# seed %#llx\n", planned, sim_opts.seed);
	kunit_host_run();
	sim_each(sim_run);
	printf("# %u of %u passed, %.1f s\n", sim_nr_done - sim_nr_failed, planned,
	       sim_now() - start);
	if (planned && !sim_nr_failed && sim_nr_done == planned)
		return 0;

	/* A failed round does not free its memory: do not report the leak as well. */
	fflush(stdout);
	_exit(1);
}
