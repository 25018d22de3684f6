# SPDX-License-Identifier: GPL-2.0-only
"""Figures of a case: where they come from, and what they may be at most.

A figure has a name and one value for each time it was taken. Sources:

- the guest says "KX: figure NAME NUMBER" (kexec_time);
- "counts" has spans counted by the plugin of tools/kexec-bench, each as
  "NAME START END [CALL]": START and CALL are functions of the first kernel, or
  several with | between, of which the first is taken that it has; END is "return"
  or "next-kernel".
  They give NAME.insns, NAME.bytes and NAME.calls. The kernel must run where it was
  linked to (nokaslr);
- the tracepoint kexec:kexec_segment, printed with tp_printk, gives "copied": the bytes
  of each segment that are not in place;
- "stamps" has NAME = [REGEX, REGEX]: microseconds between two lines of the log;
- "ratios" has NAME = [[SPAN...], SPAN]: of the instructions of some spans, each taken once, the
  last one the outermost, in percent of those of all spans of the second name in it.

"limits" has NAME = MAXIMUM: the figure must have been taken, and no value of it
may be larger. "equals" has NAME = VALUE: the largest must be exactly that. "least" has
NAME = MINIMUM: the figure must have been taken, and no value of it may be smaller.
"""

import re
import subprocess
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[3] / "kexec-bench"
# The first word of an arm64 Image that is an EFI application as well
IMAGE_WORD = 0xfa405a4d
COPIED = re.compile(r"kexec_segment: segment=\d+ .* to_copy=(\d+)")
SAID = re.compile(r"KX: figure (\S+) (\d+)$")
STAMP = re.compile(r"^\[ *(\d+)\.(\d{6})\]")


class NoSymbol(Exception):
    """The kernel has no function of that name."""


def build(folder):
    """Builds the plugin; nothing happens when it is up to date."""
    subprocess.run(["make", "-s", "-C", PLUGIN, f"OUT={folder}"], check=True)


def symbols(case, store):
    """Addresses of the first kernel's functions, by their names in the source: the
    compiler may have appended how it changed one."""
    path = store.kernel(case.kernel).parents[3] / "System.map"
    with open(path, encoding="ascii") as stream:
        return {name.split(".")[0]: int(address, 16) for address, _, name in map(str.split, stream)}


def resolve(names, table):
    for name in names.split("|"):
        if name in table:
            return table[name]
    raise NoSymbol(f"the kernel has no function {names}")


def output(case, store):
    return store.work(case) / "spans"


def arguments(case, store):
    """What QEMU needs to be told."""
    if not case.counts:
        return []
    table = symbols(case, store)
    plugin = [f"{store.build}/host/kexec-bench/spans.so", f"out={output(case, store)}"]
    for count in case.counts:
        name, start, end, *call = count.split()
        word = {"return": 0, "next-kernel": IMAGE_WORD}[end]
        fields = [name, f"{resolve(start, table):x}", f"{word:x}",
                  *(f"{resolve(c, table):x}" for c in call)]
        plugin.append("span=" + ":".join(fields))
    return ["-plugin " + ",".join(plugin)]


def counted(case, store):
    if not case.counts or not output(case, store).is_file():
        return
    for line in output(case, store).read_text().splitlines():
        name, insns, loaded, stored, calls = line.split()
        yield f"{name}.insns", int(insns)
        yield f"{name}.bytes", int(loaded) + int(stored)
        yield f"{name}.calls", int(calls)


def divided(case, store):
    """Spans are in the order of their ends, so the inner ones of a span are before it."""
    if not case.ratios or not output(case, store).is_file():
        return
    for name, (outer, inner) in case.ratios.items():
        ours = part = 0
        for line in output(case, store).read_text().splitlines():
            span, insns = line.split()[:2]
            if span == inner:
                part += int(insns)
            if span not in outer:
                continue
            ours += int(insns)
            if span == outer[-1]:
                yield name, -(-100 * ours // max(part, 1))
                ours = 0
            part = 0


def said(lines):
    for line in lines:
        if m := SAID.search(line):
            yield m.group(1), int(m.group(2))
        elif m := COPIED.search(line):
            yield "copied", int(m.group(1))


def stamped(case, lines):
    for name, (first, last) in case.stamps.items():
        begin = None
        for line in lines:
            if not (m := STAMP.match(line)):
                continue
            now = int(m.group(1)) * 1000000 + int(m.group(2))
            if re.search(first, line):
                begin = now
            elif begin is not None and re.search(last, line):
                yield name, now - begin
                begin = None


def collect(case, store, raw):
    """All figures of a case that has run: name and values, in their order."""
    lines = raw.decode(errors="replace").replace("\r", "").split("\n")
    found = {}
    for source in (counted(case, store), divided(case, store), said(lines), stamped(case, lines)):
        for name, value in source:
            found.setdefault(name, []).append(value)
    return found


def check(case, found):
    """What exceeds its limit, or was never taken."""
    for name, limit in case.limits.items():
        if name not in found:
            yield f"figure {name} was never taken"
        elif max(found[name]) > limit:
            yield f"figure {name} is {max(found[name])}, the limit is {limit}"
    for name, least in case.least.items():
        if min(found.get(name, [0])) < least:
            yield f"figure {name} is {min(found.get(name, [0]))}, at least {least} wanted"
    for name, value in case.equals.items():
        if max(found.get(name, [0])) != value:
            yield f"figure {name} is {max(found.get(name, [0]))} at most, wanted {value}"


def notes(found):
    return [f"{name}: {' '.join(map(str, values))}" for name, values in found.items()
            if not name.endswith("_ns")]
