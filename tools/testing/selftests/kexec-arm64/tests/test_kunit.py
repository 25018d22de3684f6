# SPDX-License-Identifier: GPL-2.0-only
"""Results of KUnit suites in a kernel log."""

import kunit

KTAP = """\
KTAP version 1
1..2
    KTAP version 1
    # Subtest: good
    1..2
    ok 1 a
        KTAP version 1
        not ok 1 inner
    ok 2 b
# good: pass:2 fail:0 skip:0 total:2
ok 1 good
    KTAP version 1
    # Subtest: short
    1..2
    ok 1 a
ok 2 short
    KTAP version 1
    # Subtest: bad
    1..1
    not ok 1 a
not ok 3 bad
    KTAP version 1
    # Subtest: skips
    1..1
    ok 1 a # SKIP no
ok 4 skips
"""


def test_kunit(tap):
    suites = {name: good for name, (good, _) in kunit.parse(KTAP.splitlines()).items()}
    tap.check(suites == {"good": True, "short": False, "bad": False, "skips": False},
              "kunit: only a suite that is whole and good passes")

    twice = kunit.parse((KTAP.replace("short", "good")).splitlines())
    tap.check(not twice["good"][0], "kunit: a suite with two results fails")
