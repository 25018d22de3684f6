# SPDX-License-Identifier: GPL-2.0-only
"""Scripts on hosts where they cannot go on: each ends with one line that says why, and the next
run continues. A small checkout and a small base take the place of the real ones, and programs
before those of the host fail on request."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[5]
SELFTESTS = "tools/testing/selftests/kexec-arm64"
BASE = {"Makefile": "VERSION = 6\nPATCHLEVEL = 12\n", "kernel/Makefile": "obj-y += old.o\n",
        "kernel/old.c": "int old;\n"}
HOOK = """Subject: kexec: a hook

--- a/kernel/Makefile
+++ b/kernel/Makefile
@@ -1 +1,2 @@
 obj-y += old.o
+obj-y += kexec/
"""
OVERLAY = {"kernel/kexec/new.c": "int new;\n", "kernel/kexec/more.c": "int more;\n",
           "arch/arm64/kexec/exit.c": "int leave;\n", "Kconfig": "config KEXEC\n",
           "include/linux/new.h": "", "Documentation/new": "New\n", "tools/new.c": "",
           "patches/series": "0001.patch\n", "patches/0001.patch": HOOK}
SCRIPTS = ("scripts/lib.sh", "scripts/prepare.sh", "scripts/deps.sh", "scripts/build-kernel.sh",
           "scripts/debian-packages.sh", f"{SELFTESTS}/rootfs.sh", f"{SELFTESTS}/stock.sh",
           f"{SELFTESTS}/packages.sh")


class Host:
    """A checkout, a base and programs in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.top = self.folder / "top"
        for name in SCRIPTS:
            (self.top / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TOP / name, self.top / name)
        self.write(self.top, OVERLAY)
        self.write(self.folder, {"os-release": 'ID=debian\nVERSION_ID="12"\n'})
        self.pack(BASE)

    @staticmethod
    def write(folder, files):
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="ascii")

    def pack(self, files):
        """Makes the tarball of the base anew."""
        tree = self.folder / "linux-source-6.12"
        shutil.rmtree(tree, ignore_errors=True)
        self.write(tree, files)
        subprocess.run(["tar", "-C", self.folder, "-cJf", self.folder / "base.tar.xz", tree.name],
                       check=True)

    def fake(self, name, code):
        path = self.folder / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{code}\n", encoding="ascii")
        path.chmod(0o755)

    def mend(self):
        shutil.rmtree(self.folder / "bin", ignore_errors=True)

    def run(self, name, *args, **env):
        """Status and last line of the errors of a script."""
        done = subprocess.run([self.top / name, *args], check=False, capture_output=True, text=True,
                              env=os.environ | {"PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                                                "BASE_TARBALL": str(self.folder / "base.tar.xz"),
                                                "OS_RELEASE": str(self.folder / "os-release"),
                                                "CCACHE_DIR": str(self.folder / "ccache")} | env)
        return done.returncode, (done.stderr.strip().splitlines() or [""])[-1]

    def tree(self):
        """Files of the source tree and their text."""
        ours = self.top / "build/src/ours"
        return {str(path.relative_to(ours)): path.read_text(encoding="ascii")
                for path in ours.rglob("*") if path.is_file()}


def refuses(tap, result, text, name):
    tap.check(result[0] == 1 and text in result[1], f"failures: {name}: {text}")


def test_packages(tap):
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        host.fake("dpkg-query", "exit 1")
        host.fake("id", "echo 1000")
        refuses(tap, host.run("scripts/deps.sh"), "not root: run 'apt-get install linux-source-6.12", "no root")
        host.fake("id", "echo 0")
        host.fake("apt-get", "case $* in *update*) exit 100;; esac")
        refuses(tap, host.run("scripts/deps.sh"), "no package lists (network", "no network")
        host.fake("apt-get", "case $* in *install*) exit 100;; esac")
        refuses(tap, host.run("scripts/deps.sh"), "(network, disk space)", "no packages")
        host.fake("apt-get", "exit 0")
        refuses(tap, host.run("scripts/deps.sh"), "still missing: linux-source-6.12", "a package is not there")
        host.fake("dpkg-query", "echo installed")
        host.fake("id", "echo 1000")
        tap.check(host.run("scripts/deps.sh")[0] == 0, "failures: no root, and none is required")
        host.write(host.folder, {"os-release": 'ID=fedora\nVERSION_ID="43"\n'})
        refuses(tap, host.run("scripts/deps.sh"), "build host: fedora", "another system")


def test_downloads(tap):
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        host.fake("mmdebstrap", "echo 'E: no route' >&2; exit 100")
        for name in ("rootfs.sh", "stock.sh", "packages.sh"):
            refuses(tap, host.run(f"{SELFTESTS}/{name}"), "cannot be fetched (network", name)


def test_debian_packages(tap):
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        words = ("scripts/debian-packages.sh", "forky", f"{folder}/trixie-1.img", f"{folder}/debs", "kexec-tools")
        host.fake("debugfs", "exit 0")
        refuses(tap, host.run(*words), "no packages (remove it", "a damaged disk")
        host.fake("debugfs", 'echo x >"${2##* }"')
        host.fake("apt-get", "exit 100")
        refuses(tap, host.run(*words), "no packages of forky can be fetched (network", "packages for a guest")
        host.fake("apt-get", f"touch {folder}/debs/apt/archives/a.deb")
        status = host.run(*words)[0]
        host.fake("apt-get", "exit 100")
        tap.check((status, host.run(*words)[0]) == (0, 0) and Path(folder, "debs/a.deb").is_file() and
                  host.run(*words, "makedumpfile")[0], "failures: packages for a guest are fetched once")


