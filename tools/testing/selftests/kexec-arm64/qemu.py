# SPDX-License-Identifier: GPL-2.0-only
"""Starts a guest: its files, its command line, its serial log, its end."""

import fcntl
import os
import random
import shutil
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import cpio
import initrds
import keys
import metrics
import sign
import steps
import uki
import ukify

QEMU = "qemu-system-aarch64"
# Notices and worse: every character on the serial line costs an emulated guest time
CMDLINE = "console=ttyAMA0 loglevel=6 printk.devkmsg=on panic=-1"
COMMON = ("-display none -monitor none -serial stdio -nic none -no-user-config "
          "-nodefaults").split()
# Files of each firmware. Secure Boot: a program and variables, with the key of keys.py
FIRMWARE = {
    "uefi": (Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"),),
    "secure": (Path("/usr/share/AAVMF/AAVMF_CODE.fd"),
               Path("/usr/share/AAVMF/AAVMF_VARS.snakeoil.fd")),
}
FIRST = "kx.boot=1 kx.at=1"
MIB = 1 << 20
MB = 1000000
POLL_S = 0.05
# More than the host may have: a file with holes takes only what the guest touches
LARGE_MIB = 8192


class Missing(Exception):
    """A tool of the host is not there; the text is its name."""


class Unbuilt(Exception):
    """Something that the project builds is not there."""


class Store:
    """Where kernels, the first root, logs and work folders are, below the build folder.

    @renamed maps a kernel's name in the table to the one that is used for it;
    @append is added at the end of the command line of every kernel.
    """

    def __init__(self, build, renamed=(), append=""):
        self.build = Path(build).resolve()
        self.renamed = dict(renamed)
        self.append = append

    def cmdline(self, case):
        return " ".join(filter(None, (CMDLINE, case.cmdline, self.append)))

    def lock(self):
        """Two runs would take each other's work folders away; the later one waits.
        The lock lasts until the returned file is closed."""
        (self.build / "qemu").mkdir(parents=True, exist_ok=True)
        stream = open(self.build / "qemu/lock", "w", encoding="ascii")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("waiting for another run in the same build folder", file=sys.stderr)
            fcntl.flock(stream, fcntl.LOCK_EX)
        return stream

    def kernel(self, name):
        """The image of a kernel by its name in the table."""
        plain, file, _ = sign.split(name)
        plain = self.renamed.get(plain, plain)
        if plain.startswith("stock-"):
            path = self.build / "stock" / plain[6:].replace("_", ".") / "vmlinuz"
        else:
            path = self.build / "out" / plain / "arch/arm64/boot" / file
        if not path.is_file():
            raise Unbuilt(f"{path} is not built")
        return path

    def key(self, name):
        """The key that the build of a kernel made for itself, with its certificate."""
        plain = sign.split(name)[0]
        return self.build / "out" / self.renamed.get(plain, plain) / "certs/signing_key.pem"

    def ukify(self):
        """The files of ukify's packages."""
        tree = self.build / "packages/ukify"
        if not tree.is_dir():
            raise Unbuilt(f"{tree} is missing (packages.sh)")
        return tree

    def module(self, name):
        """The test module of a kernel, which not every one has."""
        name = self.renamed.get(name, name)
        return self.build / "out" / name / "kernel/kexec/tests/crash_test.ko"

    def archives(self, case):
        """The first root in the pieces that the case needs."""
        names = ["initramfs"]
        if any(steps.needs_tools(step) or step.endswith((" oom", " timed"))
               for step in case.steps):
            names.append("tools")
        paths = [self.build / f"rootfs/{name}.cpio.gz" for name in names]
        for path in paths:
            if not path.is_file():
                raise Unbuilt(f"{path} is not built (rootfs.sh)")
        return paths

    def log(self, case):
        return self.build / "log/qemu" / f"{case.name}.log"

    def work(self, case):
        return self.build / "qemu" / case.name


def need_tools(case, qemu=QEMU):
    trees = ("fdtput",) if case.dtb or case.next_dtb else ()
    for tool in (qemu, *trees, *(("swtpm",) if case.tpm else ()), *sign.tools(case.kernels),
                 *initrds.tools(case.initrds),
                 *([command[0] for command in sign.PACKERS.values()] if damages_files(case)
                   else ())):
        if not shutil.which(tool):
            raise Missing(tool)
    enrolled = (keys.FIRMWARE_KEY,) if case.firmware == "secure" else ()
    for file in (*FIRMWARE.get(case.firmware, ()), *enrolled):
        if not file.is_file():
            raise Missing(file.name)


def add_modules(archive, folder):
    """The drivers of a kernel that has them in modules, as /modules/RELEASE/."""
    if not folder.is_dir():
        return
    place = f"modules/{(folder / 'release').read_text().strip()}"
    archive.add_dir("modules")
    archive.add_dir(place)
    for path in sorted(folder.glob("*.ko")):
        archive.add_file(f"{place}/{path.name}", path.read_bytes())


def write_case(case, store, stream):
    archive = cpio.Archive(stream)
    archive.add_dir("case")
    archive.add_file("case/name", f"{case.name}\n".encode())
    archive.add_file("case/date", f"{int(time.time())}\n".encode())
    archive.add_file("case/cmdline", f"{store.cmdline(case)}\n".encode())
    archive.add_file("case/steps", "".join(f"{s}\n" for s in case.steps).encode())
    for name in case.kernels:
        add_modules(archive, store.kernel(name).parent / "modules")
    if case.initrds:
        initrds.add_samples(archive)
    archive.close()


def write_initrd(case, store, target):
    """The common root, followed by the files of this case in /case."""
    with open(target, "wb") as stream:
        for path in store.archives(case):
            stream.write(path.read_bytes())
            stream.write(b"\0" * (-stream.tell() % cpio.ALIGN))
        write_case(case, store, stream)


def damages_files(case):
    """Whether the guest has to have files of every format."""
    return any(step.startswith("tap damage_file ") for step in case.steps)


def write_samples(case, store, target):
    """A file of every format, with its name."""
    target.mkdir()
    for name, data in sign.samples(store.kernel(case.kernel).read_bytes()).items():
        (target / name).write_bytes(data)


def uki_cmdline(case, store, name):
    """The command line of a unified kernel image that is loaded without another one."""
    leave = f"{store.cmdline(case)} kx.boot={{}} kx.at={{}}"
    boot = 2
    for number, step in enumerate(case.steps):
        verb, *words = step.split()
        if words[:2] == ["uki", name] and verb in ("load", "load-crash"):
            last = "panic" if verb == "load-crash" else "leave"
            more = " nr_cpus=1 reset_devices" if verb == "load-crash" else ""
            after = next((i for i, later in enumerate(case.steps) if i > number and
                          later.split()[0] == last), number)
            return leave.format(boot, after + 2) + more
        boot += verb == "leave"
    return leave.format(0, 0)


def write_payload(case, initrd, target):
    """An initrd with so many MiB more in it that nothing can compress or guess."""
    source = random.Random(case.name)
    with open(target, "wb") as stream:
        stream.write(initrd.read_bytes())
        archive = cpio.Archive(stream)
        archive.add_chunks("payload", case.payload * MIB,
                           (source.randbytes(MIB) for _ in range(case.payload)))
        archive.close()


def write_padded(case, store, initrd, target):
    """An initrd that is so large that it and the first kernel have case.padding MB.
    Its last member is in a folder that does not exist, so that the next kernel skips
    it: the unpacking of zeroes is not measured."""
    size = case.padding * MB - store.kernel(case.kernel).stat().st_size
    with open(target, "wb") as stream:
        stream.write(initrd.read_bytes())
        archive = cpio.Archive(stream)
        archive.add_hole("none/padding", size - stream.tell() - cpio.HOLE_OVERHEAD)
        archive.close()


def write_disk_share(case, share, target):
    """For kernels that have no 9p: what they may load, as an archive without a file system."""
    with tarfile.open(target, "w") as archive:
        for path in (share / "initrd", *(share / Path(name).name for name in case.folders),
                     *(share / f"Image-{name}" for name in case.kernels
                       if not name.startswith("stock-"))):
            archive.add(path, path.name)


def write_dtb(case, entries, target, qemu):
    """The machine's own device tree with what @entries, as in case.dtb, add or delete."""
    subprocess.run([*machine(case, qemu), "-M", f"dumpdtb={target}", *COMMON],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for entry in entries:
        node, *value = entry.split()
        if not value:
            command = ["fdtput", "-cp", target, node]
        elif value[1:] == ["-"]:
            command = ["fdtput", "-d", target, node, value[0]]
        elif value[-1].startswith("s:"):
            command = ["fdtput", "-t", "s", target, node, value[0], value[1][2:]]
        else:
            command = ["fdtput", "-t", "x", target, node, *value]
        subprocess.run(command, check=True)


def prepare(case, store, qemu=QEMU):
    """Makes the case's folder anew; returns the folder that the guest shares."""
    work = store.work(case)
    shutil.rmtree(work, ignore_errors=True)
    share = work / "share"
    share.mkdir(parents=True)
    write_initrd(case, store, share / "initrd")
    if any(map(sign.uki_kind, case.kernels)):
        (share / "initrd-added").write_bytes(sign.added_initrd(b"caller\n"))
        (share / "initrd-addon").write_bytes(uki.make([(".initrd", b"an addon")]))
    for name in case.kernels:
        # A copy: a build may go on meanwhile, and a guest cannot follow our symlinks.
        try:
            source = store.kernel(name)
            if sign.uki_kind(name):
                source = work / "uki.efi"
                tree = store.ukify() if sign.uki_kind(name) in ukify.KINDS else None
                sign.write_uki(name, (store.kernel(name), share / "initrd", store.key(name), tree),
                               uki_cmdline(case, store, name), source)
            sign.make(source, sign.split(name)[2], store.key(name), work, share / f"Image-{name}")
        except sign.Missing as what:
            raise Unbuilt(str(what)) from None
        sign.finish(name, share / f"Image-{name}")
        if f"module {name}" in case.steps:
            if not store.module(name).is_file():
                raise Unbuilt(f"{store.module(name)} is not built")
            shutil.copyfile(store.module(name), share / f"crash_test-{name}.ko")
    for name in case.folders:
        if not (store.build / name).is_dir():
            raise Unbuilt(f"{store.build / name} is not built (scripts/kselftest.sh)")
        shutil.copytree(store.build / name, share / Path(name).name)
    for name in case.initrds:
        initrds.write(name, store.archives(case), share / "initrd", share / f"initrd-{name}")
    if damages_files(case):
        write_samples(case, store, share / "samples")
    if case.payload:
        write_payload(case, share / "initrd", share / "initrd-payload")
    if case.padding:
        write_padded(case, store, share / "initrd", share / "initrd-padded")
    if case.disk:
        with open(work / "disk", "wb") as disk:
            disk.truncate(case.disk * MIB)
    if case.disk_share:
        write_disk_share(case, share, work / "disk")
    if case.dtb:
        write_dtb(case, case.dtb, work / "dtb", qemu)
    if case.next_dtb:
        # kexec-tools takes no seed but one that a kernel has wiped.
        seeds = ["/chosen kaslr-seed -", "/chosen rng-seed -"]
        write_dtb(case, [*seeds, *case.next_dtb], share / "dtb", qemu)
    store.log(case).parent.mkdir(parents=True, exist_ok=True)
    return share


def tidy(case, store):
    """Drops what prepare() made; what the guest wrote stays."""
    work = store.work(case)
    for name in case.folders:
        shutil.rmtree(work / "share" / Path(name).name, ignore_errors=True)
    for path in (*work.glob("share/Image-*"), *work.glob("share/initrd*"), work / "disk",
                 work / "ram", work / "uki.efi", work / "other-profile",
                 *work.glob("part-*"), *work.glob("share/out/full*"),
                 *work.glob("share/out/elf*")):
        path.unlink(missing_ok=True)


def machine(case, qemu):
    """The arguments that decide what the machine's device tree says."""
    return [qemu, "-accel", f"tcg,thread={case.threads}", "-M", f"virt,{case.machine}",
            "-cpu", case.cpu, "-smp", str(case.smp), "-m", str(case.memory)]


def firmware(case):
    """Arguments for the firmware. What a guest writes to its variables is dropped."""
    files = FIRMWARE.get(case.firmware, ())
    if len(files) == 1:
        return ["-bios", str(files[0])]
    words = []
    for unit, (file, mode) in enumerate(zip(files, ("readonly=on", "snapshot=on"))):
        words += ["-drive", f"if=pflash,unit={unit},format=raw,{mode},file={file}"]
    return words


def command(case, store, qemu=QEMU, extra=()):
    """QEMU's arguments for a case that prepare() has made ready."""
    work = store.work(case)
    share = work / "share"
    args = [*machine(case, qemu), *COMMON, "-kernel", str(share / f"Image-{case.kernel}"), "-initrd", str(share / "initrd"),
            "-append", f"{store.cmdline(case)} {FIRST}",
            "-fsdev", f"local,id=share,path={share},security_model=none",
            "-device", "virtio-9p-pci,fsdev=share,mount_tag=kx"]
    args += firmware(case)
    if case.dtb:
        args += ["-dtb", str(work / "dtb")]
    if case.disk or case.disk_share:
        args += ["-drive", f"file={work / 'disk'},if=none,id=disk,format=raw,cache=unsafe",
                 "-device", "virtio-blk-pci,drive=disk"]
    if case.memory > LARGE_MIB:
        args += ["-M", "memory-backend=ram", "-object", f"memory-backend-file,id=ram,"
                 f"size={case.memory}M,mem-path={work / 'ram'},share=on"]
    if not case.reboots:
        args.append("-no-reboot")
    for words in (*case.args, *metrics.arguments(case, store)):
        args += words.replace("WORK/", f"{work}/").split()
    return args + list(extra)


class Guest:
    """A running QEMU whose serial line goes to a file."""

    running = set()

    def __init__(self, args, log, timeout, monitor=None, tpm=None):
        self.start = time.monotonic()
        self.deadline = self.start + timeout
        self.log = Path(log)
        self.timed_out = False
        self.status = None
        self.cpu_s = 0.0
        self.monitor = monitor
        fds = ()
        if monitor:
            args, fds = [*args, *monitor.arguments()], (monitor.far.fileno(),)
        if tpm:
            args, fds = [*args, *tpm.arguments()], (*fds, tpm.far.fileno())
        with open(self.log, "wb") as sink:
            self.process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=sink,
                                            stderr=subprocess.STDOUT, pass_fds=fds)
        Guest.running.add(self)

    def ended(self, options=os.WNOHANG):
        """Whether QEMU is gone; notes its status and the CPU time that it took."""
        if self.status is None:
            pid, status, usage = os.wait4(self.process.pid, options)
            if pid:
                self.status = self.process.returncode = os.waitstatus_to_exitcode(status)
                self.cpu_s = usage.ru_utime + usage.ru_stime
                Guest.running.discard(self)
        return self.status is not None

    def lines(self):
        """Complete lines as they arrive, each with the seconds since the start;
        ends with QEMU, which is killed when its time is up."""
        with open(self.log, "rb") as source:
            rest = b""
            while True:
                ended = self.ended()
                while chunk := source.read(65536):
                    *whole, rest = (rest + chunk).split(b"\n")
                    for line in whole:
                        yield time.monotonic() - self.start, line.decode(errors="replace").rstrip()
                if ended:
                    return
                if time.monotonic() > self.deadline:
                    self.timed_out = True
                    self.stop()
                time.sleep(POLL_S)

    def wait(self):
        """Runs to the end and does what the guest asks of its host."""
        for _, line in self.lines():
            if self.monitor:
                self.monitor.obey(line)

    def stop(self):
        """Ends QEMU in any case, however its reader ended."""
        if not self.ended():
            self.process.kill()
            self.ended(0)


def stop_all(signum, _frame):
    """A signal handler: takes all guests along, which would go on by themselves."""
    for guest in list(Guest.running):
        guest.process.kill()
    os._exit(128 + signum)
