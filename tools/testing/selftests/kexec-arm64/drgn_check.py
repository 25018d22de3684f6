# SPDX-License-Identifier: GPL-2.0-only
"""What a debugger finds in a dump; run by drgn, see dump.py.

    drgn -c DUMP -s VMLINUX drgn_check.py WANTED

WANTED is JSON: "panic", a regex for the log; "cpus", how many there are; "trace",
functions that must be on the stack of the CPU that panicked; "memory", whether
the dump has user pages and the page cache; "module", whether crash_test is
loaded; "marked", the bytes of a file in a process; "keys", whether
vmcoreinfo has our keys; "elf", the path of the dump if vmcore_walk.py must find memory in it by itself. Prints JSON: faults, notes.
"""
# pylint: disable=undefined-variable # prog is drgn's

import hashlib
import json
import os
import re
import struct
import sys

from drgn import FaultError, Object, cast
from drgn.helpers.linux.cpumask import for_each_possible_cpu
from drgn.helpers.linux.list import list_for_each_entry
from drgn.helpers.linux.mm import access_remote_vm, page_to_phys, page_to_virt, phys_to_page
from drgn.helpers.linux.percpu import per_cpu
from drgn.helpers.linux.pid import find_task, for_each_task
from drgn.helpers.linux.printk import get_dmesg
from drgn.helpers.linux.rbtree import rbtree_inorder_for_each_entry
from drgn.helpers.linux.xarray import xa_load

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import vmcore_walk # pylint: disable=wrong-import-position

# What guest/mem_marker.c, guest/kdump.sh and crash_test.c leave in memory
MARKER_VA = 0x1000000000
MARKER_GAP = 65536
MARKER_FD = 9
MARKERS = {
    "process": b"kexec marker: memory of a process\0",
    "cache": b"kexec marker: a file in the page cache\n",
    "module": b"kexec marker: data of a module\0",
}
CHUNK = 4 << 20
# An ELF note: header and name; struct elf_prstatus up to the registers
NOTE_DESC = 20
PR_REG = 112
MAX_FRAMES = 100
# enum vm flags of include/linux/vmalloc.h, and the lowest bit of page.mapping of an anonymous page
VM_ALLOC = 2
PAGE_MAPPING_ANON = 1
# Where a stack may begin: the first code of a CPU, of a kernel thread or at an entry from EL0
ROOTS = re.compile(r"__primary_switched|start_kernel|rest_init|__secondary_switched|"
                   r"secondary_start_kernel|ret_from_fork|kthread|el0t_64_\w+|el0_\w+")


def retyped(pointer, name):
    """What @pointer points to, with the type of the variable @name: by the name of the type,
    drgn may find a definition that gcc has left without its members."""
    return Object(prog, prog[name].type_, address=pointer.value_())


