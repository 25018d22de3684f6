# SPDX-License-Identifier: GPL-2.0-only
"""Results of cases: as TAP while they arrive, as JUnit, as files, and side by side.

Each case leaves NAME.json beside its log, with its verdict, faults and figures. Two
folders of such files, or two build folders, can be compared.
"""

import json
import sys
import xml.etree.ElementTree as xml
from pathlib import Path

import check_log

TAIL_LINES = 15
LOGS = "log/qemu"
# Figures that differ by less than this are printed as equal, in percent
SAME_PERCENT = 1


class Report:
    """Prints TAP; results are numbered in the order in which they come in."""

    def __init__(self, planned):
        self.planned = [name for case in planned for name in result_names(case)]
        self.seen = []
        self.failed = []
        self.skipped = []
        print("TAP version 13")
        print(f"1..{len(self.planned)}")

    def result(self, good, name, directive=""):
        self.seen.append(name)
        print(f"{'ok' if good else 'not ok'} {len(self.seen)} {name}{directive}")
        if not good:
            self.failed.append(name)

    def case(self, outcome):
        for line in (*outcome.notes, *outcome.faults):
            print(f"# {line}")
        print(f"# {outcome.case.name}: {outcome.seconds:.1f} s, "
              f"{outcome.cpu_s:.1f} s of CPU, {outcome.log}")
        if outcome.faults and outcome.log.is_file():
            for line in check_log.clean(outcome.log.read_bytes())[-TAIL_LINES:]:
                print(f"#   {line}")
        skip = ""
        if outcome.skipped:
            skip = f" # SKIP {outcome.missing} is missing"
            self.skipped.append(outcome.case.name)
        self.result(not outcome.faults, outcome.case.name, skip)
        for suite in outcome.case.kunit:
            good, why = outcome.suites.get(suite, (False, ["the suite did not run"]))
            for line in why:
                print(f"# {line}")
            self.result(good or skip, f"{outcome.case.name}/{suite}", skip)
        sys.stdout.flush()

    def unplanned(self):
        """Results that are missing, not planned, or duplicate."""
        missing = sorted(set(self.planned) - set(self.seen))
        more = sorted(name for name in set(self.seen)
                      if self.seen.count(name) > self.planned.count(name))
        return [*(f"no result of {name}" for name in missing),
                *(f"not planned, or more than once: {name}" for name in more)]


def result_names(case):
    return [case.name, *(f"{case.name}/{suite}" for suite in case.kunit)]


def record(outcome):
    """What compare() and other tools can read later."""
    verdict = "failed" if outcome.faults else "skipped" if outcome.missing else "passed"
    return {"case": outcome.case.name, "verdict": verdict, "seconds": round(outcome.seconds, 1),
            "cpu_s": round(outcome.cpu_s, 1), "faults": outcome.faults,
            "missing": outcome.missing, "figures": outcome.figures}


def keep(outcome):
    outcome.log.with_suffix(".json").write_text(json.dumps(record(outcome), indent=1) + "\n")


def junit(outcomes, path):
    """Writes the results in the format of JUnit."""
    suite = xml.Element("testsuite", name="kexec-arm64", tests=str(len(outcomes)),
                        failures=str(sum(bool(o.faults) for o in outcomes)),
                        skipped=str(sum(o.skipped for o in outcomes)))
    for outcome in outcomes:
        test = xml.SubElement(suite, "testcase", classname="kexec-arm64", name=outcome.case.name,
                              time=f"{outcome.seconds:.1f}")
        if outcome.faults:
            failure = xml.SubElement(test, "failure", message=printable(outcome.faults[0]))
            failure.text = printable("\n".join(outcome.faults))
        elif outcome.missing:
            xml.SubElement(test, "skipped", message=f"{outcome.missing} is missing")
    xml.indent(suite)
    xml.ElementTree(suite).write(path, encoding="utf-8", xml_declaration=True)


def printable(text):
    """XML has no control characters."""
    return "".join(c if c >= " " or c in "\n\t" else "?" for c in text)


def read_results(folder):
    """The results of a build folder, or of a folder with NAME.json."""
    folder = Path(folder)
    if (folder / LOGS).is_dir():
        folder = folder / LOGS
    found = (json.loads(path.read_text()) for path in sorted(folder.glob("*.json")))
    return {result["case"]: result for result in found}


def spell_figure(old, new):
    """The largest value of each side, and the change in percent."""
    if not old or not new:
        return f"{max(old) if old else '-'} {max(new) if new else '-'}"
    before, after = max(old), max(new)
    change = (after - before) * 100 / before if before else 0
    same = abs(change) < SAME_PERCENT and (before or not after)
    return f"{before} {after}" + ("" if same else f" ({change:+.0f} %)")


def compare(first, second):
    """Lines of a table of two folders, and the cases that only the first one passes."""
    old, new = read_results(first), read_results(second)
    lines, worse = [], []
    for name in sorted(old | new):
        one, two = old.get(name), new.get(name)
        verdicts = [side["verdict"] if side else "-" for side in (one, two)]
        lines.append(f"{name:40} {verdicts[0]:8} {verdicts[1]:8}")
        for side, result in zip("AB", (one, two)):
            if result and result["faults"]:
                lines.append(f"    {side}: {result['faults'][0]}")
        if verdicts == ["passed", "failed"]:
            worse.append(name)
        figures = [side["figures"] if side else {} for side in (one, two)]
        for figure in sorted(figures[0] | figures[1]):
            lines.append(f"    {figure:36} "
                         + spell_figure(*(side.get(figure, []) for side in figures)))
    return lines, worse
