# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are made of others."""

import gzip
import struct
import tempfile
from pathlib import Path

import sign


def test_sign(tap):
    names = {"4k": ("4k", "Image", None), "4k-va39": ("4k-va39", "Image", None),
             "stock-6_1": ("stock-6_1", "Image", None),
             "4k-va39-signed": ("4k-va39", "Image", "signed"),
             "4k-zboot": ("4k", "vmlinuz.efi", None),
             "4k-zboot-tampered": ("4k", "vmlinuz.efi", "tampered"),
             "4k-zboot-signed-padded": ("4k", "vmlinuz.efi", "signed"),
             "4k-va39-offset": ("4k-va39", "Image", None)}
    tap.check({name: sign.split(name) for name in names} == names,
              "sign: a name says what is made of what")
    tap.check(sign.tools(["4k", "4k-zboot"]) == [] and sign.tools(["4k-signed"]) == ["sbsign"] and
              sign.tools(["4k", "4k-foreign"]) == ["sbsign", "openssl"],
              "sign: tools that are missing can be named")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file")
        path.write_bytes(bytes(9))
        sign.tamper(path, 4)
        tap.check(path.read_bytes() == bytes(4) + b"\1" + bytes(4), "sign: one bit is changed")
        sign.finish("4k-signed", path)
        tap.check(len(path.read_bytes()) == 9, "sign: a file without a last word stays")
        sign.finish("4k-gzpad", path)
        data = path.read_bytes()
        tap.check(data.endswith(bytes(512)) and
                  gzip.decompress(data) == bytes(4) + b"\1" + bytes(4), "sign: packed and padded")
        zboot = sign.zboot(bytes(99))
        start, size = struct.unpack_from("<2I", zboot, 8)
        tap.check(gzip.decompress(zboot[start:start + size]) == bytes(99),
                  "sign: a zboot program names its payload")
