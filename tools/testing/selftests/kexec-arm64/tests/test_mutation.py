# SPDX-License-Identifier: GPL-2.0-only
"""Mutants: changes of the text, copies of functions for each of them, results that are kept."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[5]
sys.path.append(str(TOP / "tools/testing/kexec/mutation"))

# pylint: disable=wrong-import-position
import host
import operators
import planted
import results

SOURCE = """\
#include <stdlib.h>
#include <stdio.h>

static int total;

/* a > b is no code */
static void add(int a,
\t\tint b)
{
\tif (a > b)
\t\ttotal += a - b;
}

int main(void)
{
\tchar *text = malloc(4);

\tif (!text)
\t\tgoto out;
\tadd(3, 1);
\tadd(1, 1);
\tfree(text);
out:
\tprintf("%d\\n", total);
\treturn total != 2;
}
"""
# What is changed, and what the program prints then
CHANGES = (
    ("without the check", "0"), ("> to >=", "2"), ("+= to -=", "-2"), ("- to +", "4"),
    ("without the check", "2"), ("without free(text);", "2"), ("!= to ==", "2"),
)


def program(folder, text):
    source = folder / "x.c"
    source.write_text(text + host.DEFINE)
    done = subprocess.run(["gcc", "-w", "-o", folder / "x", source], check=False,
                          capture_output=True, text=True)
    return "" if done.returncode == 0 else done.stderr


def said(folder, number):
    env = {**os.environ, planted.SWITCH: str(number)}
    return subprocess.run([folder / "x"], check=False, capture_output=True, text=True,
                          env=env).stdout.strip()


def test_copies(tap):
    mutants = operators.mutants("x.c", SOURCE)
    tap.check([m.what for m in mutants] == [what for what, _ in CHANGES],
              "mutation: each operator, check and release of the code")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        numbered = list(enumerate(mutants, 1))
        fault = program(folder, planted.with_copies("x.c", SOURCE, numbered))
        tap.check(not fault, f"mutation: copies compile {fault}")
        tap.check(said(folder, 0) == "2", "mutation: no copy without a number")
        for (number, mutant), (_, wanted) in zip(numbered, CHANGES):
            tap.check(said(folder, number) == wanted, f"mutation: copy {number}: {mutant.what}")


def test_broken(tap):
    mutant = operators.mutants("x.c", SOURCE)[0]
    mutant.new = "> ("
    with tempfile.TemporaryDirectory() as name:
        fault = program(Path(name), planted.with_copies("x.c", SOURCE, [(7, mutant)]))
        tap.check(planted.uncompiled(planted.BuildError(fault), set()) == {7},
                  "mutation: a copy that does not compile is named")
        try:
            planted.uncompiled(planted.BuildError("x.c:1:1: error: other"), set())
            tap.check(False, "mutation: another error is none of a copy")
        except planted.BuildError:
            tap.check(True, "mutation: another error is none of a copy")


def test_results(tap):
    runs = []

    def one(result):
        runs.append(result)
        return result

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "kept/x.json"
        first = results.Results(path)
        first.get("a", "1", lambda: one("killed"))
        first.get("b", "1", lambda: one(None))
        with open(path, "a", encoding="utf-8") as stream:
            stream.write('{"key": "c", "dig')
        again = results.Results(path)
        tap.check(again.get("a", "1", lambda: one("other")) == "killed"
                  and again.get("b", "1", lambda: one("other")) is None and len(runs) == 2,
                  "mutation: results are kept, also of survivors")
        tap.check(again.get("a", "2", lambda: one("other")) == "other",
                  "mutation: a changed source or test runs again")
        tap.check(again.get("c", "1", lambda: one("third")) == "third"
                  and results.Results(path).get("a", "2", lambda: one("lost")) == "other",
                  "mutation: half a line is no result, and the next one is whole")
