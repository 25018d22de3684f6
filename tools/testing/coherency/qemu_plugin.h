/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The part of QEMU's plugin interface that plugin.c uses, version 4 of it, as
 * QEMU 10.0 has it.  Debian ships the emulator with plugins switched on but not
 * the header.
 */
#ifndef COHERENCY_QEMU_PLUGIN_H
#define COHERENCY_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUGIN_EXPORT	__attribute__((visibility("default")))
#define PLUGIN_VERSION	4

/* Callbacks that use no registers of the guest, and those that read them. */
#define PLUGIN_NO_REGS	0
#define PLUGIN_READ_REGS	1
/* Loads and stores. */
#define PLUGIN_MEM_RW	3

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;
struct qemu_info_t;

/* GArray and GByteArray of GLib, as far as they are public. */
struct plugin_array {
	void *data;
	unsigned int len;
};

struct plugin_reg {
	struct qemu_plugin_register *handle;
	const char *name;
	const char *feature;
};

typedef void (*plugin_exec_fn)(unsigned int cpu, void *arg);
typedef void (*plugin_mem_fn)(unsigned int cpu, uint32_t access, uint64_t va, void *arg);

void qemu_plugin_reset(uint64_t id, void (*fn)(uint64_t id));
void qemu_plugin_register_vcpu_init_cb(uint64_t id, void (*fn)(uint64_t id, unsigned int cpu));
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id,
					   void (*fn)(uint64_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, plugin_exec_fn fn,
					  int flags, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_exec_fn fn,
					    int flags, void *arg);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn, plugin_mem_fn fn,
				      int flags, int which, void *arg);
void qemu_plugin_register_atexit_cb(uint64_t id, void (*fn)(uint64_t id, void *arg), void *arg);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t i);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
void *qemu_plugin_insn_haddr(const struct qemu_plugin_insn *insn);

bool qemu_plugin_mem_is_store(uint32_t access);
unsigned int qemu_plugin_mem_size_shift(uint32_t access);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(uint32_t access, uint64_t va);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *addr);
uint64_t qemu_plugin_hwaddr_phys_addr(const struct qemu_plugin_hwaddr *addr);

struct plugin_array *qemu_plugin_get_registers(void);
int qemu_plugin_read_register(struct qemu_plugin_register *handle, struct plugin_array *buf);
struct plugin_array *g_byte_array_new(void);
struct plugin_array *g_byte_array_set_size(struct plugin_array *array, unsigned int length);

/* What QEMU looks up in a plugin. */
PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_info_t *info, int argc,
				      char **argv);

#endif /* COHERENCY_QEMU_PLUGIN_H */
