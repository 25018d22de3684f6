/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef LINUX_COMPILER_H
#define LINUX_COMPILER_H

#define WRITE_ONCE(_x, _val)	(*(volatile __typeof__(_x) *)&(_x) = (_val))

#endif /* LINUX_COMPILER_H */
