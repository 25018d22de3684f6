# SPDX-License-Identifier: GPL-2.0-only
"""Checks the serial log of a finished case.

A case passes when each of its kernels came up once, in order, with the facts that the
case has, when every expected line was seen, when the kernels panicked exactly as
planned, when no forbidden line was seen, and when the last kernel reached the end of
the steps. Each rule has a log in tests/test_check_log.py that it must refuse.
"""

import re

# What no log may hold, unless the case tolerates it
FORBIDDEN = (
    # Oopses and warnings
    r"\bBUG: ", r"\bWARNING: ", r"\bOops\b", r"Internal error: ", r"Unable to handle kernel",
    r"\bSError\b", r"Kernel stack overflow", r"end Kernel panic",
    # Sanitizers and debugging aids
    r"\bUBSAN: ", r"kmemleak: (?!.*(?:initialized|disabled|detector started))",
    r"list_(?:add|del) corruption", r"Bad page", r"ODEBUG: ", r"refcount_t: ",
    r"scheduling while atomic", r"sleeping function called",
    # Lockdep and RCU
    r"possible (?:circular|recursive|irq|deadlock)", r"inconsistent lock state",
    r"bad unlock balance", r"held lock freed", r"lock held when returning",
    r"suspicious RCU usage", r"locking correctness validator", r"\brcu: INFO: ",
    r"\brcu\b.*(?:stall|starved)",
    # Time
    r"soft lockup", r"hard LOCKUP", r"blocked for more than", r"nobody cared",
    r"watchdog: BUG",
    # Memory
    r"page allocation failure", r"vmalloc error", r"[Oo]ut of memory", r"oom-kill",
    r"invoked oom", r"Killed process", r"memory probably corrupted",
    # Programs and steps
    r"\bsegfault\b", r"unhandled .* fault", r"KX: FAIL", r"KX: no ", r"Bail out!",
)
PANIC = re.compile(r"^Kernel panic - not syncing: (.*)")
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
        if PANIC.match(line) or any(re.search(regex, line) for regex in case.tolerate):
            continue
        if any(re.search(pattern, line) for pattern in (*FORBIDDEN, *case.forbid)):
            yield f"forbidden: {line.strip()}"


def check_panics(case, lines):
    """The panics of the case, in their order, and no other."""
    seen = captures(lines, PANIC.pattern)
    if len(seen) != len(case.panic):
        yield f"{len(seen)} panics, wanted {len(case.panic)}: {' / '.join(seen)}"
    for text, wanted in zip(seen, case.panic):
        if not re.search(wanted, text):
            yield f"panic {text!r}, wanted {wanted}"


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
    """The guest program's own TAP: the plan of the case, and as many results, all ok. A
    skipped one has to be tolerated by the case."""
    tap = captures(lines, TAP.pattern)
    plans = [int(m.group(1)) for line in tap if (m := re.match(r"1\.\.(\d+)$", line))]
    results = [int(m.group(2)) for line in tap if (m := RESULT.match(line))]
    if plans != ([case.tap] if case.tap else []):
        yield f"TAP plan is {plans}, wanted {case.tap}"
    if results != list(range(1, case.tap + 1)):
        yield f"{len(results)} TAP results, wanted 1 to {case.tap}"
    for line in tap:
        skipped = re.search(r"# *SKIP", line) and not line.startswith("#")
        if line.startswith("not ok") or skipped and not any(re.search(regex, line)
                                                            for regex in case.tolerate):
            yield f"guest: {line}"


def check_ratio(case, lines):
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


def check_end(case, lines):
    if case.last:
        if not any(re.search(case.last, line) for line in lines):
            yield f"did not end as it should: {case.last}"
    elif not any(line.endswith(f"KX: done {case.name}") for line in lines):
        yield "the end of the steps was not reached"


CHECKS = (check_boots, check_lines, check_panics, check_captures, check_tap, check_ratio,
          check_end)


def check(case, raw):
    """Everything that is wrong, as a list of lines; empty when the case passed."""
    lines = clean(raw)
    return [fault for rule in CHECKS for fault in rule(case, lines)]


def guest_tap(raw):
    """The TAP lines of the guest program, to be passed on."""
    return captures(clean(raw), TAP.pattern)
