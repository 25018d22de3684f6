#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Tests the test runner itself, without QEMU; prints TAP.

A judge that lets something through would make every case worthless. So a log
that passes is spoiled in one way after the other, and each must be found out.
"""

import gzip
import io
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import cpio
import figures
import judge
import kunit
import monitor
import qemu
import sign
import table
import vmcore_walk

TABLE = """
[defaults]
groups = ["ci"]
crash_facts = { cpus = "1" }
[el.el1]
machine = ""
cpu = "max"
cmdline = ""
facts = "el1"
[firmware.none]
machine = "gic-version=3"
[kernel.4k]
page = "4096"
[kernel.64k]
page = "65536"
[steps]
dump = ["load-crash {1} {2}", "panic"]
[[case]]
name = "t-{n}"
matrix = { n = [1, 2] }
tap = 2
steps = ["chain {n} direct 64k", "dump kexec-c 4k"]
stamps = { gap_us = ["] Bye", "KX: boot 3"] }
limits = { gap_us = 900000, load_us = 70 }
reach = { copied = 77 }
allow = ["Kernel panic - not syncing: sysrq"]
expect = [{ re = "Bye", count = 1 }]
distinct = ["text=(\\\\S+)"]
same = ["sum (\\\\S+)"]
"""

GOOD = """\
[    1.000000] KX: boot 1 el=el1 cpus=2 page=4096 text=a1\r
[    1.000000] KX: sum 77\r
[    1.100000] Bye\r
[    1.000000] KX: boot 2 el=el1 cpus=2 page=65536 text=a2\r
[    1.100000] KXTAP: 1..2\r
[    1.100000] KXTAP: ok 1 - one\r
[    1.100000] KXTAP: ok 2 - two\r
[    2.000000] Kernel panic - not syncing: sysrq triggered crash\r
[    1.000000] KX: boot 3 el=el1 cpus=1 page=4096 text=a3\r
[    1.000000] KX: sum 77\r
[    2.100000] KX: done t-1\r
"""

# What is replaced in the good log, by what, and why that must be noticed
SPOILED = (
    ("KX: boot 2", "KX: boot 3", "kernel out of order"),
    ("boot 2 el=el1 cpus=2", "boot 2 el=el1 cpus=1", "CPU lost"),
    ("page=65536", "page=4096", "other kernel than wanted"),
    ("boot 3 el=el1", "boot 3 el=nvhe", "other exception level"),
    ("cpus=1", "cpus=2", "crash kernel with all CPUs"),
    ("] Bye", "] ", "expected line missing"),
    ("] Bye\r\n", "] Bye\r\n] Bye\r\n", "expected line too often"),
    ("text=a3", "text=a1", "same address twice"),
    ("sum 77\r\n[    2", "sum 78\r\n[    2", "other checksum"),
    ("] Bye", "] Bye\r\n] WARNING: CPU: 0 PID: 1 at kernel/x.c:1", "warning"),
    ("] Bye", "] Bye\r\n] BUG: sleeping function", "BUG"),
    ("] Bye", "] Bye\r\n] KX: FAIL step 1", "step that failed"),
    ("] Bye", "] Bye\r\n] Kernel panic - not syncing: Attempted to kill init", "other panic"),
    ("] Bye", "] Bye\r\n] rcu: INFO: rcu_sched detected stalls", "stall"),
    ("ok 2 - two", "not ok 2 - two", "bad TAP result"),
    ("ok 2 - two", "ok 2 - two # SKIP", "skipped TAP result"),
    ("KXTAP: ok 2 - two", "", "TAP result missing"),
    ("1..2", "1..3", "TAP plan not met"),
    ("1..2", "1..1", "TAP plan too small"),
    ("KX: done t-1", "KX: done t-11", "done by another case"),
    ("KX: done t-1", "", "end not reached"),
)

KTAP = """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: good
    1..2
    ok 1 a
        KTAP version 1
        not ok 1 inner
    ok 2 b
