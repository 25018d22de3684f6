#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the cases of cases/ under QEMU and reports in TAP.

The serial log of each case is kept in build/log/qemu/. A result is "ok" only
when judge.py finds nothing wrong; SKIP means that a tool of the host is
missing, and names it. The exit status is 0 when nothing failed.
"""

import argparse
import re
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import dump
import figures
import judge
import kunit
import monitor
import qemu
import table
import tpm

BUILD = Path(__file__).resolve().parents[4] / "build"
TAIL_LINES = 15


@dataclass
class Outcome:
    """What came of a case: faults, or the name of a tool that is missing."""
    case: table.Case
    seconds: float = 0.0
    cpu_s: float = 0.0
    faults: list = field(default_factory=list)
    missing: str = ""
    notes: list = field(default_factory=list)
    log: Path = None
    suites: dict = field(default_factory=dict)
    figures: dict = field(default_factory=dict)


def host_checks(case, store, raw, outcome):
    """What only the host can judge, once the guest has ended."""
    for name in case.dumps:
        faults, notes = dump.check(case, name, store)
        outcome.faults += faults
        outcome.notes += notes
    outcome.figures = figures.collect(case, store, raw)
    outcome.faults += figures.judge(case, outcome.figures)
    outcome.notes += figures.notes(outcome.figures)
    if case.kunit:
        outcome.suites = kunit.parse(judge.clean(raw))
    if case.tap:
        outcome.notes += judge.guest_tap(raw)


def run_case(case, store, options):
    outcome = Outcome(case, log=store.log(case))
    begin = time.monotonic()
    try:
        qemu.need_tools(case, options.qemu)
        qemu.prepare(case, store, options.qemu)
        host = monitor.Monitor()
        chip = tpm.Tpm(store.work(case)) if case.tpm else None
        guest = qemu.Guest(qemu.command(case, store, options.qemu, options.qemu_arg),
                           outcome.log, case.timeout * options.patience, host, chip)
        try:
            guest.wait()
        except monitor.Refused as what:
            outcome.faults.append(str(what))
        finally:
            guest.stop()
            host.close()
            if chip:
                chip.close()
        outcome.cpu_s = guest.cpu_s
        raw = outcome.log.read_bytes()
        outcome.faults += judge.judge(case, raw)
        if guest.timed_out:
            outcome.faults.append(f"killed after {guest.deadline - guest.start:.0f} s")
        elif guest.status:
            outcome.faults.append(f"QEMU ended with status {guest.status}")
        host_checks(case, store, raw, outcome)
        if not outcome.faults:
            qemu.tidy(case, store)
    except (qemu.Missing, dump.Missing) as what:
        outcome.missing = str(what)
    except (qemu.Unbuilt, figures.NoSymbol, OSError) as what:
        outcome.faults.append(str(what))
    outcome.seconds = time.monotonic() - begin
    return outcome


class Report:
    """Prints TAP; results are numbered in the order in which they come in."""

    def __init__(self, cases):
        self.number = 0
        self.failed = []
        self.skipped = []
        print("TAP version 13")
        print(f"1..{sum(1 + len(case.kunit) for case in cases)}")

    def result(self, good, name, directive=""):
        self.number += 1
        print(f"{'ok' if good else 'not ok'} {self.number} {name}{directive}")
        if not good:
            self.failed.append(name)

    def case(self, outcome):
        for note in outcome.notes:
            print(f"# {note}")
        for fault in outcome.faults:
            print(f"# {fault}")
        print(f"# {outcome.case.name}: {outcome.seconds:.1f} s, "
              f"{outcome.cpu_s:.1f} s of CPU, {outcome.log}")
        if outcome.faults and outcome.log.is_file():
            for line in judge.clean(outcome.log.read_bytes())[-TAIL_LINES:]:
                print(f"#   {line}")
        skip = ""
        if outcome.missing and not outcome.faults:
            skip = f" # SKIP {outcome.missing} is missing"
            self.skipped.append(outcome.case.name)
        self.result(not outcome.faults, outcome.case.name, skip)
        for suite in outcome.case.kunit:
            good, why = outcome.suites.get(suite, (False, ["the suite did not run"]))
            for line in why:
                print(f"# {line}")
            self.result(good or skip, f"{outcome.case.name}/{suite}", skip)
        sys.stdout.flush()


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=BUILD, help="the build folder")
    parser.add_argument("--table", help="a file with other cases")
    parser.add_argument("--groups", default="ci", help="names of groups, with commas between")
    parser.add_argument("--filter", default="", help="regex: only cases whose name holds it")
    parser.add_argument("--list", action="store_true", help="name the cases and run none")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="guests at a time")
    parser.add_argument("--kernel", action="append", default=[], metavar="NAME=OTHER",
                        help="use build/out/OTHER for the kernel NAME, such as 4k=base")
    parser.add_argument("--qemu", default=qemu.QEMU, help="another QEMU")
    parser.add_argument("--qemu-arg", action="append", default=[], help="one more argument for it")
    parser.add_argument("--append", default="", metavar="WORDS",
                        help="more for every kernel's command line, such as loglevel=8")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    return parser.parse_args()


def select(cases, options):
    groups = set(options.groups.split(","))
    return [case for case in cases
            if ("all" in groups or groups & set(case.groups))
            and re.search(options.filter, case.name)]


def run_all(cases, store, options):
    """The cases that may take longest go first, so that none is left alone at the end."""
    report = Report(cases)
    cpu_s = 0.0
    begin = time.monotonic()
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run_case, case, store, options)
                   for case in sorted(cases, key=lambda case: -case.timeout)]
        for done in as_completed(running):
            outcome = done.result()
            report.case(outcome)
            cpu_s += outcome.cpu_s
    print(f"# {len(cases)} cases in {time.monotonic() - begin:.0f} s ({cpu_s:.0f} s of CPU), "
          f"{len(report.failed)} failed, {len(report.skipped)} skipped")
    for name in report.failed:
        print(f"# failed: {name}")
    return 1 if report.failed else 0


def main():
    options = parse_options()
    cases = select(table.load(options.table), options)
    if options.list:
        for case in cases:
            print(f"{case.name:32} {','.join(case.groups):16} {len(case.boots)} boots, {case.el}")
        return 0
    if not cases:
        print("no case is named so", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, qemu.stop_all)
    store = qemu.Store(options.build, (pair.split("=", 1) for pair in options.kernel),
                       options.append)
    with store.lock():
        if any(case.counts for case in cases):
            figures.build(store.build / "host/kexec-bench")
        return run_all(cases, store, options)


if __name__ == "__main__":
    sys.exit(main())
