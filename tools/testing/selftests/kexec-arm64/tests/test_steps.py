# SPDX-License-Identifier: GPL-2.0-only
"""The registry of steps, and that the guest has each of them."""

import re
from pathlib import Path

import steps

GUEST = Path(__file__).resolve().parents[1] / "guest"


def refuses(step):
    try:
        steps.check(step)
    except steps.StepError:
        return True
    return False


def test_registry(tap):
    tap.check(not refuses("load kexec-s 4k initrd=file word word") and
              not refuses("block 0x40000000 offline") and not refuses("panic") and
              not refuses("device firmware set"), "steps: passes good steps")
    for step, why in (("laod direct 4k", "unknown verb"), ("device dance", "unknown second word"),
                      ("load kexec-z 4k", "unknown loader"), ("load direct", "argument missing"),
                      ("cpu 1 2", "argument that is none of the choices"),
                      ("state 0 0 0", "argument too many"), ("io 1", "argument where none is"),
                      ("device firmware get", "optional argument that is another word")):
        tap.check(refuses(step), f"steps: refuses {why}")
    tap.check(steps.kernel("load-crash kexec-s 64k word") == "64k" and
              steps.kernel("refuse packed 16k EPERM") == "16k" and steps.kernel("io") is None,
              "steps: the kernel of a step")
    tap.check(steps.needs_tools("device fb") and not steps.needs_tools("run true"),
              "steps: which archive a step needs")


def test_guest(tap):
    shell = "".join(path.read_text(encoding="utf-8") for path in sorted(GUEST.glob("*.sh")))
    functions = set(re.findall(r"^step_(\w+)\(\)", shell, re.M)) - {"after"}
    wanted = {name.split()[0].replace("-", "_") for name in steps.VERBS}
    tap.check(functions == wanted, f"steps: the guest has each of them, and no other "
              f"({' '.join(sorted(functions ^ wanted))})")
    for verb in ("device", "ima"):
        body = re.search(rf"^step_{verb}\(\) {{(.*?)^}}", shell, re.M | re.S)[1]
        labels = set(re.findall(r"^\t([a-z]+)\)", body, re.M))
        words = {name.split()[1] for name in steps.VERBS if name.startswith(f"{verb} ")}
        tap.check(labels == words, f"steps: the guest has each {verb} ... "
                  f"({' '.join(sorted(labels ^ words))})")
