# SPDX-License-Identifier: GPL-2.0-only
"""Keys that sign kernels, whose certificates the key of a build has issued, or no key it knows.

The certificate of a signer is with the signature, so a kernel that trusts its issuer trusts
the signer. A revoked one is on a list of the running kernel, which the build's key signs. The
key "enrolled" is in the variables of the firmware, for Secure Boot.
"""

import hashlib
import subprocess
from pathlib import Path

CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""
# Debian's key for tests, in PK, KEK and db of AAVMF_VARS.snakeoil.fd, and its password
FIRMWARE_KEY = Path("/usr/share/qemu-efi-aarch64/PkKek-1-snakeoil.key")
FIRMWARE_PASSWORD = "snakeoil"
VALID = ("20200101000000Z", "20991231000000Z")
EXPIRED = ("20010101000000Z", "20020101000000Z")
# What the guest needs to revoke a key, and to trust an issuer
REVOKED, ISSUER = "revoked", "issuer"


def quietly(*command):
    """The tools write to standard error even when all is well."""
    done = subprocess.run([*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    if done.returncode:
        raise OSError(f"{command[0]}: {done.stdout.strip()}")


def stranger(target):
    """A key that no kernel has ever heard of, with its certificate, in one file."""
    part = target.with_suffix(".cert")
    quietly("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=nobody",
            "-keyout", target, "-out", part)
    target.write_bytes(target.read_bytes() + part.read_bytes())
    return target


def firmware_key(target):
    """The key of the firmware without its password, and its certificate, in one file."""
    quietly("openssl", "rsa", "-in", FIRMWARE_KEY, "-passin", f"pass:{FIRMWARE_PASSWORD}",
            "-out", target)
    target.write_bytes(target.read_bytes() + FIRMWARE_KEY.with_suffix(".pem").read_bytes())
    return target


def issue(work, name, issuer, dates=VALID):
    """A key with a certificate that @issuer signed, both in one file."""
    target = work / f"key-{name}.pem"
    if target.exists():
        return target
    folder = work / f"ca-{name}"
    folder.mkdir()
    (folder / "index").touch()
    (folder / "config").write_text(CONFIG.format(folder=folder), encoding="ascii")
    quietly("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
            "-keyout", folder / "key", "-out", folder / "request")
    quietly("openssl", "ca", "-batch", "-notext", "-config", folder / "config", "-cert", issuer,
            "-keyfile", issuer, "-startdate", dates[0], "-enddate", dates[1],
            "-in", folder / "request", "-out", folder / "cert")
    target.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return target


def certificate(pem):
    """The certificate in a file, as DER."""
    return subprocess.run(["openssl", "x509", "-in", pem, "-outform", "DER"], check=True,
                          stdout=subprocess.PIPE).stdout


def element(der):
    """Where the content of the first element starts and where it ends: X.690, 8.1.3."""
    if der[1] < 0x80:
        return 2, 2 + der[1]
    start = 2 + der[1] - 0x80
    return start, start + int.from_bytes(der[2:start])


def signed_part(der):
    """The part of a certificate that its issuer has signed: RFC 5280, TBSCertificate."""
    inside = der[element(der)[0]:]
    return inside[:element(inside)[1]]


def revoke(pem, key, share):
    """Writes the name of a certificate in the list of revoked ones, signed by @key."""
    digest = hashlib.sha256(signed_part(certificate(pem))).hexdigest()
    (share / REVOKED).write_text(f"tbs:{digest}", encoding="ascii")
    quietly("openssl", "smime", "-sign", "-binary", "-noattr", "-nocerts", "-md", "sha256",
            "-in", share / REVOKED, "-inkey", key, "-signer", key, "-outform", "DER",
            "-out", share / f"{REVOKED}.p7")


def signer(name, key, work, share):
    """The key of that name; @key is the build's, @share gets what the guest needs for it."""
    if name == "foreign":
        return stranger(work / "stranger.pem")
    if name == "enrolled":
        return firmware_key(work / "firmware.pem")
    if name == "expired":
        return issue(work, name, key, EXPIRED)
    if name == "chained":
        issuer = issue(work, ISSUER, key)
        (share / ISSUER).write_bytes(certificate(issuer))
        return issue(work, name, issuer)
    if name in ("issued", "revoked"):
        pem = issue(work, name, key)
        if name == "revoked":
            revoke(pem, key, share)
        return pem
    return key
