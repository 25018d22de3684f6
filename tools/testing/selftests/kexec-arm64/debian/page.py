# SPDX-License-Identifier: GPL-2.0-only
"""The commands of the administrator's page, by the names of their blocks.

A line ".. debian: NAME" names the next literal block of the page.
"""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[5] / "Documentation/arch/arm64/kexec/debian.rst"
NAME = re.compile(r"\.\. debian: (\S+)$")


class BadPage(Exception):
    """The page cannot be read as blocks of commands."""


def literal_block(lines):
    """The lines of the literal block that begins at the next "::"."""
    block = []
    for line in lines:
        if line.startswith("    "):
            block.append(line[4:])
        elif line.strip() and block:
            break
        elif line.strip() not in ("", "::"):
            break
    return block


def blocks(text):
    """A dictionary: the name of each block, its commands."""
    lines = text.splitlines()
    found = {}
    for number, line in enumerate(lines):
        match = NAME.match(line)
        if not match:
            continue
        name = match.group(1)
        commands = literal_block(lines[number + 1:])
        if not commands or name in found:
            raise BadPage(f"block {name}: {'twice' if name in found else 'no commands'}")
        found[name] = commands
    return found


def read():
    return blocks(PAGE.read_text(encoding="utf-8"))
