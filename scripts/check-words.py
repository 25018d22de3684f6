#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if comments, messages or documents use phrases that kernel English does not.

Read are comments and strings of C and assembly, comments of shell, Python, makefiles and
configurations, and all of a document. Each phrase is listed with its replacement.

usage: check-words.py [--self-test] FILE...

--self-test checks that each phrase is found in a comment and ignored in code.
"""

import re
import sys
from pathlib import Path

VERBS = "is|are|was|were|has|had|comes|goes|stands|cannot|will|must|remains|follows"
# Phrase, the words to use, and an example that must be found.
PHRASES = (
    (r"nobody|somebody|whoever|everybody|anybody|bystanders?",
     "CPU, task, caller, lock holder, allocator", "nobody waits"),
    (r"lies?|lay|lying", "is at, is in, starts at", "the page lies there"),
    (r"behind|in front of", "before, after, above, below", "the slot behind it"),
    (r"(can|cannot|to) be had|have it that", "allocated, available", "pages that can be had"),
    (r"(give|gives|given|gave|giving) (\w+ )?back", "free, release", "give it back"),
    (r"under (our|its|their) (eyes|feet)", "concurrently", "changes under our eyes"),
    (rf"(?<=[.;:] )what ({VERBS})|(and|of|with|from) what ({VERBS})",
     "name the noun", "the rest of what is free"),
    (r"from a task'?s point of view|believe no|for good", "name the mechanism", "gone for good"),
)
WIDTH = 60


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def prose(name, text):
    """The text with everything blanked that is no prose."""
    if name.endswith((".rst", ".md")) or "/ABI/" in name:
        return text
    if name.endswith((".c", ".h", ".S")):
        kept = r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"'
    elif name.endswith(".py"):
        kept = r'""".*?"""|(?<![\w"\'])#[^\n]*'
    else:
        kept = r"(?<![\w$\"'{])#[^\n]*"
    out, end = [], 0
    for found in re.finditer(kept, text, re.S):
        out += [blank(text[end:found.start()]), found[0]]
        end = found.end()
    return "".join([*out, blank(text[end:])])


def hits(name, text):
    text = prose(name, text)
    for phrase, instead, _ in PHRASES:
        for found in re.finditer(rf"\b(?:{phrase})\b", text, re.I):
            line = text.count("\n", 0, found.start()) + 1
            context = " ".join(text[max(0, found.start() - WIDTH // 2):found.end()].split())
            yield f"{name}:{line}: ...{context[-WIDTH:]}: write {instead}"


def self_test():
    for phrase, _, example in PHRASES:
        if not list(hits("x.c", f"/* {example} */")):
            yield f"not found in a comment: {example} ({phrase})"
        if list(hits("x.c", f"int x; {example};")):
            yield f"found in code: {example}"
        if not list(hits("x.sh", f"# {example}")) or not list(hits("x.rst", example)):
            yield f"not found in shell or a document: {example}"


def main():
    names = [a for a in sys.argv[1:] if a != "--self-test"]
    lines = list(self_test()) if "--self-test" in sys.argv[1:] else []
    for name in names:
        lines += hits(name, Path(name).read_text(encoding="utf-8"))
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
