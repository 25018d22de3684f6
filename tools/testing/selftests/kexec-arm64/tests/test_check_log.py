# SPDX-License-Identifier: GPL-2.0-only
"""Logs that must pass and logs that must be refused, one for each rule."""

import check_log
from tests.sample import GOOD, TABLE, load

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

RESETTING = TABLE + """
[[case]]
name = "t-reset"
steps = ["load direct 64k", "leave kexec-e", "reset-when 0x40 0x1", "leave-to-reset"]
"""


def test_log(tap):
    case = load(TABLE)[0]
    tap.check(not check_log.check(case, GOOD.encode()), "log: passes a good log")
    tap.check(check_log.check(case, b""), "log: fails an empty log")
    for old, new, why in SPOILED:
        bad = GOOD.replace(old, new)
        tap.check(bad != GOOD and check_log.check(case, bad.encode()), f"log: {why}")
    for boot in range(1, 4):
        bad = "".join(l for l in GOOD.splitlines(True) if f"boot {boot}" not in l)
        tap.check(check_log.check(case, bad.encode()), f"log: kernel {boot} missing")


def test_reset(tap):
    case = load(RESETTING)[-1]
    log = "".join(f"KX: boot {n} el=el1 cpus=2 page={page}\r\n"
                  for n, page in ((1, 4096), (2, 65536), (1, 4096)))
    tap.check(not check_log.check(case, (log + "KX: done t-reset\r\n").encode()),
              "log: a case may begin again")
    tap.check(check_log.check(case, (log.replace("boot 1", "boot 3") + "KX: done t-reset\r\n").encode()),
              "log: no reset where a kernel should begin again")


def test_ends(tap):
    case = load(TABLE)[0]
    case.last = "^Kernel Offset: "
    reset = GOOD.replace("KX: done t-1", "Kernel Offset: 0x1 from 0x2")
    tap.check(not check_log.check(case, reset.encode()), "log: a case may end in a reset")
    tap.check(check_log.check(case, GOOD.encode()), "log: no reset where one is wanted")


def test_cost(tap):
    case = load(TABLE)[0]
    case.min_ratio = 50

    def faults(*ticks):
        log = "".join(f"[    2.000000] KX: ticks {n}\r\n" for n in ticks)
        return check_log.check(case, (GOOD + log).encode())

    tap.check(not faults(0, 100, 200, 301, 400, 551), "log: a check that is cheap enough")
    tap.check(faults(0, 100, 200, 302, 400, 551), "log: a check that is too dear")
    tap.check(faults(0, 100, 200, 300, 400, 551), "log: a check that was not made")
    tap.check(faults(0, 100, 200, 301), "log: a reading of the counter is missing")
