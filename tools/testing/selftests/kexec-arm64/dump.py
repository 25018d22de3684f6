# SPDX-License-Identifier: GPL-2.0-only
"""Looks into the dumps that a guest has saved.

Three readers, each with its own idea of how to find things: makedumpfile, the
arm64 program itself under QEMU's user emulation; drgn of the host, which runs
dump_look.py; and crash, again the arm64 program. The last two need the kernel's
debug information, and are asked when the table says what they have to find
("look"): "panic", a regex for the log; "trace", functions on the stack of the CPU
that panicked; "module", that crash_test was loaded; "crash", that crash is asked,
too. In a dump whose name begins with "full" user memory must be found as well; one
that begins with "elf" is left to makedumpfile.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

USER_QEMU = ("qemu-aarch64-static", "qemu-aarch64")
SIGNATURES = (b"KDUMP   ", b"\x7fELF")
PANIC = "sysrq triggered crash"
TRACE = ["sysrq_handle_crash"]
LOOK = Path(__file__).with_name("dump_look.py")
CRASH_INPUT = "bt\nlog\nquit\n"
TIMEOUT_S = 300


class Missing(Exception):
    """A tool of the host is not there; the text is its name."""


def tool(*names):
    for name in names:
        if path := shutil.which(name):
            return path
    raise Missing(names[0])


def run(args, **more):
    """What a program prints, or why it does not."""
    try:
        done = subprocess.run(args, capture_output=True, check=False, timeout=TIMEOUT_S, **more)
    except subprocess.TimeoutExpired:
        return "", f"{Path(args[0]).name} takes longer than {TIMEOUT_S} s"
    said = done.stdout.decode(errors="replace")
    why = done.stderr.decode(errors="replace").strip().splitlines()
    if not done.returncode:
        return said, ""
    return said, f"{Path(args[0]).name} ends with {done.returncode}: {' / '.join(why[-3:])}"


def guest_program(root, name):
    return [tool(*USER_QEMU), "-L", str(root), str(root / "bin" / name)]


def dmesg(path, root):
    """The kernel log inside the dump as makedumpfile finds it, and why it does not."""
    out = Path(path).with_suffix(".dmesg")
    out.unlink(missing_ok=True)
    _, why = run(guest_program(root, "makedumpfile") + ["--dump-dmesg", str(path), str(out)])
    return out.read_text(errors="replace") if out.is_file() else "", why


def check_log(path, root, panic):
    log, why = dmesg(path, root)
    if why or not log:
        return [f"makedumpfile finds no kernel log in {path.name}; {why}"], []
    if not re.search(panic, log):
        return [f"the log in {path.name} does not hold the panic"], []
    return [], [f"{path.name}: {path.stat().st_size} bytes, log of {len(log.splitlines())} lines"]


def planted(case, share):
    """Bytes and SHA-256 of what the process was given, if there is one."""
    for step in case.steps:
        if step.startswith("plant "):
            path = share / step.split()[1]
            with open(path, "rb") as stream:
                return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
    return 0, ""


def check_drgn(path, vmlinux, wanted):
    said, why = run([tool("drgn"), "-q", "-c", str(path), "-s", str(vmlinux), str(LOOK),
                     json.dumps(wanted)])
    try:
        found = json.loads(said.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return [f"{path.name}: {why or said}"], []
    return ([f"{path.name}: drgn: {text}" for text in found["faults"]],
            [f"{path.name}: drgn: {text}" for text in found["notes"]])


def check_crash(path, vmlinux, wanted, root):
    said, why = run(guest_program(root, "crash") + ["-s", "--no_modules", str(vmlinux), str(path)],
                    input=CRASH_INPUT.encode(), env=os.environ | {"TERM": "dumb"})
    faults = [f"{path.name}: crash: no {text}" for text in (*wanted["trace"], wanted["panic"])
              if text not in said]
    if faults:
        faults.append(f"crash says: {why} {said[-500:]}")
    return faults, [f"{path.name}: crash: {len(said.splitlines())} lines of bt and log"]


def need_tools(case, root):
    """Before anything is judged: what is missing must not hide what is wrong."""
    tool(*USER_QEMU)
    if case.look:
        tool("drgn")
    if case.look.get("crash") and not (root / "bin/crash").is_file():
        raise Missing("crash")


def check(case, name, store):
    """Returns (faults, notes) for one dump of a case that has ended."""
    share, root = store.work(case) / "share", store.build / "rootfs/root"
    need_tools(case, root)
    path = share / "out" / name
    if not path.is_file():
        return [f"no dump was saved as {name}"], []
    with open(path, "rb") as stream:
        if not stream.read(8).startswith(SIGNATURES):
            return [f"{name} does not start as a dump does"], []
    wanted = {"panic": PANIC, "trace": TRACE, "cpus": case.smp} | case.look
    results = [check_log(path, root, wanted["panic"])]
    if case.look and not name.startswith("elf"):
        # The last kernel is the one that captures
        vmlinux = store.kernel(case.boots[-2].kernel).parents[3] / "vmlinux"
        wanted["memory"] = name.startswith("full")
        wanted["plant"], wanted["sha256"] = planted(case, share) if wanted["memory"] else (0, "")
        results.append(check_drgn(path, vmlinux, wanted))
        if wanted.get("crash") and not wanted["memory"]:
            results.append(check_crash(path, vmlinux, wanted, root))
    return [sum(column, []) for column in zip(*results)]
