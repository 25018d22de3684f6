/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ARM64_KEXEC_SHUTDOWN_CPUS_H
#define _ARM64_KEXEC_SHUTDOWN_CPUS_H

const char *kexec_shutdown_cpus_stuck(void);

#endif /* _ARM64_KEXEC_SHUTDOWN_CPUS_H */
