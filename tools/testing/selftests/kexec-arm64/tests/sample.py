# SPDX-License-Identifier: GPL-2.0-only
"""A table of cases and the log of its first case, which passes."""

import tempfile

import cases

TABLE = """
[defaults]
groups = ["ci"]
capture_facts = { cpus = "1" }
[el.el1]
machine = ""
cpu = "max"
cmdline = ""
boot_facts = "el1"
[firmware.none]
machine = "gic-version=3"
[kernel.4k]
page = "4096"
[kernel.64k]
page = "65536"
[steps]
dump = ["load-crash {1} {2}", "panic"]
[[case]]
name = "t-{n}"
matrix = { n = [1, 2] }
tap = 2
steps = ["chain {n} direct 64k", "tap program", "dump kexec-c 4k"]
stamps = { gap_us = ["] Bye", "KX: boot 3"] }
limits = { gap_us = 900000, load_us = 70 }
equals = { copied = 77 }
panic = "sysrq triggered crash"
tolerate = ["WARNING: planned"]
expect = [{ re = "Bye", count = 1 }]
distinct = ["text=(\\\\S+)"]
same = ["sum (\\\\S+)"]
"""

GOOD = """\
[    1.000000] KX: boot 1 el=el1 cpus=2 page=4096 text=a1\r
[    1.000000] KX: sum 77\r
[    1.100000] Bye\r
[    1.100000] WARNING: planned\r
[    1.000000] KX: boot 2 el=el1 cpus=2 page=65536 text=a2\r
[    1.100000] KXTAP: 1..2\r
[    1.100000] KXTAP: ok 1 - one\r
[    1.100000] KXTAP: ok 2 - two\r
[    2.000000] Kernel panic - not syncing: sysrq triggered crash\r
[    1.000000] KX: boot 3 el=el1 cpus=1 page=4096 text=a3\r
[    1.000000] KX: sum 77\r
[    2.100000] KX: done t-1\r
"""


def load(text=TABLE):
    """The cases of a table given as text."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as stream:
        stream.write(text)
        stream.flush()
        return cases.load(stream.name)
