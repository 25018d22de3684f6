# SPDX-License-Identifier: GPL-2.0-only
"""What the scripts do on hosts that cannot run them: one line with the reason, and no more."""

import os
import subprocess
import tempfile
from pathlib import Path

LIB = Path(__file__).resolve().parents[5] / "scripts/lib.sh"


def run(code, folder, **env):
    """Runs shell code after lib.sh, with the programs in @folder first; returns its errors."""
    done = subprocess.run(["bash", "-c", f". {LIB}; {code}; echo went on >&2"], check=False,
                          env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"} | env,
                          capture_output=True, text=True)
    return done.stderr.splitlines()


def fake(folder, name, output):
    path = Path(folder, name)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n", encoding="ascii")
    path.chmod(0o755)


def check_line(tap, lines, text, name):
    """There must be that one line. The script stops there."""
    tap.check(len(lines) == 1 and text in lines[0], f"scripts: {name}")


def check_passes(tap, lines, name):
    tap.check(lines == ["went on"], f"scripts: {name}")


def test_space(tap):
    head = "Filesystem 1M-blocks Used Available Capacity Mounted"
    with tempfile.TemporaryDirectory() as folder:
        fake(folder, "df", f"{head}\n/dev/vda 9000 8001 999 90% /")
        check_line(tap, run("need_space /tmp 1000 kernel", folder),
                   "kernel: disk space: 999 MB in /tmp (at least 1000 MB)", "too little space")
        check_passes(tap, run("need_space /tmp 999 kernel", folder), "enough space")


def test_qemu(tap):
    with tempfile.TemporaryDirectory() as folder:
        for version, good in (("6.2.0", False), ("7.1.50", False), ("7.2.22", True), ("10.0.8", True)):
            fake(folder, "qemu-system-aarch64", f"QEMU emulator version {version} (Debian)")
            lines = run("need_qemu", folder)
            if good:
                check_passes(tap, lines, f"QEMU {version}")
            else:
                check_line(tap, lines, "(at least 7.2)", f"QEMU {version} is too old")
        fake(folder, "qemu-system-aarch64", "")
        check_line(tap, run("need_qemu", folder), "not found", "no QEMU")


def test_release(tap):
    with tempfile.TemporaryDirectory() as folder:
        for text, good in (('ID=debian\nVERSION_ID="12"', True), ('ID=debian\nVERSION_ID="13"', True),
                           ('ID=debian\nVERSION_ID="11"', False), ("ID=debian", False),
                           ('ID=ubuntu\nVERSION_ID="24.04"', False), ("", False)):
            path = Path(folder, "os-release")
            path.write_text(text, encoding="ascii")
            lines = run("need_release", folder, OS_RELEASE=str(path))
            name = f"host {' '.join(text.split()) or 'without os-release'}"
            if good:
                check_passes(tap, lines, name)
            else:
                check_line(tap, lines, "(Debian 12 or 13)", f"{name} is refused")


def test_base(tap):
    with tempfile.TemporaryDirectory() as folder:
        check_line(tap, run("base_tarball=/none; need_base", folder), "/none is missing: run",
                   "no kernel source")
