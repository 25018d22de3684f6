# SPDX-License-Identifier: GPL-2.0-only
"""Dumps that drgn must accept, and dumps that it must refuse: without drgn and without a
dump, by a program, memory and symbols of our own."""

import hashlib
import importlib
import struct
import sys
import types

STACK, NOTES, MODULE, TASK = 0x1000, 0x8000, 0x20000, 0x30000
PANICKED = ("__crash_kexec", "panic", "sysrq_handle_crash", "kthread")
IDLE = ("cpu_do_idle", "do_idle", "secondary_start_kernel")
NAMES = (*PANICKED, *IDLE, "stray")
CODE = {name: 0x100000 + 0x100 * i for i, name in enumerate(NAMES)}


class FaultError(Exception):
    """As drgn's: memory that the dump lacks."""


def load_module():
    """drgn_check with a drgn that has the names it imports."""
    helpers = ("cpumask", "list", "mm", "percpu", "pid", "printk", "rbtree", "xarray")
    names = ["drgn", "drgn.helpers", "drgn.helpers.linux",
             *(f"drgn.helpers.linux.{name}" for name in helpers)]
    for name in names:
        module = types.ModuleType(name)
        module.__getattr__ = lambda attribute: lambda *args: None
        sys.modules[name] = module
    sys.modules["drgn"].FaultError = FaultError
    checked = importlib.import_module("drgn_check")
    for name in names:
        del sys.modules[name]
    return checked


drgn_check = load_module()


class Value:
    """A variable of the kernel: a number, with members where it has some."""

    def __init__(self, number=0, **members):
        self.number = number
        self.__dict__.update(members)

    def value_(self):
        return self.number

    def address_of_(self):
        return self

    def __getitem__(self, _index):
        return self

    def __bool__(self):
        return bool(self.number)

    def __and__(self, other):
        return self.number & other


class Name(Value):
    """A variable that is text."""

    def __init__(self, text, **members):
        super().__init__(1, **members)
        self.text = text

    def string_(self):
        return self.text


class Program:
    """Memory, symbols and variables of a dead kernel with two CPUs."""

    def __init__(self):
        self.memory = {MODULE: drgn_check.MARKERS["module"].ljust(64, b"\0")}
        self.variables = {"crash_notes": Value(NOTES), "modules": Value(1),
                          "kimage_voffset": Value(0xf0000000)}
        for cpu, names in enumerate((PANICKED, IDLE)):
            self.put_stack(cpu, names)

    def put_stack(self, cpu, names, pstate=5):
        """Registers in the note of a CPU, and frame records on its stack."""
        frame = STACK * (cpu + 1)
        regs = [0] * 34
        if names:
            regs[29], regs[32], regs[33] = frame, CODE[names[0]], pstate
        note = NOTES + cpu * 0x1000 + drgn_check.NOTE_DESC + drgn_check.PR_REG
        self.memory[note] = struct.pack("<34Q", *regs)
        for i, name in enumerate(names[1:], 1):
            following = frame + 16 if i + 1 < len(names) else 0
            self.memory[frame] = struct.pack("<2Q", following, CODE[name] + 4)
            frame += 16

    def __getitem__(self, name):
        return self.variables[name]

    def read(self, address, size, _physical=False):
        if address not in self.memory:
            raise FaultError(hex(address))
        return self.memory[address][:size]

    def symbol(self, pc):
        for name, address in CODE.items():
            if address <= pc < address + 0x100:
                return types.SimpleNamespace(name=name)
        raise LookupError(hex(pc))


def task(name, **members):
    return Value(1, comm=Name(name), **members)


def module(name):
    part = Value(1, base=Value(MODULE), size=Value(64))
    table = Value(1, num_symtab=Value(0))
    return Value(1, name=Name(name), mem=[part], kallsyms=table)


def inspection(program, modules=("crash_test",), log="Kernel panic: sysrq triggered crash",
               **wanted):
    """An inspection of @program, with the helpers of drgn replaced."""
    drgn_check.prog = program
    drgn_check.list_for_each_entry = lambda *args: [module(name.encode()) for name in modules]
    drgn_check.for_each_possible_cpu = lambda prog: range(2)
    drgn_check.per_cpu = lambda base, cpu: Value(base.number + cpu * 0x1000)
    drgn_check.get_dmesg = lambda prog: log.encode()
    return drgn_check.Inspection({"panic": "sysrq triggered", "trace": ["sysrq_handle_crash"],
                                  "cpus": 2, "keys": False} | wanted)


def faults(program, method="all", **settings):
    look = inspection(program, **settings)
    getattr(look, method)()
    return look.faults


