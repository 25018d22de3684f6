# SPDX-License-Identifier: GPL-2.0-only
"""Programs that have many changes, of which kexec_mutant=N chooses one: on the command line of
a kernel, which is built beside the 4k kernel, or in the environment of the simulator.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import operators

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[3]

VARIANT = "4k"
SWITCH = "kexec_mutant"
# In this file, which is always built in
HOME = "kernel/kexec/state.c"
DECLARE = f"\nextern unsigned int {SWITCH};\n"
DEFINE = f"""
#include <linux/init.h>
#include <linux/kernel.h>
unsigned int {SWITCH};
static int __init choose_mutant(char *text)
{{
	return kstrtouint(text, 0, &{SWITCH});
}}
early_param("{SWITCH}", choose_mutant);
"""
LABEL = re.compile(r"^(\w+):$", re.M)
# How the compiler names the copy of a function
COPY = "mutant-"
ERROR = re.compile(rf"^{COPY}(\d+):\d+:\d+: (?:fatal )?error:", re.M)


class BuildError(Exception):
    """What the compiler or make printed."""


def write(path, text):
    """With prepare.sh --link, the path is a link to the project's file."""
    path.unlink()
    path.write_text(text)


def restore(path, target, source):
    """Undo write()."""
    if target:
        path.unlink()
        path.symlink_to(target)
    else:
        shutil.copy(source, path)


def declare(text):
    """After the last #include of the file's beginning."""
    at = list(re.finditer(r"^#include .*\n", text, re.M))[-1].end()
    # Not inside of an #ifdef
    while text.count("#if", 0, at) != text.count("#endif", 0, at):
        at = text.index("#endif", at)
        at = text.index("\n", at) + 1
    line = text.count("\n", 0, at) + 1
    return text[:at] + DECLARE + f"#line {line}\n" + text[at:]


def copy_of(text, start, end, mutant, number):
    """The body [start, end) of a function with a change, for the guest of this mutant."""
    body = text[start:mutant.start] + mutant.new + text[mutant.end:end]
    labels = "".join(f"__label__ {name};\n" for name in LABEL.findall(body) if name != "default")
    line = text.count("\n", 0, start) + 1
    head = text[text.rfind("\n\n", 0, start):start]
    last = "\nreturn;" if re.search(r"\bvoid\s+(?:__\w+\s+)*\w+\(", head) else ""
    return (f'if ({SWITCH} == {number}) {{\n{labels}#line {line} "{COPY}{number}"\n'
            f'{body}{last}\n}}\n')


def with_copies(file, text, mutants):
    """The text of a file, where each function begins with copies, one for each of @mutants,
    which are pairs of a number and a mutant."""
    code = operators.code_of(text)
    for _, start, end in sorted(operators.functions(code), key=lambda found: -found[1]):
        copies = "".join(copy_of(text, start, end, mutant, number)
                         for number, mutant in mutants if start <= mutant.start < end)
        if copies:
            line = text.count("\n", 0, start) + 1
            text = f'{text[:start]}{copies}#line {line} "{file}"\n{text[start:]}'
    return declare(text)


def build(folder, name, texts):
    """Returns the folder of the kernel with other @texts of files.

    The tree is changed for as long as it takes; prepare.sh would mend it, too.
    """
    src = folder / "src/ours"
    out = src / name
    texts = {**texts, HOME: texts.get(HOME, (TOP / HOME).read_text()) + DEFINE}
    out.mkdir(exist_ok=True)
    shutil.copy(folder / "out" / VARIANT / ".config", out / ".config")
    links = {file: (src / file).is_symlink() and os.readlink(src / file) for file in texts}
    try:
        for file, text in texts.items():
            write(src / file, text)
        make = f""". {TOP}/scripts/lib.sh; kernel_env
"${{kernel_make[@]}}" -C {src} O={out} check-sections-in= Image"""
        done = subprocess.run(["bash", "-c", make], capture_output=True, text=True, check=False)
    finally:
        for file in texts:
            restore(src / file, links[file], TOP / file)
    if done.returncode:
        raise BuildError(done.stderr)
    return out


def uncompiled(what, broken):
    """The numbers of the mutants that the compiler refused, @what is its BuildError."""
    found = {int(number) for number in ERROR.findall(str(what))} - broken
    if not found:
        raise what
    return found
