#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Replaces each dc, ic, tlbi, dsb and isb of our folders by a NOP, one at a time, and runs
the result under the cache model; prints TAP.

A mutant of the relocation page is first run by relocate_sim.py, which takes a moment, and
one with a KUnit suite by that. It is killed when those fail, when the model reports
something new, or when the next kernel is not entered.

One that survives needs a comment with the words "the cache model" on the line of the
instruction in our source or directly above it, or, for inline functions of the base, an
entry in mutants.toml.
"""

import argparse
import copy
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import guest
import reports
import symbols

import run
import qemu

sys.path.insert(0, str(guest.HERE.parent / "kexec"))
import relocate_sim  # pylint: disable=wrong-import-position

import tomllib

TABLE = guest.HERE / "mutants.toml"
KERNEL = "4k"
NOP = bytes.fromhex("1f2003d5")
INSN = re.compile(r"^([0-9a-f]{16}):\s+((?:dc|ic|tlbi|dsb|isb)\b.*)")
TESTS = re.compile(r"/kexec/tests/")
COMMENT = "the cache model"
VECTOR_SIZE = 0x80
# The model begins with the load of an image
START = ("__arm64_sys_kexec_load", "__arm64_sys_kexec_file_load")
# Blocks of the next kernel that are executed; it is in C long before
STOP = 3000000
# Seconds; and a mutant may be so many times slower than the kernel without a change
SUITE_TIMEOUT = 40
SLOWER = 3


@dataclass
class Mutant:
    """Instructions that are replaced together: one, or the same one of all vectors."""
    number: int
    insn: str
    addresses: list
    place: symbols.Place
    cases: list = field(default_factory=list)
    page: bool = False
    suite: str = ""
    killed: str = ""
    reason: str = ""

    def __str__(self):
        return f"{self.insn} {self.place}"


def find_instructions(kernel):
    """Pairs of an address and the instruction's text, for all that is ours."""
    lines = subprocess.run([symbols.CROSS + "objdump", "-d", "--no-show-raw-insn", kernel.path],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    found = [(int(m.group(1), 16), " ".join(m.group(2).split())) for line in lines
             if (m := INSN.match(line))]
    kernel.look_up(address for address, _ in found)
    return [(address, text) for address, text in found
            if kernel.places[address].ours
            and not any(TESTS.search(frame.file) for frame in kernel.places[address].frames)]


def find_mutants(kernel, table):
    """One for each instruction; the vectors, which one macro makes, are one."""
    mutants, vectors = [], {}
    start = kernel.symbols["kexec_fault_vectors"]
    for address, text in find_instructions(kernel):
        place = kernel.places[address]
        if place.frames[0].function == "kexec_fault_vectors":
            key = (address - start) % VECTOR_SIZE
            if key in vectors:
                vectors[key].addresses.append(address)
                continue
        mutant = Mutant(len(mutants) + 1, text, [address], place)
        if place.frames[0].function == "kexec_fault_vectors":
            vectors[key] = mutant
        entry = next((entry for entry in table["run"] if re.search(entry["at"], str(place))), None)
        if not entry:
            raise ValueError(f"{TABLE.name} has no case for {mutant}")
        mutant.cases, mutant.page = entry["cases"], entry.get("page", False)
        mutant.suite = entry.get("suite", "")
        mutants.append(mutant)
    return mutants


def comment_at(lines, number):
    """A line of a source, counted from 1, and the comment directly above it."""
    text = [lines[number - 1]]
    for line in reversed(lines[:number - 1]):
        if not re.match(r"\s*(/\*|\*|//)", line):
            break
        text.insert(0, re.sub(r"^\s*\*\s+", "", line))
    return " ".join(text)


def explanation(mutant, table):
    """Why a mutant may survive, or nothing."""
    for frame in mutant.place.frames:
        if not symbols.OURS.match(frame.file):
            continue
        lines = (guest.HERE.parents[2] / frame.file).read_text().splitlines()
        if COMMENT in comment_at(lines, frame.line).lower():
            return f"see the comment at {frame.file}:{frame.line}"
    for entry in table.get("unseen", []):
        if re.search(entry["at"], str(mutant.place)) and re.search(entry["insn"], mutant.insn):
            return entry["why"]
    return ""


class Store(qemu.Store):
    """As run.py's, but with an image of its own for the kernel."""

    def __init__(self, build, image, folder):
        super().__init__(build)
        self.image = image
        self.folder = folder

    def kernel(self, name):
        return self.image if name == KERNEL else super().kernel(name)

    def log(self, case):
        return self.folder / f"{case.name}.log"

    def work(self, case):
        return self.folder / case.name


class Runner:
    """What all runs share."""

    def __init__(self, options, kernel, any_case):
        self.options = options
        self.kernel = kernel
        self.any_case = any_case
        self.known = reports.Known()
        self.limits = {}
        self.image = (options.build / "out" / KERNEL / "arch/arm64/boot/Image").read_bytes()
        self.folder = options.build / "coherency/mutants"
        self.page = relocate_sim.disassemble(
            options.build / "out" / KERNEL / "arch/arm64/kexec/relocate.o")

    def folder_of(self, number):
        folder = self.folder / str(number)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def patch(self, folder, addresses):
        image = bytearray(self.image)
        for address in addresses:
            at = address - self.kernel.text
            image[at:at + 4] = NOP
        (folder / "Image").write_bytes(image)

    def run(self, case, number, addresses):
        """What is new about this kernel in this case; empty if nothing is."""
        folder = self.folder_of(number)
        self.patch(folder, addresses)
        path = folder / "plugin.log"
        path.unlink(missing_ok=True)
        mine = copy.copy(self.options)
        words = guest.plugin(case, self.options.folder, path, True,
                             [f"stop={STOP}", f"text={self.kernel.text:#x}",
                              *(f"start={self.kernel.symbols[name]:#x}" for name in START)])
        mine.qemu_arg = ["-plugin", words]
        if case.name in self.limits:
            case, mine.patience = copy.copy(case), 1
            case.timeout = self.limits[case.name]
        run.run_case(case, Store(self.options.build, folder / "Image", folder), mine)
        log = reports.read(path) if path.is_file() else None
        if not log or not log.end or int(log.end["images"]) < 2:
            return "the next kernel was not entered"
        reports.locate(log, [self.kernel, self.kernel])
        unknown = self.known.unknown(log)
        return f"{unknown[0].kind} at {unknown[0].at}" if unknown else ""

    def run_plain(self, case):
        """The kernel without a change; a mutant that takes much longer hangs."""
        begin = time.monotonic()
        found = self.run(case, f"plain-{case.name}", [])
        self.limits[case.name] = SLOWER * (time.monotonic() - begin) + SUITE_TIMEOUT
        return found

    def run_page(self, addresses):
        """What relocate_sim.py says about the relocation page; empty if nothing."""
        start = self.kernel.symbols[relocate_sim.ROUTINE]
        changed = relocate_sim.without(self.page, [address - start for address in addresses])
        fault = next(filter(None, relocate_sim.check_all(changed).values()), "")
        return fault and f"relocate_sim: {fault}"

    def run_suite(self, suite, number, addresses):
        """What a KUnit suite says; empty if it passes."""
        folder = self.folder_of(number)
        self.patch(folder, addresses)
        case, mine = copy.copy(self.any_case), copy.copy(self.options)
        mine.qemu_arg = []
        case.name, case.kunit, case.timeout = suite, [suite], SUITE_TIMEOUT
        case.steps, case.boots = [], case.boots[:1]
        case.cmdline = f"{case.cmdline} kunit.enable=1 kunit.filter_glob={suite} loglevel=7"
        outcome = run.run_case(case, Store(self.options.build, folder / "Image", folder), mine)
        good, said = outcome.suites.get(suite, (False, ["no result"]))
        faults = outcome.faults + ([] if good else said)
        return faults and f"{suite}: {faults[0]}"

    def try_mutant(self, mutant, cases):
        if mutant.page:
            mutant.killed = self.run_page(mutant.addresses)
        elif mutant.suite:
            mutant.killed = self.run_suite(mutant.suite, mutant.number, mutant.addresses)
        for name in [] if mutant.killed else mutant.cases:
            mutant.killed = self.run(cases[name], mutant.number, mutant.addresses)
            if mutant.killed:
                break
        return mutant


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=run.BUILD, type=Path, help="the build folder")
    parser.add_argument("--filter", default="", help="regex: only mutants whose text has it")
    parser.add_argument("--list", action="store_true", help="name the mutants and run none")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="guests at a time")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    options = parser.parse_args()
    options.folder = options.build / "coherency"
    options.qemu = str(options.folder / "qemu")
    options.table, options.groups = guest.TABLE, "all"
    return options


