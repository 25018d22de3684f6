#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if decisions.rst has a decision twice, or an entry that no blank line precedes.

Two entries count as one decision if their titles share two words that no third title has.
Words are compared by their first six letters.

usage: check-decisions.py [--self-test]
"""

import re
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "Documentation/arch/arm64/kexec/decisions.rst"
TITLE = re.compile(r"^\d{4}-\d\d-\d\d: (.+)$", re.M)
# Shorter words, and these, are in titles of any subject.
SHORT = 3
COMMON = {"more", "than", "with", "from", "that", "only", "before", "after"}


def words(title):
    found = (word for word in re.findall(r"\w+", title.lower()) if len(word) > SHORT)
    return {word[:6] for word in found if word not in COMMON}


def complaints(text):
    for line in re.findall(r"[^\n]\n(\d{4}-\d\d-\d\d: .+)", text):
        yield f"no blank line before: {line}"
    titles = [(title, words(title)) for title in TITLE.findall(text)]
    count = Counter(word for _, found in titles for word in found)
    for (one, left), (other, right) in combinations(titles, 2):
        shared = {word for word in left & right if count[word] == 2}
        if len(shared) > 1:
            yield f"twice ({', '.join(sorted(shared))}): {one} / {other}"


def self_test():
    first = "2026-01-01: recognise a frob by its blue tail\n    Text.\n"
    for name, text in (("a second one", first + "\n2026-01-02: a blue frob with a hat\n    Text.\n"),
                       ("no blank line", first + "2026-01-02: store hats\n    Text.\n")):
        if not list(complaints(text)):
            yield f"not found: {name}"
    if list(complaints(first + "\n2026-01-02: paint a frob red\n    Text.\n")):
        yield "one shared word is no decision twice"


def main():
    text = PAGE.read_text(encoding="utf-8")
    found = list(self_test() if "--self-test" in sys.argv[1:] else complaints(text))
    if not TITLE.search(text):
        found.append("no entries: is the format another one?")
    for line in found:
        print(f"decisions.rst: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
