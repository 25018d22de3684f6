#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the administrator's page in Debian machines: install, kexec, panic, remove.

    debian.py --disks FOLDER --packages FOLDER --extra FOLDER --work FOLDER --logs FOLDER [MACHINE...]

Runs the blocks of Documentation/arch/arm64/kexec/debian.rst. The first folder has
SUITE.img by scripts/debian-guest.sh, the second the packages by scripts/deb.sh, the third
those by scripts/debian-packages.sh, in tools-SUITE. Prints TAP; the serial logs are
LOGS/MACHINE.log. --write puts the results into the table of the page.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import machine
import page
import record

# How a machine starts: through UEFI and its boot loader, or QEMU loads the kernel
MACHINES = {
    "trixie-uefi": ("trixie", "systemd-boot"),
    "trixie-dt": ("trixie", None),
    "bookworm-uefi": ("bookworm", "grub"),
    "bookworm-dt": ("bookworm", None),
}
RELEASE = re.compile(r"linux-image-(\S+-kexec-[^_]+?)(-dbg)?_[^/]*\.deb$")
MIB = 1 << 20


class Visit:
    """One machine, the names of its kernels, and the blocks that it has run."""

    def __init__(self, name, options, release):
        self.name = name
        self.suite, self.loader = MACHINES[name]
        self.release = release
        self.page = page.read()
        self.used = set()
        self.stock = None
        self.work = Path(options.work)
        self.machine = machine.Machine(name, Path(options.disks) / f"{self.suite}.img",
                                       self.work / "packages.img", self.work,
                                       Path(options.logs) / f"{name}.log")

    def block(self, name, leaves=False):
        """Runs a block of the page; the last command of one that @leaves ends the boot."""
        self.used.add(name)
        commands = self.page[name]
        output = [self.machine.ask(command) for command in commands[:len(commands) - leaves]]
        if leaves:
            self.machine.leave(commands[-1])
        return "\n".join(output)

    def want(self, pattern, text):
        if not re.search(pattern, text):
            raise machine.Failed(f"no {pattern!r} in: {text[-400:]}")

    def boot(self, release=None):
        """From power off. Without a boot loader, of @release."""
        if self.loader:
            self.machine.power_on()
            return
        files = []
        for stem in ("vmlinuz", "initrd.img"):
            files.append(self.work / f"{self.name}-{stem}")
            machine.dump_file(self.machine.disk, f"/boot/{stem}-{release}", files[-1])
        self.machine.power_on(files, "crashkernel=256M" if release == self.release else "")

    def running(self, release):
        self.want(re.escape(release), self.machine.ask("uname -r"))

    def kexeced(self):
        """Only a kernel that was started by kexec has the times of the reboot."""
        self.want(r"(?m)\d", self.block("timeline"))

    # The steps; the text of each is its description.

    def start(self):
        """Debian's kernel starts"""
        if self.loader:
            self.boot()
        else:
            disk = f"{self.machine.disk}?offset={machine.ROOT_OFFSET}"
            names = subprocess.run(["debugfs", "-R", "ls /boot", disk], check=True,
                                   capture_output=True, text=True).stdout
            self.boot(re.search(r"vmlinuz-(\S+)", names).group(1))
        self.stock = self.machine.ask("uname -r")

    def install(self):
        """the packages install, the kernel's with its initrd, beside Debian's kernel"""
        if self.loader:
            self.block(f"reserve-{self.loader}")
        self.machine.ask("mount LABEL=packages /mnt; cd /mnt")
        self.want("Setting up", self.block("install"))
        self.machine.ask(f"ls /boot/initrd.img-{self.release} /boot/vmlinuz-{self.stock}")
        if self.loader == "systemd-boot":
            self.block("prefer-systemd-boot")
        self.want("Setting up kexec-ready", self.block("install-ready"))
        if self.suite == "bookworm":
            self.block("no-load-12")
        self.machine.ask("cd /; umount /mnt")

    def reboot(self):
        """the machine reboots into it"""
        if self.loader:
            self.block("reboot", leaves=True)
        else:
            self.machine.ask("sync")
            self.machine.power_off()
            self.boot(self.release)
        self.running(self.release)

    def kdump(self):
        """kdump-config: show, status, test, unload, load, by kexec_load and by kexec_file_load"""
        for call in ("kexec_load", "kexec_file_load"):
            if call == "kexec_file_load":
                self.block("file-load")
            text = self.block("kdump")
            if text.count("ready to kdump") != 2 or "Not ready" in text:
                raise machine.Failed(f"{call}: not ready: {text}")
            self.want("loaded kdump kernel", text)

    def kexec(self):
        """kexec -s -l and systemctl kexec"""
        self.block("kexec", leaves=True)
        self.running(self.release)
        self.kexeced()

    def kexec_if_ready(self):
        """kexec-reboot fails without an image, with the reason in the journal, and starts one"""
        status, text = self.machine.run(self.page["kexec-reboot"][-1])
        if not status:
            raise machine.Failed(f"kexec-reboot did not fail without an image: {text}")
        self.want("EINVAL", self.block("kexec-reboot-log"))
        self.block("kexec-reboot", leaves=True)
        self.running(self.release)
        self.kexeced()

    def kexec_by_systemd(self):
        """systemctl kexec loads the boot loader's entry by itself"""
        self.block("systemctl-kexec", leaves=True)
        self.running(self.release)
        self.kexeced()

    def kexec_by_tools(self):
        """kexec-tools loads the kernel of /etc/default/kexec"""
        self.block("kexec-tools", leaves=True)
        self.running(self.release)
        self.kexeced()

    def disable(self):
        """kernel.kexec_load_disabled refuses a load, the crash kernel stays"""
        self.block("disable")
        status, text = self.machine.run(self.page["kexec"][0])
        if not status:
            raise machine.Failed(f"the load was not refused: {text}")
        self.want("ready to kdump", self.machine.ask("kdump-config status"))

    def panic(self):
        """a panic: the machine saves the dump and comes back"""
        self.block("panic", leaves=True)
        self.running(self.release)

    def dump(self):
        """dump and dmesg are in /var/crash, makedumpfile reads them"""
        self.want(r"dump\.\d+", self.block("dump"))
        self.want("sysrq triggered crash", self.machine.ask("cat /var/tmp/dmesg"))

    def upgrade(self):
        """kexec-tools, kdump-tools and makedumpfile of Debian 14 replace those of 13"""
        self.machine.ask(f"mount LABEL=packages /mnt; cd /mnt/tools-{self.suite}")
        self.want("Setting up kdump-tools", self.block("upgrade"))
        self.machine.ask("cd /; umount /mnt")
        self.want(r"2\.0\.3[2-9]", self.machine.ask("kexec --version"))
        self.want("ready to kdump", self.block("kdump"))
        self.kexec()

    def second_panic(self):
        """a second panic is dumped as well"""
        self.machine.ask("rm -rf /var/crash/2* /var/tmp/vmcore")
        self.block("panic", leaves=True)
        self.want(r"dump\.\d+", self.block("dump"))

    def leave(self):
        """kexec into Debian's kernel"""
        self.block("start-debian", leaves=True)
        self.running(self.stock)

    def remove(self):
        """the packages are removed without a trace"""
        self.block("remove")
        left = self.machine.ask("find /boot /usr/lib/modules /var/lib/kdump /usr/lib/systemd "
                                f"-name '*{self.release}*' -o -name 'kexec-re*'")
        if left:
            raise machine.Failed(f"left: {left}")


