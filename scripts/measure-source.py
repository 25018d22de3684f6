#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures the source of two revisions and prints a table for
Documentation/arch/arm64/kexec/measures.rst.

usage: measure-source.py [--write] BEFORE [AFTER]     (AFTER: HEAD)

Functions and calls are read from the text: a function uses each function that it
names. Calls through pointers are not seen. Tests are left out.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "Documentation/arch/arm64/kexec/measures.rst"
FOLDERS = ("kernel", "arch", "include")
LIMIT = 80
PANIC_ROOTS = ("__crash_kexec", "crash_kexec")
LOADING = "alloc_contig_range"
COMMENT = r"/\*.*?\*/|//[^\n]*"
STRING = r'"(?:[^"\\\n]|\\.)*"'
FUNCTION = re.compile(r"^((?:[A-Za-z_]\w*[ *\n]+)*)(\w+)\(([^{};]*)\)\s*\n\{\n(.*?)^\}",
                      re.S | re.M)


@dataclass
class Source:
    """The files of one revision: text without comments, functions by (file, name)."""
    words: int = 0
    messages: list = field(default_factory=list)
    lengths: list = field(default_factory=list)
    bodies: dict = field(default_factory=dict)
    lines: int = 0
    files: int = 0
    headers: int = 0
    doors: set = field(default_factory=set)


def blank(found):
    return re.sub(r"[^\n]", " ", found[0])


def read(root):
    source = Source()
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.[chS]")):
            if "tests" not in path.relative_to(root).parts:
                add(source, path.relative_to(root), path.read_text(encoding="utf-8"))
    return source


def add(source, name, text):
    comments = re.findall(rf"{STRING}|({COMMENT})", text, re.S)
    source.words += sum(len(re.findall(r"[A-Za-z']+", comment)) for comment in comments)
    source.files += 1
    source.lines += text.count("\n")
    source.headers += name.suffix == ".h" and name.parts[0] in ("kernel", "arch")
    code = re.sub(rf"({STRING})|{COMMENT}",
                  lambda m: m[0] if m[1] else blank(m), text, flags=re.S)
    if str(name).startswith("include/linux/"):
        source.doors |= set(re.findall(r"\b(kexec_arch_\w+)\(", code))
    for call in re.findall(r"\b(?:pr_(?:emerg|err|warn|notice)\w*\(|kexec_refusal_err\(\w+,)\s*((?:\"(?:[^\"\\]|\\.)*\"\s*)+)",
                           code):
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', call))
        source.messages.append(len(text.replace("\\n", "")))
    bare = re.sub(STRING, blank, code)
    for found in FUNCTION.finditer(bare):
        # A system call is named by its first argument.
        function = found[2]
        if function.split("_")[-1].startswith("DEFINE"):
            function = "sys_" + found[3].split(",")[0].strip()
        source.bodies[str(name), function] = found[4], "static" in found[1].split()
        source.lengths.append(found[4].count("\n"))


def graph(source):
    """{function: functions that it names}"""
    owner = {}
    for (name, function), (_, static) in source.bodies.items():
        # Inline functions of a header are seen by every file.
        if not static or name.endswith(".h"):
            owner[function] = (name, function)
    calls = {}
    for key, (body, _) in source.bodies.items():
        words = set(re.findall(r"\b[A-Za-z_]\w*\b", body))
        calls[key] = {(key[0], w) if (key[0], w) in source.bodies else owner.get(w)
                      for w in words} - {key, None}
        if LOADING in words:
            calls[key].add(LOADING)
    calls[LOADING] = set()
    return calls


def reached(calls, roots):
    seen, todo = set(), list(roots)
    while todo:
        key = todo.pop()
        if key not in seen:
            seen.add(key)
            todo += calls.get(key, ())
    return seen


def frames(calls, start, choose, active=()):
    """Functions in a chain of calls from @start to alloc_contig_range(): @choose is min
    or max."""
    if start == LOADING:
        return 0
    below = [depth for key in calls[start] if key not in active
             if (depth := frames(calls, key, choose, (*active, start))) is not None]
    return 1 + choose(below) if below else None


def figures(root):
    source = read(root)
    calls = graph(source)
    panic = reached(calls, [k for k in source.bodies if k[1] in PANIC_ROOTS])
    panic = {key for key in panic if key != LOADING}
    useful = {k: v for k, v in calls.items() if LOADING in reached(calls, [k])}
    useful = {k: {c for c in v if c in useful} for k, v in useful.items()}
    start = next(k for k in useful if k[1] == "sys_kexec_load")
    tenth = quantiles(source.messages, n=10)[-1]
    return [
        ("source files, tests not included", source.files),
        ("lines in them", source.lines),
        ("words in comments", source.words),
        ("words in comments for 100 lines", round(100 * source.words / source.lines)),
        ("messages from pr_notice() to pr_emerg()", len(source.messages)),
        ("characters of a message, median", round(median(source.messages))),
        ("characters of a message, 90th percentile", round(tenth)),
        (f"messages of more than {LIMIT} characters",
         sum(length > LIMIT for length in source.messages)),
        ("functions", len(source.lengths)),
        ("lines of a function, median", round(median(source.lengths))),
        ("lines of a function, longest", max(source.lengths)),
        ("private headers", source.headers),
        ("functions of the machine interface", len(source.doors)),
        ("functions reached from __crash_kexec()", len(panic)),
        ("files with functions reached from __crash_kexec()", len({k[0] for k in panic})),
        ("calls from kexec_load() to alloc_contig_range(), shortest chain",
         frames(useful, start, min)),
        ("calls from kexec_load() to alloc_contig_range(), longest chain",
         frames(useful, start, max)),
    ]


def measure(revision):
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "-C", TOP, "archive", revision, *FOLDERS],
                                 check=True, capture_output=True).stdout
        subprocess.run(["tar", "-C", folder, "-x"], input=archive, check=True)
        return figures(Path(folder))


def describe(revision):
    return subprocess.run(["git", "-C", TOP, "log", "-1", "--format=%h, %cs", revision],
                          check=True, capture_output=True, text=True).stdout.strip()


def table(before, after):
    rows = [("", f"before ({describe(before)})", f"after ({describe(after)})")]
    rows += [(name, f"{old:,}", f"{new:,}")
             for (name, old), (_, new) in zip(measure(before), measure(after))]
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    rule = "  ".join("=" * width for width in widths)
    rows[0] = ("figure", *rows[0][1:])
    lines = [f"{a.ljust(widths[0])}  {b.rjust(widths[1])}  {c.rjust(widths[2])}"
             for a, b, c in rows]
    return "\n".join([rule, lines[0], rule, *lines[1:], rule])


def main():
    revisions = [a for a in sys.argv[1:] if a != "--write"]
    if not 1 <= len(revisions) <= 2:
        sys.exit(__doc__)
    text = table(revisions[0], (revisions + ["HEAD"])[1])
    if "--write" in sys.argv[1:]:
        head, mark, rest = PAGE.read_text(encoding="utf-8").partition(".. measured\n\n")
        rest = rest[rest.index("\n\n"):]
        PAGE.write_text(f"{head}{mark}{text}{rest}", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
