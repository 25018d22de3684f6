# SPDX-License-Identifier: GPL-2.0-only
"""Figures that are within their limits, and figures that are not."""

import tempfile

import metrics
import qemu
from tests.sample import TABLE, load

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
        found = metrics.collect(case, store, FIGURES.encode())
        tap.check(found == {"load_us": [70], "copied": [77], "gap_us": [900000]},
                  "figures: all sources are read")
        tap.check(not list(metrics.check(case, found)), "figures: passes good figures")
        for old, new, why in FIGURES_SPOILED:
            found = metrics.collect(case, store, FIGURES.replace(old, new).encode())
            tap.check(list(metrics.check(case, found)), f"figures: {why}")
        case.ratios = {"percent": [["head", "all"], "bare"]}
        metrics.output(case, store).parent.mkdir(parents=True)
        metrics.output(case, store).write_text(
            "bare 7 0 0 0\nhead 10 0 0 0\nbare 40 0 0 0\nbare 60 0 0 0\nall 101 0 0 0\n"
            "head 1 0 0 0\nbare 10 0 0 0\nall 9 0 0 0\n")
        tap.check(list(metrics.divided(case, store)) == [("percent", 111), ("percent", 100)],
                  "figures: spans in percent of those in them, rounded up")
    tap.check(metrics.resolve("b|a", {"a": 1, "c": 2}) == 1, "figures: the first name that is there")
