#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prints a table: which dumps the dump tools of three Debian releases can read.

    tools.py [--filter REGEX] [--output FILE]

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


def render(cases, rows, reasons):
    """The table as reStructuredText, and the reasons of each no below it."""
    heads = ["tool", "version", *columns(cases)]
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    rule = "  ".join("=" * width for width in widths)
    lines = [rule, "  ".join(cell.ljust(widths[i]) for i, cell in enumerate(heads)).rstrip(), rule]
    lines += ["  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip()
              for row in rows]
    lines += [rule, ""]
    lines += [f"- {names}: ``{text}``" for names, text in reasons]
    return "\n".join(lines) + "\n"


def survey(cases, releases, store):
    """Each dump is made once, shown to all tools, and deleted."""
    cells = {}
    for case in cases:
        dump = make_dump(case, store)
        vmlinux = debug_vmlinux(case, store)
        for release in releases:
            for tool in TOOLS:
                cell = reads(release, tool, dump, vmlinux)
                cells[release.suite, tool.name, case.name] = cell
                print(f"# {case.name}: {tool.name} of {release.suite}: {cell}",
                      file=sys.stderr, flush=True)
        qemu.tidy(case, store)
    return cells


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--filter", default=".")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    store = qemu.Store(TOP / "build")
    cases = [case for case in table.load(CASES) if re.search(options.filter, case.name)]
    releases = [Release(suite, store.build) for suite in RELEASES]
    cells = survey(cases, releases, store)
    rows, reasons = [], []
    for tool in TOOLS:
        for release in releases:
            version = release.version(tool)
            found = [cells[release.suite, tool.name, case.name] for case in cases]
            rows.append([tool.name, version, *(cell.split(":")[0] for cell in found)])
            for text in sorted({cell[4:] for cell in found if cell.startswith("no: ")}):
                names = [name for name, cell in zip(columns(cases), found) if cell[4:] == text]
                reasons.append((f"{tool.name} {version}, {', '.join(names)}", text))
    text = render(cases, rows, reasons)
    print(text, end="")
    if options.output:
        options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