class Inspection:
    """Collects what is wrong with the dump."""

    def __init__(self, wanted):
        self.wanted = wanted
        self.faults = []
        self.notes = []
        self.modules = [(part.base.value_(), part.base.value_() + part.size.value_(), names)
                        for module in self.each_module()
                        for names in [self.symbols(module)] for part in module.mem]

    def each_module(self):
        try:
            modules = prog["modules"]
        except KeyError:
            # A kernel without CONFIG_MODULES
            return ()
        return list_for_each_entry("struct module", modules.address_of_(), "list")

    def symbols(self, module):
        table = module.kallsyms
        return [(sym.st_value.value_(), (table.strtab + sym.st_name).string_().decode())
                for sym in (table.symtab[i] for i in range(table.num_symtab.value_()))
                if sym.st_value]

    def check(self, good, text):
        (self.notes if good else self.faults).append(text)

    def log(self):
        log = get_dmesg(prog).decode(errors="replace")
        if not re.search(self.wanted["panic"], log):
            self.faults.append(f"the log does not hold the panic ({self.wanted['panic']})")

    def name(self, pc):
        """The function with the address @pc, of the kernel or of a module."""
        try:
            return prog.symbol(pc).name
        except LookupError:
            pass
        found = [(start, name) for start, end, names in self.modules if start <= pc < end
                 for start, name in names if start <= pc]
        return max(found)[1] if found else hex(pc)

    def stack(self, cpu):
        """The names on the stack of what ran on @cpu, innermost first, by its frame records."""
        note = per_cpu(prog["crash_notes"][0], cpu).address_of_().value_()
        regs = struct.unpack("<34Q", prog.read(note + NOTE_DESC + PR_REG, 34 * 8))
        fp, pc, pstate = regs[29], regs[32], regs[33]
        names = [self.name(pc)] if pc else []
        while fp and pstate & 0xf and len(names) < MAX_FRAMES:
            fp, pc = struct.unpack("<2Q", prog.read(fp, 16))
            if pc:
                # A call that does not return may be the last of its function
                names.append(self.name(pc - 4))
        return names, regs[32] and not pstate & 0xf

    def cpus(self):
        found = 0
        crashed = False
        for cpu in for_each_possible_cpu(prog):
            try:
                names, in_user = self.stack(cpu)
            except (LookupError, FaultError) as what:
                self.faults.append(f"CPU {cpu}: no stack: {what}")
                continue
            if not names:
                # It did not stop; how many may do that is the caller's to say
                self.notes.append(f"CPU {cpu}: no registers")
                continue
            found += 1
            here = all(name in names for name in self.wanted["trace"])
            crashed |= here
            if not in_user and not any(ROOTS.fullmatch(name) for name in names):
                self.faults.append(f"CPU {cpu}: not a whole stack: {' < '.join(names)}")
            self.notes.append(f"CPU {cpu}: {len(names)} frames, {' < '.join(names[:4])}")
        self.check(found == self.wanted["cpus"], f"{found} CPUs have a stack")
        if not crashed:
            self.faults.append(f"no stack holds {', '.join(self.wanted['trace'])}")

    def marker_task(self):
        for task in for_each_task(prog):
            if task.comm.string_() == b"mem_marker":
                return task
        self.faults.append("the process is not in the dump")
        return None

    def process(self):
        task = self.marker_task()
        if not task:
            return
        mm = retyped(task.mm, "init_mm")
        mark = MARKERS["process"]
        got = access_remote_vm(mm, MARKER_VA - MARKER_GAP, len(mark))
        self.check(got == mark, "marker in a process")
        size = self.wanted.get("marked", 0)
        digest = hashlib.sha256()
        for at in range(0, size, CHUNK):
            digest.update(access_remote_vm(mm, MARKER_VA + at, min(CHUNK, size - at)))
        self.check(digest.hexdigest() == self.wanted["sha256"],
                   f"{size} bytes of a process, SHA-256 {digest.hexdigest()[:16]}...")

    def cache(self):
        task = self.marker_task()
        if not task:
            return
        mapping = retyped(task.files, "init_files").fdt.fd[MARKER_FD].f_mapping
        page = cast("struct page *", xa_load(mapping.i_pages.address_of_(), 0))
        mark = MARKERS["cache"]
        got = prog.read(page_to_virt(page).value_(), len(mark))
        self.check(got == mark, "marker in the page cache")

    def module(self):
        for module in self.each_module():
            if module.name.string_() != b"crash_test":
                continue
            held = any(MARKERS["module"] in prog.read(part.base.value_(), part.size.value_())
                       for part in module.mem if part.size)
            self.check(held, "marker in a module")
            return
        self.faults.append("the module is not in the dump")

    def vmcoreinfo(self):
        """The text, from the note in the kernel's memory."""
        note = prog["vmcoreinfo_note"].value_()
        name_len, length, _ = struct.unpack("<3I", prog.read(note, 12))
        return prog.read(note + 12 + (name_len + 3 & ~3), length).decode()

    def vmalloc_areas(self):
        """Each virtual address of vmalloc() with the physical one that its page array names."""
        for node in range(prog["nr_vmap_nodes"].value_()):
            root = prog["vmap_nodes"][node].busy.root.address_of_()
            for area in rbtree_inorder_for_each_entry("struct vmap_area", root, "rb_node"):
                vm = area.vm
                if vm and vm.flags & VM_ALLOC and vm.nr_pages:
                    yield vm.addr.value_(), page_to_phys(vm.pages[0]).value_()

    def check_user_page(self, walk):
        """The stack of init: the page there must be one that the stack can have."""
        mm = retyped(find_task(prog, 1).mm, "init_mm")
        va = mm.start_stack.value_()
        pa = walk.user(mm.pgd.value_(), va)
        page = phys_to_page(Object(prog, "phys_addr_t", pa))
        anon = page.mapping.value_() & PAGE_MAPPING_ANON
        self.check(bool(anon) and page._refcount.counter > 0, # pylint: disable=protected-access
                   f"vmcoreinfo: {va:#x} of a process is {pa:#x}")
        if not self.wanted.get("memory"):
            return
        marker = self.marker_task()
        if marker:
            pgd = retyped(marker.mm, "init_mm").pgd.value_()
            got = walk.read(walk.user(pgd, MARKER_VA - MARKER_GAP), 64)
            mark = MARKERS["process"]
            self.check(got.startswith(mark), "vmcoreinfo: marker in a process")

    def translation(self):
        """What vmcoreinfo alone leads to, against drgn's page arrays and its own walk."""
        if self.wanted.get("elf"):
            dump = vmcore_walk.Elf(self.wanted["elf"])
            walk = vmcore_walk.Walk(dump.text, dump.read)
        else:
            walk = vmcore_walk.Walk(self.vmcoreinfo(), lambda pa, size: prog.read(pa, size, True))
        va = walk.symbol("_stext")
        pa = walk.kernel(va)
        self.check(pa == va - prog["kimage_voffset"].value_() and
                   walk.read(pa, 64) == prog.read(va, 64), f"vmcoreinfo: _stext is at {pa:#x}")
        areas = list(self.vmalloc_areas())
        wrong = [f"{va:#x}" for va, pa in areas if walk.kernel(va) != pa]
        self.check(areas and not wrong,
                   f"vmcoreinfo: {len(areas)} areas of vmalloc, wrong: {wrong}")
        self.check_user_page(walk)

    def all(self):
        try:
            if self.wanted["keys"]:
                self.translation()
        except (KeyError, vmcore_walk.NotMapped) as what:
            self.faults.append(f"vmcoreinfo: {what}")
        self.log()
        self.cpus()
        if self.wanted.get("module"):
            self.module()
        if self.wanted.get("memory"):
            self.process()
            self.cache()


def main():
    inspection = Inspection(json.loads(sys.argv[1]))
    try:
        inspection.all()
    except (AttributeError, FaultError, LookupError, ValueError, TypeError) as error:
        inspection.faults.append(f"drgn: {type(error).__name__}: {error}")
    print(json.dumps({"faults": inspection.faults, "notes": inspection.notes}))


if __name__ == "__main__":
    main()
