# SPDX-License-Identifier: GPL-2.0-only
"""Valid inputs of the fuzz targets, made by hand: the first bytes are choices of the
target, see the comment at the top of its source; the others are what it parses."""

import struct
import zlib


def number(bit, off=0):
    """2^bit + off, as fuzz_number() reads it."""
    return bytes([bit, off])


def image(flags=0xa, pe=True):
    """An Image of 1 KiB with two PE sections."""
    head = struct.pack("<2s6xQQQ24x4sI", b"MZ" if pe else b"\0\0", 0, 0x400, flags,
                       b"ARM\x64", 64 if pe else 0)
    coff = struct.pack("<4sHH12xHH", b"PE\0\0", 0xaa64, 2, 16, 0)
    sections = b"".join(struct.pack("<8s8xII16x", name, size, at)
                        for name, size, at in ((b".text", 0x100, 0x100), (b".data", 0x200, 0x200)))
    return (head + coff + bytes(16) + sections).ljust(0x400, b"\0")


def image_header():
    for flags in (0, 0xa, 0xc, 0xe, 0xb):
        yield bytes([0x1f, 0]) + image(flags)
        yield bytes([0x1f, 1, 0x10, 0, 0]) + image(flags, pe=False)[:64]


def gzip(data, flags=0, level=9):
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    stream = packer.compress(data) + packer.flush()
    fields = b"".join(text for bit, text in ((4, b"\x02\0ab"), (8, b"Image\0"), (16, b"text\0"),
                                             (2, b"\xaa\xbb")) if flags & bit)
    return (bytes([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 2, 3]) + fields + stream +
            struct.pack("<II", zlib.crc32(data), len(data)))


def zboot(payload, method=b"gzip"):
    return struct.pack("<4s4sII8x32s", b"MZ\0\0", b"zimg", 64, len(payload),
                       method).ljust(64, b"\0") + payload


def lz4(data):
    """Two blocks that are not unpacked here."""
    return b"\x02\x21\x4c\x18" + (struct.pack("<I", len(data)) + data) * 2


def lzop(data, flags=1):
    """A block that claims to be packed, and one that is stored."""
    sums, packed_sums = ((flags & 0x101).bit_count() * 4, (flags & 0x202).bit_count() * 4)
    return (b"\x89LZO\0\r\n\x1a\n" + bytes.fromhex("104020a009400309") + struct.pack(">I", flags) +
            bytes(12) + b"\5Image" + bytes(4) + struct.pack(">II", 1000, len(data)) +
            bytes(sums + packed_sums) + data + struct.pack(">II", len(data), len(data)) +
            bytes(sums) + data + bytes(4))


def image_unpack():
    text = b"a kernel, or the start of one " * 8
    for flags in (0, 4, 8, 16, 2, 30):
        yield b"\0\0\2" + gzip(text, flags)
    yield b"\0\0\4" + gzip(image())
    yield b"\0\0\4" + gzip(bytes(range(256)) * 2, level=0)
    yield b"\0\0\2" + zboot(gzip(text)) + b"signature"
    yield b"\0\0\2" + zboot(gzip(text), b"zstd")
    yield b"\0\0\2" + zboot(lz4(text), b"lz4") + struct.pack("<I", len(text))
    yield b"\0\0\2" + zboot(lzop(text), b"lzo") + struct.pack("<I", len(text))
    yield b"\0\0\2" + lzop(text, flags=0x303)
    yield b"\0\x40\0" + gzip(text)
    yield b"\x9e\0\0" + text