def test_stacks(tap):
    tap.check(not faults(Program(), module=True), "drgn: passes a good dump")
    tap.check(faults(Program(), log="Linux version"), "drgn: refuses a log without the panic")
    tap.check(faults(Program(), trace=["crash_test_oops"]), "drgn: refuses another backtrace")
    tap.check(faults(Program(), cpus=1) and faults(Program(), cpus=3),
              "drgn: refuses more or fewer CPUs than there were")
    program = Program()
    program.put_stack(1, ())
    tap.check(faults(program) and not faults(program, cpus=1),
              "drgn: refuses a CPU without registers, unless it is planned")
    program = Program()
    program.put_stack(1, IDLE[:2])
    tap.check(faults(program), "drgn: refuses a stack that ends in the middle")
    program.put_stack(1, IDLE[:2], pstate=0)
    tap.check(not faults(program), "drgn: a CPU in user space has no stack of the kernel")
    program = Program()
    program.put_stack(0, (*PANICKED[:3], "stray"))
    tap.check(faults(program), "drgn: refuses a stack that ends where none begins")
    program = Program()
    del program.memory[STACK + 16]
    tap.check(faults(program), "drgn: refuses a stack whose memory is not in the dump")


def test_module(tap):
    tap.check(faults(Program(), module=True, modules=()), "drgn: refuses a lost module")
    program = Program()
    program.memory[MODULE] = bytes(64)
    tap.check(faults(program, module=True), "drgn: refuses other data of a module")


class Walk:
    """Translations that are right as long as nothing is spoiled."""
    wrong = ()
    text = b"code of _stext"

    def __init__(self, *_args):
        pass

    def symbol(self, _name):
        return 0xf0200000

    def kernel(self, va):
        return va - 0xf0000000 + (0x1000 if "kernel" in Walk.wrong else 0)

    def user(self, _pgd, va):
        return va

    def read(self, pa, size):
        if pa == 0x200000:
            return b"other code" if "code" in Walk.wrong else Walk.text
        return b"" if "marker" in Walk.wrong else drgn_check.MARKERS["process"][:size]


def translate(wrong=(), areas=((0xf0300000, 0x300000),), anon=1, users=1):
    program = Program()
    program.memory[0xf0200000] = Walk.text
    look = inspection(program, keys=True, memory=True, elf="/nonexistent")
    drgn_check.vmcore_walk = types.SimpleNamespace(
        Walk=Walk, Elf=lambda path: types.SimpleNamespace(text="", read=None))
    Walk.wrong = wrong
    count = types.SimpleNamespace(counter=users)
    page = types.SimpleNamespace(mapping=Value(anon), _refcount=count)
    marker = task(b"mem_marker", mm=Value(TASK))
    drgn_check.retyped = lambda *args: Value(1, start_stack=Value(TASK), pgd=Value(TASK))
    drgn_check.find_task = lambda prog, pid: marker
    drgn_check.for_each_task = lambda prog: [marker]
    drgn_check.phys_to_page = lambda pa: page
    look.vmalloc_areas = lambda: areas
    look.translation()
    return look.faults


def test_translation(tap):
    tap.check(not translate(), "drgn: passes keys that lead to the same memory")
    tap.check(translate(("kernel",)), "drgn: refuses keys that lead to another address")
    tap.check(translate(("code",)), "drgn: refuses keys that lead to other code")
    tap.check(translate(areas=()), "drgn: refuses a dump without an area of vmalloc()")
    tap.check(translate(areas=((0xf0300000, 0x301000),)), "drgn: refuses another page of an area")
    tap.check(translate(anon=0), "drgn: refuses a stack in a page of a file")
    tap.check(translate(users=0), "drgn: refuses a stack in a free page")
    tap.check(translate(("marker",)), "drgn: refuses a process without its marker")


def process(got=b"", size=0, marker=True, tasks=(b"init", b"mem_marker")):
    data = b"file in a process"
    look = inspection(Program(), marked=size, sha256=hashlib.sha256(data).hexdigest())
    mark = drgn_check.MARKERS["process"]
    drgn_check.retyped = lambda *args: Value(1)
    drgn_check.for_each_task = lambda prog: [task(name, mm=Value(1)) for name in tasks]
    drgn_check.access_remote_vm = lambda mm, va, length: (
        got[:length] if va == drgn_check.MARKER_VA else mark if marker else bytes(length))
    look.process()
    return look.faults


def test_process(tap):
    data = b"file in a process"
    tap.check(not process(data, len(data)), "drgn: passes the memory of a process")
    tap.check(process(data[::-1], len(data)), "drgn: refuses other bytes of a file")
    tap.check(process(data, len(data), marker=False), "drgn: refuses a lost marker")
    tap.check(process(data, len(data), tasks=(b"init",)), "drgn: refuses a lost process")
