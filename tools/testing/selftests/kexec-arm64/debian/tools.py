#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Finds out which dumps the dump tools of three Debian releases can read.

    tools.py [--filter REGEX] [--tools REGEX] [--write | --check]

Without an option it prints the table; --write puts the results into the table of
Documentation/arch/arm64/kexec/tools.rst and keeps its other cells, --check prints TAP: each
result has to be the one that is in the page.

The cases of tools.toml make the dumps. The tools are the arm64 programs of the
releases, each in a tree of its own, run in qemu-user by binfmt_misc; root is
required for chroot. A tool reads a dump when it finds the panic in it.
"""

import argparse
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import cases as table # pylint: disable=wrong-import-position
import qemu # pylint: disable=wrong-import-position

TOP = Path(__file__).resolve().parents[5]
CASES = Path(__file__).with_name("tools.toml")
PAGE = TOP / "Documentation/arch/arm64/kexec/tools.rst"
BEGIN, END = ".. tools.py begins", ".. tools.py ends"
# In the page: a cell without a result
OPEN = "?"
RELEASES = ("bookworm", "trixie", "forky")
PACKAGES = "makedumpfile,crash,kexec-tools,python3-drgn,dash,coreutils"
PANIC = "sysrq triggered crash"
STACK = "sysrq_handle_crash"
# crash reads all debug information, in qemu-user
TIMEOUT_S = 1800
DRGN = ("from drgn.helpers.linux.printk import get_dmesg; "
        "print(get_dmesg(prog).decode(errors=\"replace\"))")


@dataclass
class Tool:
    """A reader: commands for its version and to read /mnt/elf in its tree, and texts that
    its output must have."""

    name: str
    version: str
    command: str
    wanted: tuple
    symbols: bool = False


TOOLS = (
    Tool("makedumpfile: log", "makedumpfile -v",
         "makedumpfile --dump-dmesg -f /mnt/elf /mnt/out >&2 && cat /mnt/out", (PANIC,)),
    Tool("makedumpfile: -l -d 31", "makedumpfile -v",
         "makedumpfile -f -l -d 31 /mnt/elf /mnt/small >&2 && "
         "makedumpfile --dump-dmesg -f /mnt/small /mnt/out >&2 && cat /mnt/out", (PANIC,)),
    Tool("vmcore-dmesg", "kexec --version", "vmcore-dmesg /mnt/elf", (PANIC,)),
    Tool("crash", "crash --version",
         "printf 'log\\nbt -a\\nquit\\n' | crash -s --no_modules /mnt/vmlinux /mnt/elf",
         (PANIC, STACK), True),
    Tool("drgn", "drgn --version",
         f"echo '{DRGN}' >/mnt/log.py && drgn -q -c /mnt/elf -s /mnt/vmlinux /mnt/log.py",
         (PANIC,), True),
)


class Release:
    """The tools of one Debian release."""

    def __init__(self, suite, build):
        self.suite = suite
        self.tree = build / "debian/tools" / suite
        if not (self.tree / "done").is_file():
            self.fetch()

    def fetch(self):
        """A tree of packages that are not configured, with the links of a merged /usr.
        The lists of a release in development expire within days."""
        shutil.rmtree(self.tree, ignore_errors=True)
        self.tree.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mmdebstrap", "--quiet", "--arch=arm64", "--variant=extract",
                        '--aptopt=Acquire::Check-Valid-Until "false"',
                        f"--include={PACKAGES}", self.suite, self.tree], check=True)
        for name in ("bin", "sbin", "lib"):
            if not (self.tree / name).exists():
                (self.tree / name).symlink_to(f"usr/{name}")
        (self.tree / "mnt").mkdir(exist_ok=True)
        (self.tree / "done").touch()

    def run(self, command, dump=None, vmlinux=None):
        """Runs a shell command of the host with the programs of the tree. Returns status
        and output; /mnt has the dump."""
        mounts = ["set -e", "mount -t tmpfs none mnt", "mount -t proc none proc || :"]
        (self.tree / "proc").mkdir(exist_ok=True)
        for name, path in (("elf", dump), ("vmlinux", vmlinux)):
            if path:
                mounts.append(f"touch mnt/{name}; mount --bind {path} mnt/{name}")
        mounts.append('exec chroot . /usr/bin/env TERM=dumb HOME=/mnt '
                      'PATH=/usr/sbin:/usr/bin:/sbin:/bin /bin/sh -c "$0"')
        done = subprocess.run(["unshare", "--mount", "sh", "-c", "\n".join(mounts), command],
                              cwd=self.tree, capture_output=True, check=False,
                              timeout=TIMEOUT_S)
        return (done.returncode, done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace"))

    def version(self, tool):
        _, out, err = self.run(tool.version)
        match = re.search(r"\d+\.\d+(\.\d+)?", out + err)
        return match.group(0) if match else "?"


def reads(release, tool, dump, vmlinux):
    """A cell of the table: yes, or no and the last line of the tool's errors."""
    if tool.symbols and not vmlinux:
        return "-"
    try:
        status, out, err = release.run(tool.command, dump, vmlinux if tool.symbols else None)
    except subprocess.TimeoutExpired:
        sys.exit(f"{tool.name} of {release.suite}: no result in {TIMEOUT_S} s")
    lost = [text for text in tool.wanted if text not in out]
    if not lost and not status:
        return "yes"
    said = [line.strip() for line in (err or out).splitlines() if line.strip()]
    return f"no: {said[-1] if said else f'status {status}'}"


