#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the machine code of arm64_relocate_new_kernel() and of its vectors on a model of
memory, and of the caches that QEMU does not have; prints TAP.

    relocate_sim.py RELOCATE.O

The model does whatever the architecture permits and harms most:

- Stores with the MMU off are observed at the next dmb or dsb only.
- Before such a store is observed, its line is read into the cache through a cacheable
  alias, as a hypervisor without FEAT_FWB has one.
- Cache maintenance by address completes at the next dsb and orders nothing by itself,
  except stores to the same line through the cache.
- Lines of the destinations are dirty at the beginning, and are written back last of all.

The next kernel starts with its caches off and turns them on later: memory must hold the
image, and no line of an image may differ from it. A vector must leave its record in memory
before it spins, with the smallest lines that there are. To prove that the model notices,
each instruction of maintenance and each barrier that it knows is left out once.
"""

import re
import subprocess
import sys

LINE = 64
LINE_MIN = 16
PAGE = 4096
WORD = 8
MASK = (1 << 64) - 1
NO_TABLE = MASK
OBJDUMP = "aarch64-linux-gnu-objdump"
ROUTINE = "arm64_relocate_new_kernel"
VECTORS = "kexec_fault_vectors"
VECTOR_NR, VECTOR_SIZE = 16, 0x80

MMU_ON, EL2 = 1, 2
CODE, ARG, RECORD, ENTRY, DTB = 0x10000, 0x20000, 0x21000, 0x900000, 0xa00000
LINEAR = 0xffff000000000000
# struct kern_reloc_arg
FLAGS, LINE_SIZE, ENTRY_PA, DTB_PA, TABLE_PA, TTBR1, TTBR1_EMPTY, PA_TO_ADDR, FAULT_PA = (
    8, 12, 16, 24, 32, 40, 48, 56, 64)
# struct kern_reloc_where in the page; struct kern_reloc_fault
WHERE, VECTORS_AT = 0x7f0, 0x800
FAULT_BYTES, FAULT_MAGIC, FAULT_ESR = 64, 0x544c464b, 16
SYNDROMES = {"esr_el1": 0x96000045, "elr_el1": CODE + 0x40, "far_el1": 0x123456789000,
             "spsr_el1": 0x3c9}


class Wrong(Exception):
    """The code did something that is not right; the text says what."""


class Memory:
    """Words by their physical address, and lines of a data cache."""

    def __init__(self, line=LINE):
        self.size = line
        self.words = {}
        self.lines = {}
        self.dirty = set()
        self.pending = []
        self.cleaning = set()
        self.through_cache = True

    def line(self, pa):
        return [self.words.get(a, 0) for a in range(pa, pa + self.size, WORD)]

    def write_back(self, pa):
        if pa in self.dirty:
            self.words.update(zip(range(pa, pa + self.size, WORD), self.lines[pa]))
        self.dirty.discard(pa)

    def drop(self, pa):
        self.write_back(pa)
        self.lines.pop(pa, None)

    def allocate(self, pa):
        self.lines.setdefault(pa, self.line(pa))

    def load(self, pa):
        if not self.through_cache:
            for addr, value in reversed(self.pending):
                if addr == pa:
                    return value
            return self.words.get(pa, 0)
        at = pa - pa % self.size
        self.allocate(at)
        return self.lines[at][pa % self.size // WORD]

    def store(self, pa, value):
        if not self.through_cache:
            self.pending.append((pa, value))
            return
        at = pa - pa % self.size
        self.allocate(at)
        self.lines[at][pa % self.size // WORD] = value
        self.dirty.add(at)
        # Maintenance before this store says nothing of it.
        self.cleaning.discard(at)

    def observe(self):
        """Stores past the cache reach memory; the alias was faster with each of them."""
        for pa, value in self.pending:
            self.allocate(pa - pa % self.size)
            self.words[pa] = value
        self.pending = []

    def clean(self, pa):
        self.cleaning.add(pa - pa % self.size)

    def complete(self):
        """A dsb, ordered after what it completes."""
        for pa in self.cleaning:
            self.drop(pa)
        self.cleaning = set()
        self.observe()

    def maintain(self):
        """A dmb: stores are older than the maintenance that follows, and no more."""
        self.observe()

    def settle(self):
        """All that may still happen at any later time."""
        self.observe()
        for pa in sorted(self.dirty):
            self.write_back(pa)


def disassemble(path):
    """Instructions of the page by their offset, as (mnemonic, operands)."""
    done = subprocess.run([OBJDUMP, "-d", "--no-show-raw-insn", "-j", ".kexec_relocate.text",
                           path], capture_output=True, text=True, check=True)
    code, inside = {}, False
    for line in done.stdout.splitlines():
        if line.endswith(">:"):
            inside = f"<{ROUTINE}>" in line or f"<{VECTORS}>" in line
        elif inside and (m := re.match(r"\s*([0-9a-f]+):\t(\S+)\s*(.*)", line)):
            text = re.sub(r"\s*//.*|\s*<.*>", "", m.group(3))
            code[int(m.group(1), 16)] = (m.group(2), text)
    return code


class Cpu:
    """Executes the instructions that the routine consists of, and no others."""

    def __init__(self, code, memory, flags):
        self.code = code
        self.memory = memory
        self.offset = LINEAR if flags & MMU_ON else 0
        self.reg = {f"x{i}": 0xbad0bad0bad0bad0 for i in range(31)}
        self.reg["x0"] = ARG + self.offset
        self.flags = (False, False)
        self.stale = True
        self.emptied = False
        self.vbar = None
        self.hvc = None
        self.leave = None
        self.ttbr1 = []

    def get(self, name):
        name = name.strip()
        if name in ("xzr", "wzr"):
            return 0
        if name.startswith("#"):
            return int(name[1:], 0)
        return self.reg["x" + name[1:]] & (MASK if name[0] == "x" else 0xffffffff)

    def put(self, name, value):
        self.reg["x" + name.strip()[1:]] = value & (MASK if name.strip()[0] == "x" else 0xffffffff)

    def pa(self, addr):
        if CODE <= addr < CODE + PAGE:
            return addr
        pa = addr - self.offset
        if not 0 <= pa < 1 << 40:
            raise Wrong(f"address {addr:#x} with the MMU {'on' if self.offset else 'off'}")
        return pa

    def address(self, text):
        """The address of "[base, #offset]" or "[base], #step"; writes the base back."""
        m = re.fullmatch(r"\[(\w+)(?:, #(-?\w+))?\](?:, #(-?\w+))?", text)
        base = self.get(m.group(1))
        if m.group(3):
            self.put(m.group(1), base + int(m.group(3), 0))
            return base
        return base + int(m.group(2) or "0", 0)

    def load_store(self, op, text):
        regs, where = re.fullmatch(r"(.*?), (\[.*)", text).groups()
        addr = self.address(where)
        for name in regs.split(","):
            name = name.strip()
            size = WORD if name[0] == "x" else 4
            at = self.pa(addr)
            shift, at = 8 * (at % WORD), at - at % WORD
            if op.startswith("st"):
                kept = self.memory.load(at) & ~(0xffffffff << shift) if size < WORD else 0
                self.memory.store(at, kept | self.get(name) << shift)
            else:
                self.put(name, self.memory.load(at) >> shift)
            addr += size

    def system(self, op, text):
        memory = self.memory
        if op == "dc":
            if text.split(",")[0] != "civac":
                raise Wrong(f"dc {text}")
            memory.clean(self.pa(self.get(text.split(",")[1])))
        elif op == "dsb" and text == "sy":
            memory.complete()
            self.emptied = False
        elif op == "dmb":
            memory.maintain()
        elif op == "ic":
            self.emptied = True
        elif op == "msr":
            self.write_system(*text.split(", "))
        elif op == "mrs":
            self.read_system(*text.split(", "))
        elif op == "hvc":
            self.hvc = [self.get(f"x{i}") for i in range(5)]
            # It is refused, and clobbers what it may.
            for i in range(19):
                self.reg[f"x{i}"] = MASK
        elif op not in ("isb", "dsb", "tlbi"):
            raise Wrong(f"unknown: {op} {text}")

    def write_system(self, name, source):
        value = self.get(source)
        if name == "vbar_el1":
            self.vbar = value
        elif name == "sctlr_el1":
            if value & 0x1005:
                raise Wrong(f"SCTLR_EL1 = {value:#x}")
            self.offset = 0
            self.memory.through_cache = False
        elif name == "ttbr1_el1":
            self.ttbr1.append(value)
        else:
            raise Wrong(f"msr {name}")

    def read_system(self, target, name):
        if name == "sctlr_el1":
            self.put(target, 1 if self.offset else 0)
        elif name in SYNDROMES:
            self.put(target, SYNDROMES[name])
        else:
            raise Wrong(f"mrs {name}")

    def jump(self, op, text):
        """The offset to go on at, None for the next instruction."""
        equal, lower = self.flags
        args = text.split(", ")
        taken = {
            "b": lambda: True, "b.eq": lambda: equal, "b.cc": lambda: lower,
            "cbz": lambda: not self.get(args[0]),
            "tbz": lambda: not self.get(args[0]) >> self.get(args[1]) & 1,
            "tbnz": lambda: self.get(args[0]) >> self.get(args[1]) & 1,
        }[op]()
        return int(args[-1], 16) if taken else None

    def compute(self, op, text):
        args = text.split(", ")
        value = self.get(args[1]) if op != "adr" else CODE + int(args[1], 16)
        if op in ("cmp", "cmn"):
            left = self.get(args[0])
            self.flags = (left == value if op == "cmp" else not (left + value) & MASK, left < value)
            return
        if op == "movk":
            shift = int(args[2].split("#")[1]) if len(args) > 2 else 0
            value = self.get(args[0]) & ~(0xffff << shift) | value << shift
        elif op in ("add", "sub"):
            right = self.get(args[2])
            value += right if op == "add" else -right
        elif op not in ("mov", "adr"):
            raise Wrong(f"unknown: {op} {text}")
        self.put(args[0], value)

    def run(self, pc=0):
        """Until the routine is left, or spins."""
        for _ in range(200000):
            op, text = self.code[pc]
            pc += 4
            if op in ("b", "b.eq", "b.cc", "cbz", "tbz", "tbnz"):
                target = self.jump(op, text)
                if target == pc - 4:
                    return
                pc = pc if target is None else target
            elif op in ("ldr", "str", "ldp", "stp"):
                self.load_store(op, text)
            elif op == "br":
                self.leave = self.get(text)
                return
            elif op == "nop":
                pass
            elif op in ("dc", "dsb", "dmb", "isb", "ic", "tlbi", "msr", "mrs", "hvc"):
                self.system(op, text)
            else:
                self.compute(op, text)
        raise Wrong("does not end")


def content(dst):
    return {pa: (pa * 0x9e3779b97f4a7c15 + 1) & MASK for pa in range(dst, dst + PAGE, WORD)}


def build(flags, tables):
    """Memory as C leaves it: @tables is a list of lists of (destination, source, pages)."""
    memory = Memory()
    words = memory.words
    offset = LINEAR if flags & MMU_ON else 0
    table_pas = [0x30000 + i * PAGE for i in range(len(tables))]
    words[ARG + FLAGS] = flags | LINE << 32
    words[ARG + ENTRY_PA], words[ARG + DTB_PA] = ENTRY, DTB
    words[ARG + TABLE_PA] = (table_pas + [NO_TABLE])[0]
    words[ARG + TTBR1], words[ARG + TTBR1_EMPTY] = 0x7000, 0x8000
    words[ARG + PA_TO_ADDR], words[ARG + FAULT_PA] = offset, RECORD
    wanted = {}
    for at, table, after in zip(table_pas, tables, table_pas[1:] + [NO_TABLE]):
        words[at], words[at + 8] = len(table), after
        for i, (dst, src, pages) in enumerate(table):
            for j, value in enumerate((dst, src, pages * PAGE)):
                words[at + 16 + 24 * i + 8 * j] = value
            for p in range(0, pages * PAGE, PAGE):
                new = content(dst + p)
                wanted |= new
                words.update({pa - dst + src: value for pa, value in new.items()})
                for pa in range(dst + p, dst + p + PAGE, LINE):
                    memory.lines[pa] = [0xd1d1] * (LINE // WORD)
                    memory.dirty.add(pa)
    memory.through_cache = bool(flags & MMU_ON)
    return memory, wanted


def check(cpu, memory, wanted, flags):
    """What the next kernel relies on."""
    if memory.cleaning:
        raise Wrong("cache maintenance is not complete")
    if not cpu.emptied:
        raise Wrong("the instruction cache is not emptied after the last store")
    if cpu.offset:
        raise Wrong("the MMU is on")
    if (cpu.leave, [cpu.reg[f"x{i}"] for i in range(4)]) != (ENTRY, [DTB, 0, 0, 0]):
        raise Wrong("entry or registers of the next kernel")
    if (cpu.hvc is not None) != bool(flags & EL2) or cpu.hvc and cpu.hvc != [1, ENTRY, DTB, 0, 0]:
        raise Wrong(f"HVC {cpu.hvc}")
    if cpu.ttbr1 != ([0x8000, 0x7000] if flags & MMU_ON else []):
        raise Wrong("TTBR1_EL1")
    memory.settle()
    for pa, value in wanted.items():
        if memory.words.get(pa) != value:
            raise Wrong(f"memory at {pa:#x} is not what was copied")
        at = pa - pa % LINE
        if at in memory.lines and memory.lines[at][pa % LINE // WORD] != value:
            raise Wrong(f"a stale line at {pa:#x} is in the cache")
    if cpu.vbar != CODE + 0x800:
        raise Wrong("VBAR_EL1 is not in the relocation page")
    if RECORD in memory.lines or any(memory.line(RECORD)):
        raise Wrong("the record of an exception is not clean")


LAYOUTS = {
    "nothing to copy": [],
    "one page": [[(0x100000, 0x200000, 1)]],
    "several tables": [[(0x100000, 0x200000, 2), (0x104000, 0x300000, 1)], [],
                       [(0x110000, 0x310000, 1)]],
}
RUNS = [(name, flags) for name in LAYOUTS for flags in (0, MMU_ON, EL2, MMU_ON | EL2)]


def run(code, name, flags):
    """What is wrong, or None."""
    memory, wanted = build(flags, LAYOUTS[name])
    try:
        cpu = Cpu(code, memory, flags)
        cpu.run()
        check(cpu, memory, wanted, flags)
    except Wrong as what:
        return str(what)
    return None


def build_fault(flags):
    """Memory when a vector begins; with the MMU on C's and the routine's stores are dirty."""
    memory = Memory(LINE_MIN)
    memory.words |= {CODE + WHERE: RECORD, CODE + WHERE + WORD: LINEAR if flags else 0}
    memory.through_cache = bool(flags)
    for pa in range(RECORD, RECORD + FAULT_BYTES, WORD):
        if flags:
            memory.words[pa] = 0xd1d1
        memory.store(pa, 0)
    memory.observe()
    if not flags:
        memory.lines.clear()
    return memory


def run_vector(code, number, flags):
    """What is wrong with a vector, or None. A reset discards the cache."""
    memory = build_fault(flags)
    names = ["esr_el1", "elr_el1", "far_el1", "spsr_el1"]
    wanted = [FAULT_MAGIC | number << 32, 0, *(SYNDROMES[name] for name in names), 0, 0]
    try:
        Cpu(code, memory, flags).run(VECTORS_AT + number * VECTOR_SIZE)
        if memory.cleaning:
            raise Wrong("cache maintenance is not complete")
        for pa, value in zip(range(RECORD, RECORD + FAULT_BYTES, WORD), wanted):
            if memory.words.get(pa, 0) != value:
                raise Wrong(f"byte {pa - RECORD} of the record is not in memory")
            if pa - pa % LINE_MIN in memory.lines:
                raise Wrong(f"byte {pa - RECORD} of the record is in the cache")
    except Wrong as what:
        return str(what)
    return None


def check_all(code):
    """Faults by what was run."""
    found = {f"{name}, MMU {'on' if flags & MMU_ON else 'off'}, EL{2 if flags & EL2 else 1}":
             run(code, name, flags) for name, flags in RUNS}
    for flags in (0, MMU_ON):
        faults = [fault for number in range(VECTOR_NR)
                  if (fault := run_vector(code, number, flags))]
        found[f"vectors, MMU {'on' if flags else 'off'}"] = faults[0] if faults else None
    return found


def without(code, offsets):
    """The page with NOPs at some offsets."""
    return code | {at: ("nop", "") for at in offsets}


def mutants(code):
    """Each instruction that the model knows to matter, with the code that lacks it."""
    for at, (op, text) in code.items():
        if at >= VECTORS_AT + VECTOR_SIZE:
            break  # one macro makes all vectors
        if op in ("dc", "dmb", "ic") or (op, text) == ("dsb", "sy") or \
           op == "msr" and not text.startswith("ttbr1"):
            yield f"{at:#x}: {op} {text}", code | {at: ("nop", "")}


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    code = disassemble(sys.argv[1])
    results = list(check_all(code).items())
    for what, changed in mutants(code):
        found = any(fault and not results[i][1]
                    for i, fault in enumerate(check_all(changed).values()))
        results.append((f"it would be noticed without {what}", None if found else "it was not"))
    print(f"TAP version 13\n1..{len(results)}")
    for number, (name, wrong) in enumerate(results, 1):
        if wrong:
            print(f"# {wrong}")
        print(f"{'not ' if wrong else ''}ok {number} - {name}")
    return 1 if any(wrong for _, wrong in results) else 0


if __name__ == "__main__":
    sys.exit(main())