ALL = (Visit.start, Visit.install, Visit.reboot, Visit.kdump, Visit.kexec, Visit.kexec_if_ready,
       Visit.disable, Visit.panic, Visit.dump, Visit.second_panic, Visit.leave, Visit.remove)


def steps(name):
    """The steps of a machine, in order."""
    suite, loader = MACHINES[name]
    found = list(ALL)
    if suite == "trixie":
        found.insert(found.index(Visit.disable), Visit.kexec_by_tools)
        found.insert(found.index(Visit.second_panic), Visit.upgrade)
    if loader == "systemd-boot":
        found.insert(found.index(Visit.disable), Visit.kexec_by_systemd)
    return found


def chosen(name, pattern):
    """The steps of a machine that match @pattern, and those that all others need."""
    needed = (Visit.start, Visit.install, Visit.reboot)
    return [step for step in steps(name)
            if step in needed or not pattern or re.search(pattern, step.__doc__)]


def follow(name, options, release):
    """Runs the steps of a machine; returns a result line and a comment for each."""
    lines = []
    results = {}
    fault = None
    visit = Visit(name, options, release)
    for step in chosen(name, options.steps):
        start = time.monotonic()
        if fault is None:
            try:
                step(visit)
            except (machine.Failed, OSError, subprocess.CalledProcessError) as what:
                fault = str(what)
                lines.append("# " + fault.replace("\n", "\n# "))
            results[step.__doc__, name] = "no" if fault else "yes"
        lines.append(f"{'not ok' if fault else 'ok'} - {name}: {step.__doc__} "
                     f"({time.monotonic() - start:.0f} s)")
        print(lines[-1], file=sys.stderr)
    visit.machine.close()
    return lines, visit.used, results


