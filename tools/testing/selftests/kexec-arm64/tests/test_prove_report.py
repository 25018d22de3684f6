# SPDX-License-Identifier: GPL-2.0-only
"""The report of make prove, from logs that are made up."""

import json
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

TOP = Path(__file__).resolve().parents[5]
SCRIPT = TOP / "scripts/prove-report.py"
MUTANTS = """TAP version 13
# killed by nothing: 9 mutants: 9 killed, 9 survived, 9 of them
ok 1 - a
# 66 mutants: 60 killed, 6 survived, {bad} of them unexplained; 9 s
"""
FUZZ = """# fdt: 10000000 executions, 9 edges, 200 s, seed 1
ok 1 - fdt
# uki: 12000000 executions, 9 edges, 3 s, seed 1
ok 2 - uki
"""
CHAIN = """[    0.5] KX: boot 1 release=6.12 cpus={n} page=4096
[    0.8] KX: leave kexec-e
[    0.9] KX: boot 2 release=6.12 cpus={n} page=4096
[    1.8] KX: panic
[    0.9] KX: boot 3 release=6.12 cpus=1 page=4096
[    1.0] KX: leave syscall
"""
POINTS = """[    1.0] KXTAP: ok 1 - kexec_load: 23 points, 0 misbehave
[    1.0] KXTAP: not ok 2 - kexec_file_load of a UKI: 27 points, 2 misbehave
[    1.0] KXTAP: # kexec_load: 99 points
"""


def module():
    sys.dont_write_bytecode = True
    return SourceFileLoader("prove_report", str(SCRIPT)).load_module()


def write(build, name, text):
    path = Path(build, "log", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def case(build, name, seconds, text, verdict="passed"):
    write(build, f"qemu/{name}.log", text)
    write(build, f"qemu/{name}.json", json.dumps({"verdict": verdict, "seconds": seconds}))


def fill(build, bad=0):
    """A build folder in which all steps have run, but for mutants of the review."""
    case(build, "chain-4", 10, CHAIN.format(n=4))
    case(build, "chain-2", 10, CHAIN.format(n=2))
    case(build, "kcsan-storm-1", 1800, "")
    case(build, "hotplug-storm-4k", 1800, POINTS)
    case(build, "failed", 10, CHAIN.format(n=4), "failed")
    case(build, "skipped-storm", 10, CHAIN.format(n=4), "skipped")
    case(build, "old-storm", 10, CHAIN.format(n=4))
    names = ("chain-4", "chain-2", "kcsan-storm-1", "hotplug-storm-4k", "skipped-storm # SKIP x")
    write(build, "test-qemu.log", "".join(f"ok {n} {name}\n" for n, name in enumerate(names, 1))
          + "not ok 9 failed\n")
    write(build, "test-mutants.log", MUTANTS.format(bad=bad))
    write(build, "test-fuzz.log", FUZZ)
    Path(build, "coverage").mkdir()
    Path(build, "coverage/report.txt").write_text("``a.c``  9  9.0  9  9.0  -\n"
                                                  "all      900  91.5  800  70.1  12\n")


def report(build, *more):
    subprocess.run([SCRIPT, "--build", build, *more], check=True, capture_output=True)
    return Path(build, "prove/report.txt").read_text()


def lines(text):
    """The rows of a report as a table."""
    return dict(line.split("  ", 1) for line in text.splitlines()[2:])


def row(text, name):
    return lines(text).get(name, "").strip()


def test_report(tap):
    with tempfile.TemporaryDirectory() as build:
        fill(build)
        text = report(build, "--verdict", "1 passed, 0 failed, 0 skipped")
        tap.check(row(text, "tests") == "1 passed, 0 failed, 0 skipped", "prove: the verdict")
        tap.check(row(text, "points of fault injection")
                  == "50 in 2 calls, 2 of them misbehave", "prove: points, also of a failed call")
        tap.check(row(text, "mutants: instructions of maintenance, as NOP").startswith("66: 60 killed, 6 "),
                  "prove: mutants, from the last comment")
        tap.check("not run" == row(text, "mutants: chosen by reviewers"), "prove: a step without a log")
        tap.check("22,000,000 executions of 2 targets, 10,000,000 of fdt" in row(text, "fuzz targets"),
                  "prove: executions")
        tap.check(row(text, "under KCSAN") == "0.50 h in 1 cases", "prove: hours under KCSAN")
        tap.check(row(text, "storms and random instants") == "1.00 h in 2 cases",
                  "prove: hours of storms, no skipped case and none of an earlier run")
        tap.check(row(text, "kexecs") == "2", "prove: kexecs, those that came up")
        tap.check(row(text, "kexecs with 4 CPUs") == "1", "prove: kexecs with 4 CPUs")
        tap.check(row(text, "panics with a capture kernel") == "2", "prove: panics")
        tap.check(row(text, "coverage") == "91.5 % of lines, 70.1 % of branches", "prove: coverage")


def test_bad(tap):
    with tempfile.TemporaryDirectory() as build:
        fill(build, bad=2)
        text = report(build)
        tap.check(row(text, "mutants: instructions of maintenance, as NOP").endswith("2 without one"),
                  "prove: mutants that survive without a reason")
        tap.check(row(text, "tests") == "not run", "prove: no verdict")
    with tempfile.TemporaryDirectory() as build:
        text = report(build)
        tap.check(set(lines(text).values()) and all(value.strip() == "not run"
                                                    for value in lines(text).values()),
                  "prove: nothing has run")
        done = subprocess.run([SCRIPT, "--build", Path(build, "none"), "--readme"],
                              capture_output=True, check=False)
        tap.check(done.returncode and b"does not exist" in done.stderr,
                  "prove: nothing is quoted without a report")


def test_quote(tap):
    prove = module()
    table = f"{prove.BEGIN}| title |  |\n| --- | --- |\n| kexecs | 9 |\n{prove.END}"
    text = f"a\n{prove.BEGIN}old\n{prove.END}b\n"
    new = "title\n\nkexecs    9\n"
    tap.check(prove.quote(new, text) == f"a\n{table}b\n",
              "prove: the table in README.md is replaced")
    tap.check(prove.quote(new, "a\n") == f"a\n\n{prove.SECTION}\n{table}",
              "prove: README.md gets a section")
    try:
        prove.quote(new, f"a\n{prove.BEGIN}b\n")
        tap.check(False, "prove: a mark is missing in README.md")
    except ValueError:
        tap.check(True, "prove: a mark is missing in README.md")
