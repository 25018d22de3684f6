# SPDX-License-Identifier: GPL-2.0-only
"""The administrator's page, and the Debian machines that run it."""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "debian"))
import debian # pylint: disable=wrong-import-position
import machine # pylint: disable=wrong-import-position
import page # pylint: disable=wrong-import-position
import record # pylint: disable=wrong-import-position

PAGE = """
.. debian: one

Words::

    not a command

.. debian: two

::

    first
    second

Words.
"""


def refused(tap, kind, call, name):
    try:
        call()
    except kind:
        tap.check(True, name)
    else:
        tap.check(False, name)


def test_page(tap):
    good = PAGE.replace(".. debian: one\n", "")
    tap.check(page.blocks(good) == {"two": ["first", "second"]}, "page: a block")
    refused(tap, page.BadPage, lambda: page.blocks(PAGE), "page: a name without a block")
    refused(tap, page.BadPage, lambda: page.blocks(good + good), "page: a name twice")
    refused(tap, page.BadPage, lambda: page.blocks(".. debian: one\n"), "page: a name at the end")


def used_blocks():
    """Names of blocks in the source of the steps."""
    source = Path(debian.__file__).read_text(encoding="utf-8")
    names = set(re.findall(r'(?:block\(|page\[)"([a-z0-9-]+)"', source))
    loaders = {loader for _, loader in debian.MACHINES.values() if loader}
    return names | {f"reserve-{loader}" for loader in loaders}


def test_steps(tap):
    tap.check(used_blocks() == set(page.read()), "steps: they run all blocks of the page, and no others")
    for name in debian.MACHINES:
        steps = debian.steps(name)
        tap.check(all(step.__doc__ for step in steps) and len(set(steps)) == len(steps),
                  f"steps: {name}: each is described and runs once")
    tap.check([step.__name__ for step in debian.chosen("trixie-dt", "removed")] ==
              ["start", "install", "reboot", "remove"] and
              debian.chosen("trixie-dt", None) == debian.steps("trixie-dt"), "steps: some of them")
    tap.check(debian.RELEASE.search("linux-image-6.12.1-kexec-4k_6.12.1+kexec7_arm64.deb").group(1)
              == "6.12.1-kexec-4k", "packages: version of a kernel")


def test_packages(tap):
    names = ["linux-image-6.12.1-kexec-4k_6.12.1+kexec7_arm64.deb",
             "linux-image-6.12.1-kexec-4k-dbg_6.12.1+kexec7_arm64.deb", "kexec-ready_6.12.1_all.deb"]
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            Path(folder, name).touch()
        found = [path.name for path in debian.find_packages(folder)]
        tap.check(found == [names[0], names[2]], "packages: kernel and units, no symbols")
        Path(folder, names[2]).unlink()
        refused(tap, LookupError, lambda: debian.find_packages(folder), "packages: no units")
        Path(folder, names[0].replace("4k_", "16k_")).touch()
        refused(tap, LookupError, lambda: debian.find_packages(folder), "packages: two kernels")


class Fake(machine.Machine):
    """A machine whose serial line says one of @texts at a time, for @cost CPU seconds each."""

    def __init__(self, *texts, cost=1):
        self.texts = list(texts)
        self.text = self.texts.pop(0)
        self.count, self.used, self.cost = 0, 0, cost

    def send(self, line):
        pass

    def cpu_s(self):
        return self.used

    def receive(self):
        self.used += self.cost
        self.text += self.texts.pop(0) if self.texts else ""


def test_machine(tap):
    fake = Fake("root@debian:~# out\n@@1:0@@\nroot@debian:~# ")
    tap.check(fake.ask("true") == "out", "machine: output of a command")
    fake = Fake("bad\n@@1:3@@\n")
    refused(tap, machine.Failed, lambda: fake.ask("false"), "machine: a command that fails")
    fake = Fake("old\n@@7:0@@\n")
    refused(tap, machine.Failed, lambda: fake.run("true", limit_s=0),
            "machine: the end of another command")


def test_limits(tap):
    late = ["", *[""] * 8, "\n@@1:0@@\n"]
    tap.check(Fake(*late, cost=1).run("slow", limit_s=10) == (0, ""), "machine: within its CPU seconds")
    refused(tap, machine.Failed, lambda: Fake(*late, cost=2).run("hang", limit_s=10),
            "machine: a command that uses more")
    limit, machine.IDLE_S = machine.IDLE_S, 0
    refused(tap, machine.Failed, lambda: Fake(*late, cost=0).run("wait", limit_s=10),
            "machine: a command that waits and uses none")
    machine.IDLE_S = limit


def test_record(tap):
    steps = {"one": ["start", "middle", "end"], "two": ["start", "other", "end"]}
    text = f"a\n{record.BEGIN}\n\nstep   one\n=====\nstart  yes\n\n{record.END}\nb\n"
    known = {("start", "one"): "yes"}
    tap.check(record.cells(text) == known, "record: results of a page")
    written = record.put(text, steps, {("end", "two"): "no"})
    found = record.cells(written)
    tap.check(found == {("start", "one"): "yes", ("start", "two"): "?", ("middle", "one"): "?",
                        ("middle", "two"): "-", ("other", "one"): "-", ("other", "two"): "?",
                        ("end", "one"): "?", ("end", "two"): "no"},
              "record: results of a run are added to those of the page")
    tap.check(written.startswith("a\n") and written.endswith("\nb\n") and
              record.put(written, steps, {}) == written, "record: all else stays")
    place = list(dict.fromkeys(step for step, _ in found)).index
    tap.check(all(place(names[i]) < place(names[i + 1]) for names in steps.values() for i in (0, 1)),
              "record: the steps are in the order of each machine")
    text = page.PAGE.read_text(encoding="utf-8")
    names = {name: [step.__doc__ for step in debian.steps(name)] for name in debian.MACHINES}
    tap.check(record.put(text, names, {}) == text, "record: the page has all steps, and no others")
