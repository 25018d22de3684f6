// SPDX-License-Identifier: GPL-2.0-only
/**
 * DOC: key_add - add a key to a keyring of the kernel
 *
 * key_add TYPE DESCRIPTION KEYRING FILE: the keyring is found by its name in /proc/keys, and
 * the content of FILE is the payload. Exits with 0, or with 1 after one line.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define KEY_LINE	512
#define KEY_HEX		16

static int key_find(const char *name)
{
	FILE *keys = fopen("/proc/keys", "re");
	char line[KEY_LINE], wanted[KEY_LINE];
	int found = 0;

	if (!keys)
		util_die("/proc/keys");
	snprintf(wanted, sizeof(wanted), " %s:", name);
	while (!found && fgets(line, sizeof(line), keys))
		if (strstr(line, wanted))
			found = strtol(line, NULL, KEY_HEX);
	fclose(keys);
	return found;
}

int main(int argc, char **argv)
{
	size_t len;
	void *payload;
	int ring;

	errno = EINVAL;
	if (argc != 5)
		util_die("usage: key_add TYPE DESCRIPTION KEYRING FILE");
	ring = key_find(argv[3]);
	errno = ENOKEY;
	if (!ring)
		util_die("%s", argv[3]);
	payload = util_read_file(argv[4], &len);
	if (syscall(SYS_add_key, argv[1], argv[2], payload, len, ring) < 0)
		util_die("%s %s", argv[1], argv[2]);
	return 0;
}
