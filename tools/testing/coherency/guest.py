#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the guests of cases.toml under the cache model and reports in TAP.

A case passes when the kernel did what its steps want, and the model reported
nothing but what known.toml explains. What the plugin wrote is kept in
build/log/coherency/.
"""

import argparse
import copy
import functools
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "selftests/kexec-arm64"))

# pylint: disable=wrong-import-position
import qemu
import report as tap
import run

import reports
import symbols

TABLE = HERE / "cases.toml"
MIB = 1 << 20
ZVA_BYTES = {"max": 512}
# Operations whose address the model could not translate
UNRESOLVED_MAX = 100


@functools.cache
def kernel_of(build, name):
    path = build / "out" / name / "vmlinux"
    return symbols.Kernel(path) if path.is_file() else None


def plugin(case, folder, log, strict, more=()):
    zva = ZVA_BYTES.get(case.cpu.split(",")[0], 64)
    words = [folder / "coherency.so", f"out={log}", f"size={case.memory * MIB:#x}",
             f"zva={zva}", f"strict={'on' if strict else 'off'}", *more]
    return ",".join(map(str, words))


def judge(case, log, build, known):
    """The faults of a run, and notes about it."""
    kernels = [kernel_of(build, boot.kernel.split("-zboot")[0]) for boot in case.boots]
    reports.locate(log, kernels)
    faults, notes = [], []
    if int(log.end["images"]) < len(case.boots):
        faults.append(f"{log.end['images']} kernels were entered, not {len(case.boots)}")
    if int(log.end["unresolved"]) > UNRESOLVED_MAX:
        faults.append(f"{log.end['unresolved']} operations at unknown addresses")
    for report in known.unknown(log):
        faults += reports.spell(report)
    for report in log.reports:
        if known.match(report):
            notes.append(f"known: {report.kind}: {report.at}, {report.count} times")
    notes.append(f"{log.end['operations']} cache operations, {log.end['unresolved']} unresolved")
    return faults, notes


def run_case(case, store, options, known):
    """run.py's own judgement, and that of the model."""
    path = store.build / "log/coherency" / f"{case.name}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    mine = copy.copy(options)
    mine.qemu_arg = ["-plugin", plugin(case, options.folder, path, not options.lax)]
    outcome = run.run_case(case, store, mine)
    if outcome.missing:
        outcome.faults.append(f"{outcome.missing} is missing")
        return outcome
    log = reports.read(path) if path.is_file() else None
    if not log or not log.end:
        outcome.faults.append("the model did not run to the end")
        return outcome
    faults, notes = judge(case, log, store.build, known)
    outcome.faults += faults
    outcome.notes += notes
    return outcome


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=run.BUILD, type=Path, help="the build folder")
    parser.add_argument("--groups", default="ci", help="names of groups, with commas between")
    parser.add_argument("--filter", default="", help="regex: only cases whose name holds it")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="guests at a time")
    parser.add_argument("--lax", action="store_true",
                        help="only lines that were accessed are cached")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    return parser.parse_args()


def main():
    options = parse_options()
    options.folder = options.build / "coherency"
    options.qemu = str(options.folder / "qemu")
    options.table = TABLE
    cases = run.select(options)
    if not cases:
        print("no case is named so", file=sys.stderr)
        return 2
    known = reports.Known()
    store = qemu.Store(options.build)
    begin = time.monotonic()
    with store.lock():
        report = tap.Report(cases)
        with ThreadPoolExecutor(options.jobs) as pool:
            running = [pool.submit(run_case, case, store, options, known) for case in cases]
            for done in as_completed(running):
                report.case(done.result())
    print(f"# {len(cases)} cases in {time.monotonic() - begin:.0f} s, "
          f"{len(report.failed)} failed")
    for line in report.unplanned():
        print(f"# {line}")
    return 1 if report.failed or report.unplanned() else 0


if __name__ == "__main__":
    sys.exit(main())
