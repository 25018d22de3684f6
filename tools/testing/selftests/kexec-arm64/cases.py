# SPDX-License-Identifier: GPL-2.0-only
"""Reads cases/*.toml and makes of them the list of cases to run.

A case's "matrix" is multiplied out: each combination fills the {names} in the
other fields. Everything a case does not say comes from [defaults], and from the
[el], [kernel] and [firmware] entries it names. Mistakes in the table are found
here, before any guest starts.
"""

import itertools
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import sign
import steps

# common.toml explains the format and has what the cases share; the others are by topic
TOPICS = Path(__file__).with_name("cases")
LEAVING = ("leave", "panic")
# The panic whose backtrace dump.py knows
SYSRQ = "sysrq triggered crash"
# Programs whose output is wanted in the log, and which print no TAP
PLAIN_TAP = re.compile(r"tap (?:devmem|kexec) ")
# Fields that a case adds to those of its profiles; all others replace them
JOINED = ("cmdline",)
APPENDED = ("args", "dtb", "next_dtb", "expect", "forbid", "tolerate")


class TableError(Exception):
    """The table says something that cannot be run."""


@dataclass
class Boot:
    """One kernel of a case, and what it must say of itself."""
    kernel: str
    facts: dict
    number: int = 1


@dataclass
class Case:
    """One run of QEMU."""
    name: str
    groups: list
    kernel: str = "4k"
    el: str = "el1"
    firmware: str = "none"
    machine: str = ""
    cpu: str = ""
    smp: int = 2
    threads: str = "single"
    memory: int = 1024
    cmdline: str = ""
    disk: int = 0
    disk_share: bool = False
    folders: list = field(default_factory=list)
    payload: int = 0
    padding: int = 0
    initrds: list = field(default_factory=list)
    reboots: bool = False
    tpm: bool = False
    args: list = field(default_factory=list)
    dtb: list = field(default_factory=list)
    next_dtb: list = field(default_factory=list)
    steps: list = field(default_factory=list)
    expect: list = field(default_factory=list)
    forbid: list = field(default_factory=list)
    tolerate: list = field(default_factory=list)
    panic: list = field(default_factory=list)
    distinct: list = field(default_factory=list)
    same: list = field(default_factory=list)
    tap: int = 0
    kunit: list = field(default_factory=list)
    boot_facts: dict = field(default_factory=dict)
    capture_facts: dict = field(default_factory=dict)
    dumps: list = field(default_factory=list)
    inspect: dict = field(default_factory=dict)
    last: str = ""
    min_ratio: int = 0
    counts: list = field(default_factory=list)
    stamps: dict = field(default_factory=dict)
    ratios: dict = field(default_factory=dict)
    limits: dict = field(default_factory=dict)
    equals: dict = field(default_factory=dict)
    least: dict = field(default_factory=dict)
    timeout: int = 90
    boots: list = field(default_factory=list)

    @property
    def kernels(self):
        """Every kernel that the case runs or loads, each once."""
        loaded = filter(None, map(steps.kernel, self.steps))
        return list(dict.fromkeys([*(boot.kernel for boot in self.boots), *loaded]))


def fill(thing, values):
    """Replaces {name} in all strings of a table entry.

    A string that is one {name} and nothing else takes the value with its type.
    """
    if isinstance(thing, str):
        for name, value in values.items():
            if thing == "{" + name + "}":
                return value
            thing = thing.replace("{" + name + "}", str(value))
        return thing
    if isinstance(thing, list):
        return [fill(item, values) for item in thing]
    if isinstance(thing, dict):
        return {key: fill(item, values) for key, item in thing.items()}
    return thing


def combinations(matrix):
    """All ways to take one entry of each row; a row named "a,b" holds pairs."""
    rows = [[dict(zip(key.split(","), entry if "," in key else [entry])) for entry in entries]
            for key, entries in matrix.items()]
    for chosen in itertools.product(*rows):
        yield {name: value for entry in chosen for name, value in entry.items()}


def spell_steps(lines, macros):
    """Writes out the macros: "chain 5 kexec-s 4k", "times 3 STEP" and those of [steps]."""
    out = []
    for step in lines:
        verb, *args = step.split()
        step = " ".join([verb, *args])
        if verb == "chain":
            times, how, kernel, *words = args
            exits = itertools.cycle(("leave kexec-e", "leave syscall"))
            for _ in range(int(times)):
                out += [" ".join(["load", how, kernel, *words]), next(exits)]
        elif verb == "times":
            out += spell_steps([" ".join(args[1:])] * int(args[0]), macros)
        elif verb in macros:
            out += spell_steps([fill(s, dict(zip("123456", args))) for s in macros[verb]], macros)
        else:
            try:
                steps.check(step)
            except steps.StepError as what:
                raise TableError(str(what)) from None
            out.append(step)
    return out


def facts_of(table, case, kernel, crash):
    """What a kernel of this case must say of itself."""
    facts = {"el": table["el"][case.el]["boot_facts"], "cpus": str(case.smp)}
    facts |= table["firmware"][case.firmware].get("boot_facts", {})
    facts |= table["kernel"][sign.split(kernel)[0]]
    facts |= case.boot_facts
    return facts | case.capture_facts if crash else facts


