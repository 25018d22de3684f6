// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: ask_ready - readers of /sys/kernel/kexec/ready, and events
 *
 * ask_ready CYCLES READERS: poll() must report a load, an unload, an image that is discarded, a
 * CPU that goes offline or comes online, the end of a load that was the reason for EBUSY, and
 * nothing in between; the answer then must be the new one.  Then so many processes read the
 * file in a loop, another one takes CPU 1 offline and online so many times, and this one loads
 * and unloads. Each answer must be one of those that fit, and no load may fail because of a
 * reader.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kexec_call.h"
#include "tap.h"
#include "util.h"

#define ASK_FILE		"/sys/kernel/kexec/ready"
#define ASK_CRASH_FILE		"/sys/kernel/kexec/crash_ready"
#define ASK_FAIL		"/sys/module/kexec/parameters/fail_seal"
#define ASK_RESERVE		"/sys/module/kexec/parameters/reserve"
#define ASK_CPU			"/sys/devices/system/cpu/cpu1/online"
#define ASK_DST			0x50000000UL
#define ASK_SIZE		(32 * SZ_1M)
#define ASK_RESERVED		"0x50100000:0x10000"
#define ASK_READERS		4
#define ASK_EVENT_MS		60000
#define ASK_BUSY_MS		60000
#define ASK_REST_US		300000
#define ASK_MORE		20	/* changes after the last cycle, at most */

/* First lines of an answer while images come and go. */
static const char *const ask_answers[] = { "0", "EBUSY", "EINVAL" };

/**
 * struct ask_tally - what was done and what failed, shared
 * @cycles: times that the CPU went offline and came online
 * @seen: answers of each kind, approximately
 * @other: other answers, or reads that failed
 * @calls: loads and unloads
 * @refused: of these, refused
 */
struct ask_tally {
	unsigned int cycles;
	unsigned int seen[ARRAY_SIZE(ask_answers)];
	unsigned int other;
	unsigned int calls;
	unsigned int refused;
};

static int ask_read(int fd, char *text, size_t len)
{
	ssize_t got = pread(fd, text, len - 1, 0);

	if (got < 0)
		return -1;
	text[got] = '\0';
	return 0;
}

/* Reads the answer.  Was there an event since the last call, and is @want the first line? */
static bool ask_event(int fd, int timeout_ms, const char *want)
{
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	bool event = poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLPRI);
	char text[4096];

	if (ask_read(fd, text, sizeof(text)))
		tap_bail("the answer cannot be read: %d", errno);
	text[strcspn(text, "\n")] = '\0';
	tap_note("%s: %s", event ? "event" : "no event", text);
	return event && !strcmp(text, want);
}

static int ask_load(bool load)
{
	struct kexec_segment seg = { .mem = (void *)ASK_DST, .memsz = ASK_SIZE };

	return kexec_call_load(load ? ASK_DST : 0, load, &seg, 0);
}

/* The image is discarded by the reboot, not by the CPU: that has an event of its own. */
static void ask_events(void)
{
	int fd = util_open(ASK_FILE);

	ask_event(fd, 0, "");
	tap_point(!ask_event(fd, 100, "EINVAL"), "no event while nothing changes");
	tap_point(!ask_load(true) && ask_event(fd, ASK_EVENT_MS, "0"), "an event of a load");
	tap_point(!ask_load(false) && ask_event(fd, ASK_EVENT_MS, "EINVAL"),
		  "an event of an unload");
	tap_point(!ask_load(true) && ask_event(fd, ASK_EVENT_MS, "0"), "another event of a load");
	tap_point(!util_write(ASK_CPU, "0") && ask_event(fd, ASK_EVENT_MS, "0"),
		  "an event of a CPU that goes offline");
	tap_point(!util_write(ASK_RESERVE, ASK_RESERVED) &&
		  kexec_call_reboot() == EADDRNOTAVAIL && ask_event(fd, ASK_EVENT_MS, "EINVAL"),
		  "an event of an image that is discarded");
	tap_point(!util_write(ASK_CPU, "1") && ask_event(fd, ASK_EVENT_MS, "EINVAL"),
		  "an event of a CPU that comes online");
	close(fd);
}

/* Asks until a load is in progress.  An event must follow, though that load fails. */
static void ask_while_busy(void)
{
	int fd = util_open(ASK_FILE);
	struct pollfd p = { .fd = fd, .events = POLLPRI };
	char text[4096];

	do {
		if (ask_read(fd, text, sizeof(text)))
			_exit(1);
	} while (strncmp(text, "EBUSY\n", 6));
	_exit(poll(&p, 1, ASK_EVENT_MS) != 1);
}

