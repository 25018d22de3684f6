# SPDX-License-Identifier: GPL-2.0-only
"""Archives that the kernel will unpack."""

import io
import subprocess

import cpio


def test_cpio(tap):
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add_dir("d")
    archive.add_file("d/f", b"hello")
    archive.add_chunks("d/g", 6, [b"abc", b"def"])
    archive.close()
    done = subprocess.run(["cpio", "-i", "--quiet", "--to-stdout", "d/f", "d/g"],
                          input=stream.getvalue(), capture_output=True, check=False)
    tap.check(done.stdout == b"helloabcdef", "cpio: the archive unpacks")
