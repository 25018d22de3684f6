# SPDX-License-Identifier: GPL-2.0-only
"""Logs that must pass and logs that must be refused, one for each rule."""

import re

import check_log
from tests.sample import GOOD, TABLE, load

# What is replaced in the good log, by what, and why that must be noticed
SPOILED = (
    ("KX: boot 2", "KX: boot 3", "kernel out of order"),
    ("boot 2 el=el1 cpus=2", "boot 2 el=el1 cpus=1", "CPU lost"),
    ("page=65536", "page=4096", "other kernel than wanted"),
    ("boot 3 el=el1", "boot 3 el=nvhe", "other exception level"),
    ("boot 3 el=el1 cpus=1", "boot 3 cpus=1", "fact missing"),
    ("cpus=1", "cpus=2", "crash kernel with all CPUs"),
    ("] Bye", "] ", "expected line missing"),
    ("] Bye\r\n", "] Bye\r\n] Bye\r\n", "expected line too often"),
    ("text=a3", "text=a1", "same address twice"),
    ("sum 77\r\n[    2", "sum 78\r\n[    2", "other checksum"),
    ("WARNING: planned", "WARNING: CPU: 0 PID: 1", "warning other than the one tolerated"),
    ("Kernel panic - not syncing: sysrq triggered crash\r\n", "", "panic that did not come"),
    ("syncing: sysrq", "syncing: Attempted to kill init! sysrq?\r\n] x", "other panic"),
    ("[    2.000000] Kernel panic", "[    2.000000] Kernel panic - not syncing: sysrq triggered "
     "crash\r\n[    2.000000] Kernel panic", "the same panic twice"),
    ("[    2.000000] Kernel", "[    2.000000] ---[ end Kernel", "machine that stays in a panic"),
    ("ok 2 - two", "not ok 2 - two", "bad TAP result"),
    ("ok 2 - two", "ok 2 - two # SKIP", "skipped TAP result"),
    ("KXTAP: ok 2 - two", "", "TAP result missing"),
    ("KXTAP: ok 2 - two", "KXTAP: ok 1 - two", "the same TAP result twice"),
    ("ok 2 - two\r\n", "ok 2 - two\r\n[    1.1] KXTAP: ok 3 - 3\r\n", "more TAP results than planned"),
    ("KXTAP: 1..2", "KXTAP: 1..3", "TAP plan larger than the case has it"),
    ("KXTAP: 1..2", "KXTAP: 1..1", "TAP plan smaller than the case has it"),
    ("KXTAP: 1..2", "KXTAP: 1..2\r\n[    1.1] KXTAP: 1..2", "two TAP plans"),
    ("KXTAP: 1..2", "", "no TAP plan"),
    ("KX: done t-1", "KX: done t-11", "done by another case"),
    ("KX: done t-1", "", "end not reached"),
)

# Lines as kernels, programs and guests write them, at least one for each forbidden pattern
FORBIDDEN = (
    "BUG: sleeping function called from invalid context at kernel/kexec/lock.c:70",
    "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 f+0x0/0x10",
    "WARNING: possible circular locking dependency detected",
    "Internal error: Oops: 0000000096000004 [#1] SMP",
    "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000",
    "SError Interrupt on CPU0, code 0x00000000be000000 -- SError",
    "Insufficient stack space to handle exception! Kernel stack overflow",
    "---[ end Kernel panic - not syncing: x ]---",
    "UBSAN: array-index-out-of-bounds in kernel/kexec/fdt.c:11:3",
    "kmemleak: 2 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "list_add corruption. next->prev should be prev",
    "BUG: Bad page state in process kexec  pfn:40000",
    "ODEBUG: free active (active state 0) object type: timer_list",
    "refcount_t: underflow; use-after-free.",
    "BUG: scheduling while atomic: kexec/70/0x00000002",
    "WARNING: inconsistent lock state", "WARNING: bad unlock balance detected!",
    "WARNING: held lock freed!", "WARNING: lock held when returning to user space!",
    "WARNING: suspicious RCU usage", "turning off the locking correctness validator.",
    "rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
    "rcu: rcu_sched kthread starved for 2100 jiffies!",
    "watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [kexec:70]",
    "watchdog: Watchdog detected hard LOCKUP on cpu 1",
    "INFO: task kexec:70 blocked for more than 120 seconds.",
    "irq 11: nobody cared (try booting with the \"irqpoll\" option)",
    "kexec: page allocation failure: order:9, mode:0xcc0(GFP_KERNEL)",
    "insmod: vmalloc error: size 4096, failed to allocate pages",
    "Out of memory: Killed process 70 (mem_hog)", "kexec invoked oom-killer: gfp_mask=0xcc0",
    "oom-kill:constraint=CONSTRAINT_NONE", "GICv3: redistributor: memory probably corrupted",
    "kexec[70]: segfault at 0 ip 0000000000400000",
    "kexec[70]: unhandled level 1 translation fault in kexec[400000+1000]",
    "KX: FAIL step 1 (load): failed", "KX: no /modules/6.12/x.ko",
    "KXTAP: Bail out! no crash reservation",
)

