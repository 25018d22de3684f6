#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Fails if README.md has a command that no test runs, or a link that leads nowhere.

A command of README.md is one of these:

- "make ..." or a script: the last command of its recipe is in a script of make test or
  make prove;
- in the section "In a kernel tree of your own": this program runs it. Both trees must
  have all new files, and the hooks' files as scripts/prepare.sh makes them;
- in the list "Commands that make test does not run" of testing.rst, with the reason.

The recorded session must have the steps of selftests' demo, in their order. Links are
file names in README.md, and the documents that comments and documents name.

usage: check-readme.py [--self-test] TREE     (TREE: the base with overlay and hooks)
       check-readme.py --session LOG          (put the output of make run into README.md)
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
README = TOP / "README.md"
SELFTESTS = TOP / "tools/testing/selftests/kexec-arm64"
TESTING = "Documentation/arch/arm64/kexec/testing.rst"
RUNNERS = ("scripts/test.sh", "scripts/check.sh")
WAYS = "In a kernel tree of your own"
SESSION = "A recorded session"
NOT_RUN = "Commands that make test does not run"
DOCUMENT = re.compile(r"(?<![\w/.-])Documentation/[\w./-]+\.(?:rst|txt|yaml)\b")
SOURCES = ("README.md", "*.rst", "*.[chS]", "*.py", "*.sh", "*.toml", "Kconfig")
# Names in README.md that are no files of the project: absolute, built, or of a tree
OUTSIDE = ("/", "build/", "$TREE/", "drivers/")


def blocks(text):
    """Section and commands of each fenced block."""
    section, inside, found = "", False, []
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
            if inside:
                found.append((section, []))
        elif inside:
            found[-1][1].append(line)
        elif line.startswith("## "):
            section = line[3:]
    return found


def commands(lines):
    """Lines without their comments."""
    return [command for line in lines if (command := re.sub(r"(^|\s+)#.*", "", line).strip())]


def recipe(command):
    """The last command that it runs."""
    if not command.startswith("make "):
        return command
    done = subprocess.run([*command.split(), "-n"], cwd=TOP, check=False, capture_output=True,
                          text=True)
    return done.stdout.strip().split("\n")[-1].strip() if not done.returncode else ""


def is_run(command, scripts):
    last = recipe(command)
    return bool(last) and re.search(rf"{re.escape(last)}[\s\"')]", scripts) is not None


def listed(text):
    """Commands and reasons of the list of those that are not run."""
    part = text.split(f"\n{NOT_RUN}\n", 1)[-1].split("\n\n", 1)[-1]
    part = re.split(r"\n\S[^\n]*\n=+\n", part)[0]
    return dict(re.findall(r"^``([^`]+)``\n((?: {4}[^\n]+\n)+)", part, re.M))


def check_commands(text, testing, scripts):
    excused = listed(testing)
    seen = set()
    for section, lines in blocks(text):
        if section == SESSION:
            continue
        for command in commands(lines):
            seen.add(command)
            if section == WAYS and not command.startswith(("make ", "scripts/")):
                continue
            if command in excused:
                if is_run(command, scripts):
                    yield f"{TESTING}: is run, and in the list of those that are not: {command}"
            elif not is_run(command, scripts):
                yield f"README.md: no test runs, and {TESTING} does not list: {command}"
    for command in excused:
        if command not in seen:
            yield f"{TESTING}: README.md does not have: {command}"


def demo_steps():
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(SELFTESTS))
    loader = SourceFileLoader("demo", str(SELFTESTS / "demo"))
    module = module_from_spec(spec_from_loader("demo", loader))
    loader.exec_module(module)
    return [re.sub(r"\\\{\d\\\}", ".+", re.escape(text)) for _, text in module.STEPS]


def check_session(text):
    lines = [line for section, lines in blocks(text) if section == SESSION for line in lines]
    said = [line.split("] ", 1)[1] for line in lines if line.startswith("[")]
    steps = demo_steps()
    for number, step in enumerate(steps, 1):
        wanted = rf" ?{number}/{len(steps)} {step}"
        if len(said) < number or not re.fullmatch(wanted, said[number - 1]):
            yield f"README.md: the session lacks step {number}: {step}"
    if len(said) != len(steps) or not any(line.startswith("PASSED") for line in lines):
        yield "README.md: the session has other steps, or no result"


def files():
    """Names of the project's files that may have links."""
    done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *SOURCES], cwd=TOP,
                          check=True, capture_output=True, text=True)
    return [name for name in done.stdout.splitlines() if (TOP / name).is_file()]


