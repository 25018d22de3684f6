# SPDX-License-Identifier: GPL-2.0-only
"""Initrds in the forms that the kernel unpacks at load time, or loads as they are.

Each is made of the common root and of the archive of the case, so that a kernel that starts
with it continues the case, whatever its form.
"""

import bz2
import gzip
import io
import lzma
import random
import stat
import subprocess

import cpio

# The next kernel takes a cpio archive after lz4 only if there are zeroes between them.
GAP = 512
MTIME = 1234567890
HOLE = 600 << 20
BULK = 24 << 20

COMMANDS = {
    "lz4": ["lz4", "-l", "-1", "-", "-"],
    "lzo": ["lzop", "-1"],
    "zstd": ["zstd", "-q", "-3"],
}
LIBRARIES = {
    "gzip": lambda data: gzip.compress(data, 1, mtime=0),
    "bzip2": lambda data: bz2.compress(data, 1),
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE, preset=0),
    "xz": lambda data: lzma.compress(data, lzma.FORMAT_XZ, lzma.CHECK_CRC32, preset=0),
}
PACKERS = (*COMMANDS, *LIBRARIES)


# The packers of the other names.
USED = {"mixed": ("zstd", "lz4"), "cut": ("zstd",), "nested": (), "large": ("zstd",),
        "bomb": ("zstd",), "unpack-files": ("zstd",)}


def tools(names):
    """Programs that make the initrds."""
    used = {packer for name in names for packer in USED.get(name, (name,))}
    return sorted(COMMANDS[packer][0] for packer in used if packer in COMMANDS)


def add_samples(archive):
    """Members whose modes, owners, times and links a wrong unpacking would change."""
    archive.add_dir("samples")
    archive.add("samples/set", stat.S_IFREG | 0o6751, b"x" * 5001, owner=(7, 65534), mtime=MTIME)
    archive.add("samples/empty", stat.S_IFREG, owner=(1, 2), mtime=MTIME + 1)
    archive.add("samples/link", stat.S_IFLNK | 0o777, b"../samples/none", mtime=MTIME + 2)
    archive.add("samples/pipe", stat.S_IFIFO | 0o640, mtime=MTIME + 3)
    archive.add("samples/null", stat.S_IFCHR | 0o606, device=(1, 3), mtime=MTIME + 4)
    archive.add("samples/disk", stat.S_IFBLK | 0o660, device=(8, 17), owner=(0, 6))
    # One file: the content is with the last name.
    archive.inode += 1
    archive.add("samples/first", stat.S_IFREG | 0o604, links=2, mtime=MTIME + 5)
    archive.add("samples/second", stat.S_IFREG | 0o604, b"shared", links=2, mtime=MTIME + 5)
    archive.inode += 1
    archive.add("samples/sticky", stat.S_IFDIR | 0o1733, owner=(3, 4), mtime=MTIME + 6)


def pack(name, data):
    if name in LIBRARIES:
        return LIBRARIES[name](data)
    return subprocess.run(COMMANDS[name], input=data, stdout=subprocess.PIPE, check=True).stdout


def padded(data):
    return data + bytes(GAP + -len(data) % cpio.ALIGN)


def hole():
    """A file of zeroes that the next kernel would skip, packed."""
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add("none/zeroes", stat.S_IFREG | 0o644)
    start = stream.getvalue()
    # The size is the seventh number.
    start = start[:54] + b"%08X" % HOLE + start[62:]
    command = subprocess.Popen(COMMANDS["zstd"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with command:
        command.stdin.write(start)
        for _ in range(HOLE >> 20):
            command.stdin.write(bytes(1 << 20))
        command.stdin.close()
        return command.stdout.read()


def bulk():
    """A file of hexadecimal digits, half of which a packer saves."""
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add_file("bulk", random.Random(BULK).randbytes(BULK // 2).hex().encode())
    archive.close()
    return stream.getvalue()


def files(folder):
    """All files of a folder, which a first root cannot meet."""
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add_dir("files")
    archive.add_tree(folder, "files/")
    archive.close()
    return stream.getvalue()


def boot_config(data):
    """A boot configuration at the end, see Documentation/admin-guide/bootconfig.rst."""
    text = b'samples.word = "unpacked"\n\0'
    text += bytes(-(len(data) + len(text)) % cpio.ALIGN)
    words = len(text).to_bytes(4, "little") + sum(text).to_bytes(4, "little")
    return data + text + words + b"#BOOTCONFIG\n"


def make(name, root, own):
    """@root and @own are archives that are not packed."""
    if name in PACKERS:
        return padded(pack(name, root)) + padded(pack(name, own))
    if name == "mixed":
        parts = [padded(own), padded(pack("xz", own)), padded(pack("zstd", root)),
                 padded(pack("lz4", own)), pack("lzma", own)]
        return boot_config(padded(b"".join(parts)))
    if name == "cut":
        return padded(own) + pack("zstd", root)[:-1000]
    if name == "nested":
        return padded(own) + pack("gzip", pack("gzip", root))
    if name == "unpack-files":
        return padded(pack("zstd", root)) + padded(own)
    if name == "large":
        return padded(own) + pack("zstd", root + bulk())
    if name == "bomb":
        return padded(pack("zstd", root)) + padded(own) + hole()
    raise ValueError(f"no initrd {name}")


def write(name, archives, first, target):
    """@archives: the packed archives that the initrd @first of the case starts with."""
    data = first.read_bytes()
    root = b""
    for path in archives:
        packed = path.read_bytes()
        data = data[len(packed) + -len(packed) % cpio.ALIGN:]
        root += gzip.decompress(packed)
        root += bytes(-len(root) % cpio.ALIGN)
    if name == "unpack-files":
        root += files(archives[0].parent / "debian")
    target.write_bytes(make(name, root, data))
