/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ARM64_KEXEC_PARK_H
#define _ARM64_KEXEC_PARK_H

const char *kexec_park_stuck(void);

#endif /* _ARM64_KEXEC_PARK_H */
