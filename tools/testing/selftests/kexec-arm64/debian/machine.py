# SPDX-License-Identifier: GPL-2.0-only
"""A Debian machine in QEMU: its disk, its power switch, a root shell on its serial line."""

import os
import re
import select
import shutil
import subprocess
import time
from pathlib import Path

QEMU = "qemu-system-aarch64"
FIRMWARE = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"
# Of the root file system in the disk of scripts/debian-guest.sh: partition 2
ROOT_OFFSET = (1 + 256) << 20
# Without firmware the kernel's command line is QEMU's
CMDLINE = "root=LABEL=root rw console=ttyAMA0"
LOGIN = re.compile(r"login: root \(automatic login\)")
PROMPT = re.compile(r"root@debian:[^\n]*# ")
ANSI = re.compile(rb"\x1b(\[[0-9;?]*[A-Za-z]|\][^\x07]*\x07|[()][A-Z0-9])|\r")
# Time is counted in instructions: on a busy host systemd would run into its time limits
CLOCK = ["-accel", "tcg,thread=single", "-icount", "shift=1,sleep=off"]
# Limits count CPU seconds of QEMU, because the host may have more processes than CPUs
BOOT_S = 1800
COMMAND_S = 1800
SETTLE_S, SETTLE_TRIES = 30, 6
# A machine that waits forever uses none: seconds of the host in which it used less than one
IDLE_S = 600
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """The machine failed; the text is the reason."""


def dump_file(disk, path, target):
    """Copies a file out of the root file system of a machine that is off."""
    subprocess.run(["debugfs", "-R", f"dump {path} {target}", f"{disk}?offset={ROOT_OFFSET}"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if not Path(target).is_file() or not Path(target).stat().st_size:
        raise Failed(f"{path} is not on the disk")


class Machine:
    """One machine with its disk; power_on() may be called again after power_off()."""

    def __init__(self, name, base_disk, packages, work, log):
        self.name = name
        self.work = Path(work)
        self.log = open(log, "wb")
        self.disk = self.work / f"{name}.img"
        self.packages = packages
        self.process = None
        self.text = ""
        self.count = 0
        subprocess.run(["cp", "--sparse=always", base_disk, self.disk], check=True)

    def arguments(self, kernel, extra):
        args = [QEMU, *CLOCK, "-M", "virt,gic-version=3", "-cpu", "cortex-a76", "-smp", "2", "-m", "2G",
                "-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "none",
                "-no-user-config", "-nodefaults", "-device", "virtio-rng-pci"]
        for file, name in ((self.disk, "disk"), (self.packages, "packages")):
            args += ["-drive", f"file={file},if=none,id={name},format=raw,cache=unsafe,werror=report",
                     "-device", f"virtio-blk-pci,drive={name}"]
        if kernel:
            args += ["-kernel", kernel[0], "-initrd", kernel[1],
                     "-append", f"{CMDLINE} {extra}".strip()]
        else:
            args += ["-bios", FIRMWARE]
        return args

    def power_on(self, kernel=None, extra=""):
        """Through UEFI, or straight into @kernel, a pair of paths, with a device tree."""
        self.process = subprocess.Popen(self.arguments(kernel, extra), stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.login()

    def power_off(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def close(self):
        self.power_off()
        self.log.close()
        self.disk.unlink(missing_ok=True)

    def cpu_s(self):
        """The CPU seconds that QEMU has used."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / TICKS

    def receive(self):
        """Adds output of the serial line to the text; waits a second for it."""
        fd = self.process.stdout.fileno()
        if not select.select([fd], [], [], 1)[0]:
            return
        chunk = os.read(fd, 65536)
        if not chunk:
            raise Failed("QEMU has ended")
        self.log.write(chunk)
        self.log.flush()
        self.text += ANSI.sub(b"", chunk).decode(errors="replace")

    def expect(self, pattern, cpu_limit_s, what):
        """Waits for @pattern; returns the match and drops the text up to its end."""
        start_s = busy_s = self.cpu_s()
        busy_at = time.monotonic()
        while not (match := re.search(pattern, self.text)):
            now, now_s = time.monotonic(), self.cpu_s()
            if now_s > busy_s + 1:
                busy_at, busy_s = now, now_s
            if now_s > start_s + cpu_limit_s or now > busy_at + IDLE_S:
                raise Failed(f"{what}: not within {now_s - start_s:.0f} CPU seconds (limit: "
                             f"{cpu_limit_s}); last: {self.text[-200:]!r}")
            self.receive()
        before = self.text[:match.start()]
        self.text = self.text[match.end():]
        return match, before

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def login(self):
        """Waits for the shell, and turns off its echo and most kernel messages."""
        self.expect(LOGIN, BOOT_S, "no login on the serial line")
        self.expect(PROMPT, COMMAND_S, "no shell on the serial line")
        self.settle()
        self.run("stty cols 4000 -echo; dmesg -n 4; export TERM=dumb SYSTEMD_COLORS=0 PAGER=cat")
        self.run("systemctl is-system-running --wait >/dev/null; true")

    def settle(self):
        """getty and bash reset the terminal around the first prompt, so input may be lost."""
        for _ in range(SETTLE_TRIES):
            try:
                self.run("true", SETTLE_S)
                return
            except Failed:
                pass
        raise Failed(f"no answer on the serial line in {SETTLE_TRIES} times {SETTLE_S} s")

    def run(self, command, limit_s=COMMAND_S):
        """Runs a command in the shell; returns its status and its output."""
        self.count += 1
        self.send(f"{command}; printf '\\n@@%d:%d@@\\n' {self.count} $?")
        match, output = self.expect(rf"\n@@{self.count}:(\d+)@@\n", limit_s, command)
        return int(match.group(1)), output

    def ask(self, command):
        status, output = self.run(command)
        if status:
            raise Failed(f"{command}: status {status}: {output[-300:].strip()}")
        return PROMPT.sub("", output).strip()

    def leave(self, command):
        """Runs a command that starts another kernel; logs in there."""
        before = self.ask("cat /proc/sys/kernel/random/boot_id")
        # No prompt of the boot that ends
        self.send(f"{command}; exec sleep 1d")
        self.text = ""
        self.login()
        if self.ask("cat /proc/sys/kernel/random/boot_id") == before:
            raise Failed(f"{command}: the same boot as before")


def have_tools():
    """The names of the programs that are missing."""
    return [tool for tool in (QEMU, "debugfs") if not shutil.which(tool)]
