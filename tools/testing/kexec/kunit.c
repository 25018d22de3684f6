// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: KUnit suites on the host
 *
 * Suites register themselves before main() runs.  Each case makes one line of
 * TAP; a case with parameters runs once for each of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <kunit/test.h>
#include <linux/printk.h>

#include "kunit.h"
#include "sim.h"

/**
 * struct kunit_host_mem - memory of a case, freed at its end
 * @next: the previous allocation
 * @p: the memory
 */
struct kunit_host_mem {
	struct kunit_host_mem *next;
	void *p;
};

static struct kunit_suite *kunit_suites;
static jmp_buf kunit_stop;

/**
 * kunit_host_register() - register a suite, in order of name
 * @suite: the suite
 */
void kunit_host_register(struct kunit_suite *suite)
{
	struct kunit_suite **at = &kunit_suites;

	while (*at && strcmp((*at)->name, suite->name) < 0)
		at = &(*at)->next;
	suite->next = *at;
	*at = suite;
}

/**
 * kunit_host_alloc() - zeroed memory until the case ends
 * @test: the case
 * @n: elements
 * @size: bytes of an element
 *
 * Return: the memory.
 */
void *kunit_host_alloc(struct kunit *test, size_t n, size_t size)
{
	struct kunit_host_mem *m = sim_alloc(sizeof(*m));

	m->p = sim_alloc(n * size);
	m->next = test->mem;
	test->mem = m;
	return m->p;
}

/**
 * kunit_host_failed() - report a failed expectation
 * @test: the case
 * @stop: end the case
 * @fmt: the expectation
 */
void kunit_host_failed(struct kunit *test, bool stop, const char *fmt, ...)
{
	va_list args;

	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	test->failed = true;
	if (stop)
		longjmp(kunit_stop, 1);
}

static bool kunit_run_once(const struct kunit_suite *suite, const struct kunit_case *c,
			   const void *param)
{
	/* static: keeps its value across longjmp() */
	static struct kunit test;
	struct kunit_host_mem *m;

	test = (struct kunit){ .param_value = param };
	sim_log_reset();
	if (!setjmp(kunit_stop)) {
		if (suite->init && suite->init(&test))
			kunit_host_failed(&test, true, "init of %s failed", suite->name);
		c->run_case(&test);
	}
	if (suite->exit)
		suite->exit(&test);

	while ((m = test.mem)) {
		test.mem = m->next;
		free(m->p);
		free(m);
	}
	return !test.failed;
}

static bool kunit_run_case(const struct kunit_suite *suite, const struct kunit_case *c)
{
	char desc[KUNIT_PARAM_DESC_SIZE] = "";
	const void *param = NULL;
	unsigned int nr = 0;
	bool ok = true;

	if (!c->generate_params)
		return kunit_run_once(suite, c, NULL);

	for (; (param = c->generate_params(param, desc)); nr++) {
		if (!kunit_run_once(suite, c, param)) {
			printf("# with: %s\n", desc);
			ok = false;
		}
	}
	return ok && nr;
}

static unsigned int kunit_each(bool run)
{
	const struct kunit_suite *suite;
	const struct kunit_case *c;
	unsigned int nr = 0;

	for (suite = kunit_suites; suite; suite = suite->next) {
		for (c = suite->test_cases; sim_wanted(suite->name) && c->run_case; c++) {
			nr++;
			if (run)
				sim_result(kunit_run_case(suite, c), suite->name, c->name);
		}
	}
	return nr;
}

/**
 * kunit_host_count() - count the lines of TAP
 *
 * Return: the number.
 */
unsigned int kunit_host_count(void)
{
	return kunit_each(false);
}

/**
 * kunit_host_run() - run the selected suites
 */
void kunit_host_run(void)
{
	kunit_each(true);
}
