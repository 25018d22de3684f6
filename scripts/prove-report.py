#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes build/prove/report.txt: what the steps of make prove have shown, from their logs.

usage: prove-report.py [--build FOLDER] [--verdict TEXT] [--readme]

Logs of steps that have not run are missing, and the report says so. --verdict is the last
line of make prove. --readme puts the report that is there into README.md, and does no more.
"""

import argparse
import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- make prove: begin -->\n", "<!-- make prove: end -->\n"
SECTION = "## What make prove has shown\n"
MUTANTS = (("mutants", "instructions of maintenance, as NOP"), ("operators", "operators"),
           ("review", "chosen by reviewers"))
# Cases that run many operations at once, or one at random instants.
STORM = re.compile(r"storm|random|stress|rounds|^panics?-|soak|hammer")
KCSAN = re.compile(r"^kcsan-")
POINTS = re.compile(r"KXTAP: (?:not )?ok \d+ - ([\w ]+): (\d+) points, (\d+) misbehave")
# A guest prints this before it leaves and when it has booted.
STEPS = re.compile(r"KX: (leave|panic|boot (\d+)) ?(?:.*?\bcpus=(\d+))?")


def read(path):
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def results(log):
    """The cases that passed in the last run, with their results."""
    folder = log / "qemu"
    names = set(re.findall(r"^ok \d+ (\S+)", read(log / "test-qemu.log"), re.M))
    for path in sorted(folder.glob("*.json")):
        if path.stem in names and (result := json.loads(read(path)))["verdict"] == "passed":
            yield path.with_suffix(".log"), result


def mutants(log):
    """Lines about mutants, from the last comment of each step."""
    for step, what in MUTANTS:
        text = read(log / f"test-{step}.log")
        if found := re.findall(r"^# (\d+) mutants.*?: (\d+) killed, (\d+) survived, (\d+)", text,
                               re.M):
            every, killed, survived, bad = map(int, found[-1])
            yield what, (f"{every}: {killed} killed, {survived - bad} survive for a reason that is "
                         f"written down, {bad} without one")
        elif found := re.findall(r"^# (\d+) mutants of the review, (\d+) survived", text, re.M):
            every, survived = map(int, found[-1])
            yield what, f"{every}: {every - survived} killed, {survived} survived"
        else:
            yield what, ""


def fuzz(log):
    """Executions of each target in the last run."""
    text = read(log / "test-fuzz.log") or read(log / "fuzz.log")
    runs = {}
    for name, count, seconds in re.findall(r"(\w+): (\d+) executions, \d+ edges, (\d+) s", text):
        runs[name] = int(count), int(seconds)
    if not runs:
        return ""
    least = min(runs, key=lambda name: runs[name][0])
    return (f"{sum(count for count, _ in runs.values()):,} executions of {len(runs)} targets, "
            f"{runs[least][0]:,} of {least}, which has the fewest")


def points(cases):
    """Points at which something was made to fail, and those that did not behave."""
    found = {}
    for path, _ in cases:
        for call, count, bad in POINTS.findall(read(path)):
            count, bad = int(count), int(bad)
            most = found.get(call, (0, 0))
            found[call] = max(most[0], count), most[1] + bad
    if not found:
        return ""
    return (f"{sum(count for count, _ in found.values())} in {len(found)} calls, "
            f"{sum(bad for _, bad in found.values())} of them misbehave")


def exits(cases):
    """Kernels that were started by a kexec, and by a panic, by their number of CPUs."""
    kexecs, panics = {}, 0
    for path, _ in cases:
        last = ""
        for verb, number, cpus in STEPS.findall(read(path)):
            if not number:
                last = verb
            elif int(number) > 1 and last == "leave":
                kexecs[cpus] = kexecs.get(cpus, 0) + 1
            elif int(number) > 1 and last == "panic":
                panics += 1
    return kexecs, panics


def hours(cases, wanted):
    chosen = [result for path, result in cases if wanted.search(path.stem)]
    spent = sum(result["seconds"] for result in chosen)
    return f"{spent / 3600:.2f} h in {len(chosen)} cases" if chosen else ""


def coverage(build):
    found = re.search(r"^all +\d+ +([\d.]+) +\d+ +([\d.]+)", read(build / "coverage/report.txt"), re.M)
    return f"{found[1]} % of lines, {found[2]} % of branches" if found else ""


def rows(build, verdict):
    """Names and texts; a text is empty if its step has not run."""
    log = build / "log"
    cases = list(results(log))
    kexecs, panics = exits(cases)
    yield "tests", verdict
    yield "points of fault injection", points(cases)
    for what, text in mutants(log):
        yield f"mutants: {what}", text
    yield "fuzz targets", fuzz(log)
    yield "storms and random instants", hours(cases, STORM)
    yield "under KCSAN", hours(cases, KCSAN)
    yield "kexecs", f"{sum(kexecs.values()):,}" if kexecs else ""
    yield "kexecs with 4 CPUs", f"{kexecs['4']:,}" if "4" in kexecs else ""
    yield "panics with a capture kernel", f"{panics:,}" if panics else ""
    yield "coverage", coverage(build)


def report(build, verdict):
    revision = subprocess.run(["git", "-C", TOP, "log", "-1", "--format=%h, %cs"], check=False,
                              capture_output=True, text=True).stdout.strip()
    known = list(rows(build, verdict))
    width = max(len(name) for name, _ in known) + 2
    lines = [f"make prove, {revision or 'no commit'}", ""]
    lines += [f"{name:{width}}{text or 'not run'}" for name, text in known]
    return "\n".join(lines) + "\n"


def quote(text, readme):
    """README.md with the report as a table, between the marks or in a new section."""
    if BEGIN not in readme:
        readme = f"{readme}\n{SECTION}\n{BEGIN}{END}"
    head, _, rest = readme.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not end:
        raise ValueError(f"README.md has no {END.strip()}")
    title, _, *lines = text.splitlines()
    table = [(title, ""), ("---", "---"), *(line.split("  ", 1) for line in lines)]
    body = "".join(f"| {name} | {value.strip()} |\n" for name, value in table)
    return f"{head}{BEGIN}{body}{END}{tail}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=TOP / "build", help="the build folder")
    parser.add_argument("--verdict", default="", help="the last line of make prove")
    parser.add_argument("--readme", action="store_true", help="quote the report in README.md")
    args = parser.parse_args()
    target = args.build / "prove/report.txt"
    if args.readme:
        if not target.is_file():
            sys.exit(f"{target} does not exist: run make prove")
        readme = TOP / "README.md"
        readme.write_text(quote(read(target), read(readme)), encoding="utf-8")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(report(args.build, args.verdict), encoding="utf-8")
    print(read(target), end="")


if __name__ == "__main__":
    main()