# good: pass:2 fail:0 skip:0 total:2
ok 1 good
    KTAP version 1
    # Subtest: short
    1..2
    ok 1 a
ok 2 short
    KTAP version 1
    # Subtest: bad
    1..1
    not ok 1 a
not ok 3 bad
    KTAP version 1
    # Subtest: skips
    1..1
    ok 1 a # SKIP no
ok 4 skips
"""


class Tap:
    """Gathers results, so that the plan can be printed before them."""

    def __init__(self):
        self.results = []

    def check(self, good, name):
        self.results.append((bool(good), name))

    def finish(self):
        print(f"TAP version 13\n1..{len(self.results)}")
        for number, (good, name) in enumerate(self.results, 1):
            print(f"{'ok' if good else 'not ok'} {number} {name}")
        return 0 if all(good for good, _ in self.results) else 1


def load(text):
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as stream:
        stream.write(text)
        stream.flush()
        return table.load(stream.name)


def refuses(text):
    try:
        load(text)
    except table.TableError:
        return True
    return False


PROFILES = """
[profile.low]
cmdline = "low"
forbid = ["low"]
look = { cpus = 1, panic = "low" }
[profile.high]
profile = "low"
cmdline = "high"
memory = 7
[[case]]
name = "p-{n}"
profile = "high"
matrix = { n = [1] }
cmdline = "case"
forbid = ["case"]
look = { panic = "case" }
steps = []
[case.prove]
matrix = { n = [2, 3] }
forbid = ["prove"]
"""


def test_profiles(tap):
    cases = {case.name: case for case in load(TABLE + PROFILES)}
    case = cases["p-1"]
    tap.check(case.cmdline == "low high case" and case.memory == 7 and
              case.forbid == ["low", "case"] and case.look == {"cpus": 1, "panic": "case"},
              "table: a case adds to its profiles or replaces them, field by field")
    long = [cases[name] for name in ("p-2", "p-3")]
    tap.check(all(c.groups == ["prove"] and c.forbid == ["prove"] and c.memory == 7 for c in long)
              and case.groups == ["ci"], "table: a long form replaces what it names")
    tap.check(refuses(TABLE + PROFILES.replace('profile = "high"', 'profile = "hihg"')),
              "table: refuses an unknown profile")


def test_table(tap):
    cases = load(TABLE)
    tap.check([c.name for c in cases] == ["t-1", "t-2"], "table: a matrix makes cases")
    tap.check(cases[1].steps == ["load direct 64k", "leave kexec-e", "load direct 64k",
                                 "leave syscall", "load-crash kexec-c 4k", "panic"],
              "table: macros are spelled out")
    tap.check([b.kernel for b in cases[1].boots] == ["4k", "64k", "64k", "4k"],
              "table: kernels follow from the steps")
    more = load(TABLE.replace('steps = ["chain', 'steps = ["refuse direct 4k-foreign E", "chain'))
    tap.check(more[0].kernels == ["4k", "64k", "4k-foreign"],
              "table: kernels that are only loaded are needed as well")
    times = load(TABLE.replace('"chain {n} direct 64k"', '"times 2 chain {n} direct 64k"'))
    tap.check(len(times[1].boots) == 6, "table: steps are repeated")
    test_profiles(tap)
    tap.check(refuses(TABLE.replace("tap = 2", "tpa = 2")), "table: refuses an unknown field")
    tap.check(refuses(TABLE.replace("chain {n}", "chian {n}")), "table: refuses an unknown step")
    tap.check(refuses(TABLE.replace("t-{n}", "t")), "table: refuses a name that stands twice")
    tap.check(refuses(TABLE.replace("load-crash {1}", "load {1}")),
              "table: refuses a panic with nothing loaded")
    tap.check(table.load(), "table: the files of cases/ are sound")


def test_sign(tap):
    names = {"4k": ("4k", "Image", None), "4k-va39": ("4k-va39", "Image", None),
             "stock-6_1": ("stock-6_1", "Image", None),
             "4k-va39-signed": ("4k-va39", "Image", "signed"),
             "4k-zboot": ("4k", "vmlinuz.efi", None),
             "4k-zboot-tampered": ("4k", "vmlinuz.efi", "tampered"),
             "4k-zboot-signed-padded": ("4k", "vmlinuz.efi", "signed"),
             "4k-va39-offset": ("4k-va39", "Image", None)}
    tap.check({name: sign.split(name) for name in names} == names,
              "sign: a name says what is made of what")
    tap.check(sign.tools(["4k", "4k-zboot"]) == [] and sign.tools(["4k-signed"]) == ["sbsign"] and
              sign.tools(["4k", "4k-foreign"]) == ["sbsign", "openssl"],
              "sign: tools that are missing can be named")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(bytes(9))
        sign.tamper(path, 4)
        tap.check(path.read_bytes() == bytes(4) + b"\1" + bytes(4), "sign: one bit is changed")
        sign.finish("4k-signed", path)
        tap.check(len(path.read_bytes()) == 9, "sign: a file without a last word stays")
        sign.finish("4k-gzpad", path)
        data = path.read_bytes()
        tap.check(data.endswith(bytes(512)) and
                  gzip.decompress(data) == bytes(4) + b"\1" + bytes(4), "sign: packed and padded")
        zboot = sign.zboot(bytes(99))
        start, size = struct.unpack_from("<2I", zboot, 8)
        tap.check(gzip.decompress(zboot[start:start + size]) == bytes(99),
                  "sign: a zboot program names its payload")


def test_judge(tap):
    case = load(TABLE)[0]
    tap.check(not judge.judge(case, GOOD.encode()), "judge: passes a good log")
    tap.check(judge.judge(case, b""), "judge: fails an empty log")
    for old, new, why in SPOILED:
        bad = GOOD.replace(old, new)
        tap.check(bad != GOOD and judge.judge(case, bad.encode()), f"judge: {why}")
    for boot in range(1, 4):
        bad = "".join(l for l in GOOD.splitlines(True) if f"boot {boot}" not in l)
        tap.check(judge.judge(case, bad.encode()), f"judge: kernel {boot} missing")


FIGURES = """\
[    1.000000] KX: figure load_us 70\r
[    1.200000] kexec_segment: segment=0 dst=0x1 bytes=4096 to_copy=77\r
[    1.100000] Bye\r
[    2.000000] KX: boot 3 el=el1\r
"""

FIGURES_SPOILED = (
    ("load_us 70", "load_us 71", "figure above its limit"),
    ("load_us 70", "load_ms 70", "figure never taken"),
    ("2.000000", "2.000001", "too long between two lines"),
    ("to_copy=77", "to_copy=76", "figure that does not come to what it should"),
    ("] Bye", "] by", "line missing that begins a time"),
)


def test_figures(tap):
    case = load(TABLE)[0]
    with tempfile.TemporaryDirectory() as build:
        store = qemu.Store(build)
        found = figures.collect(case, store, FIGURES.encode())
        tap.check(found == {"load_us": [70], "copied": [77], "gap_us": [900000]},
                  "figures: all sources are read")
        tap.check(not list(figures.judge(case, found)), "figures: passes good figures")
        for old, new, why in FIGURES_SPOILED:
            found = figures.collect(case, store, FIGURES.replace(old, new).encode())
            tap.check(list(figures.judge(case, found)), f"figures: {why}")
    tap.check(figures.resolve("b|a", {"a": 1, "c": 2}) == 1, "figures: the first name that is there")


RESETTING = TABLE + """
[[case]]
name = "t-reset"
steps = ["load direct 64k", "leave kexec-e", "reset-when 0x40 0x1", "leave-to-reset"]
"""


def test_judge_reset(tap):
    case = load(RESETTING)[-1]
    log = "".join(f"KX: boot {n} el=el1 cpus=2 page={page}\r\n"
                  for n, page in ((1, 4096), (2, 65536), (1, 4096)))
    tap.check(not judge.judge(case, (log + "KX: done t-reset\r\n").encode()),
              "judge: a case may begin again")
    tap.check(judge.judge(case, (log.replace("boot 1", "boot 3") + "KX: done t-reset\r\n").encode()),
              "judge: no reset where a kernel should begin again")


def test_judge_ends(tap):
    case = load(TABLE)[0]
    case.last = "^Kernel Offset: "
    reset = GOOD.replace("KX: done t-1", "Kernel Offset: 0x1 from 0x2")
    tap.check(not judge.judge(case, reset.encode()), "judge: a case may end in a reset")
    tap.check(judge.judge(case, GOOD.encode()), "judge: no reset where one is wanted")


def test_judge_cost(tap):
    case = load(TABLE)[0]
    case.cheaper = 50

    def faults(*ticks):
        log = "".join(f"[    2.000000] KX: ticks {n}\r\n" for n in ticks)
        return judge.judge(case, (GOOD + log).encode())

    tap.check(not faults(0, 100, 200, 301, 400, 551), "judge: a check that is cheap enough")
    tap.check(faults(0, 100, 200, 302, 400, 551), "judge: a check that is too dear")
    tap.check(faults(0, 100, 200, 300, 400, 551), "judge: a check that was not made")
    tap.check(faults(0, 100, 200, 301), "judge: a reading of the counter is missing")


def test_kunit(tap):
    suites = {name: good for name, (good, _) in kunit.parse(KTAP.splitlines()).items()}
    tap.check(suites == {"good": True, "short": False, "bad": False, "skips": False},
              "kunit: only a suite that is whole and good passes")


def answer(far, answers, heard):
    """Plays QEMU: says hello, then answers each line, with an event in between."""
    with far.makefile("rw", encoding="utf-8") as stream:
        for text in ('{"QMP": {}}', *answers):
            stream.write('{"event": "RTC_CHANGE"}\n' + text + "\n")
            stream.flush()
            heard.append(stream.readline())


def obey(line, *answers):
    """What a monitor sends for a line of the log, and whether it was refused."""
    host, heard = monitor.Monitor(), []
    qemu = threading.Thread(target=answer, args=(host.far, answers, heard), daemon=True)
    qemu.start()
    try:
        host.obey(line)
        return heard, False
    except monitor.Refused:
        return heard, True
    finally:
        host.near.shutdown(socket.SHUT_RDWR)
        qemu.join()
        host.close()


def test_monitor(tap):
    line = "[    1.000000] KX: host qom-set path=/m property=size value=2M on=on"
    good, bad = '{"return": {}}', '{"error": {"desc": "no"}}'
    heard, refused = obey(line, good, good)
    tap.check(not refused and json.loads(heard[1]) ==
              {"execute": "qom-set", "arguments": {"path": "/m", "property": "size",
                                                   "value": 2 << 20, "on": True}},
              "monitor: a line of the log is carried out")
    tap.check(obey(line, good, bad)[1], "monitor: what QEMU refuses is a fault")
    wait = "[    1.000000] KX: reset-when 0x40 0x1234"
    words = ['{"return": "0000000000000040: 0x%08x\\r\\n"}' % word for word in (0, 0x1234)]
    heard, refused = obey(wait, good, *words, good)
    tap.check(not refused and [json.loads(line)["execute"] for line in heard if line] ==
              ["qmp_capabilities", "human-monitor-command", "human-monitor-command",
               "system_reset"], "monitor: a reset waits for a word of memory")
    monitor.RESET_WHEN_S = 0
    tap.check(obey(wait, good, *words[:1])[1], "monitor: a word that never comes is a fault")
    heard, refused = obey("[    1.000000] KX: hosts of heaven")
    tap.check(not refused and not any(heard), "monitor: other lines are left alone")


def test_cpio(tap):
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add_dir("d")
    archive.add_file("d/f", b"hello")
    archive.add_chunks("d/g", 6, [b"abc", b"def"])
    archive.close()
    done = subprocess.run(["cpio", "-i", "--quiet", "--to-stdout", "d/f", "d/g"],
                          input=stream.getvalue(), capture_output=True, check=False)
    tap.check(done.stdout == b"helloabcdef", "cpio: the archive unpacks")


# Page size, VA_BITS, bits that the CPU walks; the shift of each level and the entries of
# the top table, by the Arm ARM (D8.2) and by how Linux uses a table that is too long
WALKS = (
    (4096, 39, 39, (30, 21, 12), 512), (4096, 48, 48, (39, 30, 21, 12), 512),
    (4096, 52, 52, (48, 39, 30, 21, 12), 16), (4096, 52, 48, (39, 30, 21, 12), 512),
    (16384, 47, 47, (36, 25, 14), 2048), (16384, 48, 48, (47, 36, 25, 14), 2),
    (16384, 52, 52, (47, 36, 25, 14), 32), (16384, 52, 48, (47, 36, 25, 14), 32),
    (65536, 42, 42, (29, 16), 8192), (65536, 48, 48, (42, 29, 16), 64),
    (65536, 52, 52, (42, 29, 16), 1024), (65536, 52, 48, (42, 29, 16), 1024),
)


def descriptor(pa, kind, page, bits):
    """An entry of a table, with attributes in all other bits that software may set."""
    entry = pa & 0xffffffffffff | kind | 0x60000000000400
    if page == 65536:
        return entry | (pa >> 48 & 15) << 12
    if bits == 52:
        return entry | pa & 3 << 48 | (pa >> 50 & 3) << 8
    return entry | 0x300  # inner shareable


def map_page(memory, table, va, pa, walk, stop=0):
    """Maps @va to @pa, with a block where @stop levels are left out."""
    page, _, bits, shifts, top = walk
    for level, shift in enumerate(shifts):
        index = va >> shift & (top - 1 if not level else page // 8 - 1)
        last = level == len(shifts) - 1 - stop
        target = pa if last else table + 0x100000
        kind = 1 if last and stop else 3
        memory[table + 8 * index] = struct.pack("<Q", descriptor(target, kind, page, bits))
        if last:
            return
        table = target


def walk_to(walk, *addresses):
    try:
        return walk(*(va % (1 << 64) for va in addresses))
    except vmcore_walk.NotMapped:
        return None


def test_walk(tap):
    for walk in WALKS:
        page, built, bits, shifts, _ = walk
        text = (f"PAGESIZE={page}\nNUMBER(VA_BITS)={built}\nNUMBER(TCR_EL1_T1SZ)={64 - bits:#x}\n"
                f"NUMBER(TCR_EL1_T0SZ)={64 - bits:#x}\nNUMBER(TTBR1_EL1_BADDR)=0x40800000\n")
        memory = {}
        high = 0xd000000000000 if bits == 52 else 0xd00000000000
        page_va, block_va = -(1 << bits - 1) + 5 * page, -(1 << bits - 2) + (3 << shifts[-2])
        block = high + (3 << shifts[-2])
        map_page(memory, 0x40800000, page_va % (1 << 64), high + 7 * page, walk)
        map_page(memory, 0x40800000, block_va % (1 << 64), block, walk, stop=1)
        user_va = (1 << 36) + 9 * page
        map_page(memory, high + 7 * page, user_va, 0x50000000, walk)
        reader = vmcore_walk.Walk(text, lambda pa, size, memory=memory: memory.get(pa, bytes(size)))
        name = f"walk: {page >> 10}K, {built} bits, {bits} walked"
        for what, wanted, walked in (
                ("page", high + 7 * page + 1234, walk_to(reader.kernel, page_va + 1234)),
                ("block", block + 12345, walk_to(reader.kernel, block_va + 12345)),
                ("user page", 0x50000001, walk_to(reader.user, page_va, user_va + 1)),
                ("hole", None, walk_to(reader.kernel, page_va + 64 * page))):
            tap.check(walked == wanted, f"{name}, {what}")


def main():
    tap = Tap()
    for test in (test_table, test_sign, test_judge, test_judge_reset, test_judge_ends, test_judge_cost,
                 test_figures, test_kunit, test_monitor, test_cpio, test_walk):
        test(tap)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