def test_base(tap):
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        refuses(tap, host.run("scripts/prepare.sh", BASE_TARBALL="/none"), "/none is missing: run", "no base")
        host.fake("df", "echo; echo '/dev/vda 9000 8999 1 99% /'")
        refuses(tap, host.run("scripts/prepare.sh"), "disk space: 1 MB", "no space")
        host.mend()
        host.pack({**BASE, "Makefile": "VERSION = 6\nPATCHLEVEL = 13\n"})
        refuses(tap, host.run("scripts/prepare.sh"), "the base is 6.13, this overlay requires 6.12",
                "another base")
        (host.folder / "base.tar.xz").write_bytes((host.folder / "base.tar.xz").read_bytes()[:99])
        refuses(tap, host.run("scripts/prepare.sh"), "cannot be unpacked", "a damaged base")
        tap.check(not (host.top / "build/src/ours").exists(), "failures: nothing of another base is left")
        host.pack({**BASE, "kernel/Makefile": "obj-y += other.o\n"})
        refuses(tap, host.run("scripts/prepare.sh"), "patches/0001.patch does not apply", "another line")
        host.pack({**BASE, "kernel/kexec/new.c": "int theirs;\n"})
        refuses(tap, host.run("scripts/prepare.sh"), "would overwrite file(s) of the base: kernel/kexec/new.c",
                "a file of the base")
        host.pack(BASE)
        tap.check(host.run("scripts/prepare.sh")[0] == 0, "failures: the right base after all of these")


def test_interrupted(tap):
    """The program that is interrupted ends its script as well, as Ctrl-C does."""
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        host.run("scripts/prepare.sh")
        wanted = host.tree()
        tap.check(wanted["kernel/Makefile"].endswith("kexec/\n") and wanted["kernel/kexec/Kconfig"],
                  "failures: the source tree has the hook and the new files")
        for program, moment in (("tar", "-C"), ("git", "apply"), ("cp", "new.c"), ("mv", "files.new"),
                                ("mv", "ours.new")):
            shutil.rmtree(host.top / "build", ignore_errors=True)
            host.fake(program, f'PATH=$(echo "$PATH" | cut -d: -f2-)\ncase "$*" in *{moment}*) '
                      f'kill -KILL $PPID; exit 1;; esac\nexec {program} "$@"')
            status = host.run("scripts/prepare.sh")[0]
            host.mend()
            again = host.run("scripts/prepare.sh")[0]
            tap.check(status and not again and host.tree() == wanted,
                      f"failures: source tree: interrupted in {program} {moment}, and continued")


def test_build(tap):
    with tempfile.TemporaryDirectory() as folder:
        host = Host(folder)
        refuses(tap, host.run("scripts/build-kernel.sh", "4k"), "no such variant: 4k", "variant")
        host.write(host.top, {"configs/4k.config": "CONFIG_NEW=y\n"})
        refuses(tap, host.run("scripts/build-kernel.sh", "4k"), "run scripts/prepare.sh", "no source")
        host.run("scripts/prepare.sh")
        host.fake("make", "exit 0")
        refuses(tap, host.run("scripts/build-kernel.sh", "4k"), "4k: configuration failed", "an unknown option")
        out = host.top / "build/out/4k"
        host.fake("make", f"echo CONFIG_NEW=y >{out}/.config\ncase $* in *Image*) echo 'a.c: error: bad'; exit 2;; esac")
        refuses(tap, host.run("scripts/build-kernel.sh", "4k"), "4k: build failed, see build/log", "a bad source")
        host.fake("make", "case $* in *Image*) echo 'x: No space left on device'; exit 2;; esac")
        refuses(tap, host.run("scripts/build-kernel.sh", "4k"), "disk space: none left", "a full disk")
        check_progress(tap, host, out)


def check_progress(tap, host, out):
    """make ends when the line of progress is there."""
    said = host.folder / "said"
    host.fake("make", f"mkdir -p {out}/arch/arm64/boot {host.folder}/ccache\n"
              f"echo >{out}/arch/arm64/boot/Image\ncase $* in *Image*) touch {out}/a.o\n"
              f"for i in $(seq 600); do ! grep -q '4k: 1 objects, ' {said} || exit 0; sleep 0.1; done\n"
              "exit 2;; esac")
    with open(said, "wb") as stream:
        done = subprocess.run([host.top / "scripts/build-kernel.sh", "4k"], check=False, stdout=stream,
                              env=os.environ | {"PATH": f"{host.folder}/bin:{os.environ['PATH']}",
                                                "PROGRESS_S": "0.1", "CCACHE_DIR": str(host.folder / "ccache")})
    tap.check(done.returncode == 0, "failures: a build says how far it is")
    tap.check((host.folder / "ccache/objects-4k").read_text(encoding="ascii") == "1\n",
              "failures: a build keeps the number of objects")
