#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints the longest chain of our functions from each system call to another function.

usage: call-depth.py [--limit N] [OUT [TARGET]]

The chain is read from the objects of OUT (the 4k kernel), so an inlined function is no
frame. TARGET is alloc_contig_range() unless given. With --limit, a chain of more than N
functions, or none, is an error. A call through a pointer is not seen.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENTRIES = ("__arm64_sys_kexec_load", "__arm64_sys_kexec_file_load")
FUNCTION = re.compile(r"^[0-9a-f]+ <([^>]+)>:$")
BRANCH = re.compile(r"\tbl?\t[0-9a-f]+ <([^>+]+)")
RELOCATION = re.compile(r"R_AARCH64_(?:CALL|JUMP)26\t([\w.]+)$")


def calls(objects):
    """Which function calls which, as a dictionary of sets."""
    graph = {}
    text = subprocess.run(["aarch64-linux-gnu-objdump", "-dr", "--no-show-raw-insn", *objects],
                          check=True, capture_output=True, text=True).stdout
    current = None
    for line in text.splitlines():
        begin = FUNCTION.match(line)
        if begin:
            current = graph.setdefault(begin[1], set())
            continue
        target = RELOCATION.search(line) or BRANCH.search(line)
        if target and current is not None:
            current.add(target[1])
    return graph


def longest(graph, name, target, path=()):
    """The longest path from name to target without target itself, or None."""
    best = None
    for callee in graph.get(name, ()):
        if callee == target:
            found = (*path, name)
        elif callee in graph and callee not in path and callee != name:
            found = longest(graph, callee, target, (*path, name))
        else:
            continue
        if found and (not best or len(found) > len(best)):
            best = found
    return best


def main(args):
    limit = None
    if args[:1] == ["--limit"]:
        limit = int(args[1])
        args = args[2:]
    target = args[1] if len(args) > 1 else "alloc_contig_range_noprof"
    folder = args[0] if args else os.path.join(TOP, "build", "out", "4k")
    sources = [s for d in ("kernel/kexec", "arch/arm64/kexec")
               for s in glob.glob(os.path.join(TOP, d, "**", "*.c"), recursive=True)]
    objects = [os.path.join(folder, os.path.relpath(s, TOP)[:-1] + "o") for s in sources]
    objects = [o for o in objects if "/tests/" not in o and os.path.exists(o)]
    if not objects:
        sys.exit(f"call-depth.py: no objects in {folder}: run scripts/build-kernel.sh")
    graph = calls(objects)
    deepest = 0
    for entry in ENTRIES:
        path = longest(graph, entry, target)
        if not path:
            print(f"{entry} does not reach {target}")
            deepest = sys.maxsize
            continue
        deepest = max(deepest, len(path))
        print(f"{len(path)} frames above {target}(): " + " > ".join(path))
    return limit is not None and deepest > limit


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
