#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs faults.elf once for each fault under QEMU with the plugin; prints TAP.

    faults_test.py QEMU FOLDER

FOLDER has coherency.so and faults.elf. Each run must report the one kind of its
fault, at an instruction of the program, and no other.
"""

import subprocess
import sys
from pathlib import Path

FAULT_PA = 0x40010000
RAM = range(0x40000000, 0x40050000)
# In the order of the table in faults.S; the first one is no fault
FAULTS = (
    "", "walk-stale", "load-dirty", "fetch-dirty", "store-under-dirty", "load-stale",
    "inval-dirty", "dc-pending", "dc-before-store", "fetch-unclean", "fetch-stale",
    "ic-before-dc", "sctlr-isb", "context-isb", "walk-unordered", "break-before-make",
    "break-unflushed", "tlbi-before-store", "ttbr-conflict", "mmu-on-tlb",
)
TIMEOUT_S = 60


def run(qemu, folder, number):
    """What one run reports: pairs of a kind and a PC; None if it did not end."""
    log = folder / "faults.log"
    log.unlink(missing_ok=True)
    command = [qemu, "-M", "virt", "-cpu", "cortex-a57", "-m", "64", "-display", "none",
               "-serial", "none", "-monitor", "none", "-nic", "none", "-nodefaults",
               "-kernel", str(folder / "faults.elf"),
               "-device", f"loader,addr={FAULT_PA:#x},data={number},data-len=4",
               "-plugin", f"{folder / 'coherency.so'},out={log},size=0x4000000,strict=on"]
    subprocess.run(command, check=True, timeout=TIMEOUT_S)
    lines = [line.split() for line in log.read_text().splitlines()]
    if not lines or lines[-1][0] != "end":
        return None
    words = [dict(word.split("=", 1) for word in line[1:]) for line in lines
             if line[0] == "report"]
    return [(report["kind"], int(report["pc"], 16)) for report in words]


def main():
    qemu, folder = sys.argv[1], Path(sys.argv[2]).resolve()
    failed = 0
    print(f"TAP version 13\n1..{len(FAULTS)}")
    for number, kind in enumerate(FAULTS):
        found = run(qemu, folder, number)
        good = (found is not None and {k for k, _ in found} == ({kind} if kind else set())
                and all(pc in RAM for _, pc in found))
        if not good:
            failed += 1
            print(f"# reported: {found}")
        print(f"{'ok' if good else 'not ok'} {number + 1} - fault {kind or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
