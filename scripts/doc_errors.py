# SPDX-License-Identifier: GPL-2.0-only
"""The page errors.rst: messages and errnos of the source, causes of errors.toml."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
TABLE = TOP / "scripts/errors.toml"
FOLDERS = ("kernel/kexec", "arch/arm64/kexec")
LEVELS = "emerg|alert|crit|err|warn|notice|info"
# Calls whose strings are messages, and statements whose strings are parts of them
CALLS = re.compile(rf"\b(pr_(?:{LEVELS})(?:_once|_ratelimited)?|panic|kexec_refusal_err)\(|"
                   r"\b(snprintf|kexec_image_discard)\(|\b(return)\s")
STRING = r'"((?:[^"\\\n]|\\.)*)"'
# An error message is followed by its errno in the same block
AFTER = 400
# Sections of calls that fail with an errno
FAILING = {"load", "file", "memory", "reboot", "stop"}


@dataclass
class Message:
    """A message as it is in the source."""
    where: str
    level: str
    text: str
    options: list = field(default_factory=list)
    errno: str = ""


def arguments(text, start):
    """The end of a call or statement that starts at @start."""
    depth, i = 0, start
    while i < len(text):
        if string := re.compile(STRING).match(text, i):
            i = string.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth < 0 or (depth == 0 and text[i] == ";"):
            break
        i += 1
    return i


def messages_of(path):
    raw = path.read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m[0]), raw, flags=re.S)
    prefix = re.search(r'^#define pr_fmt\(fmt\) "(?:kexec: )?([^"]*)"', text, re.M)
    for call in CALLS.finditer(text):
        end = arguments(text, call.end())
        strings = [s.replace("\\n", "").replace('\\"', '"').strip()
                   for s in re.findall(STRING, text[call.end():end])]
        where = f"{path.relative_to(TOP)}:{text.count(chr(10), 0, call.start()) + 1}"
        if not call[1]:
            yield from (Message(where, "part", s.lstrip(": ")) for s in strings if " " in s)
        elif strings:
            after = text[end:end + AFTER].split("\n}")[0]
            found = re.search(r"\breturn (?:-(E[A-Z0-9]+))?", after)
            start = prefix[1] if prefix and call[1] != "panic" else ""
            yield Message(where, call[1], start + strings[0].removeprefix("kexec: "),
                          [s for s in strings[1:] if " " in s],
                          found[1] or "" if found else "")


def messages():
    for folder in FOLDERS:
        for path in sorted((TOP / folder).rglob("*.c")):
            if "tests" not in path.relative_to(TOP).parts:
                yield from messages_of(path)


class Errors:
    """errors.toml with the messages of the source."""

    def __init__(self):
        with open(TABLE, "rb") as f:
            table = tomllib.load(f)
        self.sections = table["section"]
        self.access = table["access"]
        self.complaints = []
        self.entries = [{**entry, "section": s["name"], "messages": []}
                        for s in self.sections for entry in table[s["name"]]]
        keys = [(key, entry) for entry in self.entries for key in self.keys(entry)]
        keys += [(key, None) for key in table["hidden"]]
        used = set()
        for message in messages():
            fitting = [(key, entry) for key, entry in keys if key in message.text]
            if not fitting:
                self.complaints.append(f"{message.where}: not in errors.toml: {message.text}")
                continue
            key, entry = max(fitting, key=lambda pair: len(pair[0]))
            used.add(key)
            if entry:
                self.add(entry, message)
        self.complaints += [f"errors.toml: no message has: {key}" for key, _ in keys
                            if key not in used]

    @staticmethod
    def keys(entry):
        return [entry["match"]] if isinstance(entry["match"], str) else entry["match"]

    def add(self, entry, message):
        entry["messages"].append(message)
        known = entry.get("errno", [])
        if entry["section"] not in FAILING:
            return
        if message.errno and known and message.errno not in known:
            self.complaints.append(f"{message.where}: {message.errno} is not in errors.toml: "
                                   f"{message.text}")
        if not message.errno and not known:
            self.complaints.append(f"{message.where}: no errno in errors.toml: {message.text}")

    def rows(self, section):
        """Rows of the table: messages, errnos, cause, remedy."""
        for entry in self.entries:
            if entry["section"] != section:
                continue
            texts, errnos = {}, dict.fromkeys(entry.get("errno", []))
            for message in entry["messages"]:
                texts[message.text] = None
                texts.update(dict.fromkeys(f"... {option}" for option in message.options))
                if message.errno and section in FAILING:
                    errnos[message.errno] = None
            yield texts, errnos, entry["cause"], entry.get("remedy", "")


def cells(row):
    """A row of a list-table."""
    lines = []
    for number, cell in enumerate(row):
        first, *rest = cell or [""]
        lines.append(f"   {'*' if number == 0 else ' '} - {first}".rstrip())
        lines += [f"       {line}".rstrip() for line in rest]
    return lines


def list_table(head, widths, rows):
    lines = [".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", ""]
    for row in [[[h] for h in head], *rows]:
        lines += cells(row)
    return "\n".join(lines) + "\n"


def literal(texts):
    """Each text as a paragraph of its own."""
    lines = []
    for text in texts:
        lines += ["", f"``{text}``"] if lines else [f"``{text}``"]
    return lines


def label(section):
    """The name by which other pages refer to a section."""
    return f"kexec_arm64_errors_{section}"


def page(heading):
    """The page, and complaints about errors.toml."""
    errors = Errors()
    out = []
    for section in errors.sections:
        out += [f".. _{label(section['name'])}:", heading(section["title"], "="), section.get("text", "") + "\n"]
        failing = section["name"] in FAILING
        rows = []
        for texts, errnos, cause, remedy in errors.rows(section["name"]):
            row = [literal(texts), [", ".join(errnos)], [cause], [remedy]]
            rows.append(row if failing else [row[0], *row[2:]])
        if failing:
            out.append(list_table(("message", "errno", "cause", "remedy"), "45 12 25 18", rows))
        else:
            out.append(list_table(("message", "cause", "remedy"), "50 30 20", rows))
    out += [heading("Sysctls and files", "="), "These have no message.\n"]
    out.append(list_table(("file", "action", "errno", "cause"), "35 25 10 30", [
        [literal(re.split(r", ", a["file"])), [a["action"]], [", ".join(a["errno"])],
         [a["cause"]]] for a in errors.access]))
    return out, errors.complaints