def plan_boots(table, case):
    """Follows the steps and notes which kernel runs after each way out."""
    boots = [Boot(case.kernel, facts_of(table, case, case.kernel, False))]
    loaded = {}
    for step in case.steps:
        verb, *args = step.split()
        if verb == "load":
            loaded["leave"] = args[1]
        elif verb == "load-crash":
            loaded["panic"] = args[1]
        elif verb in LEAVING:
            if verb not in loaded:
                raise TableError(f"{case.name}: {step!r} with nothing loaded")
            kernel = loaded[verb]
            boots.append(Boot(kernel, facts_of(table, case, kernel, verb == "panic"),
                              boots[-1].number + 1))
            loaded = {}
        elif verb == "leave-to-reset":
            boots.append(boots[0])
    return boots


def check_case(case):
    for pattern in (*case.forbid, *case.tolerate, *case.panic, *case.distinct, *case.same, case.last,
                    *(e["re"] for e in case.expect)):
        re.compile(pattern)
    for pattern in (*case.distinct, *case.same):
        if re.compile(pattern).groups != 1:
            raise TableError(f"{case.name}: {pattern!r} must capture one thing")
    if case.dumps and not case.inspect.get("trace") and case.panic != [SYSRQ]:
        raise TableError(f"{case.name}: inspect has no trace for that panic")
    if case.dumps and not (case.panic or case.inspect.get("panic")):
        raise TableError(f"{case.name}: a dump without a panic")
    taps = sum(step.startswith(("tap ", "kselftest ")) for step in case.steps)
    if bool(case.tap) != bool(taps) and not PLAIN_TAP.search(" | ".join(case.steps)):
        raise TableError(f"{case.name}: {taps} steps print TAP, {case.tap} tests are planned")
    if not re.fullmatch(r"[\w.+-]+", case.name):
        raise TableError(f"{case.name!r} is no fit name for a file")


def merge(low, high):
    """The fields of @high on top of those of @low, each by its kind: see JOINED and APPENDED."""
    merged = dict(low)
    for key, value in high.items():
        if key in low and key in JOINED:
            value = f"{low[key]} {value}"
        elif key in low and key in APPENDED:
            value = [*low[key], *value]
        elif key in low and isinstance(value, dict) and key != "matrix":
            value = low[key] | value
        merged[key] = value
    return merged


def with_profiles(table, entry):
    """An entry on top of the profiles that it names, and these on top of theirs."""
    entry = dict(entry)
    names = entry.pop("profile", [])
    low = {}
    for name in [names] if isinstance(names, str) else names:
        if name not in table.get("profile", {}):
            raise TableError(f"{entry.get('name')}: no profile {name!r}")
        low = merge(low, with_profiles(table, table["profile"][name]))
    return merge(low, entry)


def forms(table, entry):
    """A case and, where it has one, its long form, which replaces what it names."""
    entry = dict(entry)
    long = entry.pop("prove", None)
    entry = with_profiles(table, entry)
    yield dict(entry)
    if long is not None:
        yield entry | {"groups": ["prove"]} | long


def build_case(table, entry):
    known = set(Case.__dataclass_fields__) - {"boots"}
    if unknown := set(entry) - known:
        raise TableError(f"{entry.get('name')}: unknown {', '.join(sorted(unknown))}")
    case = Case(**(table["defaults"] | entry))
    for kind, name in (("el", case.el), ("firmware", case.firmware),
                       ("kernel", sign.split(case.kernel)[0])):
        if name not in table[kind]:
            raise TableError(f"{case.name}: no {kind} {name!r}")
    level, firmware = table["el"][case.el], table["firmware"][case.firmware]
    case.machine = ",".join(filter(None, (case.machine or firmware["machine"], level["machine"])))
    case.cpu = case.cpu or level["cpu"]
    case.cmdline = " ".join(filter(None, (level["cmdline"], case.cmdline)))
    case.expect = [{"re": e} if isinstance(e, str) else e for e in case.expect]
    case.panic = [case.panic] if isinstance(case.panic, str) else case.panic
    case.steps = spell_steps(case.steps, table["steps"])
    case.boots = plan_boots(table, case)
    check_case(case)
    return case


def read_topics():
    """All files of cases/ as one table."""
    merged = {"case": []}
    for path in sorted(TOPICS.glob("*.toml")):
        with open(path, "rb") as stream:
            topic = tomllib.load(stream)
        merged["case"] += topic.pop("case", [])
        for section, entries in topic.items():
            merged.setdefault(section, {}).update(entries)
    return merged


def load(path=None):
    """All cases of cases/, or those of another file, which may leave out the sections of
    common.toml."""
    if path:
        with open(path, "rb") as stream:
            table = tomllib.load(stream)
        if "el" not in table:
            table = read_topics() | table
    else:
        table = read_topics()
    found = []
    for entry in itertools.chain.from_iterable(forms(table, entry) for entry in table["case"]):
        matrix = entry.pop("matrix", {})
        for values in combinations(matrix):
            found.append(build_case(table, fill(entry, values)))
    names = [case.name for case in found]
    if doubled := {name for name in names if names.count(name) > 1}:
        raise TableError(f"these names stand twice: {', '.join(sorted(doubled))}")
    return found
