# SPDX-License-Identifier: GPL-2.0-only
"""Reads the serial log of a finished case and says what is wrong with it.

A case passes when each of its kernels came up once, in order, and said of
itself what the table wants, when every expected line was seen, when no
forbidden one was, and when the last kernel reached the end of the steps.
"""

import re

FORBIDDEN = (
    r"\bBUG:", r"WARNING:", r"\bOops\b", r"Kernel panic", r"Internal error",
    r"rcu: INFO: .* stall", r"Unable to handle", r"\bSError\b", r"KX: FAIL",
    r"soft lockup", r"list_(add|del) corruption", r"Bad page",
    r"[Oo]ut of memory", r"oom-kill", r"invoked oom", r"memory probably corrupted",
)
STAMP = re.compile(r"^\[ *\d+\.\d+\] ?")
ESCAPE = re.compile(r"\x1b\[[0-9;?=]*[A-Za-z]")
BOOT = re.compile(r"KX: boot (\d+) (.*)")
TAP = re.compile(r"^KXTAP: (.*)")
RESULT = re.compile(r"(not )?ok (\d+)\b")


def clean(raw):
    """Log lines without carriage returns, escapes and time stamps."""
    text = ESCAPE.sub("", raw.decode(errors="replace").replace("\r", ""))
    return [STAMP.sub("", line) for line in text.split("\n")]


def captures(lines, pattern):
    regex = re.compile(pattern)
    return [m.group(1) for line in lines if (m := regex.search(line))]


def check_boots(case, lines):
    seen = [m.groups() for line in lines if (m := BOOT.search(line))]
    numbers = [int(number) for number, _ in seen]
    wanted = [boot.number for boot in case.boots]
    if numbers != wanted:
        yield f"kernels seen: {numbers}, wanted: {wanted}"
    for boot, (number, said) in zip(case.boots, seen):
        facts = dict(word.split("=", 1) for word in said.split() if "=" in word)
        for name, value in boot.facts.items():
            if not re.fullmatch(value, facts.get(name, "")):
                yield f"kernel {number} ({boot.kernel}): {name} is {facts.get(name)}, not {value}"


def check_lines(case, lines):
    for want in case.expect:
        count = sum(1 for line in lines if re.search(want["re"], line))
        if "count" in want and count != want["count"]:
            yield f"seen {count} times, wanted {want['count']}: {want['re']}"
        elif not count:
            yield f"never seen: {want['re']}"
    for line in lines:
        if any(re.search(allowed, line) for allowed in case.tolerate):
            continue
        for pattern in (*FORBIDDEN, *case.forbid):
            if re.search(pattern, line):
                yield f"forbidden: {line.strip()}"


def check_captures(case, lines):
    for pattern in case.distinct:
        found = captures(lines, pattern)
        if len(found) < 2 or len(set(found)) != len(found):
            yield f"these should all differ ({pattern}): {' '.join(found)}"
    for pattern in case.same:
        found = captures(lines, pattern)
        if len(found) < 2 or len(set(found)) != 1:
            yield f"these should all be equal ({pattern}): {' '.join(found)}"


def check_tap(case, lines):
    """The guest program's own TAP: a plan, and just as many results, all ok."""
    if not case.tap:
        return
    tap = captures(lines, TAP.pattern)
    plans = [int(m.group(1)) for line in tap if (m := re.match(r"1\.\.(\d+)", line))]
    results = [m for line in tap if (m := RESULT.match(line))]
    if len(plans) != 1 or plans[0] < case.tap:
        yield f"TAP plan is {plans}, wanted at least {case.tap}"
    elif [int(m.group(2)) for m in results] != list(range(1, plans[0] + 1)):
        yield f"{len(results)} TAP results for a plan of {plans[0]}"
    for line in tap:
        if line.startswith("not ok") or re.search(r"# *SKIP", line):
            yield f"guest: {line}"


def check_cost(case, lines):
    """Ticks before and after three reboots: with no check, with ours, with the purgatory's."""
    if not case.min_ratio:
        return
    ticks = [int(n) for n in captures(lines, r"KX: ticks (\d+)")]
    if len(ticks) != 6:
        yield f"{len(ticks)} readings of the counter, wanted 6"
        return
    plain, ours, purgatory = (end - begin for begin, end in zip(ticks[::2], ticks[1::2]))
    if not 0 < ours - plain < (purgatory - plain) / case.min_ratio:
        yield (f"our check costs {ours - plain} ticks, the purgatory's {purgatory - plain}; "
               f"wanted less than 1/{case.min_ratio}")


def check(case, raw):
    """Everything that is wrong, as a list of lines; empty when the case passed."""
    lines = clean(raw)
    faults = [*check_boots(case, lines), *check_lines(case, lines),
              *check_captures(case, lines), *check_tap(case, lines),
              *check_cost(case, lines)]
    if case.last:
        if not any(re.search(case.last, line) for line in lines):
            faults.append(f"did not end as it should: {case.last}")
    elif not any(line.endswith(f"KX: done {case.name}") for line in lines):
        faults.append("the end of the steps was not reached")
    return faults


def guest_tap(raw):
    """The TAP lines of the guest program, to be passed on."""
    return captures(clean(raw), TAP.pattern)
