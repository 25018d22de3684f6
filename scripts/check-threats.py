#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if threats.rst has a row without a test, or names a test, a source file or a
function that does not exist, or a file in a cell without a function that it defines.

usage: check-threats.py [--self-test]
"""

import importlib
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PAGE = TOP / "Documentation/arch/arm64/kexec/threats.rst"
SELFTESTS = TOP / "tools/testing/selftests/kexec-arm64"
FUZZ = TOP / "tools/testing/kexec/fuzz"
FOLDERS = ("kernel/kexec", "arch/arm64/kexec")
TEST = re.compile(r"``(case|entry|KUnit|fuzz)\s+([^`]+)``")
# Functions of the base.
BASE = {"security_locked_down", "crash_smp_send_stop"}


def case_names():
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(SELFTESTS))
    name = next(n for n in ("cases", "table") if (SELFTESTS / f"{n}.py").exists())
    return {case.name for case in importlib.import_module(name).load()}


def sources():
    return [path for folder in FOLDERS for path in sorted((TOP / folder).rglob("*.[chS]"))]


def known():
    """For each kind of a name, a function that tells whether it exists."""
    cases = case_names()
    texts = {}
    for path in sources():
        texts[path.name] = texts.get(path.name, "") + path.read_text(encoding="utf-8")
    code = "\n".join(texts.values())
    kunit = set(re.findall(r"KUNIT_CASE\w*\((\w+)", code))
    guest = "\n".join(path.read_text(encoding="utf-8")
                      for path in sorted((SELFTESTS / "guest").glob("*.c")))

    def entry(text):
        # A macro may add the first word: "initrd: ", "kernel: ".
        return f'"{text}"' in guest or f'{text}"' in guest

    return {"case": cases.__contains__, "entry": entry, "KUnit": kunit.__contains__,
            "fuzz": lambda name: (FUZZ / f"{name}_fuzz.c").exists(), "file": texts.__contains__,
            "function": lambda name: name in BASE or re.search(rf"\b{name}\(", code),
            "owner": lambda file, name: defines(texts.get(file, ""), name)}


def defines(text, name):
    """Is the function defined in the text? One of the base: is it called there?"""
    if name in BASE:
        return re.search(rf"\b{name}\(", text)
    return re.search(rf"^(?:[a-z_][\w *]*[ *])?{name}\([^;{{]*\)[^;{{]*\n\{{|START\({name}\)", text, re.M)


def owners(cell, exists):
    """Files without a function of theirs, and functions of none of the files."""
    files = re.findall(r"``(\w+\.[chS])``", cell)
    functions = re.findall(r"``(\w+)\(\)``", cell)
    labels = re.findall(r"``(\w+)``", cell)
    for file in files:
        names = labels if file.endswith(".S") else functions
        if not any(exists["owner"](file, name) for name in names):
            yield f"no function of {file} is named with it"
    for name in functions if files else ():
        if not any(exists["owner"](file, name) for file in files):
            yield f"{name}() is not in {', '.join(files)}"


def rows(text):
    """The rows of all tables, without their headers."""
    for table in re.findall(r"\.\. list-table::\n(.*?)(?=\n\S|\Z)", text, re.S):
        yield from re.split(r"\n   \* - ", table)[2:]


def complaints(text, exists):
    for row in rows(text):
        title = " ".join(row.split("\n     - ")[0].split())
        tests = [(kind, " ".join(name.split())) for kind, name in TEST.findall(row)]
        if not tests:
            yield f"no test: {title}"
        names = [("file", name) for name in re.findall(r"``(\w+\.[chS])``", row)]
        names += [("function", name) for name in re.findall(r"``(\w+)\(\)``", row)]
        for kind, name in tests + names:
            if not exists[kind](name):
                yield f"{title}: there is no {kind} {name}"
        for cell in row.split("\n     - "):
            for line in owners(cell, exists):
                yield f"{title}: {line}"


def self_test(text, exists):
    """Each kind of a wrong name, and a row without tests, must be found."""
    for kind in ("case", "entry", "KUnit", "fuzz"):
        name = TEST.search(text[text.index(f"``{kind} ", text.index("header-rows")):])[2]
        if not list(complaints(text.replace(f"``{kind} {name}``", f"``{kind} no-{name}-x``"), exists)):
            yield f"not found: {kind} no-{name}-x"
    for wrong in (text.replace("``sysctl.c``", "``no_such_file.c``"),
                  text.replace("``kexec_load_permitted()``", "``no_such_function()``"),
                  text.replace("``kexec_read_all()`` in ``read.c``", "``read.c``"),
                  text.replace("``kexec_read_all()`` in ``read.c``", "``kexec_read_all()`` in ``file.c``"),
                  TEST.sub("-", text)):
        if not list(complaints(wrong, exists)):
            yield "not found: a wrong file, a function elsewhere, or a row without tests"


def main():
    text, exists = PAGE.read_text(encoding="utf-8"), known()
    found = list(complaints(text, exists))
    if len(list(rows(text))) < 10:
        found.append("no rows: is the format another one?")
    if "--self-test" in sys.argv[1:]:
        found = list(self_test(text, exists))
    for line in found:
        print(f"threats.rst: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
