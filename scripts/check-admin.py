#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if a sysctl, a parameter or a sysfs file of ours is not documented.

==================  ========================================================
in the source       documented in
==================  ========================================================
sysctl              admin-guide/sysctl/kernel.rst, as a heading
early parameter     admin-guide/kernel-parameters.txt
module parameter    arch/arm64/kexec/testing.rst: they are for tests only
sysfs file          a file of ABI/
==================  ========================================================

Module parameters that are documented must exist as well.

usage: check-admin.py [--self-test] TREE      (TREE: the base with overlay and hooks)

--self-test removes each documented name from a copy of the text, and fails unless that
is reported.
"""

import re
import sys
from pathlib import Path

FOLDERS = ("kernel/kexec", "arch/arm64/kexec")
PARAMETER = r"module_param(?:_named|_cb)?\((\w+)"
NAMES = {
    "sysctl": r'\.procname\s*=\s*"(\w+)"',
    "early parameter": r'\b(?:early_param|core_param|__setup)\("([\w.]+)',
    "module parameter": PARAMETER,
    "sysfs file": r"\b(?:__ATTR|KERNEL_ATTR)(?:_R[OW])?\((\w+)",
}


def sources(tree):
    for folder in FOLDERS:
        for path in sorted((tree / folder).rglob("*.c")):
            # The module with its own parameter is described at the top of its source.
            if not path.name.endswith("_test.c"):
                yield path.read_text(encoding="utf-8")


def defined(tree):
    """{kind: names} of the source."""
    texts = list(sources(tree))
    return {kind: sorted({name for text in texts for name in re.findall(regex, text)})
            for kind, regex in NAMES.items()}


def documents(tree):
    """{kind: text} of the documentation."""
    folder = tree / "Documentation"
    abi = "\n".join(path.read_text(encoding="utf-8", errors="replace")
                    for path in sorted((folder / "ABI").rglob("sysfs-*")))
    read = {"sysctl": "admin-guide/sysctl/kernel.rst",
            "early parameter": "admin-guide/kernel-parameters.txt",
            "module parameter": "arch/arm64/kexec/testing.rst"}
    return {"sysfs file": abi, **{kind: (folder / name).read_text(encoding="utf-8")
                                  for kind, name in read.items()}}


def entry(kind, name):
    """The regex of an entry of the documentation."""
    name = re.escape(name)
    return {"sysctl": rf"^{name}(?: \(.*\))?\n==",
            "early parameter": rf"^\t{name}=",
            "module parameter": rf"``kexec\.{name}(?:=|``)",
            "sysfs file": rf"^What:\s.*/{name}$"}[kind]


def missing(names, texts):
    for kind, found in names.items():
        for name in found:
            if not re.search(entry(kind, name), texts[kind], re.M):
                yield f"{kind} {name} is not documented"


def check(names, texts):
    yield from missing(names, texts)
    known = set(names["module parameter"])
    for name in sorted(set(re.findall(r"``kexec\.(\w+)=", texts["module parameter"])) - known):
        yield f"module parameter {name} is documented and does not exist"
    for kind, found in names.items():
        if not found:
            yield f"no {kind} was found in the source"


def self_test(names, texts):
    for kind, found in names.items():
        for name in found:
            without = {**texts, kind: re.sub(entry(kind, name), "", texts[kind], flags=re.M)}
            if f"{kind} {name} is not documented" not in set(missing(names, without)):
                yield f"{kind} {name}: removing its entry is not noticed"


def main():
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    tree = Path(arguments[0])
    test = self_test if "--self-test" in sys.argv[1:] else check
    lines = list(test(defined(tree), documents(tree)))
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
