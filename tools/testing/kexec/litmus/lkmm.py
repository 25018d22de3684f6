#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Check the litmus tests of this folder against the kernel's memory model; prints TAP.

    MEMORY_MODEL=.../tools/memory-model lkmm.py [FILE...]

herd7 is the tool for this, and is used as well if it is installed. It is in few
distributions, so this file has the part of tools/memory-model/linux-kernel.cat that the tests
need: marked accesses, acquire, release, full barriers, atomic exchanges and control
dependencies; no plain accesses, no locks, no RCU. It enumerates all executions of a test, and
it is compared with the kernel's own tests in MEMORY_MODEL.

A test names its result ("Result: Never" or "Sometimes") and the lines whose order it needs
("Needs: P1: smp_load_acquire(image)"). Each acquire, release and barrier is left out once, one
at a time: the condition must then be met if and only if the test lists the line.
"""

import itertools
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
STATEMENT = re.compile(
    r"(?:(?P<reg>\w+) = )?(?P<op>READ_ONCE|WRITE_ONCE|smp_load_acquire|smp_store_release"
    r"|(?:cmp)?xchg(?:_\w+)?|smp_[rw]?mb(?:__\w+)?)\((?P<args>[^()]*)\);$")
# Tests of tools/memory-model that this file has the statements for, at least.
MODEL_TESTS = 15
BRANCH = re.compile(r"if \((?P<reg>\w+) (?P<op>==|!=) (?P<value>\d+)\) \{$")
WEAKER = (("smp_load_acquire(", "READ_ONCE(*"), ("smp_store_release(", "WRITE_ONCE(*"),
          ("cmpxchg(", "cmpxchg_relaxed("), ("xchg(", "xchg_relaxed("))


class Unknown(Exception):
    """The model does not have this statement."""


class Event:
    """One access or barrier of one thread."""

    def __init__(self, thread, kind, where=None, value=None, order="once", control=()):
        self.thread, self.kind, self.where, self.value = thread, kind, where, value
        self.order, self.control = order, tuple(control)
        self.rmw = None
        self.index = 0


class Test:
    """A litmus test: threads as lists of lines, initial values, the condition."""

    def __init__(self, text):
        self.result = re.search(r"Result: *(\w+)", text)[1]
        self.needs = set(re.findall(r"Needs: (P\d: .*)", text))
        body = re.sub(r"\(\*.*?\*\)", "", text, flags=re.S)
        first = re.search(r"\{(.*?)\}", body, re.S)
        self.init = {k: int(v) for k, v in re.findall(r"(\w+)=(\d+);", first[1])}
        self.threads = []
        for code in re.findall(r"^P\d\([^)]*\)\s*\{\n(.*?)^\}", body, re.S | re.M):
            self.threads.append([s.strip() for s in code.splitlines() if s.strip()])
        if len(self.threads) != len(re.findall(r"^P\d\(", body, re.M)):
            raise Unknown("a thread")
        self.condition = re.search(r"exists *\((.*)\)", body, re.S)[1]
        if re.search(r"\\/|~|filter", body):
            raise Unknown("the condition")

    def values(self, where):
        """Everything that a location may contain."""
        found = {self.init.get(where, 0)}
        for line in itertools.chain(*self.threads):
            match = STATEMENT.match(line)
            if match and match["args"].split(",")[0].strip("* ") == where:
                found |= {int(a) for a in match["args"].split(",")[1:]}
        return found


def run_thread(test, number):
    """All runs of a thread by itself: lists of events, and the registers at the end."""
    runs = []

    def exchange(op, args, regs, reg, events, control):
        """(read value, events) of each outcome of xchg() or cmpxchg()."""
        where, order = args[0], re.search(r"_(relaxed|acquire|release)$", op)
        order = order[1] if order else "mb"
        new, old = int(args[-1]), int(args[1]) if op.startswith("cmp") else None
        for value in sorted(test.values(where)):
            mine = list(events)
            if old is not None and value != old:
                # One that fails orders nothing.
                mine.append(Event(number, "R", where, value, "once", control))
                yield dict(regs, **{reg: (value, mine[-1])}), mine
                continue
            read = Event(number, "R", where, value, order, control)
            write = Event(number, "W", where, new, order, control)
            read.rmw, write.rmw = write, read
            fence = [Event(number, "mb")] if order == "mb" else []
            mine += fence + [read, write] + ([Event(number, "mb")] if fence else [])
            yield dict(regs, **{reg: (value, read)}), mine

    def step(lines, regs, events, control):
        if not lines:
            runs.append((events, {k: v[0] for k, v in regs.items()}))
            return
        line, rest = lines[0], lines[1:]
        branch, match = BRANCH.match(line), STATEMENT.match(line)
        declared = re.match(r"int (\w+)(?: = (\d+))?;$", line)
        if declared:
            step(rest, dict(regs, **{declared[1]: (int(declared[2] or 0), None)}), events, control)
        elif line == "}":
            step(rest, regs, events, control)
        elif branch:
            value, source = regs[branch["reg"]]
            taken = (value == int(branch["value"])) == (branch["op"] == "==")
            control = control + ([source] if source else [])
            depth, skip = 1, 0
            while not taken and depth:
                depth += rest[skip].endswith("{") - (rest[skip] == "}")
                skip += 1
            step(rest[skip:], regs, events, control)
        elif match:
            op, args = match["op"], [a.strip("* ") for a in match["args"].split(",")]
            if re.match("smp_[rw]?mb", op):
                step(rest, regs, events + [Event(number, op.replace("smp_", ""))], control)
            elif "xchg" in op:
                for r, e in exchange(op, args, regs, match["reg"], events, control):
                    step(rest, r, e, control)
            elif match["reg"]:
                order = "acquire" if "acquire" in op else "once"
                for value in sorted(test.values(args[0])):
                    read = Event(number, "R", args[0], value, order, control)
                    step(rest, dict(regs, **{match["reg"]: (value, read)}), events + [read],
                         control)
            else:
                order = "release" if "release" in op else "once"
                step(rest, regs,
                     events + [Event(number, "W", args[0], int(args[1]), order, control)], control)
        else:
            raise Unknown(line)

    step(test.threads[number], {}, [], [])
    return runs


def compose(a, b):
    """The relation a ; b."""
    after = {}
    for x, y in b:
        after.setdefault(x, set()).add(y)
    return {(x, z) for x, y in a for z in after.get(y, ())}


def closure(a):
    """The transitive closure."""
    while True:
        more = a | compose(a, a)
        if more == a:
            return a
        a = more


def acyclic(a):
    return all(x != y for x, y in closure(a))


class Execution:
    """The relations of one execution, with the names that linux-kernel.cat has for them."""

    def __init__(self, events, reads_from, coherence):
        self.accesses = [e for e in events if e.kind in "RW"]
        self.same = {(e, e) for e in self.accesses}
        self.po = {(a, b) for a in events for b in events
                   if a.thread == b.thread and a.index < b.index}
        self.rf, self.co = reads_from, coherence
        writer = {r: w for w, r in reads_from}
        self.fr = {(r, w) for r, s in writer.items() for v, w in coherence if v is s}

    def memory(self, pairs):
        return {(a, b) for a, b in pairs if a.kind in "RW" and b.kind in "RW"}

    def full_barrier(self):
        """mb of linux-kernel.cat, without the ones that follow locks."""
        found = set()
        for fence in {e for pair in self.po for e in pair if e.kind.startswith("mb")}:
            before = [a for a, b in self.po if b is fence and a.kind in "RW"]
            after = [b for a, b in self.po if a is fence and b.kind in "RW"]
            if fence.kind == "mb__before_atomic":
                after = [b for b in after if b.rmw or
                         any(c.rmw and (c, b) in self.po for c in after)]
            if fence.kind == "mb__after_atomic":
                before = [a for a in before if a.rmw or
                          any(c.rmw and (a, c) in self.po for c in before)]
            found |= set(itertools.product(before, after))
        return found

    def between(self, kind, first, second):
        """Pairs of accesses of these kinds with a barrier in between."""
        fences = {e for pair in self.po for e in pair if e.kind == kind}
        return {(a, b) for f in fences for a, x in self.po if x is f and a.kind == first
                for y, b in self.po if y is f and b.kind == second}

    def coherent(self):
        """Each location by itself, and no store between the halves of an exchange."""
        local = {(a, b) for a, b in self.memory(self.po) if a.where == b.where}
        if not acyclic(local | self.rf | self.co | self.fr):
            return False
        between = compose(self.fr, self.co)
        return all((e, e.rmw) not in between for e in self.accesses if e.kind == "R" and e.rmw)

    def allowed(self):
        if not self.coherent():
            return False
        po = self.memory(self.po)
        inside = {(a, b) for a in self.accesses for b in self.accesses if a.thread == b.thread}
        strong = self.full_barrier()
        rfe = {(a, b) for a, b in self.rf if a.thread != b.thread}
        acq_po = {(a, b) for a, b in po if a.kind == "R" and a.order == "acquire"}
        po_rel = {(a, b) for a, b in po if b.kind == "W" and b.order == "release"}
        control = {(c, e) for e in self.accesses if e.kind == "W" for c in e.control}
        overwrite = self.co | self.fr
        wmb, rmb = self.between("wmb", "W", "W"), self.between("rmb", "R", "R")
        ppo = control | (overwrite & inside) | strong | acq_po | po_rel | wmb | rmb
        rmw = {(e, e.rmw) for e in self.accesses if e.kind == "R" and e.rmw}
        sequence = closure(compose(self.rf, rmw)) | self.same
        cumul = strong | po_rel
        cumul = compose(cumul | compose(rfe, cumul) | wmb, sequence)
        prop = compose(compose((overwrite - inside) | self.same, closure(cumul) | self.same),
                       rfe | self.same)
        hb = ppo | rfe | ((prop - self.same) & inside)
        if not acyclic(hb):
            return False
        return acyclic(compose(compose(prop, strong), closure(hb) | self.same))


def executions(test, events):
    """All choices of the store that each load reads, and of the order of stores."""
    places = sorted({e.where for e in events if e.where})
    stores = {p: [Event(None, "W", p, test.init.get(p, 0))] for p in places}
    for e in events:
        if e.kind == "W":
            stores[e.where].append(e)
    reads = [e for e in events if e.kind == "R"]
    choices = [[w for w in stores[r.where] if w.value == r.value] for r in reads]
    orders = [[(stores[p][0],) + rest for rest in itertools.permutations(stores[p][1:])]
              for p in places]
    first = [stores[p][0] for p in places]
    for sources in itertools.product(*choices):
        for order in itertools.product(*orders):
            co = {(a, b) for o in order for i, a in enumerate(o) for b in o[i + 1:]}
            yield (Execution(first + events, set(zip(sources, reads)), co),
                   {p: o[-1].value for p, o in zip(places, order)})


def holds(condition, registers, memory):
    """Does the final state have what "exists" asks for?"""
    for term in condition.split("/\\"):
        name, value = (s.strip() for s in term.split("="))
        thread, _, register = name.rpartition(":")
        now = registers[int(thread)][register] if thread else memory.get(register, 0)
        if now != int(value):
            return False
    return True


def check(test):
    """("Never" or "Sometimes", number of allowed executions)."""
    seen = met = 0
    for runs in itertools.product(*(run_thread(test, n) for n in range(len(test.threads)))):
        events = []
        for thread, _ in runs:
            for index, event in enumerate(thread):
                event.index = index
            events += thread
        for execution, memory in executions(test, events):
            if execution.allowed():
                seen += 1
                met += holds(test.condition, [r for _, r in runs], memory)
    return "Sometimes" if met else "Never", seen


def weakened(test):
    """(line, test without its order) for each acquire, release and barrier."""
    for number, lines in enumerate(test.threads):
        for index, line in enumerate(lines):
            other = None
            for strong, weak in WEAKER:
                if strong in line:
                    other = line.replace(strong, weak)
                    break
            if re.match("smp_[rw]?mb", line):
                other = "}"
            if other is None:
                continue
            same = [k for k, s in enumerate(lines) if s == line]
            name = re.sub(r"^\w+ = |;$", "", line)
            if len(same) > 1:
                name += f" #{same.index(index) + 1}"
            changed = Test.__new__(Test)
            changed.__dict__ = dict(test.__dict__)
            changed.threads = [list(t) for t in test.threads]
            changed.threads[number][index] = other
            yield f"P{number}: {name}", changed


def has_herd():
    return shutil.which("herd7") and os.environ.get("MEMORY_MODEL")


def with_herd(path):
    """None if herd7 agrees with the result in the file, else its complaint."""
    said = subprocess.run(["herd7", "-conf", "linux-kernel.cfg", path],
                          cwd=os.environ["MEMORY_MODEL"], capture_output=True, text=True, check=False)
    match = re.search(r"^Observation \S+ (\w+)", said.stdout, re.M)
    if not match:
        return said.stderr.strip() or "no observation"
    with open(path, encoding="utf-8") as file:
        want = Test(file.read()).result
    return None if match[1] == want else f"herd7: {match[1]}, not {want}"


def check_model(report, folder):
    """Compare the model with the kernel's own tests, as far as it has their statements."""
    wrong, seen = [], 0
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".litmus"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        try:
            test = Test(text)
            result = check(test)[0]
        except (Unknown, TypeError, KeyError, ValueError):
            continue
        seen += 1
        if result != test.result:
            wrong.append(f"{name}: {result}, not {test.result}")
    for line in wrong:
        print(f"# {line}")
    report.result(seen >= MODEL_TESTS and not wrong,
                  f"the model agrees with {seen - len(wrong)} of {seen} tests of tools/memory-model")


