/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_BUILD_BUG_H
#define _KEXEC_SIM_LINUX_BUILD_BUG_H

#include <assert.h>

/* The kernel's takes the message or leaves it; C11's wants one. */
#undef static_assert
#define static_assert(expr)	_Static_assert(expr, #expr)

#endif /* _KEXEC_SIM_LINUX_BUILD_BUG_H */
