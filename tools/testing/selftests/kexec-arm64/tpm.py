# SPDX-License-Identifier: GPL-2.0-only
"""A TPM 2.0 for a guest: swtpm, on the other end of a socket that QEMU inherits."""

import socket
import subprocess


class Tpm:
    """A new TPM for each case; @far is QEMU's end of the control channel."""

    def __init__(self, work):
        state = work / "tpm"
        state.mkdir()
        near, self.far = socket.socketpair()
        with near:
            self.process = subprocess.Popen(
                ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={state}", "--terminate",
                 "--ctrl", f"type=unixio,clientfd={near.fileno()}",
                 "--log", f"file={work / 'tpm.log'}"],
                stdin=subprocess.DEVNULL, pass_fds=(near.fileno(),))

    def arguments(self):
        """What QEMU has to be told; it inherits @far."""
        return ["-chardev", f"socket,id=tpm,fd={self.far.fileno()}",
                "-tpmdev", "emulator,id=tpm,chardev=tpm", "-device", "tpm-tis-device,tpmdev=tpm"]

    def close(self):
        self.far.close()
        self.process.kill()
        self.process.wait()