def check_links(texts, tree):
    for name, text in texts.items():
        for link in sorted(set(DOCUMENT.findall(text))):
            if not (TOP / link).exists() and not (tree / link).exists():
                yield f"{name}: there is no {link}"
    for link in sorted(set(re.findall(r"`([\w$./-]+)`", texts["README.md"]))):
        if "/" in link and not link.startswith(OUTSIDE) and not (TOP / link).exists():
            yield f"README.md: there is no {link}"
    for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", texts["README.md"]):
        if not (TOP / link).exists():
            yield f"README.md: there is no {link}"


def hooked():
    names = set()
    for patch in (TOP / "patches").glob("*.patch"):
        names |= set(re.findall(r"^--- a/(.+)$", patch.read_text(encoding="utf-8"), re.M))
    return sorted(names)


def new_files():
    """Names in the tree, and in the project."""
    done = subprocess.run(["bash", "-c", ". scripts/lib.sh; overlay_files"], cwd=TOP, check=True,
                          capture_output=True, text=True)
    return {**{name: name for name in done.stdout.splitlines()},
            "kernel/kexec/Kconfig": "Kconfig"}


def make_tree(base, tree):
    """The files of the base that the hooks change, in a repository."""
    for name in hooked():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(base / name, tree / name)
    for command in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "base")):
        subprocess.run(["git", *command], cwd=tree, check=True)


def differences(tree, ours, new):
    for name, source in new.items():
        if not (tree / name).is_file() or (tree / name).read_bytes() != (TOP / source).read_bytes():
            yield name
    for name in hooked():
        if (tree / name).read_bytes() != (ours / name).read_bytes():
            yield name


def run_way(lines, ours, new):
    """Runs a block in a new tree; its scripts have been run already."""
    code = "\n".join(command for command in commands(lines)
                     if not command.startswith(("make ", "scripts/")))
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        make_tree(ours.parent / "base", tree)
        done = subprocess.run(["bash", "-euc", code], cwd=TOP, check=False, capture_output=True,
                              text=True, env=os.environ | {"TREE": folder})
        if done.returncode:
            yield f"README.md: {code.splitlines()[0]}: {done.stderr.strip()[-300:]}"
        elif wrong := list(differences(tree, ours, new)):
            yield f"README.md: {code.splitlines()[0]}: differ: {', '.join(wrong[:5])}"


def check_ways(text, ours):
    # git may require the user's configuration for this checkout
    new = new_files()
    for name in ("AUTHOR", "COMMITTER"):
        os.environ |= {f"GIT_{name}_NAME": "kexec", f"GIT_{name}_EMAIL": "kexec@localhost"}
    os.environ |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    ways = [lines for section, lines in blocks(text)
            if section == WAYS and any("$TREE" in line for line in lines)]
    if len(ways) != 2:
        yield f"README.md: ways into a tree: {len(ways)} (2)"
    for lines in ways:
        yield from run_way(lines, ours, new)


def self_test(texts, testing, scripts, ours):
    text = texts["README.md"]
    for what, lines in (
            ("a command", check_commands(text + "\n```\nmake nothing\n```\n", testing, scripts)),
            ("a reason", check_commands(text.replace("make bench", "make test"), testing, scripts)),
            ("a step", check_session(text.replace("] 10/", "] 11/"))),
            ("a link", check_links({**texts, "README.md": "`scripts/none.sh`"}, ours)),
            ("a document", check_links({**texts, "x": "Documentation/" + "none.rst"}, ours)),
            ("a file", check_ways(text.replace("cp -r arch kernel", "cp -r arch"), ours))):
        if not list(lines):
            yield f"{what} that is wrong is not noticed"


def record(log):
    """Puts the session of a log into README.md, with paths relative to the project."""
    lines = Path(log).read_text(encoding="utf-8").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("[") and " 1/" in line)
    end = next(i for i, line in enumerate(lines) if line.startswith("PASSED"))
    session = [re.sub(r"/\S*/build/", "build/", line) for line in lines[start:end + 1]]
    text = README.read_text(encoding="utf-8")
    head, rest = text.split(f"## {SESSION}\n", 1)
    before, _, after = rest.split("```", 2)
    README.write_text(f"{head}## {SESSION}\n{before}```\n" + "\n".join(session) + f"\n```{after}",
                      encoding="utf-8")


def main():
    if sys.argv[1:2] == ["--session"] and len(sys.argv) == 3:
        record(sys.argv[2])
        return 0
    arguments = [a for a in sys.argv[1:] if a != "--self-test"]
    if len(arguments) != 1:
        sys.exit(__doc__)
    ours = Path(arguments[0]).resolve()
    texts = {name: (TOP / name).read_text(encoding="utf-8") for name in files()}
    testing = texts[TESTING]
    scripts = "\n".join(texts[name] for name in RUNNERS)
    if "--self-test" in sys.argv[1:]:
        lines = list(self_test(texts, testing, scripts, ours))
    else:
        text = texts["README.md"]
        lines = [*check_commands(text, testing, scripts), *check_session(text),
                 *check_links(texts, ours), *check_ways(text, ours)]
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
