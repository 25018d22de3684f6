/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_SIZES_H
#define _KEXEC_SIM_LINUX_SIZES_H

#define SZ_1K	1024
#define SZ_4K	(4 * SZ_1K)
#define SZ_16K	(16 * SZ_1K)
#define SZ_64K	(64 * SZ_1K)
#define SZ_256K	(256 * SZ_1K)
#define SZ_1M	(1024 * SZ_1K)
#define SZ_2M	(2 * SZ_1M)
#define SZ_16M	(16 * SZ_1M)
#define SZ_32M	(32 * SZ_1M)
#define SZ_64M	(64 * SZ_1M)
#define SZ_128M	(128 * SZ_1M)
#define SZ_256M	(256 * SZ_1M)
#define SZ_512M	(512 * SZ_1M)
#define SZ_1G	(1024 * SZ_1M)
#define SZ_2G	(2U * SZ_1G)
#define SZ_4G	(4ULL * SZ_1G)
#define SZ_32G	(32ULL * SZ_1G)

#endif /* _KEXEC_SIM_LINUX_SIZES_H */
