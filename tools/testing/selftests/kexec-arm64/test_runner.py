#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the test runner itself, without QEMU; prints TAP.

A check that accepts a bad log makes every case worthless. So what passes is spoiled
in one way after another, and each must be refused. The tests are in tests/test_*.py,
a file for each module of the runner.

usage: test_runner.py [MODULE...]    such as check_log; default: all
"""

import importlib
import sys
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
TESTS = Path(__file__).resolve().parent / "tests"


class Tap:
    """Gathers results, so that the plan can be printed before them."""

    def __init__(self):
        self.results = []

    def check(self, good, name):
        self.results.append((bool(good), name))

    def finish(self):
        print(f"TAP version 13\n1..{len(self.results)}")
        for number, (good, name) in enumerate(self.results, 1):
            print(f"{'ok' if good else 'not ok'} {number} {name}")
        return 0 if self.results and all(good for good, _ in self.results) else 1


def main():
    tap = Tap()
    names = sys.argv[1:] or [path.stem.removeprefix("test_") for path in
                             sorted(TESTS.glob("test_*.py"))]
    for name in names:
        module = importlib.import_module(f"tests.test_{name}")
        tests = [(key, value) for key, value in vars(module).items() if key.startswith("test_")]
        tap.check(tests, f"{name}: there are tests")
        for key, test in tests:
            try:
                test(tap)
            except Exception: # pylint: disable=broad-exception-caught # a test that dies fails
                traceback.print_exc()
                tap.check(False, f"{name}: {key} ended early")
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
