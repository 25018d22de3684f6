#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Changes the sources of the host simulator, one operator at a time, and runs its tests;
prints TAP.

Each file is compiled once, with a copy of its functions for each mutant. A mutant is killed
when a test fails, a sanitizer stops it, or it does not end. One that survives needs a reason
in survivors.toml; an entry that no survivor needs is a fault, too. Results are kept until the
file, a header, its suite or the simulator changes.
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
import planted
import results

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[3]
REASONS = HERE / "survivors.toml"
# Rounds of the random tests; what survives the first ones gets all rounds of its own
ROUNDS = (["-n", "200"], [])
# Words in the names of a file's own suite, which runs first, and of its random tests, if
# they are not in the name of the file
SUITES = {"image_blocks": "image-unpack", "unpack": "image-unpack", "inflate": "image-unpack",
          "fdt_memrsv": "fdt", "timeline_abi": "timeline"}
RANDOM = {"range_map": "place", "crashkernel_param": "reserve", "image_header": "image-damage"}
DEFINE = f"""
char *getenv(const char *name);
int atoi(const char *text);
unsigned int {planted.SWITCH};
static void __attribute__((constructor)) choose_mutant(void)
{{
	const char *text = getenv("{planted.SWITCH}");

	{planted.SWITCH} = text ? atoi(text) : 0;
}}
"""
# CPU time of a run: of a file's own tests, which take 0.4 s at most, and of all tests
OWN_SECONDS = 2
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
            if run(program, ROUNDS[0]):
                raise RuntimeError(f"{file}: the simulator fails without a change")
            program.unlink()

    def judges(self, file):
        """The simulator, and the suite of a file: all that judges its mutants."""
        under_test = self.files()
        suite = own_tests(file)[0].replace("-", "_")
        sources = [TOP / name for name in self.compile if name not in under_test and
                   (Path(name).parent.name != "tests" or Path(name).stem.startswith(suite))]
        headers = [path for folder in ("kernel/kexec", "arch/arm64/kexec", "tools/testing/kexec")
                   for path in sorted((TOP / folder).rglob("*.h"))]
        return [*sources, *headers, HERE / "operators.py", HERE.parent / "Makefile"]

    def files(self):
        """The files under test."""
        return [file for file in self.compile
                if re.match(r"(kernel|arch/arm64)/kexec/lib/\w+\.c$", file)]

    def program(self, file, name, text):
        """The simulator with another text of a file."""
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
            done = subprocess.run(list(map(str, command)), capture_output=True, check=False,
                                  cwd=TOP, text=True)
            if done.returncode:
                raise planted.BuildError(done.stderr)
        for suffix in (".c", ".o", ".d"):
            stem.with_suffix(suffix).unlink()
        return stem

    def with_all(self, file, text, mutants):
        """The simulator with all mutants of a file, and the numbers of those that do not
        compile."""
        broken = set()
        while True:
            chosen = [pair for pair in enumerate(mutants, 1) if pair[0] not in broken]
            try:
                return self.program(file, "all-" + Path(file).stem, DEFINE.join(
                    (planted.with_copies(file, text, chosen), ""))), broken
            except planted.BuildError as what:
                broken |= planted.uncompiled(what, broken)


def run(program, words, number=0, seconds=SECONDS):
    """What fails, or None."""
    env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1", **{planted.SWITCH: str(number)},
               ASAN_OPTIONS="detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1")
    done = subprocess.run(["prlimit", f"--cpu={seconds}", program, "-s", "1", *words], env=env,
                          capture_output=True, text=True, errors="replace", check=False)
    if not done.returncode:
        return None
    if done.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return "it does not end"
    found = re.search(r"^not ok \d+ - (.*)", done.stdout, re.M)
    return found.group(1) if found else f"status {done.returncode}"


def own_tests(file):
    """The words that select the suite and the random tests of a file."""
    stem = Path(file).stem
    suite = SUITES.get(stem, stem.replace("_", "-"))
    return suite, RANDOM.get(stem, suite)