class Tree:
    """A device tree, version 17."""

    def __init__(self):
        self.text = b""
        self.structure = b""

    @staticmethod
    def pad(data):
        return data + bytes(-len(data) % 4)

    def begin(self, name):
        self.structure += struct.pack(">I", 1) + self.pad(name + b"\0")

    def end(self):
        self.structure += struct.pack(">I", 2)

    def prop(self, name, value):
        self.structure += struct.pack(">III", 3, len(value), len(self.text)) + self.pad(value)
        self.text += name + b"\0"

    def blob(self, reservations):
        rsv = b"".join(struct.pack(">QQ", *r) for r in [*reservations, (0, 0)])
        structure = self.structure + struct.pack(">I", 9)
        at = 40 + len(rsv)
        size = at + len(structure) + len(self.text)
        return struct.pack(">10I", 0xd00dfeed, size, at, at + len(structure), 40, 17, 16, 0,
                           len(self.text), len(structure)) + rsv + structure + self.text


def tree(cells, old):
    t = Tree()
    t.begin(b"")
    t.prop(b"#address-cells", struct.pack(">I", cells))
    t.prop(b"#size-cells", struct.pack(">I", cells))
    if old:
        t.begin(b"chosen")
        t.prop(b"bootargs", b"old\0")
        t.prop(b"linux,initrd-start", struct.pack(">Q", 0x44000000))
        t.prop(b"linux,initrd-end", struct.pack(">Q", 0x44000800))
        t.prop(b"linux,elfcorehdr", struct.pack(">QQ", 0x60000000, 0x1000))
        t.prop(b"linux,ima-kexec-buffer", struct.pack(">QQ", 0x61000000, 100))
        t.prop(b"kaslr-seed", bytes(8))
        t.end()
    t.begin(b"memory@40000000")
    t.prop(b"device_type", b"memory\0")
    t.end()
    t.end()
    return t.blob([(0x48000000, 0x10000), (0x44000000, 0x1000)])


def fdt():
    for kind in (0, 0x3, 0x7f, 0x5f):
        for cells, old in ((2, True), (1, False)):
            request = bytes([kind]) + number(30) + bytes([64, 3, 2, 1, 2, 3, 4])
            yield request + tree(cells, old)


def crashkernel_param():
    machine = number(33) + number(27) + number(28) + b"\x15"
    for text in (b"crashkernel=256M", b"ro crashkernel=0x1000k@1G quiet",
                 b"crashkernel=1G,high crashkernel=64M,low",
                 b"crashkernel=512M-2G:64M,2G-16G:128M,16G-:256M@0x10000000",
                 b"crashkernel=256M crashkernel=1M,low crashkernel=1G,cma",
                 b"crashkernel=0-1G:017k,1G-:9", b"crashkernel=99999999999999999999",
                 b"crashkernel=128M@ crashkernel=5X"):
        yield machine + text


def ranges(pairs):
    return b"".join(bytes([0, start, pages]) for start, pages in pairs)


