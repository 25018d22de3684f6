# SPDX-License-Identifier: GPL-2.0-only
"""Reads KUnit's results out of a kernel log.

KUnit speaks KTAP (Documentation/dev-tools/ktap.rst): a suite is a subtest whose
plan and results are indented, and one result at the outer level sums it up. A
suite passes when its plan is met, no result is bad, skipped or missing, and the
kernel's own result is good.
"""

import re

PLAN = re.compile(r"^    1\.\.(\d+)")
NAME = re.compile(r"^    # Subtest: (\S+)")
INNER = re.compile(r"^    (not )?ok \d+ (\S+)(.*)")
OUTER = re.compile(r"^(not )?ok \d+ (\S+)(.*)")


class Suite:
    """The lines of one suite, gathered until its result comes."""

    def __init__(self):
        self.planned = None
        self.results = 0
        self.faults = []

    def take(self, line):
        if m := PLAN.match(line):
            self.planned = int(m.group(1))
        elif m := INNER.match(line):
            self.results += 1
            if m.group(1) or "SKIP" in m.group(3):
                self.faults.append(line.strip())

    def close(self, match):
        if match.group(1) or "SKIP" in match.group(3):
            self.faults.append(match.group(0))
        if not self.planned or self.planned != self.results:
            self.faults.append(f"{self.results} results for a plan of {self.planned}")
        return not self.faults, self.faults or [f"{match.group(2)}: {self.results} tests"]


def parse(lines):
    """Maps each suite's name to (passed, what to say about it)."""
    suites, current = {}, Suite()
    for line in lines:
        if NAME.match(line):
            current = Suite() if current.results else current
        if m := OUTER.match(line):
            if m.group(2) in suites:
                current.faults.append(f"{m.group(2)} has two results")
            suites[m.group(2)] = current.close(m)
            current = Suite()
        else:
            current.take(line)
    return suites
