#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if a comment or a document names a source file or a document that does not exist.

A name must be that of a file of this project or of the base, in any folder. Upper-case
names are placeholders.

usage: check-names.py [--self-test] BASE FILE...
"""

import os
import re
import sys
from pathlib import Path

NAME = re.compile(r"(?<![\w*.,<-])([a-z][\w-]*\.(?:[chS]|py|rst|sh|toml|yaml))\b(?!\w)")
ENDINGS = (".c", ".h", ".S", ".py", ".rst", ".sh", ".toml", ".yaml")
COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|(/\*.*?\*/|//[^\n]*)', re.S)


def existing(base, names):
    """Names of files; makefiles name the generated ones."""
    found = {Path(name).name for name in names}
    for name in names:
        if Path(name).name == "Makefile":
            found.update(NAME.findall(Path(name).read_text(encoding="utf-8")))
    for _, _, files in os.walk(base):
        found.update(name for name in files if name.endswith(ENDINGS))
    return found


def prose(name, text):
    if name.endswith((".rst", ".md")):
        return text
    if not name.endswith((".c", ".h", ".S")):
        return ""
    out, end = [], 0
    for comment in COMMENT.finditer(text):
        out.append(re.sub(r"[^\n]", " ", text[end:comment.start()]))
        out.append(comment[1] or re.sub(r"[^\n]", " ", comment[0]))
        end = comment.end()
    return "".join(out)


def unknown(name, text, known):
    text = prose(name, text)
    for found in NAME.finditer(text):
        if found[1] not in known:
            yield f"{name}:{text.count(chr(10), 0, found.start()) + 1}: there is no {found[1]}"


def self_test(known):
    for name, text in (("x.c", "/* see no-such-file.c */"), ("x.rst", "``no-such-file.py``")):
        if not list(unknown(name, text, known)):
            yield f"not found: {text}"
    if list(unknown("x.c", '#include "no-such-file.h"\n/* see page_alloc.c */', known)):
        yield "found in code, or a file of the base"


def main():
    base, *names = [a for a in sys.argv[1:] if a != "--self-test"]
    known = existing(base, names)
    if "--self-test" in sys.argv[1:]:
        lines = list(self_test(known))
    else:
        lines = [line for name in names if os.path.isfile(name) and name.endswith(ENDINGS + (".md",))
                 for line in unknown(name, Path(name).read_text(encoding="utf-8"), known)]
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
