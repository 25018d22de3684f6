# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are made of others."""

import gzip
import struct
import subprocess
import tempfile
from pathlib import Path

import keys
import sign
import uki
import ukify

SELFTESTS = Path(__file__).resolve().parents[1]
LEFT_OUT = {"ukify": (), ukify.PROFILES: (".dtb",)}
BUILD = SELFTESTS.parents[3] / "build"


def test_sign(tap):
    names = {"4k": ("4k", "Image", None), "4k-va39": ("4k-va39", "Image", None),
             "stock-6_1": ("stock-6_1", "Image", None),
             "4k-va39-signed": ("4k-va39", "Image", "signed"),
             "4k-zboot": ("4k", "vmlinuz.efi", None),
             "4k-zboot-tampered": ("4k", "vmlinuz.efi", "tampered"),
             "4k-zboot-signed-padded": ("4k", "vmlinuz.efi", "signed"),
             "4k-enrolled": ("4k", "Image", "enrolled"),
             "4k-va39-offset": ("4k-va39", "Image", None), "4k-zzstd": ("4k", "Image", None),
             "4k-uki": ("4k", "Image", None), "4k-zuki-signed": ("4k", "vmlinuz.efi", "signed"),
             "4k-zuki-foreign-tlinux": ("4k", "vmlinuz.efi", "foreign")}
    tap.check({name: sign.split(name) for name in names} == names,
              "sign: a name says what is made of what")
    tap.check(sign.tools(["4k", "4k-zboot"]) == [] and sign.tools(["4k-signed"]) == ["sbsign"] and
              sign.tools(["4k", "4k-foreign"]) == ["sbsign", "openssl"] == sign.tools(["4k-enrolled"]),
              "sign: tools that are missing can be named")
    tap.check(sign.tools(["4k-zlzo", "4k-badlz4", "4k-xz"]) == ["lz4", "lzop", "xz"],
              "sign: so can packers")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(bytes(9))
        sign.tamper(path, 4)
        tap.check(path.read_bytes() == bytes(4) + b"\1" + bytes(4), "sign: one bit is changed")
        tap.check(keys.element(b"\x30\x03abc") == (2, 5) and
                  keys.element(b"\x30\x82\x01\x02") == (4, 262) and
                  keys.signed_part(b"\x30\x07\x30\x03abcde") == b"\x30\x03abc",
                  "sign: the signed part of a certificate is its first element")
        sign.finish("4k-signed", path)
        tap.check(len(path.read_bytes()) == 9, "sign: a file without a last word stays")
        sign.finish("4k-gzpad", path)
        data = path.read_bytes()
        tap.check(data.endswith(bytes(512)) and
                  gzip.decompress(data) == bytes(4) + b"\1" + bytes(4), "sign: packed and padded")
        image = bytes(16) + struct.pack("<Q", 200) + bytes(75)
        zboot = sign.zboot(sign.with_bss(image))
        start, size = struct.unpack_from("<2I", zboot, 8)
        tap.check(gzip.decompress(zboot[start:start + size]) == image + bytes(101),
                  "sign: a zboot program names its payload, here with the bss")
        zboot = sign.zboot(sign.with_bss(image), "xz", cut=4)
        start, size = struct.unpack_from("<2I", zboot, 8)
        tap.check(zboot[24:27] == b"xz\0" and zboot[start + size:] == struct.pack("<I", 200) and
                  sign.pack("xz", image + bytes(101)).startswith(zboot[start:start + size]),
                  "sign: its size follows a payload of xz")


def test_uki(tap):
    tap.check([sign.uki_kind(name) for name in ("4k", "4k-zboot", "4k-uki", "4k-puki-signed")] ==
              [None, None, "uki", "puki"], "uki: a name says what kind it is")
    tap.check(sign.tools(["4k-iuki"]) == ["sbsign"], "uki: a signature inside needs a tool, too")
    data = uki.make([(".linux", bytes(700)), (".initrd", b"i" * 9), (".initrd", b"j" * 512)])
    tap.check(uki.find(data, ".linux") == (512, 700) and uki.find(data, ".initrd") == (2048, 512),
              "uki: sections are padded in the file, and the last of a name is found")
    tap.check(data[1536:1545] == b"i" * 9 and data[2048:] == b"j" * 512 and
              struct.unpack_from("<4sHH", data, 64) == (b"PE\0\0", uki.ARM64, 3),
              "uki: a program for arm64")
    changed = sign.FORMS["tinitrd"](data)
    tap.check([at for at in range(len(data)) if data[at] != changed[at]] == [2048 + 256],
              "uki: one byte of a part is changed")
    with tempfile.TemporaryDirectory() as folder:
        kernel, initrd, made = (Path(folder, name) for name in ("kernel", "initrd", "made"))
        kernel.write_bytes(b"kernel")
        initrd.write_bytes(b"root")
        sign.write_uki("4k-guki", (kernel, initrd, None, None), "quiet", made)
        data = made.read_bytes()
        start, size = uki.find(data, ".linux")
        tap.check(gzip.decompress(data[start:start + size]) == b"kernel", "uki: a packed kernel")
        start, size = uki.find(data, ".initrd")
        tap.check(data[start:start + size].endswith(b"root\0") and size % 4 == 1,
                  "uki: an initrd that does not end where another may start")
        sign.write_uki("4k-puki", (kernel, initrd, None, None), "quiet", made)
        data = made.read_bytes()
        start, size = uki.find(data, ".cmdline")
        tap.check(data[start:start + size] == b"kx.profile=1 quiet", "uki: a second profile")


def sections(data):
    """Of a program: (name, size in memory, content with its padding), in the order of the file."""
    pe = struct.unpack_from("<I", data, 60)[0]
    count, optional = struct.unpack_from("<6xH12xH", data, pe)
    found = []
    for i in range(count):
        name, memory, _, size, start = struct.unpack_from(
            "<8sIIII", data, pe + uki.COFF + optional + uki.SECTION * i)
        found.append((name.rstrip(b"\0").decode(), memory, data[start:start + size]))
    return found


def test_ukify(tap):
    """The images of uki.py have the sections that ukify writes."""
    subprocess.run([SELFTESTS / "packages.sh", BUILD], check=True)
    with tempfile.TemporaryDirectory() as folder:
        kernel, initrd, ours, theirs = (Path(folder, name) for name in ("k", "i", "ours", "theirs"))
        kernel.write_bytes(uki.make([(".text", bytes(700))]) + bytes(3))
        initrd.write_bytes(b"root")
        tree = BUILD / "packages/ukify"
        for own, other in (("uki", "ukify"), ("puki", ukify.PROFILES)):
            for name, made in ((own, ours), (other, theirs)):
                sign.write_uki(f"4k-{name}", (kernel, initrd, None, tree), "quiet", made)
            made = sections(ours.read_bytes())
            known = sections(theirs.read_bytes())
            tap.check([part for part in made if part[0] not in LEFT_OUT[other] and part not in known]
                      == [], f"ukify: {own} has the sections of {other}")
        profiles = [name for name, _, _ in known]
        tap.check(profiles.count(".profile") == 2 and profiles[-1] == ".cmdline" and
                  profiles.index(".linux") < profiles.index(".profile"),
                  "ukify: the base is before the profiles")