def write_results(results):
    """Puts results into the page."""
    text = page.PAGE.read_text(encoding="utf-8")
    names = {name: [step.__doc__ for step in steps(name)] for name in MACHINES}
    page.PAGE.write_text(record.put(text, names, results), encoding="utf-8")


def find_packages(folder):
    """The package of the kernel and that of the units in a folder by scripts/deb.sh."""
    found = []
    for pattern in ("linux-image-*.deb", "kexec-ready_*_all.deb"):
        names = [path for path in sorted(Path(folder).glob(pattern)) if "-dbg_" not in path.name]
        if len(names) != 1:
            raise LookupError(f"{folder}: {pattern}: {len(names)} (1 package): run make deb")
        found += names
    return found


def pack(options):
    """The packages for the machines, as a disk; returns the version of the kernel."""
    files = find_packages(options.packages)
    folder = Path(options.work) / "packages"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        shutil.copy(file, folder)
    for more in sorted(Path(options.extra).iterdir()):
        shutil.copytree(more, folder / more.name)
    disk = Path(options.work) / "packages.img"
    disk.unlink(missing_ok=True)
    with open(disk, "wb") as stream:
        stream.truncate(2 * sum(file.stat().st_size for file in folder.rglob("*.deb")) + 16 * MIB)
    subprocess.run(["mkfs.ext4", "-q", "-L", "packages", "-d", folder, disk], check=True)
    return RELEASE.search(files[0].name).group(1)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--disks", required=True)
    parser.add_argument("--packages", required=True)
    parser.add_argument("--extra", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--logs", required=True)
    parser.add_argument("--steps", metavar="REGEX", help="only these, after install and reboot")
    parser.add_argument("--write", action="store_true", help="put the results into the page")
    parser.add_argument("-j", type=int, default=1, dest="jobs")
    parser.add_argument("machines", nargs="*", metavar="MACHINE")
    return parser.parse_args()


def main():
    options = arguments()
    missing = machine.have_tools()
    if missing:
        sys.exit(f"missing: {' '.join(missing)}")
    names = options.machines or list(MACHINES)
    Path(options.logs).mkdir(parents=True, exist_ok=True)
    try:
        release = pack(options)
    except LookupError as what:
        sys.exit(str(what))
    used = set()
    number = 0
    bad = False
    print("TAP version 13")
    print(f"1..{sum(len(chosen(name, options.steps)) for name in names)}", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for lines, blocks, results in pool.map(lambda name: follow(name, options, release), names):
            used |= blocks
            if options.write:
                write_results(results)
            for line in lines:
                if line.startswith(("ok", "not ok")):
                    number += 1
                    line = line.replace(" - ", f" {number} - ", 1)
                    bad |= line.startswith("not")
                print(line, flush=True)
    whole = set(names) == set(MACHINES) and not options.steps
    if whole and not bad and set(page.read()) - used:
        sys.exit(f"blocks of the page that no machine has run: {set(page.read()) - used}")
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