class File:
    """A file under test, with the results of its mutants."""

    def __init__(self, build, file, mutants, known):
        self.text = (TOP / file).read_text(encoding="utf-8")
        self.name = file
        self.mutants = mutants
        self.digest = results.digest(*build.judges(file), self.text)
        self.known = known
        self.program, self.broken = None, set()
        if all(known.has(mutant.key, self.digest) for mutant in mutants):
            return
        self.program, self.broken = build.with_all(file, self.text, mutants)
        if self.run_own() or run(self.program, ROUNDS[0]):
            raise RuntimeError(f"{file}: the simulator fails without a change")

    def run_own(self, number=0):
        return run(self.program, [*ROUNDS[0], own_tests(self.name)[0]], number, OWN_SECONDS)

    def try_mutant(self, number):
        """What kills it, None if it survives, or "" if it does not compile."""
        if number in self.broken:
            return ""
        return (self.run_own(number) or run(self.program, ROUNDS[0], number) or
                run(self.program, [own_tests(self.name)[1]], number))

    def result(self, number, mutant):
        return self.known.get(mutant.key, self.digest, lambda: self.try_mutant(number))


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


class Report:
    """Prints TAP; counts mutants, killed ones, and survivors without a reason."""

    def __init__(self):
        self.reasons = Reasons()
        self.counts = {}
        self.total = self.bad = 0
        self.failed = False

    def result(self, mutant, result):
        if result == "":
            return
        self.total += 1
        counts = self.counts.setdefault(mutant.file, [0, 0])
        counts[0] += 1
        counts[1] += bool(result)
        why = None if result else self.reasons.of(mutant)
        self.bad += not (result or why)
        print(f"# {result or why or 'survived, and nothing says why'}")
        print(f"{'ok' if result or why else 'not ok'} {self.total} - {mutant.file}:{mutant.line} "
              f"{mutant.function}() `{mutant.source}` {mutant.what}"
              f"{'' if result else ' (survived)'}", flush=True)

    def end(self, begin, mutants, only, faults=()):
        """The results of all; @only is the regex of the keys that were run."""
        unused = self.reasons.unused(mutants, only)
        for key in unused:
            print(f"# no such survivor: {key}")
        print(f"{'not ok' if unused or faults else 'ok'} {self.total + 1} - "
              f"every reason is used, and the tests pass without a change\n1..{self.total + 1}")
        for file, (total, killed) in self.counts.items():
            print(f"# {file}: {total} mutants, {killed} killed, {total - killed} survived")
        killed = sum(killed for _, killed in self.counts.values())
        print(f"# {self.total} mutants: {killed} killed, {self.total - killed} survived, "
              f"{self.bad} of them unexplained; {time.monotonic() - begin:.0f} s")
        self.failed = bool(self.bad or unused or faults or not self.total)


def main():
    options = parse_options()
    build = Build(options)
    mutants = {file: [m for m in operators.mutants(file, (TOP / file).read_text(encoding="utf-8"))
                      if re.search(options.filter, m.key)] for file in build.files()}
    mutants = {file: found for file, found in mutants.items() if found}
    if options.list:
        print("\n".join(m.key for found in mutants.values() for m in found))
        return 0
    begin = time.monotonic()
    known = results.Results(options.build.parent / "mutants/host.json")
    report = Report()
    print("TAP version 13")
    with ThreadPoolExecutor(options.jobs) as pool:
        files = list(pool.map(lambda name: File(build, name, mutants[name], known), mutants))
        every = [(file, *pair) for file in files for pair in enumerate(file.mutants, 1)]
        found = pool.map(lambda one: one[0].result(*one[1:]), every)
        for (_, _, mutant), result in zip(every, found):
            report.result(mutant, result)
    report.end(begin, [mutant for _, _, mutant in every], options.filter)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