def report(mutants, table):
    """Prints results as they come; returns how many were killed, survived, are unexplained."""
    counts = [0, 0, 0]
    for number, mutant in enumerate(mutants, 2):
        mutant.reason = "" if mutant.killed else explanation(mutant, table)
        print(f"# {mutant.killed or mutant.reason or 'survived, and nothing says why'}")
        good = mutant.killed or mutant.reason
        print(f"{'ok' if good else 'not ok'} {number} - {mutant}"
              f"{'' if mutant.killed else ' (survived)'}")
        sys.stdout.flush()
        counts[0] += bool(mutant.killed)
        counts[1] += not mutant.killed
        counts[2] += not good
    return counts


def main():
    options = parse_options()
    with open(TABLE, "rb") as stream:
        table = tomllib.load(stream)
    kernel = guest.kernel_of(options.build, KERNEL)
    mutants = [m for m in find_mutants(kernel, table) if re.search(options.filter, str(m))]
    if options.list:
        print("\n".join(map(str, mutants)))
        return 0
    begin = time.monotonic()
    only = copy.copy(options)
    only.filter = ""
    cases = {case.name: case for case in run.select(only)}
    runner = Runner(options, kernel, cases["coherency-place-el1"])
    used = sorted({name for mutant in mutants for name in mutant.cases})
    print(f"TAP version 13\n1..{len(mutants) + 1}")
    with ThreadPoolExecutor(options.jobs) as pool:
        plain = list(pool.map(lambda name: runner.run_plain(cases[name]), used))
        for name, found in zip(used, plain):
            print(f"# {name}: {found or 'nothing reported'}")
        plain.append(runner.run_page([]))
        plain += [runner.run_suite(suite, f"plain-{suite}", [])
                  for suite in {mutant.suite for mutant in mutants if mutant.suite}]
        print(f"{'not ok' if any(plain) else 'ok'} 1 - the kernel without a change")
        sys.stdout.flush()
        killed, survived, unexplained = report(
            pool.map(lambda mutant: runner.try_mutant(mutant, cases), mutants), table)
    print(f"# {len(mutants)} mutants: {killed} killed, {survived} survived, "
          f"{unexplained} of them unexplained; {time.monotonic() - begin:.0f} s")
    return 1 if any(plain) or unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
