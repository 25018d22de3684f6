#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the cases of cases/ under QEMU and reports in TAP.

The serial log of each case is build/log/qemu/NAME.log, its result NAME.json. A
result is "ok" only when check_log.py finds nothing wrong; SKIP means that a tool of
the host is missing, and names it. The exit status is 0 when nothing failed.
"""

import argparse
import dataclasses
import re
import shlex
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import cases
import check_log
import dump
import kunit
import metrics
import qemu
import qmp
import report
import steps
import tpm

BUILD = Path(__file__).resolve().parents[4] / "build"


@dataclass
class Outcome:
    """The result of a case: faults, or the name of a tool that is missing."""
    case: cases.Case
    seconds: float = 0.0
    cpu_s: float = 0.0
    faults: list = field(default_factory=list)
    missing: str = ""
    notes: list = field(default_factory=list)
    log: Path = None
    suites: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)

    @property
    def skipped(self):
        return bool(self.missing and not self.faults)


def host_checks(case, store, raw, outcome):
    """Checks that only the host can make, once the guest has ended."""
    for name in case.dumps:
        faults, notes = dump.check(case, name, store)
        outcome.faults += faults
        outcome.notes += notes
    outcome.figures = metrics.collect(case, store, raw)
    outcome.faults += metrics.check(case, outcome.figures)
    outcome.notes += metrics.notes(outcome.figures)
    if case.kunit:
        outcome.suites = kunit.parse(check_log.clean(raw))
        outcome.faults += [f"suite {name} is not planned" for name in outcome.suites
                           if name not in case.kunit]
    if case.tap:
        outcome.notes += check_log.guest_tap(raw)


def run_guest(case, store, options, outcome):
    host = qmp.Monitor()
    chip = tpm.Tpm(store.work(case)) if case.tpm else None
    guest = qemu.Guest(qemu.command(case, store, options.qemu, options.qemu_arg),
                       outcome.log, case.timeout * options.patience, host, chip)
    try:
        guest.wait()
    except qmp.Refused as what:
        outcome.faults.append(str(what))
    finally:
        guest.stop()
        host.close()
        if chip:
            chip.close()
    outcome.cpu_s = guest.cpu_s
    if guest.timed_out:
        outcome.faults.append(f"killed after {guest.deadline - guest.start:.0f} s")
    elif guest.status:
        outcome.faults.append(f"QEMU ended with status {guest.status}")


def run_case(case, store, options):
    outcome = Outcome(case, log=store.log(case))
    begin = time.monotonic()
    try:
        qemu.need_tools(case, options.qemu)
        qemu.prepare(case, store, options.qemu)
        run_guest(case, store, options, outcome)
        raw = outcome.log.read_bytes()
        outcome.faults += check_log.check(case, raw)
        host_checks(case, store, raw, outcome)
        if not outcome.faults:
            qemu.tidy(case, store)
    except (qemu.Missing, dump.Missing) as what:
        outcome.missing = str(what)
    except (qemu.Unbuilt, metrics.NoSymbol, OSError) as what:
        outcome.faults.append(str(what))
    outcome.seconds = time.monotonic() - begin
    if outcome.log.parent.is_dir():
        report.keep(outcome)
    return outcome


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=BUILD, help="the build folder")
    parser.add_argument("--table", help="a file with other cases")
    parser.add_argument("--groups", default="ci", help="names of groups, with commas between")
    parser.add_argument("--filter", default="", help="regex: only cases whose name holds it")
    parser.add_argument("--list", action="store_true", help="name the cases and run none")
    parser.add_argument("--steps", action="store_true", help="print the steps that cases can name")
    parser.add_argument("--show", metavar="NAME",
                        help="print a case, make its files and print the command of QEMU")
    parser.add_argument("--compare", nargs=2, metavar=("A", "B"),
                        help="verdicts and figures of two build folders or folders of results")
    parser.add_argument("--junit", metavar="FILE", help="write the results there, too")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="guests at a time")
    parser.add_argument("--kernel", action="append", default=[], metavar="NAME=OTHER",
                        help="use build/out/OTHER for the kernel NAME, such as 4k=base")
    parser.add_argument("--qemu", default=qemu.QEMU, help="another QEMU")
    parser.add_argument("--qemu-arg", action="append", default=[], help="one more argument for it")
    parser.add_argument("--append", default="", metavar="WORDS",
                        help="more for every kernel's command line, such as loglevel=8")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    return parser.parse_args()


def select(options):
    groups = set(options.groups.split(","))
    return [case for case in cases.load(options.table)
            if ("all" in groups or groups & set(case.groups))
            and re.search(options.filter, case.name)]


def run_all(chosen, store, options):
    """The cases that may take longest go first, so that none is left alone at the end."""
    tap = report.Report(chosen)
    outcomes = []
    begin = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_case, case, store, options)
                   for case in sorted(chosen, key=lambda case: -case.timeout)]
        for done in as_completed(running):
            outcomes.append(done.result())
            tap.case(outcomes[-1])
    print(f"# {len(chosen)} cases in {time.monotonic() - begin:.0f} s "
          f"({sum(outcome.cpu_s for outcome in outcomes):.0f} s of CPU), "
          f"{len(tap.failed)} failed, {len(tap.skipped)} skipped")
    for line in (*(f"failed: {name}" for name in tap.failed), *tap.unplanned()):
        print(f"# {line}")
    if options.junit:
        report.junit(outcomes, options.junit)
    return 1 if tap.failed or tap.unplanned() else 0


def print_list(chosen):
    for case in chosen:
        print(f"{case.name:32} {','.join(case.groups):16} {len(case.boots)} boots, {case.el}")
    return 0


def show(name, store, options):
    """Prints a case with all fields that differ from the defaults, its files and QEMU's
    command, which can then be run; the runner itself adds sockets for QMP and the TPM."""
    case = next((case for case in cases.load(options.table) if case.name == name), None)
    if not case:
        print(f"no case is called {name}", file=sys.stderr)
        return 2
    for item in dataclasses.fields(case):
        value = getattr(case, item.name)
        if item.name not in ("boots", "steps") and value:
            print(f"{item.name:14} {value}")
    for number, step in enumerate(case.steps, 1):
        print(f"step {number:<9} {step}")
    try:
        share = qemu.prepare(case, store, options.qemu)
        command = qemu.command(case, store, options.qemu, options.qemu_arg)
    except (qemu.Unbuilt, metrics.NoSymbol, OSError) as what:
        print(what, file=sys.stderr)
        return 1
    for path in sorted(path for path in (share.parent, *share.parent.rglob("*"))
                       if path.is_file()):
        print(f"file           {path} ({path.stat().st_size} bytes)")
    print(f"log            {store.log(case)}\n\n{shlex.join(command)}")
    return 0


def print_comparison(first, second):
    lines, worse = report.compare(first, second)
    print(f"{'case':40} {'A':8} {'B':8}", *lines, sep="\n")
    for name in worse:
        print(f"# only A passes: {name}")
    return 1 if worse else 0


def main():
    options = parse_options()
    if options.steps:
        print(*steps.listing(), sep="\n")
        return 0
    if options.compare:
        return print_comparison(*options.compare)
    store = qemu.Store(options.build, (pair.split("=", 1) for pair in options.kernel),
                       options.append)
    if options.show:
        with store.lock():
            return show(options.show, store, options)
    chosen = select(options)
    if options.list:
        return print_list(chosen)
    if not chosen:
        print("no case is named so", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, qemu.stop_all)
    with store.lock():
        if any(case.counts for case in chosen):
            metrics.build(store.build / "host/kexec-bench")
        return run_all(chosen, store, options)


if __name__ == "__main__":
    sys.exit(main())
