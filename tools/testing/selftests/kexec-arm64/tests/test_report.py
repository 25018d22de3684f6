# SPDX-License-Identifier: GPL-2.0-only
"""Reports: TAP with all that was planned, JUnit, and two results side by side."""

import contextlib
import io
import json
import tempfile
import xml.etree.ElementTree as xml
from pathlib import Path

import report
import run
from tests.sample import load


def quietly(function, *args):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        function(*args)
    return out.getvalue()


def planned(chosen):
    with contextlib.redirect_stdout(io.StringIO()):
        return report.Report(chosen)


def test_plan(tap):
    chosen = load()
    chosen[1].kunit = ["suite"]
    outcomes = [run.Outcome(case, log=Path("/nonexistent")) for case in chosen]
    outcomes[1].suites = {"suite": (True, [])}
    tape = planned(chosen)
    for outcome in outcomes:
        quietly(tape.case, outcome)
    tap.check(not tape.unplanned() and not tape.failed, "report: all that was planned")
    quietly(tape.case, outcomes[0])
    tap.check(tape.unplanned(), "report: a result that comes twice is a fault")
    tape = planned(chosen[:1])
    quietly(tape.case, outcomes[1])
    tap.check(len(tape.unplanned()) == 3, "report: a missing result and unplanned ones are faults")
    outcomes[1].suites = {}
    tape = planned(chosen[1:])
    quietly(tape.case, outcomes[1])
    tap.check(tape.failed == ["t-2/suite"], "report: a suite that did not run is a fault")


def test_skip(tap):
    outcome = run.Outcome(load()[0], log=Path("/nonexistent"), missing="swtpm")
    tape = planned([outcome.case])
    tap.check("ok 1 t-1 # SKIP swtpm is missing" in quietly(tape.case, outcome) and
              tape.skipped == ["t-1"], "report: a missing tool is a skip, which names it")
    outcome.faults = ["bad"]
    tape = planned([outcome.case])
    tap.check("not ok 1 t-1\n" in quietly(tape.case, outcome), "report: a fault is no skip")


def test_junit(tap):
    good, bad = (run.Outcome(case, log=Path("/nonexistent")) for case in load())
    bad.faults = ["forbidden: \x1b <BUG> & more"]
    with tempfile.NamedTemporaryFile(suffix=".xml") as stream:
        report.junit([good, bad], stream.name)
        suite = xml.parse(stream.name).getroot()
    tap.check(suite.get("tests") == "2" and suite.get("failures") == "1" and
              [test.find("failure") is not None for test in suite] == [False, True],
              "report: JUnit has each case and its fault")


def result(name, verdict, figures=()):
    return {"case": name, "verdict": verdict, "faults": ["bad"] if verdict == "failed" else [],
            "figures": dict(figures)}


def test_compare(tap):
    with tempfile.TemporaryDirectory() as folder:
        for side, results in (("a", [result("x", "passed", {"us": [7, 10]}), result("y", "failed")]),
                              ("b", [result("x", "failed", {"us": [20]}), result("z", "passed")])):
            logs = Path(folder, side, report.LOGS)
            logs.mkdir(parents=True)
            for one in results:
                (logs / f"{one['case']}.json").write_text(json.dumps(one))
        lines, worse = report.compare(f"{folder}/a", f"{folder}/b")
    text = "\n".join(" ".join(line.split()) for line in lines)
    tap.check(worse == ["x"] and "x passed failed" in text and "y failed -" in text
              and "z - passed" in text, "report: verdicts side by side")
    tap.check("us 10 20 (+100 %)" in text, "report: the largest figures side by side")
