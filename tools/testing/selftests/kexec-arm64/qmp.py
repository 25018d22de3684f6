# SPDX-License-Identifier: GPL-2.0-only
"""The host's hand in a running guest: QEMU's machine protocol (QMP).

A guest that wants something from its host says so on the serial line, as
"KX: host COMMAND NAME=VALUE...". run.py passes such lines on to a Monitor, which
carries them out: "host qom-set path=/machine/peripheral/vm property=requested-size
value=256M" plugs memory in. Whatever QEMU refuses fails the case.

"KX: reset-when ADDR WORD" resets the machine as soon as the 32 bits of memory at ADDR
are WORD: a guest that spins can no longer ask for it.
"""

import json
import re
import socket
import time

REQUEST = re.compile(r"KX: host (\S+)((?: \S+=\S+)*)\s*$")
RESET_WHEN = re.compile(r"KX: reset-when (0x[0-9a-f]+) (0x[0-9a-f]+)\s*$")
NUMBER = re.compile(r"(\d+)([KMG]?)")
SHIFT = {"": 0, "K": 10, "M": 20, "G": 30}
PATIENCE_S = 20
RESET_WHEN_S = 120
POLL_S = 0.2


class Refused(Exception):
    """QEMU did not do it; the text says what and why."""


def value(text):
    """A number where the text is one, on or off as such, else the text."""
    if match := NUMBER.fullmatch(text):
        return int(match.group(1)) << SHIFT[match.group(2)]
    return {"on": True, "off": False}.get(text, text)


class Monitor:
    """One end of a socket whose other end, @far, is QEMU's."""

    def __init__(self):
        self.near, self.far = socket.socketpair()
        self.near.settimeout(PATIENCE_S)
        self.stream = self.near.makefile("rw", encoding="utf-8")
        self.greeted = False

    def arguments(self):
        """What QEMU has to be told; it inherits @far."""
        return ["-chardev", f"socket,id=qmp,fd={self.far.fileno()}",
                "-mon", "chardev=qmp,mode=control"]

    def _read(self):
        """The next message that is no event."""
        while line := self.stream.readline():
            message = json.loads(line)
            if "event" not in message:
                return message
        raise Refused("QEMU has closed its monitor")

    def _call(self, command, arguments):
        self.stream.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.stream.flush()
        return self._read()

    def run(self, command, arguments):
        """Carries out one command."""
        try:
            if not self.greeted:
                self._read()
                self._call("qmp_capabilities", {})
                self.greeted = True
            answer = self._call(command, arguments)
        except (OSError, ValueError) as what:
            raise Refused(f"host {command}: {what}") from what
        if "error" in answer:
            raise Refused(f"host {command} {arguments}: {answer['error'].get('desc')}")
        return answer.get("return")

    def reset_when(self, addr, word):
        """Waits until memory at @addr is @word, and resets the machine then."""
        deadline = time.monotonic() + RESET_WHEN_S
        command = {"command-line": f"xp /1wx {addr}"}
        while int(self.run("human-monitor-command", command).split()[-1], 16) != word:
            if time.monotonic() > deadline:
                raise Refused(f"memory at {addr} is not {word:#x} after {RESET_WHEN_S} s")
            time.sleep(POLL_S)
        self.run("system_reset", {})

    def obey(self, line):
        """Carries out what a line of the guest's log asks for, if it does."""
        if match := REQUEST.search(line):
            words = (word.split("=", 1) for word in match.group(2).split())
            self.run(match.group(1), {name: value(text) for name, text in words})
        elif match := RESET_WHEN.search(line):
            self.reset_when(match.group(1), int(match.group(2), 16))

    def close(self):
        self.stream.close()
        self.near.close()
        self.far.close()
