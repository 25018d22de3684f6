# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that are derived from others for one case: signed, badly signed, compressed.

A name such as "4k-signed" or "4k-zboot-tampered" has the kernel and its change: the
signature is made with the key of the build, which is in the keyring of every kernel of
that build. The last word is a change of the whole file: "4k-signed-gzpad" is compressed,
with zeroes after it. "4k-zuki-signed" is a unified kernel image with the zboot program of 4k,
signed as a whole.
"""

import gzip
import io
import shutil
import struct
import subprocess

import cpio
import keys
import uki
import ukify

# Distance of the changed byte from the end of the file, and one in the headers of all formats
# that is not used
TAMPERED_AT, UNUSED_AT = 16, 40
# By whom, see keys.py: the build's key, or one of those names. "tampered" is "signed", and a byte
# is changed afterwards.
TREATMENTS = ("signed", "tampered", "foreign", "issued", "expired", "revoked", "chained",
              "enrolled")
PACKED = {"zboot": "vmlinuz.efi"}
PLAIN = "Image"
# Unified kernel images, and the file that is their kernel: as an Image; as a zboot program; in
# an Image.gz; as a zboot program in two profiles; as a signed Image, and no command line; an
# addon, which has no kernel
UKIS = {"uki": "Image", "zuki": "vmlinuz.efi", "guki": "Image", "puki": "vmlinuz.efi",
        "iuki": "Image", "auki": "Image", **{kind: "vmlinuz.efi" for kind in ukify.KINDS}}
# Their sections, in this order
OWN = ("osrel", "uname", "ucode", "dtb", "linux", "cmdline", "initrd")
OS_RELEASE = b'ID=kx\nPRETTY_NAME="A system of kexec tests"\n'
ADDED = "added"
PADDING = bytes(512)
# Field of the Image header, and a value that no place can satisfy
TEXT_OFFSET_AT, TEXT_OFFSET = 8, 2 << 20


# As the base's build packs kernels, at levels that cost less time. The windows of xz and zstd
# are the largest that it uses.
PACKERS = {
    "lz4": ["lz4", "-l", "-1", "-", "-"],
    "lzma": ["lzma", "-0"],
    "lzo": ["lzop", "-1"],
    "xz": ["xz", "--check=crc32", "--arm64", "--lzma2=preset=0,dict=128MiB"],
    "zstd": ["zstd", "-q", "-1", "--long=27"],
}
# Image header: bytes of memory
IMAGE_SIZE_AT = 16


def pack(packer, image):
    if packer == "gzip":
        return gzip.compress(image, 1)
    return subprocess.run(PACKERS[packer], input=image, stdout=subprocess.PIPE, check=True).stdout


def with_bss(image):
    """The Image as the base's build packs it."""
    return image.ljust(struct.unpack_from("<Q", image, IMAGE_SIZE_AT)[0], b"\0")


def zboot(image, packer="gzip", cut=0):
    """An EFI zboot program without a program: its headers, and a packed Image.

    @cut bytes are missing at the end of the packed data.
    """
    payload = pack(packer, image)
    payload = payload[:len(payload) - cut]
    coff = struct.pack("<4s2H12x2H", b"PE", 0xaa64, 0, 112 + 16 * 8, 0)
    # PE32+: size of the headers, number of data directories; all of those are empty
    optional = struct.pack("<H58xI44xI128x", 0x20b, 512, 16)
    dos = struct.pack("<4s4s2I8x32s4xI", b"MZ", b"zimg", 512, len(payload), packer.encode(), 64)
    size = struct.pack("<I", len(image)) if packer != "gzip" else b""
    return (dos + coff + optional).ljust(512, b"\0") + payload + size


def flipped(data):
    """One bit in the middle is changed."""
    at = len(data) // 2
    return data[:at] + bytes([data[at] ^ 4]) + data[at + 1:]


def flipped_at(at):
    """One bit at an offset is changed."""
    def change(data):
        data = bytearray(data)
        data[at] ^= 1
        return bytes(data)
    return change


def tampered(part):
    """One bit in the middle of a section of a UKI is changed."""
    def change(data):
        start, size = uki.find(data, part)
        at = start + size // 2
        return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
    return change


def last_section(size):
    """The last section of a program has @size bytes; none if it is 0."""
    def change(data):
        pe = struct.unpack_from("<I", data, 60)[0]
        count, optional = struct.unpack_from("<6xH12xH", data, pe)
        at, field = (pe + uki.COFF + optional + uki.SECTION * (count - 1) + 16,
                     struct.pack("<I", size)) if size else (pe + 6, bytes(2))
        return data[:at] + field + data[at + len(field):]
    return change


# What is done to a complete file
FORMS = {
    **{f"t{part}": tampered(f".{part}")
       for part in ("linux", "initrd", "cmdline", "osrel", "text", "data")},
    "thead": flipped_at(UNUSED_AT),
    "tcert": flipped_at(-TAMPERED_AT),
    "padded": lambda image: image + PADDING,
    "gzpad": lambda image: gzip.compress(image, 1) + PADDING,
    "inner": zboot,
    "wild": last_section(0xf0000000),
    "nosection": last_section(0),
    **{packer: lambda image, packer=packer: pack(packer, image) for packer in PACKERS},
    **{f"z{packer}": lambda image, packer=packer: zboot(with_bss(image), packer)
       for packer in PACKERS},
    **{f"cut{packer}": lambda image, packer=packer: zboot(with_bss(image), packer, 1000)
       for packer in PACKERS},
    **{f"bad{packer}": lambda image, packer=packer: flipped(pack(packer, image))
       for packer in PACKERS},
    "bzip2": lambda image: zboot(image).replace(b"gzip", b"bzip2", 1),
    "offset": lambda image: image[:TEXT_OFFSET_AT] + struct.pack("<Q", TEXT_OFFSET)
    + image[TEXT_OFFSET_AT + 8:],
}


