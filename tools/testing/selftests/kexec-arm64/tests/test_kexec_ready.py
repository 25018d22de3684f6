# SPDX-License-Identifier: GPL-2.0-only
"""kexec-ready, with files in place of the kernel's, and the units that call it."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parents[4] / "kexec-ready"


def ask(folder, *args):
    done = subprocess.run([TOOL / "kexec-ready", *args], check=False, capture_output=True,
                          text=True, env=os.environ | {"FOLDER": folder})
    return done.returncode, done.stderr


def test_answers(tap):
    with tempfile.TemporaryDirectory() as folder:
        status, said = ask(folder)
        tap.check(status == 0 and "nothing is checked" in said, "kexec-ready: another kernel")
        Path(folder, "ready").write_text("0\n", encoding="ascii")
        Path(folder, "crash_ready").write_text("EUCLEAN\nno dump: changed\n", encoding="ascii")
        tap.check(ask(folder) == (0, ""), "kexec-ready: yes")
        tap.check(ask(folder, "--crash") == (1, "EUCLEAN\nno dump: changed\n"), "kexec-ready: no")
        tap.check(ask(folder, "--other")[0] == 2, "kexec-ready: usage")
        warning = "ENOSPC\nIMA list: too small\n"
        Path(folder, "ready").write_text(warning, encoding="ascii")
        tap.check(ask(folder) == (1, warning), "kexec-ready: a warning, early")
        tap.check(ask(folder, "--late") == (0, warning), "kexec-ready: a warning, late")
        Path(folder, "ready").write_text("EBUSY\n", encoding="ascii")
        tap.check(ask(folder, "--late") == (1, "EBUSY\n"), "kexec-ready: no, late")


def test_units(tap):
    installed = "/usr/lib/kexec-ready/kexec-ready"
    for unit, call in (("kexec-reboot.service", installed),
                       ("systemd-kexec.conf", f"{installed} --late")):
        found = re.findall(r"^ExecStartPre=(.+)$", (TOOL / unit).read_text(encoding="ascii"), re.M)
        tap.check(found == [call], f"kexec-ready: {unit} asks first")
