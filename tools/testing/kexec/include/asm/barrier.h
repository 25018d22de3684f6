/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ASM_BARRIER_H
#define ASM_BARRIER_H

#define smp_store_release(_p, _val)	__atomic_store_n(_p, _val, __ATOMIC_RELEASE)

#endif /* ASM_BARRIER_H */