class Missing(Exception):
    """The kernel was built without a key."""


def last_form(name):
    """The last word of a kernel's name, if it says what is done to the whole file."""
    last = name.rpartition("-")[2]
    return last if last in FORMS else None


def split(name):
    """A kernel's name as (the one it is made of, its file, its treatment or None)."""
    name = name.removesuffix(f"-{last_form(name)}")
    name, _, last = name.rpartition("-") if name.endswith(tuple(TREATMENTS)) else (name, "", "")
    plain, _, form = name.rpartition("-")
    if form in PACKED or form in UKIS:
        return plain, {**PACKED, **UKIS}[form], last or None
    return name, PLAIN, last or None


def uki_kind(name):
    """The word of a kernel's name that makes it a unified kernel image."""
    return next((word for word in name.split("-") if word in UKIS), None)


def tools(names):
    """Programs that are needed to make these kernels."""
    wanted = {treatment for _, _, treatment in map(split, names)}
    wanted |= {"signed" for name in names if uki_kind(name) in ("iuki", ukify.SIGNED)}
    packers = [command[0] for packer, command in PACKERS.items()
               if any((last_form(name) or "").endswith(packer) for name in names)]
    return [*(["sbsign"] if wanted - {None} else []),
            *(["openssl"] if wanted - {None, "signed", "tampered"} else []), *packers]


def tamper(path, at):
    with open(path, "r+b") as stream:
        stream.seek(at)
        byte = stream.read(1)[0]
        stream.seek(at)
        stream.write(bytes([byte ^ 1]))


def make(source, treatment, key, work, target):
    """Writes what the treatment makes of the file @source.

    @key is the build's key and certificate; @work is a folder for a key of our own.
    """
    if not treatment:
        shutil.copyfile(source, target)
        return
    if not key.is_file():
        raise Missing(f"{key} is not built")
    key = keys.signer(treatment, key, work, target.parent)
    keys.quietly("sbsign", "--key", key, "--cert", key, "--output", target, source)
    if treatment == "tampered":
        tamper(target, source.stat().st_size - TAMPERED_AT)


def added_initrd(text):
    """A plain archive with one file, which can only follow another one at a multiple of 4."""
    stream = io.BytesIO()
    archive = cpio.Archive(stream)
    archive.add_file(ADDED, text)
    archive.close()
    return stream.getvalue()


def uki_parts(linux, initrd, cmdline):
    """Contents of the sections of a unified kernel image, by their names without a point."""
    return {"osrel": OS_RELEASE, "cmdline": b" \t%s\n" % cmdline.encode(), "dtb": b"no tree",
            "dtbauto": b"no tree, too", "uname": b"6.12\x1b kx", "splash": b"BM",
            "pcrpkey": b"no key", "linux": linux.read_bytes(), "ucode": bytes(99),
            "initrd": added_initrd(b"uki\n") + initrd.read_bytes() + b"\0",
            "profile": b"ID=plain\n"}


def write_uki(name, files, cmdline, target):
    """Writes the unified kernel image that @name is made of.

    @files are the kernel, the initrd, the build's key and certificate, and the tree of ukify.
    """
    kernel, initrd, key, tree = files
    kind = uki_kind(name)
    if kind in ukify.KINDS:
        ukify.make(tree, kind, target.parent, uki_parts(kernel, initrd, cmdline), key, target)
        return
    if kind == "iuki":
        make(kernel, "signed", key, target.parent, target)
        kernel = target
    parts = uki_parts(kernel, initrd, cmdline)
    if kind == "guki":
        parts["linux"] = gzip.compress(parts["linux"], 1)
    used = {"iuki": [name for name in OWN if name != "cmdline"], "auki": ["cmdline"]}
    sections = [(f".{name}", parts[name]) for name in used.get(kind, OWN)]
    if kind == "puki":
        sections += [(".profile", parts["profile"]), (".profile", b"ID=other\n"),
                     (".cmdline", b"kx.profile=1 " + cmdline.encode())]
    target.write_bytes(uki.make(sections))


def samples(kernel):
    """Small files of every format, by name: an Image with a part of @kernel, packed."""
    image = struct.pack("<2I3Q24x4sI", 0, 0, 0, 1 << 20, 0xa, b"ARM\x64", 0) + kernel[64:1 << 17]
    made = {"raw": image, "gzip": pack("gzip", image), "zboot-gzip": zboot(image)}
    for packer in PACKERS:
        made[f"zboot-{packer}"] = zboot(image, packer)
        if packer != "lzma":
            made[packer] = pack(packer, image)
    parts = [(".osrel", OS_RELEASE), (".cmdline", b"quiet"), (".initrd", bytes(5000))]
    made["uki"] = uki.make([*parts, (".linux", image)])
    made["uki-zboot"] = uki.make([(".linux", zboot(image)), *parts, (".profile", b"ID=x\n")])
    return made


def finish(name, target):
    """Does to the file @target what the last word of the kernel's name says."""
    if last_form(name):
        target.write_bytes(FORMS[last_form(name)](target.read_bytes()))