static void ask_busy(void)
{
	struct kexec_segment seg = { .mem = (void *)(ASK_DST + ASK_SIZE), .memsz = ASK_SIZE };
	u64 end = util_now_ms() + ASK_BUSY_MS;
	int status = 1, refused = ENOMEM;
	pid_t reader, done = 0;

	if (util_write(ASK_FAIL, "1"))
		tap_bail(ASK_FAIL " cannot be written");
	reader = fork();
	if (!reader)
		ask_while_busy();
	while (!done && refused == ENOMEM && util_now_ms() < end) {
		refused = kexec_call_load(ASK_DST + ASK_SIZE, 1, &seg, 0);
		done = waitpid(reader, &status, WNOHANG);
	}
	if (!done) {
		kill(reader, SIGKILL);
		waitpid(reader, &status, 0);
	}
	util_write(ASK_FAIL, "0");
	tap_point(refused == ENOMEM && !status, "an event at the end of a load that has failed");
}

static u64 ask_reservation(void)
{
	FILE *file = fopen("/proc/iomem", "re");
	u64 start, last, found = 0;
	char line[256], name[64];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, " %lx-%lx : %63[^\n]", &start, &last, name) == 3 &&
		    !strcmp(name, "Crash kernel"))
			found = start;
	if (!found)
		tap_bail("no memory is reserved for a crash image");
	fclose(file);
	return found;
}

static void ask_crash_events(void)
{
	u64 start = ask_reservation();
	struct kexec_segment seg = { .mem = (void *)start, .memsz = SZ_2M };
	int fd = util_open(ASK_CRASH_FILE);

	ask_event(fd, 0, "");
	tap_point(!kexec_call_load(start, 1, &seg, KEXEC_ON_CRASH) &&
		  ask_event(fd, ASK_EVENT_MS, "0"), "an event of a crash image");
	tap_point(!kexec_call_load(start, 1, &seg, KEXEC_ON_CRASH) &&
		  ask_event(fd, ASK_EVENT_MS, "0"), "an event of one that replaces it");
	tap_point(!kexec_call_load(0, 0, NULL, KEXEC_ON_CRASH) &&
		  ask_event(fd, ASK_EVENT_MS, "ENOENT"), "an event of its unload");
	close(fd);
}

static void ask_loop(struct ask_tally *t)
{
	char text[4096];
	unsigned int i;
	int fd;

	for (;;) {
		fd = open(ASK_FILE, O_RDONLY | O_CLOEXEC);
		if (ask_read(fd, text, sizeof(text)))
			text[0] = '\0';
		close(fd);
		text[strcspn(text, "\n")] = '\0';
		for (i = 0; i < ARRAY_SIZE(ask_answers); i++)
			if (!strcmp(text, ask_answers[i]))
				break;
		if (i < ARRAY_SIZE(ask_answers))
			t->seen[i]++;
		else
			t->other++;
	}
}

static void ask_cycle(struct ask_tally *t, unsigned int cycles)
{
	while (t->cycles < cycles) {
		if (util_write(ASK_CPU, "0") || util_write(ASK_CPU, "1"))
			_exit(1);
		t->cycles++;
	}
	_exit(0);
}

/* The reservation of ask_events() is in the first half of the destination. */
static void ask_change(struct ask_tally *t)
{
	struct kexec_segment seg = { .mem = (void *)(ASK_DST + ASK_SIZE), .memsz = ASK_SIZE };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		t->refused += !!kexec_call_load(ASK_DST + ASK_SIZE, 1, &seg, 0);
		usleep(ASK_REST_US);
	}
	t->refused += !!kexec_call_load(0, 0, NULL, 0);
	t->calls += 3;
}

static void ask_run(struct ask_tally *t, unsigned int cycles, unsigned int readers)
{
	pid_t reader[ASK_READERS], cycler;
	unsigned int i;

	for (i = 0; i < readers; i++) {
		reader[i] = fork();
		if (!reader[i])
			ask_loop(t);
	}
	cycler = fork();
	if (!cycler)
		ask_cycle(t, cycles);
	while (!waitpid(cycler, NULL, WNOHANG))
		ask_change(t);
	for (i = 0; i < ASK_MORE && !(t->seen[0] && t->seen[2]); i++)
		ask_change(t);
	for (i = 0; i < readers; i++) {
		kill(reader[i], SIGKILL);
		waitpid(reader[i], NULL, 0);
	}
}

int main(int argc, char **argv)
{
	unsigned int cycles = argc == 3 ? strtoul(argv[1], NULL, 0) : 0;
	unsigned int readers = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	struct ask_tally *t;

	t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!cycles || !readers || readers > ASK_READERS || t == MAP_FAILED)
		tap_bail("usage: ask_ready CYCLES READERS");
	tap_plan(15);
	ask_events();
	ask_busy();
	ask_crash_events();
	ask_run(t, cycles, readers);
	tap_note("answers: %u yes, %u busy, %u no image", t->seen[0], t->seen[1], t->seen[2]);
	tap_point(t->cycles == cycles, "CPU 1 came online %u of %u times", t->cycles, cycles);
	tap_point(t->seen[0] && t->seen[2], "readers have met an image and none");
	tap_point(!t->other, "%u answers fit neither", t->other);
	tap_point(t->calls && !t->refused, "%u of %u loads and unloads were refused", t->refused,
		  t->calls);
	return tap_finish();
}
