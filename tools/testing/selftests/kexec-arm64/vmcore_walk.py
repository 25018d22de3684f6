#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Translates addresses of a dump with the keys of vmcoreinfo and nothing else.

    vmcore_walk.py ELF [ADDRESS...]

Prints the physical address of each kernel address, _stext by default. drgn_check.py
compares the same translations with drgn's. The memory of an ELF dump is found by the
p_paddr of its PT_LOADs; p_vaddr is not used, because kexec-tools 2.0.25 gets it wrong.
"""

import struct
import sys

PT_LOAD, PT_NOTE = 1, 4
TABLE_BIT, VALID_BIT = 2, 1


class NotMapped(Exception):
    """There is no translation, or the dump lacks a table."""


class Elf:
    """The memory of an ELF dump by physical address, and its vmcoreinfo text."""

    def __init__(self, path):
        self.file = open(path, "rb")
        header = struct.unpack("<16s2HI3QI6H", self.file.read(64))
        self.loads = []
        self.text = ""
        self.file.seek(header[5])
        raw = self.file.read(header[9] * header[10])
        for kind, _, offset, _, pa, length, *_ in struct.iter_unpack("<2I6Q", raw):
            if kind == PT_LOAD:
                self.loads.append((pa, pa + length, offset))
            elif kind == PT_NOTE:
                self.file.seek(offset)
                self.read_notes(self.file.read(length))

    def read_notes(self, raw):
        at = 0
        while at + 12 <= len(raw):
            name_len, length, _ = struct.unpack_from("<3I", raw, at)
            start = at + 12 + (name_len + 3 & ~3)
            if raw[at + 12:at + 12 + name_len] == b"VMCOREINFO\0":
                self.text = raw[start:start + length].decode()
            at = start + (length + 3 & ~3)

    def read(self, pa, size):
        for start, end, offset in self.loads:
            if start <= pa and pa + size <= end:
                self.file.seek(offset + pa - start)
                data = self.file.read(size)
                if len(data) < size:
                    raise NotMapped(f"the file ends before {pa:#x}")
                return data
        raise NotMapped(f"no PT_LOAD holds {pa:#x}")


class Walk:
    """The MMU, by vmcoreinfo: @read(pa, size) reads the memory of the dump."""

    def __init__(self, text, read):
        self.keys = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        self.read = read
        self.page_bits = int(self.keys["PAGESIZE"]).bit_length() - 1
        self.index_bits = self.page_bits - 3
        # Bits of kernel and of user addresses
        self.bits = 64 - self.number("TCR_EL1_T1SZ")
        self.user_bits = 64 - self.number("TCR_EL1_T0SZ")
        # The top table is indexed as if VA_BITS were used, unless its level is folded
        self.built_bits = self.number("VA_BITS")

    def number(self, name):
        return int(self.keys[f"NUMBER({name})"], 0)

    def symbol(self, name):
        return int(self.keys[f"SYMBOL({name})"], 16)

    def levels(self, bits):
        return -(-(bits - self.page_bits) // self.index_bits)

    def address(self, entry):
        """The output address of a descriptor (Arm ARM, D8.3)."""
        if self.page_bits == 16:
            return entry & 0xffffffff0000 | (entry & 0xf000) << 36
        if self.bits > 48:  # LPA2
            return entry & 0x3ffffffffffff & -(1 << self.page_bits) | (entry & 0x300) << 42
        return entry & 0xffffffffffff & -(1 << self.page_bits)

    def translate(self, table, va, bits):
        levels = self.levels(bits)
        top_bits = self.built_bits if self.levels(self.built_bits) == levels else bits
        for level in reversed(range(levels)):
            shift = self.page_bits + level * self.index_bits
            width = top_bits - shift if level == levels - 1 else self.index_bits
            index = va >> shift & (1 << width) - 1
            entry = struct.unpack("<Q", self.read(table + 8 * index, 8))[0]
            if not entry & VALID_BIT:
                raise NotMapped(f"{va:#x}: level {level}: {entry:#x}")
            if not level or not entry & TABLE_BIT:
                return self.address(entry) & -(1 << shift) | va & (1 << shift) - 1
            table = self.address(entry)
        raise NotMapped(f"{va:#x}: no levels")

    def kernel(self, va):
        return self.translate(self.number("TTBR1_EL1_BADDR"), va, self.bits)

    def user(self, pgd_va, va):
        """@pgd_va: mm_struct.pgd, which no key can name for each task."""
        return self.translate(self.kernel(pgd_va), va, self.user_bits)


def main():
    dump = Elf(sys.argv[1])
    walk = Walk(dump.text, dump.read)
    for va in [int(word, 16) for word in sys.argv[2:]] or [walk.symbol("_stext")]:
        print(f"{va:#x} {walk.kernel(va):#x}")


if __name__ == "__main__":
    main()
