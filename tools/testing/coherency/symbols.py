# SPDX-License-Identifier: GPL-2.0-only
"""Turns addresses of the plugin's reports into functions and lines of a kernel."""

import re
import struct
import subprocess
from dataclasses import dataclass, field

CROSS = "aarch64-linux-gnu-"
PAGE = 4096
SHF_ALLOC = 2
# Code that runs from copies: the relocation page and the EL2 vectors
COPIED = ("arm64_relocate_new_kernel", "trans_pgd_stub_vectors")
OURS = re.compile(r"^(kernel|arch/arm64)/kexec/")


@dataclass
class Frame:
    """A function and a line of it."""
    function: str
    file: str
    line: int

    def __str__(self):
        return f"{self.function}() {self.file}:{self.line}"


@dataclass
class Place:
    """Where an instruction is: the function, and those that it is inlined into."""
    frames: list = field(default_factory=list)
    text: str = ""

    @property
    def ours(self):
        return any(OURS.match(frame.file) for frame in self.frames)

    def __str__(self):
        return " < ".join(map(str, self.frames)) or self.text


def relative(path):
    """A path of the kernel's tree: objects are compiled in a folder below it."""
    return path.split("/../")[-1].split("/src/ours/")[-1].lstrip("./")


class Kernel:
    """A vmlinux."""

    def __init__(self, path):
        self.path = path
        self.places = {}
        nm = subprocess.run([CROSS + "nm", path], check=True, capture_output=True, text=True)
        self.symbols = {words[2]: int(words[0], 16) for line in nm.stdout.splitlines()
                        if len(words := line.split()) == 3}
        self.text = self.symbols["_text"]
        self.sections = list(self.read_sections())

    def read_sections(self):
        """Address, offset in the file and size of each section that is loaded."""
        with open(self.path, "rb") as stream:
            header = stream.read(64)
            offset, = struct.unpack_from("<Q", header, 40)
            size, count = struct.unpack_from("<HH", header, 58)
            stream.seek(offset)
            for _ in range(count):
                flags, address, at, length = struct.unpack_from("<QQQQ", stream.read(size), 8)
                if flags & SHF_ALLOC:
                    yield address, at, length

    def read(self, address, length):
        for start, offset, size in self.sections:
            if start <= address and address + length <= start + size:
                with open(self.path, "rb") as stream:
                    stream.seek(offset + address - start)
                    return stream.read(length)
        return b""

    def original(self, pc, words):
        """The address at which copied code was linked, found by its instructions."""
        for name in COPIED:
            address = self.symbols.get(name, 0)
            va = address + pc % (PAGE if name == COPIED[0] else PAGE // 2)
            if address and words.strip(b"\0") and self.read(va, len(words)) == words:
                return va
        return None

    def address(self, pc, words, images):
        """Where @pc is linked; @images are pairs of start and size, the last one newest."""
        if pc >= self.text:
            return pc
        for start, size in reversed(images):
            if start <= pc < start + size:
                return pc - start + self.text
        return self.original(pc, words)

    def look_up(self, addresses):
        """Fills the table of places."""
        wanted = sorted(set(addresses) - set(self.places))
        if not wanted:
            return
        lines = subprocess.run([CROSS + "addr2line", "-afi", "-e", self.path],
                               input="".join(f"{va:#x}\n" for va in wanted), check=True,
                               capture_output=True, text=True).stdout.splitlines()
        place = None
        pairs = iter(lines)
        for line in pairs:
            if line.startswith("0x"):
                place = self.places[int(line, 16)] = Place(text=line)
                continue
            file, _, number = next(pairs).split(" (")[0].rpartition(":")
            if line != "??":
                place.frames.append(Frame(line, relative(file),
                                          int(number) if number.isdigit() else 0))

    def place(self, address):
        self.look_up([address])
        return self.places[address]
