/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_SIM_LINUX_MINMAX_H
#define _KEXEC_SIM_LINUX_MINMAX_H

/* Refuses two types, as the kernel's do for mixed signs. */
#define min(a, b)							\
({									\
	typeof(a) _min_a = (a);						\
	typeof(b) _min_b = (b);						\
									\
	(void)(&_min_a == &_min_b);					\
	_min_a < _min_b ? _min_a : _min_b;				\
})

#define max(a, b)							\
({									\
	typeof(a) _max_a = (a);						\
	typeof(b) _max_b = (b);						\
									\
	(void)(&_max_a == &_max_b);					\
	_max_a > _max_b ? _max_a : _max_b;				\
})

#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define swap(a, b)	do { typeof(a) _swap = (a); (a) = (b); (b) = _swap; } while (0)

#endif /* _KEXEC_SIM_LINUX_MINMAX_H */
