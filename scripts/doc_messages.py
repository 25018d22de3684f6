# SPDX-License-Identifier: GPL-2.0-only
"""The page messages.rst: each message in alphabetical order, and the pages that explain it.

Messages of the kernel are those of doc_errors.py. Messages of the scripts are the texts
of die(); scripts/script-messages.toml has a remedy for each of them.
"""

import re
import tomllib
from pathlib import Path

import doc_errors

TOP = doc_errors.TOP
DOCS = TOP / "Documentation/arch/arm64/kexec"
GENERATED = {"errors.rst", "files.rst", "messages.rst", "test-map.rst"}
REMEDIES = TOP / "scripts/script-messages.toml"
# A page explains a message if it has this many literal characters of it
LITERAL = 20
DIE = re.compile(r'\bdie (?:"((?:[^"\\]|\\.)*)"|\'([^\']*)\')(?: \\\n\s*"((?:[^"\\]|\\.)*)")?')
# What a shell expands
EXPANDED = re.compile(r"\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|\$\w+|\$[*@#?]")


def key(text):
    """Sorts by letters and digits."""
    return re.sub(r"[^a-z0-9]+", " ", re.sub(r"%[-#+ 0-9.*]*[a-zA-Z]+", "", text.lower())).strip()


def fragments(text):
    """Literal parts of a message that are long enough to be recognized."""
    parts = re.split(r"%[-#+ 0-9.*]*[a-zA-Z]+", text)
    return [part.strip() for part in parts if len(part.strip()) >= LITERAL]


def heading_before(text, position):
    """The heading of the section of a page."""
    found = re.findall(r"^(\S.*)\n([=-])\2{2,}$", text[:position], re.M)
    return found[-1][0] if found else ""


def pages():
    """Pages that are written by hand, words separated by one space, and their text."""
    for path in sorted(DOCS.glob("*.rst")):
        if path.name not in GENERATED:
            yield path.name, path.read_text(encoding="utf-8")


def explained(text, written):
    """A link to each page that has a part of the message, and the section."""
    for name, page in written:
        for part in fragments(text):
            pattern = r"\s+".join(re.escape(word) for word in part.split())
            if found := re.search(pattern, page):
                stem = name.removesuffix(".rst")
                yield f":doc:`{stem}`, {heading_before(page, found.start())}"
                break


def kernel_rows(errors):
    written = list(pages())
    titles = {section["name"]: section["title"] for section in errors.sections}
    rows = {}
    for entry in errors.entries:
        for message in entry["messages"]:
            where = rows.setdefault(message.text, {})
            where[f":ref:`{titles[entry['section']]} <{doc_errors.label(entry['section'])}>`"] = None
            where.update(dict.fromkeys(explained(message.text, written)))
    return sorted(rows.items(), key=lambda row: key(row[0]))


def script_messages():
    """Script and text of each call of die(), with "..." for what the shell expands."""
    for path in sorted((TOP / "scripts").glob("*.sh")):
        source = EXPANDED.sub("...", path.read_text(encoding="utf-8"))
        for found in DIE.finditer(source):
            text = re.sub(r"(\.\.\.)(?: ?\.+)+", r"\1", " ".join(filter(None, found.groups())))
            if not text.startswith("usage:"):
                yield path.name, text


def script_rows():
    """Rows of the table, and complaints: each message has one remedy, and the reverse."""
    with open(REMEDIES, "rb") as stream:
        remedies = tomllib.load(stream)["message"]
    rows, complaints, used = {}, [], set()
    for script, text in script_messages():
        fitting = [entry for entry in remedies if entry["match"] in text]
        if not fitting:
            complaints.append(f"scripts/{script}: not in {REMEDIES.name}: {text}")
            continue
        entry = max(fitting, key=lambda entry: len(entry["match"]))
        used.add(entry["match"])
        rows[text] = entry["remedy"]
    complaints += [f"{REMEDIES.name}: no message has: {entry['match']}" for entry in remedies
                   if entry["match"] not in used]
    return sorted(rows.items(), key=lambda row: key(row[0])), complaints


def page(heading):
    """The page, and complaints about missing remedies."""
    scripts, complaints = script_rows()
    out = [heading("Messages of the kernel", "="), """\
All have the prefix ``kexec:``. The links lead to the tables of cause and remedy.
"""]
    out.append(doc_errors.list_table(("message", "page"), "60 40", [
        [doc_errors.literal([text]), ["; ".join(where)]]
        for text, where in kernel_rows(doc_errors.Errors())]))
    out += [heading("Messages of the scripts", "="), """\
Each ``make`` command ends with one of these and the name of the script if it cannot go on.
``...`` is a name or a number. An interrupted command continues when it is started again.
"""]
    out.append(doc_errors.list_table(("message", "remedy"), "50 50", [
        [doc_errors.literal([text]), [remedy]] for text, remedy in scripts]))
    return out, complaints
