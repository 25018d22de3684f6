# SPDX-License-Identifier: GPL-2.0-only
"""The table of dump tools."""

import sys
import tempfile
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "debian"))
import tools # pylint: disable=wrong-import-position


def release_that(status, out, err):
    return SimpleNamespace(run=lambda *args: (status, out, err))


def test_tools(tap):
    tool = tools.Tool("t", "", "", ("panic",))
    symbols = tools.Tool("t", "", "", ("panic",), True)
    for status, out, err, wanted, name in (
            (0, "a panic", "", "yes", "found"), (1, "a panic", "", "no: a panic", "status"),
            (0, "", "bad dump\n", "no: bad dump", "not found"), (0, "", "", "no: status 0", "silent")):
        tap.check(tools.reads(release_that(status, out, err), tool, "d", None) == wanted,
                  f"tools: {name}")
    tap.check(tools.reads(release_that(0, "a panic", ""), symbols, "d", None) == "-",
              "tools: no debug information")


def test_page(tap):
    results = {("crash", "9.0.2", "4k-48-s"): "no: bad: dump", ("crash", "8.0.6", "4k-48-s"): "yes"}
    known = {("drgn", "0.3.0", "16k-48-s"): "-"}
    rows = tools.merge(known, results, ["4k-48-s", "16k-48-s"])
    tap.check([row[:2] for row in rows] == [["crash", "8.0.6"], ["crash", "9.0.2"], ["drgn", "0.3.0"]],
              "tools: rows in the order of tools and versions")
    text = f"{tools.BEGIN}\n\n{tools.render(['4k-48-s', '16k-48-s'], rows)}\n{tools.END}\n"
    tap.check("crash  9.0.2    no       ?" in text and "- crash 9.0.2, 4k-48-s: ``bad: dump``" in text,
              "tools: table")
    found = tools.read_page(text)
    tap.check({key: cell for key, cell in found.items() if cell != "?"} == known | results,
              "tools: the table is read as it was written")
    with redirect_stdout(StringIO()) as out:
        same, other = tools.compare(found, results), tools.compare(found, {("crash", "8.0.6", "4k-48-s"): "no: x"})
        new = [tools.compare(found, {("crash", "8.0.6", "64k-48-s"): cell}) for cell in ("yes", "no: x")]
    tap.check((same, other, *new) == (0, 1, 0, 1) and out.getvalue().count("not ok") == 2,
              "tools: results that the page does not have")


class FakeGuest:
    """A guest that has written a dump, and ended as @how says."""

    def __init__(self, **how):
        self.timed_out = how.get("timed_out", False)
        self.status = how.get("status", 0)

    def wait(self):
        """Nothing to wait for."""

    def stop(self):
        """Nothing to stop."""


def dump_of(**how):
    """What make_dump() returns or says when the guest ends so."""
    case = SimpleNamespace(name="c", timeout=1)
    store = SimpleNamespace(log=lambda case: "log")
    with tempfile.TemporaryDirectory() as share:
        (Path(share) / "out").mkdir()
        if how.pop("written", True):
            (Path(share) / "out/elf").touch()
        fake = SimpleNamespace(need_tools=lambda case: None, command=lambda case, store: [],
                               prepare=lambda case, store: Path(share),
                               Guest=lambda *args: FakeGuest(**how))
        real, tools.qemu = tools.qemu, fake
        try:
            return tools.make_dump(case, store).name
        except SystemExit as what:
            return str(what)
        finally:
            tools.qemu = real


def test_dump(tap):
    tap.check(dump_of() == "elf", "tools: a dump")
    for how in ({"timed_out": True}, {"status": 1}, {"written": False}):
        tap.check("no dump, or a part of one" in dump_of(**how), f"tools: no dump with {how}")