# Lines that only resemble those
HARMLESS = (
    "kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)",
    "kmemleak: Automatic memory scanning thread started, detector started",
    "rcu: Hierarchical RCU implementation.", "rcu: \tRCU event tracing is enabled.",
    "debug: crash_test: DEBUG_BUG:1", "KX: noted", "KX:   no such line of a program",
)

RESETTING = TABLE + """
[[case]]
name = "t-reset"
steps = ["load direct 64k", "leave kexec-e", "reset-when 0x40 0x1", "leave-to-reset"]
"""


def test_log(tap):
    case = load(TABLE)[0]
    tap.check(not check_log.check(case, GOOD.encode()), "log: passes a good log")
    tap.check(check_log.check(case, b""), "log: refuses an empty log")
    for old, new, why in SPOILED:
        bad = GOOD.replace(old, new, 1)
        tap.check(bad != GOOD and check_log.check(case, bad.encode()), f"log: {why}")
    for boot in range(1, 4):
        bad = "".join(l for l in GOOD.splitlines(True) if f"boot {boot}" not in l)
        tap.check(check_log.check(case, bad.encode()), f"log: kernel {boot} missing")


def with_line(line):
    return GOOD.replace("] Bye", f"] {line}\r\n[    1.100000] Bye").encode()


def test_skip(tap):
    case = load(TABLE)[0]
    good = GOOD.replace("ok 2 - two", "ok 2 - two # SKIP")
    tap.check(check_log.check(case, good.encode()), "log: another skipped TAP result")
    case.tolerate.append("^ok 2 - two # SKIP$")
    tap.check(not check_log.check(case, good.encode()), "log: a skipped TAP result that the case tolerates")
    good = GOOD.replace("KXTAP: ok 2 - two", "KXTAP: # ok 7 # SKIP\r\n[    1.1] KXTAP: ok 2 - two")
    tap.check(not check_log.check(case, good.encode()), "log: a skipped result in a comment")


def test_forbidden(tap):
    case = load(TABLE)[0]
    for line in FORBIDDEN:
        tap.check(check_log.check(case, with_line(line)), f"log: forbidden: {line[:60]}")
        case.tolerate.append(re.escape(line))
        tap.check(not check_log.check(case, with_line(line)) or line.startswith("KXTAP"),
                  f"log: tolerated where the case says so: {line[:50]}")
        case.tolerate.pop()
    for line in HARMLESS:
        tap.check(not check_log.check(case, with_line(line)), f"log: harmless: {line[:60]}")
    untested = [pattern for pattern in check_log.FORBIDDEN
                if not any(re.search(pattern, line) for line in FORBIDDEN)]
    tap.check(not untested, f"log: a line for each forbidden pattern {untested}")


def test_no_tap(tap):
    case = load(TABLE)[1]
    case.tap = 0
    log = "".join(line for line in GOOD.splitlines(True) if "KXTAP: 1" not in line
                  and "KXTAP: ok" not in line)
    plain = [fault for fault in check_log.check(case, log.encode()) if "TAP" in fault]
    result = log.replace("] Bye", "] KXTAP: ok 1 - x\r\n[    1.1] Bye")
    tap.check(not plain and any("TAP" in fault for fault in check_log.check(case, result.encode())),
              "log: TAP that the case does not plan")


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
