/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_STRING_H
#define _KEXEC_SIM_LINUX_STRING_H

#include <string.h>

#include <linux/errno.h>
#include <linux/types.h>

static inline ssize_t strscpy(char *dst, const char *src, size_t room)
{
	size_t len = strnlen(src, room);

	if (!room)
		return -E2BIG;
	if (len == room)
		len--;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return src[len] ? -E2BIG : (ssize_t)len;
}

static inline void *memchr_inv(const void *start, int c, size_t n)
{
	const u8 *p = start;

	for (; n; n--, p++) {
		if (*p != (u8)c)
			return (void *)p;
	}
	return NULL;
}

static inline char *strreplace(char *str, char old, char new)
{
	char *p;

	for (p = str; *p; p++) {
		if (*p == old)
			*p = new;
	}
	return str;
}

#endif /* _KEXEC_SIM_LINUX_STRING_H */
