# SPDX-License-Identifier: GPL-2.0-only
"""The figures of make coverage, from records of gcov that are made up."""

import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

TOP = Path(__file__).resolve().parents[5]
SCRIPT = TOP / "scripts/coverage.py"


def module():
    sys.dont_write_bytecode = True
    return SourceFileLoader("coverage_script", str(SCRIPT)).load_module()


def line(number, name, count, *branches):
    return {"line_number": number, "function_name": name, "count": count,
            "branches": [{"count": taken} for taken in branches]}


def source(script, *records):
    """A file with functions of ten lines each, as gcov prints them."""
    found = script.Source()
    for lines in records:
        found.add({"functions": [{"name": name, "start_line": 10 * n, "end_line": 10 * n + 9}
                                 for n, name in enumerate(("plain", "cold", "hot"), 1)],
                   "lines": lines})
    return found


def test_figures(tap):
    script = module()
    one = [line(11, "plain", 3, 3, 0), line(12, "plain", 0, 0, 0), line(21, "cold", 0),
           line(31, "hot", 1)]
    found = source(script, one)
    tap.check(found.figures() == (4, 2, 4, 1), "coverage: lines and branches")
    tap.check(found.gaps() == "``plain()`` 1 of 2, ``cold()`` 1 of 1",
              "coverage: functions with gaps, none without")
    found = source(script, one, [line(11, "plain", 0, 0, 5), line(21, "cold", 1)])
    tap.check(found.figures() == (4, 3, 4, 2), "coverage: counters of two objects add up")


def test_report(tap):
    script = module()
    good = source(script, [line(11 + i, "plain", 1) for i in range(9)] + [line(21, "cold", 0)])
    bad = source(script, [line(11 + i, "plain", 1) for i in range(8)]
                 + [line(21, "cold", 0), line(22, "cold", 0)])
    text = script.report({"a.c": good, "b.c": bad})
    tap.check("``b.c``\n    ``cold()`` 2 of 2" in text, "coverage: a file below the limit is named")
    tap.check("``a.c``\n    " not in text, "coverage: a file at the limit is not")
    tap.check(any(words[:3] == ["all", "20", "85.0"] for words in map(str.split, text.splitlines())),
              "coverage: the sum of all files")


def test_files(tap):
    script = module()
    for name, wanted in (("../kernel/kexec/lib/extent.c", "kernel/kexec/lib/extent.c"),
                         ("/x/arch/arm64/kexec/unpack.c", "arch/arm64/kexec/unpack.c"),
                         ("../kernel/kexec/tests/lock_test.c", None),
                         ("../include/linux/kexec.h", None), ("../kernel/kexec_core.c", None)):
        found = script.SOURCE.search(name)
        tap.check((found and found[1]) == wanted, f"coverage: {name}")
    with tempfile.TemporaryDirectory() as folder:
        try:
            script.collect(Path(folder))
            tap.check(False, "coverage: no counters")
        except RuntimeError:
            tap.check(True, "coverage: no counters")
