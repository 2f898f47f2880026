"""What Postern says to systemd, or whoever started it: ready, reloading, stopping, and that every core lives."""

import contextlib
import ctypes
import os
import pathlib

import pytest

from support.waiting import wait_until

WATCHDOG_SECONDS = 0.2


def test_it_is_ready_when_clients_are_answered(prepare, supervisor):
    postern = prepare()
    postern.launch()
    assert supervisor.hear_until("READY") == {"READY": "1", "STATUS": "policy generation 1 in use"}
    with postern.connect() as client:
        client.ehlo()


def test_it_is_never_ready_when_it_cannot_start(prepare, supervisor):
    postern = prepare()
    postern.may_fail = True
    postern.write_policy("nonsense")
    postern.launch()
    assert postern.wait() == 1
    assert supervisor.hear(0.1) is None or "READY" not in supervisor.told[0]


def test_a_reload_is_told_and_a_refused_one_says_so_in_the_status(start, supervisor):
    postern = start()
    supervisor.hear_until("READY")
    postern.reload()
    assert int(supervisor.hear_until("RELOADING")["MONOTONIC_USEC"]) > 0
    assert supervisor.hear_until("READY")["STATUS"] == "policy generation 2 in use"
    postern.write_policy("nonsense = 1")
    assert postern.run("reload").returncode == 1
    supervisor.hear_until("RELOADING")
    status = supervisor.hear_until("READY")["STATUS"]
    assert status.startswith("policy generation 2 goes on, for the files have mistakes now (1)")


def test_the_end_is_told_with_the_time_that_it_may_take(start, supervisor):
    postern = start(drain_seconds=600)
    supervisor.hear_until("READY")
    assert postern.stop() == 0
    assert int(supervisor.hear_until("STOPPING")["EXTEND_TIMEOUT_USEC"]) > 600_000_000


@contextlib.contextmanager
def stuck(thread):
    """One thread of a process that runs below us stands still."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    assert libc.ptrace(seize, thread, None, None) == 0, os.strerror(ctypes.get_errno())
    assert libc.ptrace(interrupt, thread, None, None) == 0
    wall = 0x40000000  # waitid(2): threads too
    os.waitpid(thread, wall)
    try:
        yield
    finally:
        libc.ptrace(detach, thread, None, None)


def thread_named(postern, name):
    tasks = pathlib.Path(f"/proc/{postern.process.pid}/task")
    return next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name)


def test_the_watchdog_is_fed_only_while_every_core_answers(start, supervisor, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHDOG_SECONDS * 1e6)))
    postern = start()
    for _ in range(3):
        supervisor.hear_until("WATCHDOG")
    with stuck(thread_named(postern, "core-1")):
        wait_until(lambda: supervisor.hear(WATCHDOG_SECONDS * 5) is None, "nothing is said any more")
        assert postern.http("/healthz")[0] == 200, "the rest of it lives"
    supervisor.hear_until("WATCHDOG")