def elfcore():
    for kind in (0, 2):
        fixed = bytes([20, kind, 2, 2, 2, 4, 8]) + number(47) + number(48) + b"\x40" + number(30)
        notes = number(31, 1) + number(31, 2)
        yield (fixed + bytes([16] * (kind // 2)) + ranges([(0, 64), (80, 40)]) +
               ranges([(10, 4), (90, 90)]) + notes)


def timeline_abi():
    spans = [(100 + 10 * i, 105 + 10 * i) for i in range(6)] + [(200, 0)]
    head = struct.pack(">IIQQQ", 0x6b657874, 1, 0, 62500000, 7)
    data = head + b"".join(struct.pack(">QQ", *s) for s in spans)
    now = b"\2" + struct.pack("<Q", 1000)[:7]
    yield now + data
    yield now + data.replace(struct.pack(">Q", 7), struct.pack(">Q", 8), 1) + bytes(16)
    yield now + bytes(len(data))
    text = b"A=1\nNUMBER(kexec_panic_ticks)=123\nB=2\n"
    for name in (b"CORE\0\0\0\0", b"VMCOREINFO\0\0"):
        note = struct.pack("<III", len(name.rstrip(b"\0")) + 1, len(text), 0) + name + text
        yield now + note + bytes(-len(note) % 4)


def range_map():
    for where in (0, 0x8c):
        yield bytes([where, 12]) + b"".join(bytes(op) for op in (
            [3, 4, 20], [4, 8, 10], [3, 30, 40], [2, 9, 12], [0, 0, 60, 4], [8, 0, 60, 2],
            [5, 0, 63], [4, 0, 1], [6, 2, 3], [1, 0, 0] + [12, 0] * 4 + [1]))


def extent():
    yield bytes([4, 200]) + bytes([4, 100, 3, 0, 0, 0, 2, 5, 0, 0, 3, 7, 2, 60, 1, 1])
    yield bytes([10, 8]) + bytes([9, 200, 15, 0, 0, 9, 1, 1, 0, 4, 1, 5, 40, 40, 1, 0])
    yield bytes([12, 1]) + bytes([0, 0, 250, 0x19, 3, 0, 250, 0x19])
    yield bytes([1, 0, 3, 1]) + b"".join(number(b) for b in (12, 30, 12, 13, 31, 12, 14, 32, 12,
                                                             13, 12))


def program(names):
    """Headers of a PE program with sections of 64 bytes, which follow each other."""
    head = struct.pack("<2s58xI", b"MZ", 64)
    coff = struct.pack("<4sHH12xHH", b"PE\0\0", 0xaa64, len(names), 16, 0)
    return head + coff + bytes(16) + b"".join(
        struct.pack("<8sIIII16x", name, 60, 0, 64, 1024 + 64 * i) for i, name in enumerate(names))


def uki():
    stub = [b".text", b".osrel", b".cmdline", b".uname", b".initrd", b".linux"]
    for names, profile in ((stub, 0), (stub + [b".profile", b".cmdline", b".dtbauto"] * 2, 1),
                           ([b".profile", b".initrd", b".linux", b".profile"], 0)):
        yield bytes([0, profile, 0, 8]) + program(names)
    # A signed program with 320 bytes of headers and two sections
    dirs = bytes(36) + struct.pack("<I", 40)
    opt = struct.pack("<H58xI44xI", 0x20b, 320, 5) + dirs
    coff = struct.pack("<4sHH12xHH", b"PE\0\0", 0xaa64, 2, len(opt), 0)
    table = b"".join(struct.pack("<8sIIII16x", b".linux", 30, 0, 32, at) for at in (320, 352))
    yield bytes(4) + (struct.pack("<2s58xI", b"MZ", 64) + coff + opt + table).ljust(400, b"\0")
    yield b"\1\0\0\0@1 quiet  splash\n"
    yield b"\1\0\0\0ID=debian\nPRETTY_NAME=\"Debian\"\nPRETTY_NAME=x\n"


def entry(name, mode, body=b"", magic=b"070701"):
    """An entry of a cpio archive."""
    name += b"\0"
    numbers = (1, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(name), 0)
    head = magic + b"".join(b"%08x" % n for n in numbers) + name
    return head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4)


def initrd_cpio():
    rows = (entry(b"dir", 0o040755) + entry(b"dir/file", 0o100644, b"text"),
            entry(b"link", 0o120777, b"file", b"070702") + entry(b"TRAILER!!!", 0) + bytes(12),
            entry(b"cut", 0o100600, bytes(40))[:-4], entry(b"next", 0o020600) + b"\x1f\x8b",
            entry(b"huge", 0o100644).replace(b"00000000", b"ffffffff"))
    for row in rows:
        for step in (0, 7, 110):
            yield bytes([2 * step]) + row
    text = b"word = 1\n\0\0"
    for pad in range(4):
        yield b"\1" + text + struct.pack("<II", len(text), sum(text)) + b"#BOOTCONFIG\n" + bytes(pad)


SEEDS = {make.__name__: make for make in (image_header, image_unpack, fdt, crashkernel_param,
                                          elfcore, timeline_abi, range_map, extent, uki,
                                          initrd_cpio)}
