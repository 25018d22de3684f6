# SPDX-License-Identifier: GPL-2.0-only
"""The monitor, with this program in the place of QEMU."""

import json
import socket
import threading

import qmp


def answer(far, answers, heard):
    """Plays QEMU: greets, then answers each line, with an event in between. The monitor may
    leave at any time, as it does with a QEMU that it has not asked for anything."""
    with far.makefile("r", encoding="utf-8") as stream:
        for text in ('{"QMP": {}}', *answers):
            try:
                far.sendall(b'{"event": "RTC_CHANGE"}\n' + text.encode() + b"\n")
            except BrokenPipeError:
                return
            heard.append(stream.readline())


def obey(line, *answers):
    """What a monitor sends for a line of the log, and whether it was refused."""
    host, heard = qmp.Monitor(), []
    fake = threading.Thread(target=answer, args=(host.far, answers, heard))
    fake.start()
    try:
        host.obey(line)
        return heard, False
    except qmp.Refused:
        return heard, True
    finally:
        host.near.shutdown(socket.SHUT_RDWR)
        fake.join()
        host.close()


def test_monitor(tap):
    line = "[    1.000000] KX: host qom-set path=/m property=size value=2M on=on"
    good, bad = '{"return": {}}', '{"error": {"desc": "no"}}'
    heard, refused = obey(line, good, good)
    tap.check(not refused and json.loads(heard[1]) ==
              {"execute": "qom-set", "arguments": {"path": "/m", "property": "size",
                                                   "value": 2 << 20, "on": True}},
              "monitor: a line of the log is carried out")
    tap.check(obey(line, good, bad)[1], "monitor: what QEMU refuses is a fault")
    wait = "[    1.000000] KX: reset-when 0x40 0x1234"
    words = ['{"return": "0000000000000040: 0x%08x\\r\\n"}' % word for word in (0, 0x1234)]
    heard, refused = obey(wait, good, *words, good)
    tap.check(not refused and [json.loads(line)["execute"] for line in heard if line] ==
              ["qmp_capabilities", "human-monitor-command", "human-monitor-command",
               "system_reset"], "monitor: a reset waits for a word of memory")
    qmp.RESET_WHEN_S = 0
    tap.check(obey(wait, good, *words[:1])[1], "monitor: a word that never comes is a fault")
    heard, refused = obey("[    1.000000] KX: hosts of heaven")
    tap.check(not refused and not any(heard), "monitor: other lines are left alone")
