#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures kexec beside the base kernel and prints a table of ratios.

Both kernels have the same options, run the same steps on the same emulated
machine, and take turns. Every run is kept below build/bench/, so that the work
can be done in pieces: --filter takes only some cases, --report runs none. The
table goes to build/bench/table.md as well, and a picture to build/bench/bench.png.
"""

import argparse
import dataclasses
import json
import re
import signal
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "testing/selftests/kexec-arm64"))

# pylint: disable=wrong-import-position
import cases  # noqa: E402
import metrics  # noqa: E402
import qemu  # noqa: E402
import run  # noqa: E402

BUILD = HERE.parents[1] / "build"
KERNELS = {"base": "base", "ours": "4k"}
# What only one of them is measured with: the base cannot load a packed file
ONLY = {"packed-file": "ours", "packed-user": "base"}
PAGE_KIB = 4
# Cases that are run once for each seed, and those that are run a few times
SEEDED = ("load-", "blackout-", "unchecked-", "unpack-")
FEW = 2


@dataclass
class Row:
    """A line of the table: @base and @ours are lists of values; @target says what
    must hold of them, and @met whether it does, None where nothing is asked for."""
    what: str
    unit: str
    base: list
    ours: list
    target: str = ""
    met: bool = None


class Results:
    """What was measured: one file for each case, kernel and seed."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, case, kernel, seed):
        return self.folder / f"{case}.{kernel}.{seed}.json"

    def put(self, case, kernel, seed, found):
        self.path(case, kernel, seed).write_text(json.dumps(found))

    def get(self, case, kernel, figure, which=None):
        """All values of a figure over the seeds; @which takes one of each run."""
        values = []
        for path in sorted(self.folder.glob(f"{case}.{kernel}.*.json")):
            found = json.loads(path.read_text()).get(figure, [])
            values += found if which is None else found[which:which + 1]
        return values

    def blackouts(self, case, kernel):
        """Microseconds from leaving the first kernel to /init of the second."""
        values = []
        for path in sorted(self.folder.glob(f"{case}.{kernel}.*.json")):
            found = json.loads(path.read_text())
            if found.get("leave_ns") and len(found.get("init_ns", [])) > 1:
                values.append((found["init_ns"][1] - found["leave_ns"][0]) // 1000)
        return values


def seeds_of(case, options):
    if not case.name.startswith(SEEDED):
        return [0]
    return range(options.runs if case.name.startswith("load-") else min(FEW, options.runs))


def measure(case, kernel, seed, options):
    """One run; returns its figures, or None after saying what went wrong."""
    case = dataclasses.replace(case, name=f"{case.name}.{kernel}.{seed}")
    store = qemu.Store(options.build, [("4k", KERNELS[kernel])])
    settings = argparse.Namespace(qemu=qemu.QEMU, qemu_arg=["-seed", str(seed + 1)],
                                  patience=options.patience)
    outcome = run.run_case(case, store, settings)
    what = f"{case.name}: {outcome.seconds:.0f} s"
    if outcome.faults or outcome.missing:
        print(f"# {what}: {'; '.join(outcome.faults) or outcome.missing}", flush=True)
        # There the base's time may grow with the square of the size: that is a result
        slow = (kernel == "base" and case.name.startswith("grow-") and
                any(fault.startswith("killed after") for fault in outcome.faults))
        return {} if slow else None
    print(f"# {what}", flush=True)
    return outcome.figures


def measure_all(chosen, results, options):
    """Base and ours in turn; what runs beside them does not touch counted time."""
    jobs = [(case, kernel, seed) for case in chosen for seed in seeds_of(case, options)
            for kernel in KERNELS
            if ONLY.get(case.name, kernel) == kernel
            if not (options.resume and results.path(case.name, kernel, seed).is_file())]

    def work(job):
        """At once, so that --resume has it when a later run is interrupted."""
        found = measure(*job, options)
        if found is not None:
            case, kernel, seed = job
            results.put(case.name, kernel, seed, found)
        return found is None

    with ThreadPoolExecutor(options.jobs) as pool:
        return sum(pool.map(work, jobs))


def below(values, limit):
    """Whether all values are below the limit; None when there are none."""
    return all(value < limit for value in values) if values else None


def leave_rows(results):
    for size, load, memory, text in (
            (31, "direct", 2048, "file, 31 MB"),
            (402, "direct", 2048, "file, 402 MB"),
            (31, "kexec-ci", 4096, "kexec -c -i, 31 MB, 4 GB guest"),
            (402, "kexec-ci", 4096, "kexec -c -i, 402 MB, 4 GB guest"),
            (31, "kexec-ci", 2048, "kexec -c -i, 31 MB, 2 GB guest"),
            (402, "kexec-ci", 2048, "kexec -c -i, 402 MB, 2 GB guest"),
            (402, "kexec-ci-high", 2048, "kexec -c -i --mem-min=, 402 MB, 2 GB guest")):
        case = f"leave-{size}-{load}-{memory}"
        ours = results.get(case, "ours", "leave.insns")
        yield Row(f"instructions from machine_kexec to the next kernel: {text}", "",
                  results.get(case, "base", "leave.insns"), ours,
                  "under 20,000", below(ours, 20000))
        ours = results.get(case, "ours", "leave.bytes")
        yield Row(f"bytes loaded and stored there: {text}", "kB",
                  [v / 1000 for v in results.get(case, "base", "leave.bytes")],
                  [v / 1000 for v in ours], "under 200 kB", below(ours, 200000))


def load_rows(results):
    checks = results.get("blackout-402", "ours", "phase_verify_us")
    for source in ("ramfs", "tmpfs"):
        case = f"load-402-{source}"
        base = results.get(case, "base", "load_us", 0)
        ours = results.get(case, "ours", "load_us", 0)
        limit = min(base) / 3 if base else 0
        median = [statistics.median(ours)] if ours else []
        yield Row(f"load time: file, 402 MB, in a {source}, one placement each", "ms",
                  scale(base), scale(ours), "median and worst under 1/3 of the base's best",
                  below(median + ours, limit) if base else None)
        yield Row("load time: the same, a second load over the first", "ms",
                  scale(results.get(case, "base", "load_us", 1)),
                  scale(results.get(case, "ours", "load_us", 1)))
        if checks and ours:
            yield Row("load time: the first and the worker after it", "ms",
                      scale(base), scale([median[0] + statistics.median(checks)]))


def grow_rows(results):
    sizes = (200, 400, 800, 1600)
    found = {k: [results.get(f"grow-{s}", k, "load_us", 0)[:1] for s in sizes] for k in KERNELS}
    if not all(found["ours"]):
        return
    rates = {k: [v[0] / s for v, s in zip(values, sizes) if v] for k, values in found.items()}
    for size, base, ours in zip(sizes, found["base"], found["ours"]):
        yield Row(f"load time: file, {size} MB", "ms", scale(base), scale(ours))
    spread = {k: [100 * (max(v) / min(v) - 1)] if v else [] for k, v in rates.items()}
    yield Row("growth of load time from 200 MB to 1.6 GB: worst distance from linear", "%",
              spread["base"], spread["ours"], "within 10 %", below(spread["ours"], 10))


def packed_rows(results):
    what = "a 45 MB kernel: kexec -c of 2.0.32 from gzip zboot, kexec_file_load from zstd zboot"
    for text, unit, figure, part in (("time to load", "ms", "run_us", 1000),
                                     ("peak extra memory while loading", "MiB", "peak_kib", 1024)):
        values = {kernel: [value / part for value in results.get(case, kernel, figure)]
                  for case, kernel in (("packed-user", "base"), ("packed-file", "ours"))}
        yield Row(f"{text} {what}", unit, values["base"], values["ours"])


def memory_rows(results):
    for figure, text, limit in (("peak_kib", "peak extra memory while loading", 1.05),
                                ("held_kib", "memory held afterwards", None)):
        values = {k: [v * 1024 / 402e6 for v in results.get("memory-402", k, figure)]
                  for k in KERNELS}
        yield Row(f"{text}: 402 MB, as a part of the payload", "x", values["base"],
                  values["ours"], f"under {limit} x" if limit else "",
                  below(values["ours"], limit) if limit else None)


def tables_rows(results):
    for memory in (4096, 16384, 65536):
        case, size = f"tables-{memory}", f"{memory >> 10} GB guest, rodata=full"
        kib = {k: [v * PAGE_KIB for v in results.get(case, k, "tables.calls")] for k in KERNELS}
        yield Row(f"page tables for a copy: {size}", "KiB", kib["base"], kib["ours"],
                  "under 128 kB", below(kib["ours"], 125))
        us = {k: results.get(case, k, "tables.insns") for k in KERNELS}
        yield Row(f"time to build them: {size}", "ms", [v / 1e6 for v in us["base"]],
                  [v / 1e6 for v in us["ours"]], "under 5 ms", below(us["ours"], 5e6))


def cpus_off_rows(results):
    for smp in (2, 8, 64):
        values = {k: results.get(f"cpus-off-{smp}", k, "off_us") for k in KERNELS}
        yield Row(f"turning {smp} CPUs off", "ms", scale(values["base"]), scale(values["ours"]),
                  "under 60 ms", below(values["ours"], 60000))


def blackout_rows(results):
    for size in (31, 402):
        for case, text in ((f"blackout-{size}", ""),
                           (f"unchecked-{size}", ", kernel.kexec_verify=0")):
            yield Row(f"blackout, reboot(2) to /init: file, {size} MB{text}", "ms",
                      scale(results.blackouts(case, "base")),
                      scale(results.blackouts(case, "ours")))


def unpack_rows(results):
    base, ours = (results.blackouts("unpack-files", k) for k in KERNELS)
    yield Row("blackout, reboot(2) to /init: initrd of real files, packed with zstd", "ms",
              scale(base), scale(ours), "under 0.45 of the base's best",
              below(ours, 0.45 * min(base)) if base else None)


def scale(values):
    return [value / 1000 for value in values]


def number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value else "0"


def cell(values, unit):
    """One value, or the least, the median and the largest."""
    if not values:
        return "-"
    if max(values) == min(values):
        return f"{number(values[0])} {unit}".strip()
    parts = (min(values), statistics.median(values), max(values))
    return f"{' / '.join(map(number, parts))} {unit}".strip()


def ratio(row):
    if not row.base or not row.ours or not statistics.median(row.ours):
        return "-"
    return f"{number(statistics.median(row.base) / statistics.median(row.ours))}"


def base_version(build):
    makefile = (build / "src/base/Makefile").read_text()
    return ".".join(re.search(rf"^{n} *= *(\S+)", makefile, re.M).group(1)
                    for n in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def markdown(rows, build):
    emulator = subprocess.run([qemu.QEMU, "--version"], capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]
    lines = [f"`make bench`, {time.strftime('%Y-%m-%d')}: base {base_version(build)}, {emulator}, "
             "cortex-a76, one instruction is one nanosecond.",
             "Where there are three numbers: least / median / largest.", "",
             "| what | base | ours | base / ours | target | met |",
             "|---|--:|--:|--:|---|---|"]
    for row in rows:
        met = {None: "", True: "yes", False: "**no**"}[row.met]
        lines.append(f"| {row.what} | {cell(row.base, row.unit)} | {cell(row.ours, row.unit)} "
                     f"| {ratio(row)} | {row.target} | {met} |")
    return "\n".join(lines) + "\n"


def picture(rows, path):
    """The ratios as bars, on a logarithmic scale."""
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    from matplotlib import pyplot  # pylint: disable=import-outside-toplevel

    bars = [(row.what, statistics.median(row.base) / statistics.median(row.ours))
            for row in rows
            if row.base and row.ours and min(row.base) > 0 and min(row.ours) > 0]
    bars.reverse()
    figure, axes = pyplot.subplots(figsize=(11, 0.32 * len(bars) + 1.2))
    axes.barh([what for what, _ in bars], [value for _, value in bars],
              color=["tab:green" if value >= 1 else "tab:red" for _, value in bars])
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xlabel("base / ours: how many times less, longer bars are better")
    axes.tick_params(axis="y", labelsize=8)
    for place, (_, value) in enumerate(bars):
        axes.text(value, place, f" {number(value)}", va="center", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def report(results, options):
    rows = [row for source in (leave_rows, load_rows, grow_rows, packed_rows, memory_rows, tables_rows,
                               cpus_off_rows, blackout_rows, unpack_rows)
            for row in source(results) if row.base or row.ours]
    text = markdown(rows, options.build)
    (results.folder / "table.md").write_text(text)
    print(text)
    picture(rows, results.folder / "bench.png")
    print(f"# {results.folder}/table.md, {results.folder}/bench.png")
    missed = [row.what for row in rows if row.met is False]
    for what in missed:
        print(f"# missed: {what}")
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=Path, default=BUILD, help="the build folder")
    parser.add_argument("--filter", default="", help="regex: only cases whose name holds it")
    parser.add_argument("--runs", type=int, default=10, help="seeds for load times")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="guests at a time")
    parser.add_argument("--resume", action="store_true", help="keep what is measured already")
    parser.add_argument("--report", action="store_true", help="only the table")
    parser.add_argument("--patience", type=float, default=1.0, help="factor for all timeouts")
    options = parser.parse_args()
    results = Results(options.build / "bench")
    failed = 0
    if not options.report:
        chosen = [case for case in cases.load(HERE / "bench.toml")
                 if re.search(options.filter, case.name)]
        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, qemu.stop_all)
        with qemu.Store(options.build).lock():
            metrics.build(options.build / "host/kexec-bench")
            failed = measure_all(chosen, results, options)
    return report(results, options) or int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
