"""Bounded waiting for something that another thread or process does."""

import socket
import time

PATIENCE_SECONDS = 10.0
"""Long enough for a loaded machine; a test that waits it out has failed."""


def wait_until(condition, what, seconds=PATIENCE_SECONDS):
    """Asks `condition` until it gives something true, which is returned; an AssertionError says `what`."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


_next_port = 0


def free_port():
    """A port nobody listens on, below the range from which the kernel takes ports for clients, so that no
    connection of a parallel test can be sitting on it."""
    import os
    global _next_port
    if _next_port == 0:
        _next_port = 15000 + (os.getpid() * 97) % 15000
    for _ in range(2000):
        _next_port = 15000 + (_next_port - 15000 + 1) % 16000
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", _next_port))
            except OSError:
                continue
            return _next_port
    raise AssertionError("no free port")
