#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the changes of review.toml, each of which a named test must notice; prints TAP.

One kernel has all of those in C: kexec_mutant=N on its command line chooses one. Changes
of assembly are NOPs in its image, and those of the host simulator's files are built one by
one.
"""

import argparse
import copy
import os
import re
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import host
import planted

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[3]
sys.path[:0] = [str(HERE.parents[1] / "coherency"), str(HERE.parents[1] / "selftests/kexec-arm64")]

# pylint: disable=wrong-import-position
import guest
import mutants
import reports
import run
import symbols

TABLE = HERE / "review.toml"
FOLDER = "out-mutants"
KINDS = ("at", "litmus", "host", "case", "suite", "model")


@dataclass
class Mutant:
    """An entry of the table."""
    name: str
    file: str = ""
    old: str = ""
    new: str = ""
    insn: list = field(default_factory=list)
    at: str = ""
    litmus: str = ""
    host: bool = False
    case: str = ""
    model: str = ""
    suite: str = ""
    number: int = 0

    @property
    def kind(self):
        return next(kind for kind in KINDS if getattr(self, kind))

    @property
    def test(self):
        """What must notice it."""
        return self.kind, getattr(self, self.kind)

    @property
    def stem(self):
        """Of its files; control runs have the number 0."""
        return str(self.number or f"control-{'-'.join(self.test)}")


def read_table():
    entries = tomllib.loads(TABLE.read_text(encoding="utf-8"))["mutant"]
    return [Mutant(number=number, **entry) for number, entry in enumerate(entries, 1)]


def controls(chosen):
    """Each test of @chosen that runs the kernel, once without a change."""
    tests = dict.fromkeys(mutant.test for mutant in chosen)
    return [Mutant(name=f"control: {test} without a change", file=planted.HOME, **{kind: test})
            for kind, test in tests if kind in ("case", "model", "suite")]


def plant(text, mutant, switch):
    if text.count(mutant.old) != 1:
        raise ValueError(f"{mutant.file}: not once: {mutant.old}")
    return text.replace(mutant.old, mutant.new.replace("MUTANT", switch))


class Kernel:
    """The kernel with all mutants in C."""

    def __init__(self, options, table):
        self.out = options.build / "src/ours" / FOLDER
        if not options.no_build:
            self.build(options, [mutant for mutant in table if mutant.file and not mutant.host])
        self.image = (self.out / "arch/arm64/boot/Image").read_bytes()
        self.symbols = symbols.Kernel(self.out / "vmlinux")

    @staticmethod
    def build(options, table):
        texts = {}
        for mutant in table:
            text = texts.get(mutant.file) or planted.declare((TOP / mutant.file).read_text())
            texts[mutant.file] = plant(text, mutant, f"({planted.SWITCH} == {mutant.number})")
        try:
            planted.build(options.build, FOLDER, texts)
        except planted.BuildError as what:
            sys.exit(str(what)[-4000:])

    def without(self, symbol, text):
        """The image with NOP for an instruction of a function."""
        start = self.symbols.symbols[symbol]
        lines = subprocess.run([symbols.CROSS + "objdump", "-D", "--no-show-raw-insn",
                                f"--disassemble={symbol}", self.symbols.path],
                               check=True, capture_output=True, text=True).stdout
        found = re.findall(rf"^([0-9a-f]{{16}}):\t{re.escape(text)}$", lines, re.M)
        if len(found) != 1 or int(found[0], 16) < start:
            raise ValueError(f"{symbol}: not once: {text}")
        at = int(found[0], 16) - self.symbols.text
        return self.image[:at] + mutants.NOP + self.image[at + 4:]


class Runner:
    """Runs a mutant with its test; each method returns what noticed it, or nothing."""

    def __init__(self, options, kernel):
        self.options = options
        self.kernel = kernel
        self.simulator = None
        options.qemu_arg = []
        self.cases = self.select(None)
        self.models = self.select(guest.TABLE)

    def select(self, table):
        only = argparse.Namespace(groups="all", filter="", table=table)
        return {case.name: case for case in run.select(only)}

    def run_case(self, mutant, case, options):
        folder = self.options.build / "coherency/review" / mutant.stem
        folder.mkdir(parents=True, exist_ok=True)
        image = self.kernel.without(*mutant.insn) if mutant.insn else self.kernel.image
        (folder / "Image").write_bytes(image)
        case = copy.copy(case)
        if mutant.file:
            case.cmdline = f"{case.cmdline} {planted.SWITCH}={mutant.number}"
        return run.run_case(case, mutants.Store(self.options.build, folder / "Image", folder),
                            options)

    def case(self, mutant):
        outcome = self.run_case(mutant, self.cases[mutant.case], self.options)
        if outcome.missing:
            return ""
        return outcome.faults and f"{mutant.case}: {outcome.faults[0]}"

    def suite(self, mutant):
        case = copy.copy(self.cases["kunit"])
        case.kunit = [mutant.suite]
        case.cmdline = f"kunit.enable=1 kunit.filter_glob={mutant.suite} loglevel=7"
        outcome = self.run_case(mutant, case, self.options)
        good, said = outcome.suites.get(mutant.suite, (False, ["no result"]))
        faults = outcome.faults + ([] if good else said)
        return faults and f"{mutant.suite}: {faults[0]}"

    def model(self, mutant):
        case = self.models[mutant.model]
        path = self.options.build / "coherency/review" / f"{mutant.stem}.log"
        mine = copy.copy(self.options)
        mine.qemu = str(self.options.build / "coherency/qemu")
        plugin = guest.plugin(case, self.options.build / "coherency", path, True)
        mine.qemu_arg = ["-plugin", plugin]
        outcome = self.run_case(mutant, case, mine)
        if not mutant.number and outcome.faults:
            return f"{mutant.model}: {outcome.faults[0]}"
        log = reports.read(path)
        reports.locate(log, [self.kernel.symbols] * len(case.boots))
        found = reports.Known().unknown(log)
        return found and f"{mutant.model}: {found[0].kind} at {found[0].at}"

    def host(self, mutant):
        planted = plant((TOP / mutant.file).read_text(encoding="utf-8"), mutant, "1")
        program = self.simulator.program(mutant.file, f"review-{mutant.number}", planted)
        killed = program and next(filter(None, (host.run(program, rounds)
                                                for rounds in host.ROUNDS)), None)
        return killed and f"simulator: {killed}"

    def check_host(self, chosen):
        """The simulator works without a change."""
        files = {mutant.file for mutant in chosen if mutant.host}
        if not files:
            return
        self.simulator = host.Build(argparse.Namespace(build=self.options.build / "host"))
        self.simulator.check({file: (TOP / file).read_text(encoding="utf-8") for file in files})

    def litmus(self, mutant):
        said = subprocess.run([TOP / "tools/testing/kexec/litmus/lkmm.py"], capture_output=True,
                              text=True, check=False).stdout
        found = re.search(rf"^ok \d+ - {mutant.litmus}: [1-9]\d* orders are needed$", said, re.M)
        return found and f"litmus: {found.group()}"

    def at(self, mutant):
        """mutants.py has these NOPs, and fails if one is not noticed."""
        done = subprocess.run([TOP / "tools/testing/coherency/mutants.py", "--list", "--filter",
                               mutant.at], capture_output=True, text=True, check=True)
        count = len(done.stdout.splitlines())
        return count and f"{count} mutants of tools/testing/coherency/mutants.py"

    def run(self, mutant):
        return getattr(self, mutant.kind)(mutant)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=run.BUILD, type=Path, help="the build folder")
    parser.add_argument("--filter", default="", help="regex: only mutants whose name has it")
    parser.add_argument("--no-build", action="store_true", help="use the kernel of the last run")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    return parser.parse_args()


def main():
    options = parse_options()
    options.qemu, options.append, options.kernel = run.qemu.QEMU, "", []
    table = read_table()
    begin = time.monotonic()
    runner = Runner(options, Kernel(options, table))
    chosen = [mutant for mutant in table if re.search(options.filter, mutant.name)]
    runner.check_host(chosen)
    every = controls(chosen) + chosen
    print(f"TAP version 13\n1..{len(every)}")
    survivors = broken = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for number, (mutant, found) in enumerate(zip(every, pool.map(runner.run, every)), 1):
            good = bool(found) == bool(mutant.number)
            survivors += bool(mutant.number) and not good
            broken += not (mutant.number or good)
            print(f"# {found or ('survived' if mutant.number else 'passed')}\n"
                  f"{'ok' if good else 'not ok'} {number} - {mutant.name}", flush=True)
    print(f"# {len(chosen)} mutants of the review, {survivors} survived; {broken} tests fail "
          f"without a change; {time.monotonic() - begin:.0f} s")
    return 1 if survivors or broken or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
