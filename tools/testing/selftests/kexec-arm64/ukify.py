# SPDX-License-Identifier: GPL-2.0-only
"""Unified kernel images that ukify of Debian 13 makes, see packages.sh."""

import os
import subprocess
import sys
from pathlib import Path

# Sections, by the option that adds them
OPTIONS = {"osrel": "--os-release", "cmdline": "--cmdline", "dtb": "--devicetree",
           "dtbauto": "--devicetree-auto", "uname": "--uname", "splash": "--splash",
           "pcrpkey": "--pcrpkey", "linux": "--linux", "initrd": "--initrd",
           "ucode": "--microcode", "profile": "--profile"}
# Kinds of images, and what they have not: all sections but profiles, and one less each; two
# profiles; what a signed one has, with the signatures of ukify on it and on its kernel
SIGNED, PROFILES = "ukifysig", "ukifyprof"
KINDS = {"ukify": {"profile"}, PROFILES: {"dtb", "dtbauto", "splash"},
         SIGNED: {"profile", "dtb", "dtbauto", "splash", "pcrpkey", "ucode"},
         **{f"no{name}": {"profile", name} for name in OPTIONS if name != "profile"}}


class Failed(Exception):
    """ukify has not made an image; the text is what it said."""


def run(tree, *words):
    done = subprocess.run([sys.executable, tree / "usr/bin/ukify", "build", "--efi-arch=aa64",
                           *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, env=os.environ | {
                              "PYTHONPATH": str(tree / "usr/lib/python3/dist-packages"),
                              "PYTHONDONTWRITEBYTECODE": "1"})
    if done.returncode:
        raise Failed(f"ukify: {done.stdout.strip()}")


def write(folder, name, content):
    path = Path(folder, f"part-{name}")
    path.write_bytes(content)
    return path


def arguments(folder, parts):
    """Options for @parts, contents by the names of their sections."""
    words = []
    for name, content in parts.items():
        text = name == "uname"
        value = content.decode() if text else write(folder, name, content)
        at = "@" if name in ("osrel", "cmdline", "profile") else ""
        words.append(f"{OPTIONS[name]}={at}{value}")
    # Without the option ukify takes that of the host
    return words if "osrel" in parts else [*words, "--os-release="]


def make(tree, kind, folder, parts, key, target):
    """Writes an image of that kind with those of @parts that it has.

    @key is the file of a key and its certificate, @folder is for parts.
    """
    words = arguments(folder, {name: content for name, content in parts.items()
                               if name not in KINDS[kind]})
    stub = "addon" if kind == "nolinux" else "linux"
    words.append(f"--stub={tree}/usr/lib/systemd/boot/efi/{stub}aa64.efi.stub")
    if kind == PROFILES:
        line = b"kx.profile=1 " + parts["cmdline"].strip()
        other = Path(folder, "other-profile")
        run(tree, *arguments(folder, {"profile": b"ID=other\n", "cmdline": line}),
            f"--stub={tree}/usr/lib/systemd/boot/efi/addonaa64.efi.stub", f"--output={other}")
        write(folder, "cmdline", parts["cmdline"])
        write(folder, "profile", parts["profile"])
        words.append(f"--join-profile={other}")
    if kind == SIGNED:
        words += ["--signtool=sbsign", f"--secureboot-private-key={key}",
                  f"--secureboot-certificate={key}", "--sign-kernel"]
    run(tree, *words, f"--output={target}")
