#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Line and branch coverage of the files that the host simulator has in common with the kernel.

The simulator is built with counters of gcov, without optimization, and runs its KUnit
suites and random tests as in make test.

usage: coverage.py [--collect] [--write]
  --collect  run nothing: use the counters that are there
  --write    the result becomes the table of Documentation/arch/arm64/kexec/coverage.rst
The result is build/coverage/report.txt.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from collections import defaultdict
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
OUT = TOP / "build/coverage"
PAGE = TOP / "Documentation/arch/arm64/kexec/coverage.rst"
MARK = ".. measured\n\n"
# Sources that count: no tests, no headers.
SOURCE = re.compile(r"(?:^|/)((?:kernel|arch/arm64)/kexec/(?:lib/)?\w+\.c)$")
LOW = 90
WIDTH, INDENT = 90, "    "


class Source:
    """Counters of one file."""

    def __init__(self):
        self.lines = defaultdict(int)
        self.branches = defaultdict(int)
        self.functions = {}

    def add(self, record):
        for function in record["functions"]:
            self.functions[function["start_line"]] = (function["name"], function["end_line"])
        for line in record["lines"]:
            number = line["line_number"]
            self.lines[number] += line["count"]
            for index, branch in enumerate(line["branches"]):
                self.branches[number, line.get("function_name"), index] += branch["count"]

    def function_of(self, number):
        """The name of the function that a line is in."""
        for start, (name, end) in self.functions.items():
            if start <= number <= end:
                return name
        return ""

    def figures(self):
        """Lines, those that have run, branches, those that were taken."""
        return (len(self.lines), sum(map(bool, self.lines.values())),
                len(self.branches), sum(map(bool, self.branches.values())))

    def gaps(self):
        """Functions with lines that have not run, those with the most of them first."""
        found = defaultdict(lambda: [0, 0])
        for number, count in self.lines.items():
            gap = found[self.function_of(number)]
            gap[0] += not count
            gap[1] += 1
        return ", ".join(f"``{name}()`` {missing} of {lines}" for name, (missing, lines)
                         in sorted(found.items(), key=lambda gap: -gap[1][0]) if missing)


def percent(part, whole):
    return f"{100 * part / whole:.1f}" if whole else "-"


def gcov(folder, names):
    """The records of gcov for counters in one folder."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *names],
                          cwd=folder, capture_output=True, check=True)
    for line in done.stdout.splitlines():
        yield from json.loads(line)["files"]


def collect(folder):
    """All counters below a folder."""
    names = defaultdict(list)
    for path in sorted(folder.rglob("*.gcda")):
        names[path.parent].append(path.name)
    sources = defaultdict(Source)
    for place, found in names.items():
        for record in gcov(place, found):
            if match := SOURCE.search(os.path.normpath(record["file"])):
                sources[match[1]].add(record)
    if not sources:
        raise RuntimeError(f"no counters in {folder}")
    return sources


def run(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run(["make", "-s", "-C", TOP / "tools/testing/kexec", f"O={folder}",
                    "CFLAGS=-O0 -g --coverage", "SANITIZE=", "check"], check=True,
                   env=os.environ | {"LDFLAGS": "--coverage"}, stdout=subprocess.DEVNULL)


def draw(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    rule = "  ".join("=" * width for width in widths)
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def row(name, figures):
    lines, ran, branches, taken = figures
    return name, str(lines), percent(ran, lines), str(branches), percent(taken, branches)


def report(sources):
    """The text of the measured part of the page."""
    total, rows, low = (0, 0, 0, 0), [], []
    for name, source in sorted(sources.items()):
        figures = source.figures()
        total = tuple(map(sum, zip(total, figures)))
        rows.append(row(f"``{name}``", figures))
        if 100 * figures[1] < LOW * figures[0]:
            low += [f"``{name}``", textwrap.fill(source.gaps(), WIDTH, initial_indent=INDENT,
                                                 subsequent_indent=INDENT)]
    head = ("file", "lines", "run, %", "branches", "taken, %")
    revision = subprocess.run(["git", "-C", TOP, "log", "-1", "--format=%h, %cs"], check=False,
                              capture_output=True, text=True).stdout.strip()
    return "\n".join([
        f"Commit {revision or 'unknown'}:", "", draw([head, *rows, row("all", total)]), "",
        f"Files below {LOW} % of lines, with the lines of each function that have not run:", "",
        *(low or ["None."])])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--collect", action="store_true", help="run nothing")
    parser.add_argument("--write", action="store_true", help=f"write to {PAGE.name}, too")
    args = parser.parse_args()
    try:
        if not args.collect:
            run(OUT / "host")
        text = report(collect(OUT / "host"))
    except (RuntimeError, subprocess.CalledProcessError) as what:
        print(f"coverage.py: {what}", file=sys.stderr)
        return 1
    (OUT / "report.txt").write_text(text + "\n", encoding="utf-8")
    print(text)
    if args.write:
        head, mark, _ = PAGE.read_text(encoding="utf-8").partition(MARK)
        PAGE.write_text(f"{head}{mark}{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
