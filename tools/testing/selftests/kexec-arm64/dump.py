# SPDX-License-Identifier: GPL-2.0-only
"""Looks into a dump that a guest has saved, with the arm64 makedumpfile itself.

It runs under QEMU's user emulation on the guest's first root, so that the host
needs no dump tool of its own.
"""

import shutil
import subprocess
from pathlib import Path

USER_QEMU = ("qemu-aarch64-static", "qemu-aarch64")
SIGNATURE = b"KDUMP   "
PANIC = "sysrq triggered crash"


class Missing(Exception):
    """A tool of the host is not there; the text is its name."""


def user_qemu():
    for name in USER_QEMU:
        if path := shutil.which(name):
            return path
    raise Missing(USER_QEMU[0])


def dmesg(path, root):
    """The kernel log inside the dump, or None when makedumpfile finds none."""
    out = Path(path).with_suffix(".dmesg")
    out.unlink(missing_ok=True)
    subprocess.run([user_qemu(), "-L", str(root), str(root / "bin/makedumpfile"),
                    "--dump-dmesg", str(path), str(out)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return out.read_text(errors="replace") if out.is_file() else None


def check(path, root, panic=PANIC):
    """Returns (faults, notes)."""
    if not path.is_file():
        return [f"no dump was saved as {path.name}"], []
    with open(path, "rb") as stream:
        if stream.read(len(SIGNATURE)) != SIGNATURE:
            return [f"{path.name} does not start as a dump does"], []
    log = dmesg(path, root)
    if not log:
        return [f"makedumpfile finds no kernel log in {path.name}"], []
    if panic not in log:
        return [f"the log in {path.name} does not hold the panic"], []
    return [], [f"{path.name}: {path.stat().st_size} bytes, log of {len(log.splitlines())} lines"]
