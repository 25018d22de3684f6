# SPDX-License-Identifier: GPL-2.0-only
"""The sums of make test: logs of steps that count as failed."""

import re
import subprocess
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[5]
SCRIPT = r"""
. "$top/scripts/tally.sh"
top=$2
tally "$1" "$3"
printf 'F %s\n' "${failures[@]}"
echo "$passed $failed $skipped"
"""
LISTED = "1..2\nok 1 - a\nok 2 - b # SKIP x is missing\n"
# A log, the status of its step, and what passed, failed and was skipped
LOGS = (
    ("1..2\nok 1 - a\nok 2 - b\n", 0, "2 0 0", "all that was planned"),
    ("1..2\nok 1 - a\n    not ok 1 c\nok 2 - b\n", 0, "2 0 0", "subtests do not count"),
    ("1..1\nok 1 - a\n1..1\nok 1 - b\n", 0, "2 0 0", "two plans add up"),
    ("1..2\nok 1 - a\nnot ok 2 - b\n", 1, "1 1 0", "a failed test"),
    ("1..3\nok 1 - a\nok 2 - b\n", 0, "2 1 0", "a missing result"),
    ("1..1\nok 1 - a\nok 2 - b\n", 0, "2 1 0", "a result that is not planned"),
    ("1..2\nok 1 - a\nok 2 - a\n", 0, "2 1 0", "two results of one test"),
    ("1..1\nok 1 - a\n", 1, "1 1 0", "a step that fails without a failed test"),
    ("", 0, "0 1 0", "a step without results"),
    (LISTED, 0, "1 1 0", "a skip that is not in the list"),
)


def tally(log, status, listed=""):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "scripts").mkdir()
        Path(folder, "scripts/allowed-skips.txt").write_text(f"# a list\n{listed}\n")
        Path(folder, "log").write_text(log)
        done = subprocess.run(["bash", "-c", SCRIPT, "tally", f"{folder}/log", folder, str(status)],
                              env={"top": str(TOP), "PATH": "/usr/bin:/bin"}, text=True,
                              capture_output=True, check=True)
    return done.stdout.splitlines()


def sums(*args):
    return tally(*args)[-1]


def test_tally(tap):
    for log, status, wanted, why in LOGS:
        tap.check(sums(log, status) == wanted, f"tally: {why}")
    tap.check(sums(LISTED, 0, "b because there is no x") == "1 0 1", "tally: a skip in the list")
    tap.check(sums(LISTED, 0, "b2 because") == "1 1 0", "tally: a skip whose name is longer")
    lines = tally("1..2\nnot ok 1 - a\nok 2 - b # SKIP c\n", 0)
    tap.check("F log: a" in lines, "tally: a failed test is listed at the end")
    tap.check(any(re.fullmatch("F log: .*allowed.*: b", line) for line in lines),
              "tally: a refused skip is listed, too")
