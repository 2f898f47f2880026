"""Who starts Postern and looks after it, as systemd does: sd_notify(3), sd_listen_fds(3)."""

import os
import socket

from .waiting import PATIENCE_SECONDS


class Supervisor:
    """A notification socket; `told` has every assignment so far, in order."""

    def __init__(self, directory):
        self.path = str(directory / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self.told = []
        self.kept = []  # listening sockets, as descriptors

    def hear(self, seconds=PATIENCE_SECONDS):
        """The next message as a dict; None when there is none in that time."""
        self._socket.settimeout(seconds)
        try:
            text, sockets, _, _ = socket.recv_fds(self._socket, 4096, 256)
        except TimeoutError:
            return None
        self.kept += sockets
        self.told.append(dict(line.split("=", 1) for line in text.decode().splitlines()))
        return self.told[-1]

    def hear_until(self, key):
        """The next message that has `key`."""
        while True:
            message = self.hear()
            assert message is not None, f"{key} was not said; before: {self.told}"
            if key in message:
                return message

    def hand_on(self, postern):
        """Starts it with the sockets that were kept: its predecessor's."""
        first = 3
        numbers = range(first, first + len(self.kept))

        def give():
            high = [os.dup(fd) for fd in self.kept]  # none of them is a number that is about to be replaced
            while min(high) < numbers.stop:
                high = [os.dup(fd) for fd in self.kept]
            for number, fd in zip(numbers, high):
                os.dup2(fd, number)
            os.environ["LISTEN_FDS"] = str(len(high))
            os.environ["LISTEN_PID"] = str(os.getpid())

        postern.launch(preexec=give, pass_fds=tuple(numbers))

    def close(self):
        for fd in self.kept:
            os.close(fd)
        self._socket.close()


