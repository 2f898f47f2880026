"""One thread of a running Postern, by its name."""

import contextlib
import ctypes
import errno
import os
import pathlib

import pytest

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17  # ptrace(2)
WALL = 0x40000000  # waitpid(2): threads too


def thread_named(postern, name):
    tasks = pathlib.Path(f"/proc/{postern.process.pid}/task")
    return next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name)


@contextlib.contextmanager
def stuck(thread):
    """One thread of a process that runs below us stands still."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if libc.ptrace(SEIZE, thread, None, None) != 0:
        problem = ctypes.get_errno()
        if problem == errno.EPERM:
            pytest.skip("nothing may be traced here")
        raise OSError(problem, os.strerror(problem))
    assert libc.ptrace(INTERRUPT, thread, None, None) == 0
    os.waitpid(thread, WALL)
    try:
        yield
    finally:
        libc.ptrace(DETACH, thread, None, None)
