#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Changes the sources of the host simulator, one operator at a time, and runs its tests;
prints TAP.

A mutant is killed when a test fails, a sanitizer stops it, or it does not end. One that
survives needs a reason in survivors.toml; an entry that no survivor needs is a fault, too.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import operators

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[3]
REASONS = HERE / "survivors.toml"
# Rounds of the random tests; what survives the first ones gets the whole of them
ROUNDS = (["-n", "200"], [])
# CPU time of a run
SECONDS = 60


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", default=TOP / "build/host", type=Path, help="the simulator")
    parser.add_argument("--filter", default="", help="regex: only mutants whose key has it")
    parser.add_argument("--list", action="store_true", help="name the mutants and run none")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count())
    return parser.parse_args()


def make(options, *words):
    return subprocess.run(["make", "-s", "-C", HERE.parent, f"O={options.build}", *words],
                          check=True, capture_output=True, text=True).stdout


class Build:
    """How the simulator is compiled and linked, as make says."""

    def __init__(self, options):
        make(options)
        self.folder = options.build / "mutants"
        self.folder.mkdir(exist_ok=True)
        lines = make(options, "-n", "-B").splitlines()
        self.compile = {m.group(1): line.split() for line in lines
                        if (m := re.search(rf" -c -o \S+ {re.escape(str(TOP))}/(\S+\.c)$", line))}
        self.link = next(line.split() for line in lines if line.endswith(" -lfdt"))

    def check(self, texts):
        """Without a change each file must compile, or all its mutants would be none."""
        for file, text in texts.items():
            program = self.program(file, "plain", text)
            if not program or run(program, ROUNDS[0]):
                raise RuntimeError(f"{file}: the simulator fails without a change")
            program.unlink()

    def files(self):
        """The files under test."""
        return [file for file in self.compile
                if re.match(r"(kernel|arch/arm64)/kexec/(lib/)?\w+\.c$", file)]

    def program(self, file, name, text):
        """The simulator with another text of a file, or None if that does not compile."""
        stem = self.folder / name
        source = TOP / file
        changed = stem.with_suffix(".c")
        # Includes are relative to the folder of the original
        changed.write_text(f'#line 1 "{source}"\n' + text)
        words = self.compile[file]
        at = words.index("-o")
        compile_it = [*words[:at], "-iquote", source.parent, "-Wno-error",
                      "-o", stem.with_suffix(".o"), changed]
        link = [stem.with_suffix(".o") if word == words[at + 1] else word for word in self.link]
        link[link.index("-o") + 1] = stem
        for command in (compile_it, link):
            if subprocess.run(list(map(str, command)), capture_output=True, check=False,
                              cwd=TOP).returncode:
                return None
        changed.unlink()
        stem.with_suffix(".o").unlink()
        return stem


def run(program, rounds):
    """What fails, or None."""
    env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1",
               ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1")
    done = subprocess.run(["prlimit", f"--cpu={SECONDS}", program, "-s", "1", *rounds], env=env,
                          capture_output=True, text=True, errors="replace", check=False)
    if not done.returncode:
        return None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "it does not end"
    found = re.search(r"^not ok \d+ - (.*)", done.stdout, re.M)
    return found.group(1) if found else f"status {done.returncode}"


def try_mutant(build, mutant, text):
    """What kills it, None if it survives, or "" if it does not compile."""
    program = build.program(mutant.file, f"{abs(hash(mutant.key)):x}", mutant.apply(text))
    if not program:
        return ""
    killed = None
    for rounds in ROUNDS:
        killed = killed or run(program, rounds)
    program.unlink()
    return killed


class Reasons:
    """survivors.toml."""

    def __init__(self):
        entries = tomllib.loads(REASONS.read_text(encoding="utf-8"))["survivor"]
        self.why = {f"{e['file']} {e['function']}() `{e['source']}` {what}": e["why"]
                    for e in entries for what in e["changes"]}
        self.used = set()

    def of(self, mutant):
        self.used.add(mutant.key)
        return self.why.get(mutant.key)

    def unused(self, mutants, only):
        """Reasons of keys that have the regex @only."""
        return [key for key in self.why
                if key not in self.used and re.search(only, key) and
                any(key.startswith(m.file + " ") for m in mutants)]


def report(mutants, results, reasons):
    """Returns the number of mutants, of killed ones, and of survivors without a reason."""
    total = killed = bad = 0
    for mutant, result in zip(mutants, results):
        if result == "":
            continue
        total += 1
        killed += bool(result)
        why = None if result else reasons.of(mutant)
        bad += not (result or why)
        print(f"# {result or why or 'survived, and nothing says why'}")
        print(f"{'ok' if result or why else 'not ok'} {total} - {mutant.file}:{mutant.line} "
              f"{mutant.function}() `{mutant.source}` {mutant.what}"
              f"{'' if result else ' (survived)'}", flush=True)
    return total, killed, bad


def main():
    options = parse_options()
    build = Build(options)
    texts = {file: (TOP / file).read_text(encoding="utf-8") for file in build.files()}
    mutants = [m for file, text in texts.items() for m in operators.mutants(file, text)
               if re.search(options.filter, m.key)]
    if options.list:
        print("\n".join(m.key for m in mutants))
        return 0
    build.check({file: text for file, text in texts.items()
                 if any(m.file == file for m in mutants)})
    begin = time.monotonic()
    reasons = Reasons()
    print("TAP version 13")
    with ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(lambda m: try_mutant(build, m, texts[m.file]), mutants)
        total, killed, bad = report(mutants, results, reasons)
    unused = reasons.unused(mutants, options.filter)
    for key in unused:
        print(f"# no such survivor: {key}")
    print(f"{'not ok' if unused else 'ok'} {total + 1} - every reason is used\n1..{total + 1}")
    print(f"# {total} mutants: {killed} killed, {total - killed} survived, {bad} of them "
          f"unexplained; {time.monotonic() - begin:.0f} s")
    return 1 if bad or unused or not total else 0


if __name__ == "__main__":
    sys.exit(main())
