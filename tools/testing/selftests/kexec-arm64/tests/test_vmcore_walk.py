# SPDX-License-Identifier: GPL-2.0-only
"""Translations by page tables of every form that Linux uses."""

import struct

import vmcore_walk

# Page size, VA_BITS, bits that the CPU walks; the shift of each level and the entries of
# the top table, by the Arm ARM (D8.2) and by how Linux uses a table that is too long
WALKS = (
    (4096, 39, 39, (30, 21, 12), 512), (4096, 48, 48, (39, 30, 21, 12), 512),
    (4096, 52, 52, (48, 39, 30, 21, 12), 16), (4096, 52, 48, (39, 30, 21, 12), 512),
    (16384, 47, 47, (36, 25, 14), 2048), (16384, 48, 48, (47, 36, 25, 14), 2),
    (16384, 52, 52, (47, 36, 25, 14), 32), (16384, 52, 48, (47, 36, 25, 14), 32),
    (65536, 42, 42, (29, 16), 8192), (65536, 48, 48, (42, 29, 16), 64),
    (65536, 52, 52, (42, 29, 16), 1024), (65536, 52, 48, (42, 29, 16), 1024),
)


def descriptor(pa, kind, page, bits):
    """An entry of a table, with attributes in all other bits that software may set."""
    entry = pa & 0xffffffffffff | kind | 0x60000000000400
    if page == 65536:
        return entry | (pa >> 48 & 15) << 12
    if bits == 52:
        return entry | pa & 3 << 48 | (pa >> 50 & 3) << 8
    return entry | 0x300  # inner shareable


def map_page(memory, table, va, pa, walk, stop=0):
    """Maps @va to @pa, with a block where @stop levels are left out."""
    page, _, bits, shifts, top = walk
    for level, shift in enumerate(shifts):
        index = va >> shift & (top - 1 if not level else page // 8 - 1)
        last = level == len(shifts) - 1 - stop
        target = pa if last else table + 0x100000
        kind = 1 if last and stop else 3
        memory[table + 8 * index] = struct.pack("<Q", descriptor(target, kind, page, bits))
        if last:
            return
        table = target


def walk_to(walk, *addresses):
    try:
        return walk(*(va % (1 << 64) for va in addresses))
    except vmcore_walk.NotMapped:
        return None


def test_walk(tap):
    for walk in WALKS:
        page, built, bits, shifts, _ = walk
        text = (f"PAGESIZE={page}\nNUMBER(VA_BITS)={built}\nNUMBER(TCR_EL1_T1SZ)={64 - bits:#x}\n"
                f"NUMBER(TCR_EL1_T0SZ)={64 - bits:#x}\nNUMBER(TTBR1_EL1_BADDR)=0x40800000\n")
        memory = {}
        high = 0xd000000000000 if bits == 52 else 0xd00000000000
        page_va, block_va = -(1 << bits - 1) + 5 * page, -(1 << bits - 2) + (3 << shifts[-2])
        block = high + (3 << shifts[-2])
        map_page(memory, 0x40800000, page_va % (1 << 64), high + 7 * page, walk)
        map_page(memory, 0x40800000, block_va % (1 << 64), block, walk, stop=1)
        user_va = (1 << 36) + 9 * page
        map_page(memory, high + 7 * page, user_va, 0x50000000, walk)
        reader = vmcore_walk.Walk(text, lambda pa, size, memory=memory: memory.get(pa, bytes(size)))
        name = f"walk: {page >> 10}K, {built} bits, {bits} walked"
        for what, wanted, walked in (
                ("page", high + 7 * page + 1234, walk_to(reader.kernel, page_va + 1234)),
                ("block", block + 12345, walk_to(reader.kernel, block_va + 12345)),
                ("user page", 0x50000001, walk_to(reader.user, page_va, user_va + 1)),
                ("hole", None, walk_to(reader.kernel, page_va + 64 * page))):
            tap.check(walked == wanted, f"{name}, {what}")
