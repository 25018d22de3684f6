# SPDX-License-Identifier: GPL-2.0-only
"""The guest's shell: the status of every program counts. Runs functions of guest/init.sh on
the host, with a file in the place of the kernel's log."""

import subprocess
import tempfile
from pathlib import Path

INIT = Path(__file__).resolve().parents[1] / "guest/init.sh"
# Where the functions end and the work begins
WORK = "step=0 line=boot"


def functions(folder):
    """The functions of init.sh, which leave the host alone: no power-off, no log, no /tmp."""
    text = INIT.read_text(encoding="utf-8").split(WORK)[0]
    text = "".join(line for line in text.splitlines(True) if not line.startswith(". /"))
    for old, new in (("poweroff -f", "exit 9"), ("/tmp/", f"{folder}/"),
                     (">/dev/kmsg", f">>{folder}/log")):
        assert old in text, old
        text = text.replace(old, new)
    return text


def guest(command):
    """What a step leaves in the log, and whether the guest goes on after it."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        log.touch()
        script = f"{functions(folder)}\nsync() {{ :; }}\nstep=1 line=test\n{command}\nsay goes on\n"
        subprocess.run(["bash", "-c", script], capture_output=True, check=False, timeout=20)
        text = log.read_text()
    return text, "KX: goes on" in text and "KX: FAIL" not in text


def test_status(tap):
    text, alive = guest("tap_program sh -c 'echo 1..1; echo ok 1 - a'")
    tap.check(alive and "KXTAP: ok 1 - a" in text, "guest: TAP of a good program is passed on")
    text, alive = guest("tap_program sh -c 'echo 1..1; echo ok 1 - a; exit 3'")
    tap.check(not alive and "ended with status 3" in text,
              "guest: a program that prints good TAP and fails, fails")
    tap.check(not guest("tap_program sh -c 'kill -9 $$'")[1], "guest: a killed program fails")
    tap.check(guest("do_step run true")[1] and not guest("do_step run false")[1],
              "guest: run needs a program that succeeds")
    tap.check(guest("do_step fails false")[1] and not guest("do_step fails true")[1],
              "guest: fails needs a program that fails")
    tap.check(not guest("do_step no-such-step")[1], "guest: a step that the guest lacks fails")
    text, alive = guest("do_step run sh -c 'echo why; exit 1'")
    tap.check(not alive and "why" in text, "guest: a failed program's output is in the log")
    tap.check(not guest("sum_file /nonexistent")[1], "guest: a file that cannot be read fails")
