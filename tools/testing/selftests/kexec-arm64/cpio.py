#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes cpio archives that the kernel unpacks as its first root.

The format is "newc" (Documentation/driver-api/early-userspace/buffer-format.rst).
The same input always gives the same bytes: names are sorted, times and owners
are zero, and device nodes need no privilege because nothing is created on disk.

As a program: cpio.py TREE > ARCHIVE, with /dev/console added.
"""

import os
import stat
import sys
from pathlib import Path

ALIGN = 4
CONSOLE = (5, 1)
# Headers of one member with a short name and of the trailer, at most
HOLE_OVERHEAD = 256


class Archive:
    """Appends members to a binary stream; close() writes the trailer."""

    def __init__(self, stream):
        self.stream = stream
        self.inode = 0
        self.offset = 0

    def _put(self, data):
        self.stream.write(data)
        self.offset += len(data)

    def _pad(self):
        self._put(b"\0" * (-self.offset % ALIGN))

    def _header(self, name, mode, size, device=(0, 0), owner=(0, 0), links=1, mtime=0):
        # All names of a file with several links have one number.
        self.inode += links == 1
        raw = name.encode() + b"\0"
        # ino mode uid gid nlink mtime size devmajor devminor rdevmajor rdevminor namesize check
        fields = (self.inode, mode, *owner, links, mtime, size, 0, 0, *device, len(raw), 0)
        self._put(b"070701" + b"".join(b"%08X" % f for f in fields) + raw)
        self._pad()

    def add(self, name, mode, data=b"", device=(0, 0), **more):
        self._header(name, mode, len(data), device, **more)
        self._put(data)
        self._pad()

    def add_file(self, name, data, perm=0o644):
        self.add(name, stat.S_IFREG | perm, data)

    def add_dir(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def add_chunks(self, name, size, chunks):
        """A regular file too large to be held in memory at once."""
        self._header(name, stat.S_IFREG | 0o644, size)
        for chunk in chunks:
            self._put(chunk)
        self._pad()

    def add_hole(self, name, size):
        """A regular file of zeroes that takes no room on the host's disk."""
        self._header(name, stat.S_IFREG | 0o644, size)
        self.stream.seek(size, os.SEEK_CUR)
        self.offset += size
        self._pad()

    def add_tree(self, root, place=""):
        root = Path(root)
        for path in sorted(root.rglob("*")):
            name, mode = f"{place}{path.relative_to(root)}", path.lstat().st_mode
            if stat.S_ISLNK(mode):
                self.add(name, mode, os.readlink(path).encode())
            elif stat.S_ISDIR(mode):
                self.add(name, mode)
            elif stat.S_ISREG(mode):
                self.add(name, mode, path.read_bytes())

    def close(self):
        self.add("TRAILER!!!", 0)


def main():
    archive = Archive(sys.stdout.buffer)
    archive.add_tree(sys.argv[1])
    archive.add("dev/console", stat.S_IFCHR | 0o600, device=CONSOLE)
    archive.close()


if __name__ == "__main__":
    main()