def make_dump(case, store):
    """Runs the guest; returns the path of its dump."""
    qemu.need_tools(case)
    share = qemu.prepare(case, store)
    guest = qemu.Guest(qemu.command(case, store), store.log(case), 2 * case.timeout)
    try:
        guest.wait()
    finally:
        guest.stop()
    dump = share / "out/elf"
    if guest.timed_out or guest.status or not dump.is_file():
        sys.exit(f"{case.name}: no dump, or a part of one, see {store.log(case)}")
    return dump


def debug_vmlinux(case, store):
    """The kernel with its debug information, or None if it has none."""
    vmlinux = store.kernel(case.kernel).parents[3] / "vmlinux"
    text = subprocess.run(["aarch64-linux-gnu-readelf", "-SW", vmlinux], check=True,
                          capture_output=True, text=True).stdout
    return vmlinux if ".debug_info" in text else None


def columns(cases):
    """The heads of the table: names of the cases without "tools-"."""
    return [case.name.removeprefix("tools-") for case in cases]


def render(heads, rows):
    """The table as reStructuredText, and the reason of each no below it."""
    heads = ["tool", "version", *heads]
    cells = [[cell.split(":")[0] for cell in row[2:]] for row in rows]
    lines = [heads, *([*row[:2], *found] for row, found in zip(rows, cells))]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
            for line in lines]
    rule = "  ".join("=" * width for width in widths)
    reasons = {}
    for row in rows:
        for head, cell in zip(heads[2:], row[2:]):
            if cell.startswith("no: "):
                reasons.setdefault((*row[:2], cell[4:]), []).append(head)
    notes = [f"- {tool} {version}, {', '.join(found)}: ``{text}``"
             for (tool, version, text), found in reasons.items()]
    return "\n".join([rule, text[0], rule, *text[1:], rule, "", *notes]) + "\n"


def read_page(text):
    """The cells of the page: {(tool, version, column): cell}."""
    part = text.split(f"{BEGIN}\n", 1)[1].split(f"\n{END}", 1)[0]
    rows = [re.split(r" {2,}", line.strip()) for line in part.splitlines()
            if line.strip() and not line.startswith(("=", "-"))]
    heads, found = rows[0], {}
    for row in rows[1:]:
        found |= {(row[0], row[1], head): cell for head, cell in zip(heads[2:], row[2:])}
    notes = re.findall(r"^- (.+) (\S+), (.+): ``(.+)``$", part, re.M)
    for tool, version, names, reason in notes:
        found |= {(tool, version, head): f"no: {reason}" for head in names.split(", ")}
    return found


def merge(known, results, heads):
    """Rows of the table: results, else what is known of a cell."""
    cells = known | results
    order = [tool.name for tool in TOOLS]
    names = sorted({key[:2] for key in cells},
                   key=lambda key: (order.index(key[0]), [int(n) for n in key[1].split(".")]))
    return [[*name, *(cells.get((*name, head), OPEN) for head in heads)] for name in names]


def compare(known, results):
    """TAP: results that differ from the page. A dump that is new to a tool has to be read."""
    print(f"TAP version 13\n1..{len(results)}")
    bad = 0
    for number, (key, cell) in enumerate(results.items(), 1):
        wanted, found = (text.split(":")[0] for text in (known.get(key, OPEN), cell))
        good = found == wanted or (wanted == OPEN and found != "no")
        bad += not good
        print(f"{'ok' if good else 'not ok'} {number} - {' '.join(key)}: {cell}"
              f"{'' if good else f', and {known.get(key, OPEN)} in the page'}")
    return 1 if bad else 0


def survey(cases, releases, tools, store):
    """Each dump is made once, shown to all tools, and deleted. Yields (tool, version, column)
    and a cell."""
    versions = {(release.suite, tool.name): release.version(tool)
                for release in releases for tool in tools}
    for case in cases:
        dump = make_dump(case, store)
        vmlinux = debug_vmlinux(case, store)
        for release in releases:
            for tool in tools:
                cell = reads(release, tool, dump, vmlinux)
                key = (tool.name, versions[release.suite, tool.name], case.name.removeprefix("tools-"))
                print(f"# {' '.join(key)}: {cell}", file=sys.stderr, flush=True)
                yield key, cell
        qemu.tidy(case, store)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default=".", help="regex: only these dumps")
    parser.add_argument("--tools", default=".", help="regex: only these tools")
    parser.add_argument("--write", action="store_true", help="put the results into the page")
    parser.add_argument("--check", action="store_true", help="compare the results with the page")
    return parser.parse_args()


def write_page(text, rows, heads):
    head, rest = text.split(f"{BEGIN}\n", 1)
    tail = rest.split(f"{END}\n", 1)[1]
    PAGE.write_text(f"{head}{BEGIN}\n\n{render(heads, rows)}\n{END}\n{tail}", encoding="utf-8")


def main():
    options = parse_options()
    store = qemu.Store(TOP / "build")
    cases = table.load(CASES)
    heads = columns(cases)
    chosen = [case for case in cases if re.search(options.filter, case.name)]
    tools = [tool for tool in TOOLS if re.search(options.tools, tool.name)]
    releases = [Release(suite, store.build) for suite in RELEASES]
    text = PAGE.read_text(encoding="utf-8")
    known = read_page(text)
    results = {}
    for key, cell in survey(chosen, releases, tools, store):
        results[key] = cell
        if options.write:
            write_page(text, merge(known, results, heads), heads)
    if options.check:
        return compare(known, results)
    if not options.write:
        print(render(heads, merge({}, results, columns(chosen))), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
