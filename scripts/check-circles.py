#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if source files of kernel/kexec and arch/arm64/kexec use each other in a circle.

A file uses another one if its object has an undefined symbol that the other object
defines. Calls, data and pointers to functions all show up, inline functions do not
hide anything. Tests are left out.

usage: check-circles.py [--self-test] OUT     (OUT: output folder of a kernel build)

--self-test adds a reference to copies of the objects that closes a circle, and fails
unless the circle is reported.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copyfile

TOP = Path(__file__).resolve().parents[1]
CROSS = "aarch64-linux-gnu-"
FOLDERS = ("kernel/kexec", "arch/arm64/kexec")
MIN_OBJECTS = 30


def objects(out):
    """Object files of the two folders, by source file; older ones have no source."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*.[cS]")):
            name = path.relative_to(TOP)
            built = out / name.with_suffix(".o")
            if "tests" not in name.parts and built.exists():
                found[str(name)] = built
    return found


def symbols(path):
    """The global symbols that an object defines, and those that it uses."""
    text = subprocess.run([f"{CROSS}nm", "-P", "-g", str(path)], check=True,
                          capture_output=True, text=True).stdout
    words = [line.split() for line in text.splitlines()]
    return ({w[0] for w in words if w[1] not in "Uvw"}, {w[0] for w in words if w[1] in "Uvw"})


def arrows(found):
    """{object: {object that it uses: symbols}}"""
    table = {name: symbols(path) for name, path in found.items()}
    owner = {symbol: name for name, (defined, _) in table.items() for symbol in defined}
    uses = {name: {} for name in table}
    for name, (_, undefined) in table.items():
        for symbol in undefined:
            other = owner.get(symbol)
            if other and other != name:
                uses[name].setdefault(other, set()).add(symbol)
    return uses


def reachable(uses, start):
    seen, todo = set(), [start]
    while todo:
        for other in uses[todo.pop()]:
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def circles(uses):
    """Sets of files that all use each other, directly or not."""
    reach = {name: reachable(uses, name) for name in uses}
    found = {frozenset(b for b in reach[a] if a in reach[b]) for a in uses if a in reach[a]}
    return sorted(sorted(circle) for circle in found)


def report(uses):
    """Lines that name each circle and the symbols that close it."""
    for circle in circles(uses):
        yield "circle: " + " ".join(circle)
        for a in circle:
            for b in sorted(uses[a].keys() & set(circle)):
                yield f"  {a} uses {b}: {' '.join(sorted(uses[a][b]))}"


def plant(found, uses, folder):
    """Copies of two objects, the used one of which now uses the other one as well."""
    used, user = next((b, a) for a in sorted(uses) for b in sorted(uses[a]))
    defined = next(iter(sorted(symbols(found[user])[0])))
    source, extra, result = folder / "plant.S", folder / "plant.o", folder / "planted.o"
    source.write_text(f'\t.section .rodata.plant, "a"\n\t.quad {defined}\n', encoding="utf-8")
    subprocess.run([f"{CROSS}gcc", "-c", "-o", extra, source], check=True)
    copyfile(found[used], folder / "original.o")
    subprocess.run([f"{CROSS}ld", "-r", "-o", result, folder / "original.o", extra], check=True)
    return {**found, used: result}, {used, user}


def self_test(found, uses):
    """Complaints, if a planted circle is not reported."""
    with tempfile.TemporaryDirectory() as folder:
        planted, members = plant(found, uses, Path(folder))
        seen = circles(arrows(planted))
    if not any(members <= set(circle) for circle in seen):
        yield f"planted circle not found: {' '.join(sorted(members))}"


def main():
    arguments = sys.argv[1:]
    testing = "--self-test" in arguments
    names = [a for a in arguments if not a.startswith("-")]
    if len(names) != 1:
        sys.exit(__doc__)
    found = objects(Path(names[0]))
    if len(found) < MIN_OBJECTS:
        sys.exit(f"{names[0]}: only {len(found)} objects")
    uses = arrows(found)
    lines = list(self_test(found, uses) if testing else report(uses))
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
