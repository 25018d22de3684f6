# SPDX-License-Identifier: GPL-2.0-only
"""Checks the dumps that a guest has saved.

Three readers, each with its own way to find things: makedumpfile, the arm64 program
itself under QEMU's user emulation; drgn of the host, which runs drgn_check.py; and
crash, again the arm64 program. drgn and crash need the kernel's debug information; of
a kernel without it, the log in the dump must show the backtrace. A case's "inspect"
says what differs from a panic by sysrq on all CPUs:

  panic    a regex for the log, if it is not the case's first panic
  trace    functions on the stack of the CPU that panicked
  cpus     the number of CPUs with registers in the dump
  module   the module crash_test was loaded
  crash    crash is asked, too
  threads  makedumpfile writes the same with so many threads
  dmesg    false where makedumpfile does not know the kernel

In a dump whose name begins with "full", user memory must be found as well. One whose
name begins with "elf" is an ELF file, in which vmcore_walk.py translates addresses with
the keys of vmcoreinfo and the program headers only. If kexec-tools wrote the header,
its virtual addresses are wrong, so drgn does not read it.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import vmcore_walk

USER_QEMU = ("qemu-aarch64-static", "qemu-aarch64")
SIGNATURES = (b"KDUMP   ", b"\x7fELF")
TRACE = ["sysrq_handle_crash"]
# The same in the kernel's own backtrace: sysrq_handle_crash() ends with the call of panic(),
# so the return address is already in another function
LOG_TRACE = ["__handle_sysrq"]
CHECK = Path(__file__).with_name("drgn_check.py")
CRASH_INPUT = "help -m\nlog\nbt -a\nquit\n"
# Where crash begins a backtrace, as on the base kernel: on the CPU that panicked ...
CRASH_PANIC = ("machine_kexec", "__crash_kexec")
# ... and on one that was stopped
CRASH_STOPPED = ("crash_save_cpu",)
CRASH_FRAME = re.compile(r"^ *#\d+ \[\w+\] (\w+) at ")
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


def check_dmesg(path, root, panic, trace=()):
    """The log must hold the panic, and each function of @trace in what follows it."""
    log, why = dmesg(path, root)
    if why or not log:
        return [f"makedumpfile finds no kernel log in {path.name}; {why}"], []
    if not (found := re.search(panic, log)):
        return [f"the log in {path.name} does not hold the panic"], []
    faults = [f"{path.name}: log: no {name} after the panic" for name in trace
              if not re.search(rf"\b{name}\+0x", log[found.start():])]
    return faults, [f"{path.name}: {path.stat().st_size} bytes, "
                    f"log of {len(log.splitlines())} lines"]


def marked(case, share):
    """Bytes and SHA-256 of what the process was given, if there is one."""
    for step in case.steps:
        if step.startswith("mark-memory "):
            path = share / step.split()[1]
            with open(path, "rb") as stream:
                return path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest()
    return 0, ""


def check_drgn(path, vmlinux, wanted):
    said, why = run([tool("drgn"), "-q", "-c", str(path), "-s", str(vmlinux), str(CHECK),
                     json.dumps(wanted)])
    try:
        found = json.loads(said.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return [f"{path.name}: {why or said}"], []
    return ([f"{path.name}: drgn: {text}" for text in found["faults"]],
            [f"{path.name}: drgn: {text}" for text in found["notes"]])


def crash_frames(said):
    """The functions of each backtrace, innermost first."""
    traces = []
    for line in said.splitlines():
        if line.startswith("PID: "):
            traces.append([])
        elif traces and (match := CRASH_FRAME.match(line)):
            traces[-1].append(match.group(1))
    return [trace for trace in traces if trace]


def check_frames(said, wanted):
    """crash must recognize where a kdump begins, as it does on the base kernel."""
    faults = [] if "KDUMP_ENABLED" in said else ["crash does not set KDUMP_ENABLED"]
    for trace in crash_frames(said):
        panicked = all(name in trace for name in wanted["trace"])
        begin = CRASH_PANIC if panicked else CRASH_STOPPED
        if tuple(trace[:len(begin)]) != begin:
            faults.append(f"crash begins a backtrace with {' < '.join(trace[:4])}")
    return faults


def check_crash(path, vmlinux, wanted, root):
    said, why = run(guest_program(root, "crash") + ["-s", "--no_modules", str(vmlinux), str(path)],
                    input=CRASH_INPUT.encode(), env=os.environ | {"TERM": "dumb"})
    faults = [f"{path.name}: crash: no {text}" for text in (*wanted["trace"], wanted["panic"])
              if text not in said]
    # crash 8.0.2 does not know mm_struct of 6.12, and fails for a CPU in user space
    if len(crash_frames(said)) < max(1, wanted["cpus"] - 1):
        faults.append(f"{len(crash_frames(said))} backtraces of {wanted['cpus']} CPUs")
    faults += check_frames(said, wanted)
    if faults:
        faults.append(f"crash says: {why} {said[-500:]}")
    traces = " / ".join(" < ".join(trace[:3]) for trace in crash_frames(said))
    return faults, [f"{path.name}: crash: {len(said.splitlines())} lines, {traces}"]


def check_elf(path):
    """Without debug information: what the keys and the program headers alone say of _stext."""
    try:
        dump = vmcore_walk.Elf(path)
        walk = vmcore_walk.Walk(dump.text, dump.read)
        va = walk.symbol("_stext")
        pa = walk.kernel(va)
    except (KeyError, vmcore_walk.NotMapped) as what:
        return [f"{path.name}: vmcoreinfo: {what}"], []
    if pa != va - walk.number("kimage_voffset"):
        return [f"{path.name}: vmcoreinfo leads from _stext to {pa:#x}"], []
    return [], [f"{path.name}: vmcoreinfo: _stext is at {pa:#x}"]


def need_tools(case, root):
    """Check for the tools first: a missing one must not hide a fault of the dump."""
    tool(*USER_QEMU)
    tool("drgn")
    if case.inspect.get("crash") and not (root / "bin/crash").is_file():
        raise Missing("crash")


def check_threads(path, root, threads):
    """makedumpfile must write the same bytes with threads and without."""
    outputs = [path.with_suffix(f".{name}") for name in ("single", "threads")]
    faults = []
    for out, options in zip(outputs, ([], ["--num-threads", str(threads)])):
        out.unlink(missing_ok=True)
        _, why = run([*guest_program(root, "makedumpfile"), "-l", "-d", "31", *options,
                      str(path), str(out)])
        if why:
            faults.append(f"{path.name}: {threads} threads: {why}")
    if not faults and outputs[0].read_bytes() != outputs[1].read_bytes():
        faults.append(f"{path.name}: {threads} threads write another dump than one")
    for out in outputs:
        out.unlink(missing_ok=True)
    return faults, []


def is_elf(path):
    with open(path, "rb") as stream:
        return stream.read(4) == b"\x7fELF"


def keys_are_ours(kernel):
    return kernel != "base" and not kernel.startswith("stock-")


def has_debug_info(vmlinux):
    """drgn can compare nothing without."""
    said, why = run([tool("aarch64-linux-gnu-readelf", "readelf"), "-SW", str(vmlinux)])
    return not why and ".debug_info" in said


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
    wanted = {"panic": case.panic[0] if case.panic else "", "trace": TRACE,
              "cpus": case.smp} | case.inspect
    # The last kernel is the one that captures
    kernel = case.boots[-2].kernel
    vmlinux = store.kernel(kernel).parents[3] / "vmlinux"
    has_types = has_debug_info(vmlinux)
    results = []
    if wanted.get("dmesg", True):
        # Without debug information, the kernel's own backtrace is what can be compared
        trace = () if has_types else case.inspect.get("trace", LOG_TRACE)
        results.append(check_dmesg(path, root, wanted["panic"], trace))
    if wanted.get("threads"):
        results.append(check_threads(path, root, wanted["threads"]))
    if name.startswith("elf"):
        results.append(check_elf(path))
        has_types = has_types and not any("kexec-c" in step for step in case.steps)
    if has_types:
        wanted["keys"] = keys_are_ours(store.renamed.get(kernel, kernel))
        wanted["elf"] = str(path) if is_elf(path) else ""
        wanted["memory"] = name.startswith("full")
        wanted["marked"], wanted["sha256"] = marked(case, share) if wanted["memory"] else (0, "")
        results.append(check_drgn(path, vmlinux, wanted))
        if wanted.get("crash") and not wanted["memory"]:
            results.append(check_crash(path, vmlinux, wanted, root))
    return [sum(column, []) for column in zip(*results)]
