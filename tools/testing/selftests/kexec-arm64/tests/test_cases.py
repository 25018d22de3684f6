# SPDX-License-Identifier: GPL-2.0-only
"""Tables of cases that are good, and tables that must be refused."""

import fnmatch
import re
from pathlib import Path

import cases
from tests.sample import TABLE, load

REPORTS = (Path(__file__).resolve().parents[5]
           / "Documentation/arch/arm64/kexec/reports.rst")

PROFILES = """
[profile.low]
cmdline = "low"
forbid = ["low"]
inspect = { cpus = 1, panic = "low" }
[profile.high]
profile = "low"
cmdline = "high"
memory = 7
[[case]]
name = "p-{n}"
profile = "high"
matrix = { n = [1] }
cmdline = "case"
forbid = ["case"]
inspect = { panic = "case" }
steps = []
[case.prove]
matrix = { n = [2, 3] }
forbid = ["prove"]
"""



def refuses(text):
    try:
        load(text)
    except cases.TableError:
        return True
    return False


def test_profiles(tap):
    found = {case.name: case for case in load(TABLE + PROFILES)}
    case = found["p-1"]
    tap.check(case.cmdline == "low high case" and case.memory == 7 and
              case.forbid == ["low", "case"] and case.inspect == {"cpus": 1, "panic": "case"},
              "table: a case adds to its profiles or replaces them, field by field")
    long = [found[name] for name in ("p-2", "p-3")]
    tap.check(all(c.groups == ["prove"] and c.forbid == ["prove"] and c.memory == 7 for c in long)
              and case.groups == ["ci"], "table: a long form replaces what it names")
    tap.check(refuses(TABLE + PROFILES.replace('profile = "high"', 'profile = "hihg"')),
              "table: refuses an unknown profile")


def test_table(tap):
    found = load(TABLE)
    tap.check([c.name for c in found] == ["t-1", "t-2"], "table: a matrix makes cases")
    tap.check(found[1].steps == ["load direct 64k", "leave kexec-e", "load direct 64k",
                                 "leave syscall", "tap program", "load-crash kexec-c 4k",
                                 "panic"],
              "table: macros are spelled out")
    tap.check([b.kernel for b in found[1].boots] == ["4k", "64k", "64k", "4k"],
              "table: kernels follow from the steps")
    more = load(TABLE.replace('steps = ["chain', 'steps = ["refuse direct 4k-foreign E", "chain'))
    tap.check(more[0].kernels == ["4k", "64k", "4k-foreign"],
              "table: kernels that are only loaded are needed as well")
    times = load(TABLE.replace('"chain {n} direct 64k"', '"times 2 chain {n} direct 64k"'))
    tap.check(len(times[1].boots) == 6, "table: steps are repeated")
    tap.check(refuses(TABLE.replace("tap = 2", "tpa = 2")), "table: refuses an unknown field")
    tap.check(refuses(TABLE.replace("chain {n}", "chian {n}")), "table: refuses an unknown step")
    tap.check(refuses(TABLE.replace("t-{n}", "t")), "table: refuses a name that stands twice")
    tap.check(refuses(TABLE.replace("load-crash {1}", "load {1}")),
              "table: refuses a panic with nothing loaded")
    tap.check(cases.load(), "table: the files of cases/ are sound")


def test_width(tap):
    wide = [f"{path.name}:{number}" for path in sorted(cases.TOPICS.glob("*.toml"))
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if len(line.expandtabs(4)) > 120]
    tap.check(not wide, f"table: no line is wider than 120 columns ({' '.join(wide)})")


def test_rules(tap):
    dumping = TABLE.replace('"panic"]', '"panic", "save-dump dump"]').replace(
        "tap = 2", 'tap = 2\ndumps = ["dump"]')
    tap.check(load(dumping), "table: a dump of the panic that is known")
    other = dumping.replace('panic = "sysrq triggered crash"', 'panic = "other"')
    tap.check(refuses(other), "table: refuses a dump that nothing inspects for its panic")
    tap.check(load(other.replace("tap = 2", 'tap = 2\ninspect = { trace = ["f"] }')),
              "table: a dump with the trace of its panic")
    tap.check(refuses(TABLE.replace("tap = 2", "tap = 0")), "table: refuses TAP without a plan")
    tap.check(refuses(TABLE.replace('"tap program", ', "")), "table: refuses a plan without TAP")


def reported(text):
    """The cases in a page's column of tests, as patterns: "-hot" follows the name before it, or
    replaces its last word."""
    for cell in re.findall(r"^     - cases? ((?:.|\n       )*)", text, re.M):
        base = ""
        plain = re.sub(r"KUnit \S+|\([^)]*\)|\band\b", " ", cell.replace("\\", ""))
        for word in re.findall(r"[\w*-]+", plain):
            if word.startswith("-"):
                yield (base + word, base.rsplit("-", 1)[0] + word)
            else:
                base = word
                yield (word,)


def test_reports(tap):
    names = [case.name for case in cases.load()]
    wanted = list(reported(REPORTS.read_text(encoding="utf-8")))
    lost = [patterns[0] for patterns in wanted
            if not any(fnmatch.filter(names, pattern) for pattern in patterns)]
    tap.check(wanted and not lost, f"table: has the cases of the reports ({' '.join(lost)})")
    sample = "   * - r\n     - cases one, -two;\n       three-\\* (x)\n   * - s\n     - none\n"
    tap.check(list(reported(sample)) == [("one",), ("one-two", "one-two"), ("three-*",)],
              "table: cases in a column of reports")
