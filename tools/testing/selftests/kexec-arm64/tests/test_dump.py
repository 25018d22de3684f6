# SPDX-License-Identifier: GPL-2.0-only
"""Dumps that must be refused before or after their readers have run, and what the readers
say."""

import contextlib
import json
import tempfile
import types
from pathlib import Path
from unittest import mock

import dump
from tests.sample import TABLE, load

LOG = """\
sysrq: Trigger a crash
Kernel panic - not syncing: sysrq triggered crash
Call trace:
 panic+0x138/0x2f8
 sysrq_handle_showregs+0x0/0x3c
 __handle_sysrq+0xa8/0x1e4
"""
BACKTRACES = """\
KDUMP_ENABLED
sysrq triggered crash
PID: 70  TASK: ffff  CPU: 0  COMMAND: "sh"
 #0 [ffff80] machine_kexec at ffff10
 #1 [ffff90] __crash_kexec at ffff20
 #2 [ffffa0] sysrq_handle_crash at ffff30
PID: 0  TASK: ffff  CPU: 1  COMMAND: "swapper"
 #0 [ffff80] crash_save_cpu at ffff10
"""
GOOD = json.dumps({"faults": [], "notes": ["fine"]})
DUMPING = TABLE.replace("tap = 2", 'tap = 2\ndumps = ["dump"]')


@contextlib.contextmanager
def saved(data):
    """A build folder with a dump of the first case, and the readers replaced."""
    with tempfile.TemporaryDirectory() as folder:
        build = Path(folder)
        out = build / "work/share/out"
        out.mkdir(parents=True)
        if data is not None:
            (out / "dump").write_bytes(data)
        yield types.SimpleNamespace(build=build, work=lambda case: build / "work", renamed={},
                                    kernel=lambda name: build / "a/b/c/Image")


def check(data=b"KDUMP   " + bytes(64), log=LOG, drgn=GOOD, types_known=True, inspect=()):
    case = load(DUMPING)[0]
    case.inspect = dict(inspect)
    with saved(data) as store, mock.patch.object(dump, "tool", lambda *names: names[0]), \
            mock.patch.object(dump, "dmesg", lambda path, root: (log, "")), \
            mock.patch.object(dump, "has_debug_info", lambda vmlinux: types_known), \
            mock.patch.object(dump, "run", lambda args, **more: (drgn, "")):
        return dump.check(case, "dump", store)[0]


def test_check(tap):
    tap.check(not check(), "dump: passes a good dump")
    tap.check(check(None), "dump: refuses a dump that was not saved")
    tap.check(check(b""), "dump: refuses an empty dump")
    tap.check(check(bytes(99)), "dump: refuses a file that is no dump")
    tap.check(check(log=""), "dump: refuses a dump without a log")
    tap.check(check(log="Linux version 6.12"), "dump: refuses a log without the panic")
    tap.check(check(drgn=json.dumps({"faults": ["bad"], "notes": []})), "dump: faults of drgn count")
    tap.check(check(drgn="Traceback"), "dump: refuses a drgn that says nothing")
    tap.check(not check(types_known=False), "dump: without debug information the log is enough")
    tap.check(check(types_known=False, log=LOG.replace("__handle_sysrq+", "other+")),
              "dump: ... if it has the backtrace of the panic")
    tap.check(check(types_known=False, log=LOG.replace(" __handle_sysrq+0xa8/0x1e4\n", "")
                    .replace("sysrq: T", "__handle_sysrq+0xa8 T")),
              "dump: ... after the panic")
    tap.check(check(types_known=False, inspect={"trace": ["crash_test_oops"]}),
              "dump: ... that the case names")


def crash(said):
    wanted = {"panic": "sysrq triggered crash", "trace": ["sysrq_handle_crash"], "cpus": 2}
    with mock.patch.object(dump, "guest_program", lambda root, name: [name]), \
            mock.patch.object(dump, "run", lambda args, **more: (said, "")):
        return dump.check_crash(Path("dump"), Path("vmlinux"), wanted, Path("root"))[0]


def test_crash(tap):
    tap.check(not crash(BACKTRACES), "dump: passes good backtraces of crash")
    for old, new, why in (("KDUMP_ENABLED", "", "no kdump"),
                          ("sysrq triggered crash\n", "\n", "no panic in the log"),
                          ("sysrq_handle_crash", "other", "another function panics"),
                          ("machine_kexec", "panic", "a backtrace that begins too late"),
                          ("crash_save_cpu", "other", "a CPU that begins elsewhere"),
                          ("PID", "pid", "no backtrace at all")):
        tap.check(crash(BACKTRACES.replace(old, new)), f"dump: crash: {why}")


def test_threads(tap):
    def write(different, fails=""):
        def program(args, **_more):
            threads = "--num-threads" in args
            Path(args[-1]).write_bytes(b"b" if threads and different else b"a")
            return "", fails if threads else ""
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(dump, "run", program), \
                mock.patch.object(dump, "guest_program", lambda root, name: [name]):
            return dump.check_threads(Path(folder, "dump"), Path("root"), 3)[0]

    tap.check(not write(False), "dump: threads write the same")
    tap.check(write(True), "dump: refuses threads that write another dump")
    tap.check(write(False, "ends with 1"), "dump: refuses threads that fail")
