#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Builds and runs the fuzz targets, as many at a time as there are CPUs; prints TAP.

Each starts from seeds.py and from corpus/TARGET.txt. Executions, edges, seconds and the
seed of each run are appended to build/log/fuzz.log. An input that fails is kept in
build/fuzz/found/; TARGET_fuzz FILE repeats it.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
from seeds import SEEDS  # noqa: E402 pylint: disable=wrong-import-position

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[3]
OUT = TOP / "build/fuzz"
LOG = TOP / "build/log"

# Largest input in bytes.
MAX_LEN = {"image_header": 1200, "image_unpack": 800, "fdt": 1000, "crashkernel_param": 200,
           "elfcore": 120, "timeline_abi": 200, "range_map": 300, "extent": 200,
           "uki": 800, "initrd_cpio": 600}
# Fewer executions test nothing, even on a busy host.
MIN_EXECUTIONS = 1000
# Bytes of inputs in corpus/TARGET.txt.
CORPUS_BYTES = 4096
# Seconds in which a mutant must be found.
MUTANT_SECONDS = 30
WIDTH = 96


def environment():
    env = dict(os.environ)
    env.setdefault("ASAN_OPTIONS", "quarantine_size_mb=8:detect_leaks=1")
    env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    return env


def build(targets, out, *more):
    command = ["make", "-s", "-C", str(HERE), f"O={out}", *(f"{t}_fuzz" for t in targets), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{', '.join(targets)}: no program:\n{done.stdout}{done.stderr}")


def unpack(target, folder):
    """Write the seeds and the kept inputs to a folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for i, seed in enumerate(SEEDS[target]()):
        (folder / f"seed-{i}").write_bytes(seed)
    text = HERE / "corpus" / f"{target}.txt"
    inputs = text.read_text(encoding="ascii").split("\n\n")[1:] if text.exists() else []
    for i, hexes in enumerate(inputs):
        (folder / f"kept-{i}").write_bytes(bytes.fromhex(hexes))


def options(target, found):
    args = [f"-max_len={MAX_LEN[target]}", "-timeout=30", "-print_final_stats=1", "-verbosity=1",
            "-reload=0", f"-artifact_prefix={found}/{target}-"]
    words = HERE / f"{target}.dict"
    return args + ([f"-dict={words}"] if words.exists() else [])


def fuzz(target, place, *more):
    """Run a target that was built in a folder; returns its status and what it printed."""
    corpus, found = place / "corpus" / target, place / "found"
    unpack(target, corpus)
    found.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([str(place / f"{target}_fuzz"), *options(target, found), *more,
                           str(corpus)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment(),
                          errors="replace", check=False)
    return done.returncode, done.stdout


def figures(said):
    """Executions and edges of a run, 0 if it did not end."""
    runs = re.findall(r"^stat::number_of_executed_units: *(\d+)", said, re.M)
    edges = re.findall(r"\bcov: (\d+)", said)
    return int(runs[-1]) if runs else 0, int(edges[-1]) if edges else 0


def run_target(target, args):
    """One line of TAP and comments before it."""
    start = time.time()
    limit = f"-runs={args.runs}" if args.runs else f"-max_total_time={args.seconds}"
    status, said = fuzz(target, OUT, f"-seed={args.seed}", limit)
    (LOG / f"fuzz-{target}.log").write_text(said, encoding="utf-8")
    executions, edges = figures(said)
    line = (f"{target}: {executions} executions, {edges} edges, {time.time() - start:.0f} s, "
            f"seed {args.seed}")
    with (LOG / "fuzz.log").open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%F %T')} {line}, status {status}\n")
    good = status == 0 and executions >= (args.runs or MIN_EXECUTIONS)
    return good, target, line if good else line + "\n" + faults(said)


def faults(said):
    lines = [line for line in said.splitlines()
             if re.search(r"FUZZ: |ERROR: |SUMMARY: |runtime error|Test unit written| in fuzz_one", line)]
    return "\n".join(lines or said.splitlines()[-15:])


def plant(mutant, place):
    """Write the mutated file below @place."""
    text = (TOP / mutant["file"]).read_text(encoding="utf-8")
    if text.count(mutant["old"]) != 1:
        raise RuntimeError(f"{mutant['file']}: not once: {mutant['old']}")
    path = place / mutant["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.replace(mutant["old"], mutant["new"]), encoding="utf-8")


def run_mutant(number, mutant):
    """A mutant must be found."""
    place, target = OUT / f"mutant-{number}", mutant["target"]
    name = f"{target} finds: {mutant['old']}"
    shutil.rmtree(place, ignore_errors=True)
    try:
        plant(mutant, place / "src")
        build([target], place, f"MUTANT={place}/src")
    except RuntimeError as fault:
        return False, name, str(fault)
    start = time.time()
    status, said = fuzz(target, place, "-seed=1", f"-max_total_time={MUTANT_SECONDS}")
    found = status != 0 and re.search(r"FUZZ: |ERROR: AddressSanitizer|runtime error", said)
    line = f"{time.time() - start:.1f} s, {figures(said)[0]} executions"
    return bool(found), name, line if found else f"not found: {line}\n{said[-1000:]}"


def update(target):
    """Run the target, and keep the smallest inputs that reach all of the edges."""
    fuzz(target, OUT, "-max_total_time=20")
    merged = OUT / "merged" / target
    shutil.rmtree(merged, ignore_errors=True)
    merged.mkdir(parents=True)
    subprocess.run([str(OUT / f"{target}_fuzz"), "-merge=1", "-use_counters=0", f"-max_len={MAX_LEN[target]}",
                    str(merged), str(OUT / "corpus" / target)], env=environment(), check=True,
                   stderr=subprocess.DEVNULL)
    parts, size = [f"# Inputs of {target}_fuzz, written by run.py --update"], 0
    for data in sorted((p.read_bytes() for p in merged.iterdir()), key=lambda d: (len(d), d)):
        size += len(data)
        if size > CORPUS_BYTES:
            break
        parts.append("\n".join(re.findall(f".{{1,{WIDTH}}}", data.hex())))
    (HERE / "corpus").mkdir(exist_ok=True)
    (HERE / "corpus" / f"{target}.txt").write_text("\n\n".join(parts) + "\n", encoding="ascii")
    return True, target, f"{len(parts) - 1} inputs kept"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=35, help="for each target (35)")
    parser.add_argument("--runs", type=int, help="executions of each target instead")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (1)")
    parser.add_argument("--self-test", action="store_true", help="find the defects of mutants.toml")
    parser.add_argument("--update", action="store_true", help="write corpus/TARGET.txt")
    parser.add_argument("target", nargs="*", help="targets (all)")
    args = parser.parse_args()
    targets = args.target or list(SEEDS)
    if unknown := set(targets) - set(SEEDS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    return args, targets


def main():
    args, targets = arguments()
    LOG.mkdir(parents=True, exist_ok=True)
    build(targets, OUT, f"-j{os.cpu_count()}")

    jobs = [lambda t=t: update(t) if args.update else run_target(t, args) for t in targets]
    if args.self_test:
        mutants = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))["mutant"]
        jobs = [lambda i=i, m=m: run_mutant(i, m) for i, m in enumerate(mutants)
                if m["target"] in targets]
    print(f"TAP version 13\n1..{len(jobs)}", flush=True)
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for i, (good, name, comment) in enumerate(pool.map(lambda job: job(), jobs), start=1):
            print("\n".join(f"# {line}" for line in comment.splitlines()))
            print(f"{'ok' if good else 'not ok'} {i} - {name}", flush=True)
            failed += not good
    return 1 if failed or not jobs else 0


if __name__ == "__main__":
    sys.exit(main())