class Report:
    """Results in TAP."""

    def __init__(self):
        self.number = self.failed = 0

    def result(self, good, text):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}")


def check_file(report, path):
    name = os.path.splitext(os.path.basename(path))[0]
    with open(path, encoding="utf-8") as file:
        test = Test(file.read())
    result, seen = check(test)
    report.result(result == test.result and seen > 0,
                  f"{name}: {result} in {seen} executions, expected {test.result}")
    if test.result == "Never":
        needed = {line for line, other in weakened(test) if check(other)[0] == "Sometimes"}
        for line in sorted(needed - test.needs):
            print(f"# needed, but not listed: {line}")
        for line in sorted(test.needs - needed):
            print(f"# listed, but not needed: {line}")
        report.result(needed == test.needs, f"{name}: {len(needed)} orders are needed")
    if has_herd():
        complaint = with_herd(os.path.abspath(path))
        report.result(complaint is None, f"{name}: herd7" + (f": {complaint}" if complaint else ""))


def main(names):
    report = Report()
    print("TAP version 13")
    model = os.environ.get("MEMORY_MODEL")
    if model:
        check_model(report, os.path.join(model, "litmus-tests"))
    else:
        report.result(True, "the model # SKIP MEMORY_MODEL (tools/memory-model) is not set")
    for path in names or sorted(os.path.join(HERE, n) for n in os.listdir(HERE)
                                if n.endswith(".litmus")):
        check_file(report, path)
    if not has_herd():
        report.result(True, "herd7 # SKIP herd7 is not installed, or MEMORY_MODEL is not set")
    print(f"1..{report.number}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
