# SPDX-License-Identifier: GPL-2.0-only
"""The kselftests and the checklist of a real machine, in a folder that looks like one."""

import os
import subprocess
import tempfile
from pathlib import Path

SELFTESTS = Path(__file__).resolve().parents[1]
FILES = {
    "proc/sys/kernel/kexec_load_disabled": "0\n", "proc/sys/kernel/random/boot_id": "first\n",
    "proc/cpuinfo": "CPU part\t: 0xd0b\n", "proc/meminfo": "MemTotal: 8 kB\n", "proc/cmdline": "quiet\n",
    "sys/devices/system/cpu/online": "0-3\n", "sys/firmware/devicetree/base/model": "Board\0",
    "sys/kernel/kexec/ready": "EINVAL\n", "sys/kernel/kexec/crash_ready": "0\n",
    "sys/kernel/kexec_loaded": "0\n", "sys/kernel/kexec_crash_loaded": "0\n",
    "sys/kernel/kexec_crash_size": "0\n",
}
PROGRAMS = {"uname": "case $1 in -r) echo 6.12;; *) echo aarch64;; esac", "id": "echo ${FAKE_ID:-0}",
            "systemctl": "exit 0", "kexec": "exit 0", "dmesg": "exit 0"}


class Board:
    """A folder with the files of a machine, programs that replace those of the host, and the tests."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.tests = self.folder / "kselftest"
        self.tests.mkdir()
        for name in ("board.sh", "load.sh", "bad_input.sh", "kselftest_lib.sh"):
            (self.tests / name).symlink_to(SELFTESTS / name)
        for name in ("kexec_direct", "kexec_bad_input"):
            self.program(self.tests / name, "exit 0")
        for name, text in FILES.items():
            self.write(name, text)
        for name, code in PROGRAMS.items():
            self.program(self.folder / "bin" / name, code)
        for name in ("vmlinuz-6.12", "initrd.img-6.12"):
            self.write(f"boot/{name}", "\0" * 56 + "ARMd")

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")

    def program(self, path, code):
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{code}\n", encoding="ascii")
        path.chmod(0o755)

    def run(self, name, *args, **env):
        """Status and output of a script."""
        done = subprocess.run([self.tests / name, *args], check=False, capture_output=True, text=True,
                              env=os.environ | {"ROOT": str(self.folder),
                                                "FOLDER": str(self.folder / "state"),
                                                "PATH": f"{self.folder}/bin:{os.environ['PATH']}"} | env)
        return done.returncode, done.stdout + done.stderr


def test_skips(tap):
    for change, env, reason in (
            (None, {"FAKE_ID": "1000"}, "not root"),
            (("sys/kernel/kexec/ready", None), {}, "another kexec"),
            (("proc/sys/kernel/kexec_load_disabled", "1\n"), {}, "until the next boot"),
            (("sys/kernel/kexec_loaded", "1\n"), {}, "an image is loaded"),
            (("sys/kernel/kexec_crash_loaded", "1\n"), {}, "a crash image is loaded"),
            (("boot/vmlinuz-6.12", None), {}, "set KERNEL"), (("boot/initrd.img-6.12", None), {}, "set INITRD")):
        with tempfile.TemporaryDirectory() as folder:
            board = Board(folder)
            if change and change[1] is None:
                (board.folder / change[0]).unlink()
            elif change:
                board.write(*change)
            for name in ("load.sh", "bad_input.sh"):
                status, said = board.run(name, **env)
                tap.check(status == 4 and "1..0 # SKIP" in said and reason in said, f"board: {name}: {reason}")


def test_kernels(tap):
    with tempfile.TemporaryDirectory() as folder:
        board = Board(folder)
        board.program(board.tests / "kexec_bad_input", 'echo "got $2"; exit 3')
        tap.check(board.run("bad_input.sh")[0] == 3, "board: the status of the program is that of the test")
        board.write("boot/vmlinuz-6.12", "neither")
        status, said = board.run("bad_input.sh")
        tap.check(status == 4 and "neither an Image" in said, "board: an unknown kernel")
        subprocess.run(["gzip", "-c"], check=True, input=b"\0" * 56 + b"ARMd",
                       stdout=open(board.folder / "boot/vmlinuz-6.12", "wb"))
        tap.check("/Image" in board.run("bad_input.sh")[1], "board: an Image.gz is unpacked")


def test_load(tap):
    with tempfile.TemporaryDirectory() as folder:
        status, said = Board(folder).run("load.sh")
        tap.check(status == 1 and "not ok 2 an image is loaded" in said and "1..15" in said
                  and "ok 15" in said, "board: a program that loads nothing is noticed")


def report(board):
    status, said = board.run("board.sh", "--report")
    return status, [line for line in said.splitlines() if line.startswith("[")]


def test_report(tap):
    with tempfile.TemporaryDirectory() as folder:
        board = Board(folder)
        status, lines = report(board)
        tap.check(status == 1 and [line[:6] for line in lines] == ["[open]"] * 4, "board: nothing has been run")
        board.run("board.sh")
        status, lines = report(board)
        tap.check("[fail] load.sh: not ok 2" in lines[0] and "[pass] bad_input.sh" in lines[1],
                  "board: results of the tests")
        board.write("sys/kernel/kexec/ready", "0\n")
        board.run("board.sh", "--kexec")
        tap.check("still the same boot" in report(board)[1][2], "board: a kexec that did nothing")
        board.write("proc/sys/kernel/random/boot_id", "second\n")
        tap.check("not by kexec" in report(board)[1][2], "board: a reboot by firmware")
        board.write("sys/kernel/kexec_timeline", "devices 1 2\n")
        tap.check("[pass] kexec" in report(board)[1][2], "board: a kexec")
        board.write("sys/kernel/kexec/crash_ready", "ENOENT\n")
        tap.check(board.run("board.sh", "--panic")[0] == 1, "board: no panic without a crash image")
        board.write("sys/kernel/kexec/crash_ready", "0\n")
        board.run("board.sh", "--panic")
        tap.check((board.folder / "proc/sysrq-trigger").read_text(encoding="ascii") == "c\n", "board: a panic")
        board.write("proc/sys/kernel/random/boot_id", "third\n")
        (board.folder / "sys/kernel/kexec_timeline").unlink()
        tap.check("no dump" in report(board)[1][3], "board: a panic without a dump")
        board.write("var/crash/1/dump.1", "data")
        os.utime(board.folder / "state/panic", (0, 0))
        tap.check("[pass] panic" in report(board)[1][3] and "[pass] kexec" in report(board)[1][2],
                  "board: a dump, and the kexec before it")
