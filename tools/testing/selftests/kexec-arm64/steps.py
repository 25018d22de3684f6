# SPDX-License-Identifier: GPL-2.0-only
"""The registry of the steps that a case can name: steps.toml.

A step is checked here when the cases are read: its verb must be known, and its
arguments must fit what the registry says of the verb.
"""

import re
import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

LOADERS = ("direct", "debug", "packed", "kexec-s", "kexec-a", "kexec-c", "kexec-ci",
           "kexec-ci-high", "kexec-ci-dtb", "kexec13-s", "kexec13-a", "kexec13-ci", "kexec14-s",
           "kexec14-a", "kexec14-ci", "flag-ci", "update-ci", "uki")
REGISTRY = Path(__file__).with_name("steps.toml")
WIDTH = 96


class StepError(Exception):
    """A step that the guest could not run."""


@dataclass
class Verb:
    """One entry of the registry; @kernel counts arguments from 1, 0 for none."""
    name: str
    help: str
    args: str = ""
    kernel: int = 0
    tools: bool = False

    def pattern(self):
        """The arguments as a regex over words that each have a space in front."""
        parts = []
        for word in self.args.split():
            text = word.strip("[]").removesuffix("...")
            text = "|".join(LOADERS) if text == "LOADER" else text
            one = rf"(?: (?:{text}))" if re.fullmatch(r"[a-z0-9|-]+", text) else r"(?: \S+)"
            if text.startswith("initrd="):
                one = r"(?: initrd=\S+)"
            many = "..." in word
            if word.startswith("["):
                one += "*" if many else "?"
            elif many:
                one += "+"
            parts.append(one)
        return "".join(parts)

    def check(self, step):
        words = step.removeprefix(self.name)
        if not re.fullmatch(self.pattern(), words):
            raise StepError(f"{step!r} is not: {self.usage()}")

    def usage(self):
        return f"{self.name} {self.args}".rstrip()


def read(path=REGISTRY):
    """All verbs by their names; some names are two words."""
    with open(path, "rb") as stream:
        return {name: Verb(name, **entry) for name, entry in tomllib.load(stream).items()}


VERBS = read()


def find(step):
    """The verb of a step."""
    words = step.split()
    for name in (" ".join(words[:2]), words[0]):
        if name in VERBS:
            return VERBS[name]
    raise StepError(f"no step is called {words[0]!r}")


def check(step):
    find(step).check(step)


def kernel(step):
    """The kernel that a step names, or None."""
    verb = find(step)
    return step.split()[verb.kernel + verb.name.count(" ")] if verb.kernel else None


def needs_tools(step):
    """Whether a step needs the programs of the second archive."""
    return find(step).tools


def listing():
    """The registry as text."""
    lines = []
    for verb in VERBS.values():
        lines.append(verb.usage())
        lines += textwrap.wrap(verb.help, WIDTH, initial_indent="    ", subsequent_indent="    ")
    return lines
