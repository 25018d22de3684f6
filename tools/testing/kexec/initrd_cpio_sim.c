// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: archives that a kernel did not make
 *
 * A round writes random entries with padding, changes some of the bytes, and reads a copy of
 * just the right length twice: at once, and in random pieces.  Both stop at the same byte
 * with the same result, and untouched archives are accepted to their end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/errno.h>
#include <linux/kernel.h>

#include "../../../kernel/kexec/lib/initrd_cpio.h"
#include "sim.h"

#define ENTRIES	6
#define ROOM	4096

static size_t initrd_entry(struct sim *s, char *to)
{
	static const unsigned int modes[] = { 0100600, 0120777, 0040755, 0020600 };
	unsigned int kind = sim_below(s, 4), name = sim_between(s, 1, 200);
	unsigned int body = kind < 2 ? sim_below(s, 300) : 0;
	size_t len, start;

	sprintf(to, "07070%d%08x%08x%032x%08X%032x%08x%08x", sim_one_in(s, 2) ? 1 : 2, 7,
		modes[kind], 0, body, 0, name, 0);
	start = (INITRD_CPIO_HEADER + name + 3) & ~3u;
	len = start + ((body + 3) & ~3u);
	sim_fill(s, to + INITRD_CPIO_HEADER, len - INITRD_CPIO_HEADER);
	return len;
}

static size_t initrd_archive(struct sim *s, u8 *to)
{
	size_t len = 0, pad;
	unsigned int i;

	for (i = sim_below(s, ENTRIES); i; i--) {
		len += initrd_entry(s, (char *)to + len);
		pad = sim_below(s, 4) * INITRD_CPIO_ALIGN;
		memset(to + len, 0, pad);
		len += pad;
	}
	return len;
}

static s64 initrd_feed(struct sim *s, struct initrd_cpio *cpio, const u8 *data, size_t len)
{
	size_t done = 0, piece;
	s64 ret;

	while (done < len) {
		piece = sim_between(s, 1, sim_one_in(s, 3) ? len : 64);
		piece = min(piece, len - done);
		ret = kexec_initrd_cpio_feed(cpio, data + done, piece);
		s->ops++;
		if (ret < 0)
			return ret;
		sim_check(s, ret <= piece, "%lld of %zu bytes", ret, piece);
		done += ret;
		if (ret < piece)
			break;
	}
	return done;
}

static void initrd_cpio_round(struct sim *s)
{
	struct initrd_cpio once = { }, pieces = { };
	u8 *room = sim_alloc(ROOM), *data;
	unsigned int changes = sim_one_in(s, 2) ? 0 : sim_between(s, 1, 3), i;
	size_t len = initrd_archive(s, room);
	s64 ret, again;

	data = sim_alloc(len);
	memcpy(data, room, len);
	for (i = 0; i < changes && len; i++)
		data[sim_below(s, len)] ^= 1 << sim_below(s, 8);
	ret = kexec_initrd_cpio_feed(&once, data, len);
	again = initrd_feed(s, &pieces, data, len);
	sim_check(s, ret == again, "%lld at once, %lld in pieces", ret, again);
	sim_check(s, ret < 0 || kexec_initrd_cpio_whole(&once) == kexec_initrd_cpio_whole(&pieces),
		  "not the same state");
	sim_check(s, changes || (ret == len && kexec_initrd_cpio_whole(&once)), "%lld", ret);
	sim_check(s, kexec_initrd_tail(data, len) <= len, "tail");
	free(data);
	free(room);
}

const struct sim_test initrd_cpio_sim_tests[] = {
	{ "initrd-cpio", initrd_cpio_round, 20000 },
	{ }
};
