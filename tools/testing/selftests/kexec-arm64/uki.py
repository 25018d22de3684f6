# SPDX-License-Identifier: GPL-2.0-only
"""Unified kernel images: PE programs without code, and their parts.

The layout is that of ukify: the sections follow each other in the file, each padded to 512
bytes, and have no base relocations.
"""

import struct

FILE_ALIGN, MEMORY_ALIGN = 512, 4096
PE_AT, COFF, SECTION, DIRECTORIES = 64, 24, 40, 16
OPTIONAL = 112 + 8 * DIRECTORIES
ARM64, PE32_PLUS, EFI_APPLICATION = 0xaa64, 0x20b, 10
READ_ONLY_DATA = 0x40000040


def align(size, to):
    return size + -size % to


def optional_header(memory, headers):
    """Of an EFI program without code."""
    fields = struct.pack("<HBBIIIII", PE32_PLUS, 0, 0, 0, 0, 0, 0, 0)
    fields += struct.pack("<QIIHHHHHHIIIIHH", 0, MEMORY_ALIGN, FILE_ALIGN, 0, 0, 1, 0, 1, 0, 0,
                          memory, headers, 0, EFI_APPLICATION, 0)
    fields += struct.pack("<QQQQII", 0, 0, 0, 0, 0, DIRECTORIES)
    return fields.ljust(OPTIONAL, b"\0")


def make(sections):
    """A UKI of (name, content) pairs, in their order."""
    headers = align(PE_AT + COFF + OPTIONAL + SECTION * len(sections), FILE_ALIGN)
    table, body, memory = b"", b"", align(headers, MEMORY_ALIGN)
    for name, content in sections:
        raw = align(len(content), FILE_ALIGN)
        table += struct.pack("<8sIIIIIIHHI", name.encode(), len(content), memory, raw,
                             headers + len(body), 0, 0, 0, 0, READ_ONLY_DATA)
        body += content.ljust(raw, b"\0")
        memory += align(len(content), MEMORY_ALIGN)
    dos = struct.pack("<2s58xI", b"MZ", PE_AT)
    coff = struct.pack("<4sHHIIIHH", b"PE\0\0", ARM64, len(sections), 0, 0, 0, OPTIONAL, 0x0206)
    head = dos + coff + optional_header(memory, headers) + table
    return head.ljust(headers, b"\0") + body


def find(data, name):
    """Where the last section with a name starts in a program, and its bytes there."""
    pe = struct.unpack_from("<I", data, 60)[0]
    count, optional = struct.unpack_from("<6xH12xH", data, pe)
    found = None
    for i in range(count):
        entry = struct.unpack_from("<8sIIII", data, pe + COFF + optional + SECTION * i)
        if entry[0].rstrip(b"\0") == name.encode():
            found = entry[4], min(entry[1] or entry[3], entry[3])
    if not found:
        raise ValueError(f"no section {name}")
    return found
