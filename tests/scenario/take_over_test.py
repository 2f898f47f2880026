"""A new process takes the place of the old one: no client is refused, nothing is lost."""

import contextlib
import socket
import statistics
import threading
import time

import pytest

from support.client import message
from support.load import Load, OutboundLoad, number_of
from support.outside import SENDER, wait_until_empty
from support.promises import assert_accepted
from support.waiting import free_port, wait_until


class Callers:
    """Connect one after the other, each waiting for its greeting. `cut_off` are those who got none; `waits` is how
    many seconds the others waited."""

    def __init__(self, address, threads=4):
        self.address = address
        self.waits = []
        self.cut_off = []
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                with socket.create_connection(self.address, 20) as caller:
                    greeting = caller.recv(200)
                    assert greeting[:4] in (b"220 ", b"421 "), greeting
                self.waits.append(time.monotonic() - began)
            except (OSError, AssertionError) as problem:
                self.cut_off.append(repr(problem))

    @property
    def greeted(self):
        return len(self.waits)

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a caller hangs"
        print(f"{self.greeted} callers greeted, {len(self.cut_off)} not; of them half waited "
              f"{statistics.median(self.waits) * 1000:.1f} ms, one {max(self.waits) * 1000:.0f} ms")
        assert not self.cut_off, (len(self.cut_off), self.cut_off[:3])


class Successions:
    """Each process of a row, which ends well when the next one takes its place."""

    def __init__(self, postern):
        self.postern = postern

    def next(self):
        old, generation = self.postern.process, len(self.postern.events("started"))
        self.postern.launch(["--take-over"])
        assert old.wait(20) == 0
        self.postern.wait_for_event("started", count=generation + 1)


def test_a_socket_that_a_service_manager_opened_is_that_of_all_cores(prepare, hop):
    postern = prepare(cores=2)
    host, port = postern.address()
    postern.launch(by=["systemd-socket-activate", f"--listen={host}:{port}"])
    first = wait_until(lambda: reached((host, port)), "somebody listens")  # that starts it
    with contextlib.closing(first):
        assert first.recv(4) == b"220 "
    with contextlib.ExitStack() as sessions:
        for number in range(1, 9):
            client = sessions.enter_context(postern.connect())
            client.ehlo().envelope()
            assert client.data(message()).code == 250
            assert len(hop.messages) == number
    assert postern.stop() == 0


def reached(address):
    try:
        return socket.create_connection(address, 20)
    except ConnectionRefusedError:
        return None


def test_under_load_no_client_is_refused_and_nothing_is_lost(start, hop):
    postern = start()
    successions = Successions(postern)
    callers = Callers(postern.address())
    load = Load(postern.address(), clients=8, tls=True, size=5000)
    try:
        for cores in (2, 1, 3):  # sockets of cores that are no more have clients in them, too
            postern.host["cores"] = cores
            postern.write_host()
            before = load.total
            wait_until(lambda: load.total > before + 20, "mail flows")
            successions.next()
        before, greeted = load.total, callers.greeted
        wait_until(lambda: load.total > before + 20 and callers.greeted > greeted + 20, "mail flows in the end")
    finally:
        callers.stop()
        load.stop()
    assert not load.unknown, "a running transaction was cut off"
    assert not [failure for failure in load.failures if "Refused" in failure], load.failures[:3]
    assert {number_of(kept.original) for kept in hop.messages} == load.accepted
    assert len(hop.messages) == len(load.accepted)
    print(f"{len(load.accepted)} messages accepted and delivered, none lost or sent twice")


def test_the_queue_changes_hands_and_every_message_goes_out_once(sender, outside):
    host = outside.host("mx.plain.example")
    postern = sender()
    successions = Successions(postern)
    load = OutboundLoad(postern.address(), SENDER, ["you@plain.example"], clients=4)
    try:
        for _ in range(3):
            before = load.total
            wait_until(lambda: load.total > before + 10, "mail flows")
            successions.next()
    finally:
        load.stop()
    wait_until_empty(postern)
    assert not load.unknown, "a running transaction was cut off"
    assert sorted(number_of(kept.content) for kept in host.messages) == sorted(load.accepted)


def test_whoever_connects_while_the_old_one_finishes_is_answered_by_the_new_one(start, hop):
    postern = start()
    generation = len(postern.events("started"))
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        old = postern.process
        postern.launch(["--take-over"])
        wait_until(lambda: postern.http("/readyz")[0] != 200, "the old one is ending")
        with socket.create_connection(postern.address(), 20) as waiting:
            content = message()
            client.send(content + b".\r\n")
            assert assert_accepted(client.reply(), hop).original == content
            assert old.wait(20) == 0
            assert waiting.recv(200).startswith(b"220 ")
    postern.wait_for_event("started", count=generation + 1)


def test_with_mistakes_in_the_files_the_old_one_runs_on(postern, hop):
    postern.write_policy("nonsense = 1")
    taken = postern.run("serve", "--take-over")
    assert taken.returncode == 1
    assert "unknown key nonsense" in taken.stderr
    with postern.connect() as client:
        client.ehlo()
    assert len(postern.events("started")) == 1


def test_without_an_old_one_nothing_is_taken_over(prepare):
    taken = prepare().run("serve", "--take-over")
    assert taken.returncode == 1
    assert "no gateway answers" in taken.stderr


def test_a_gateway_of_systemd_is_not_taken_over_by_hand(start, supervisor, monkeypatch):
    postern = start()
    monkeypatch.delenv("NOTIFY_SOCKET")
    taken = postern.run("serve", "--take-over")
    assert taken.returncode == 1
    assert "restart the service" in taken.stderr
    with postern.connect() as client:
        client.ehlo()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_restart_by_systemd_refuses_nobody(start, supervisor, hop, end):
    postern = start()
    supervisor.hear_until("READY")
    assert len(supervisor.kept) == postern.host["cores"]
    postern.may_fail = end == "kill"
    callers = Callers(postern.address())
    try:
        wait_until(lambda: callers.greeted > 20, "clients are greeted")
        if end == "stop":
            assert postern.stop() == 0
        else:
            callers.stop()  # whom a killed one has accepted is cut off
            postern.kill()
        with socket.create_connection(postern.address(), 20) as waiting:
            supervisor.hand_on(postern)
            assert waiting.recv(200).startswith(b"220 ")
    finally:
        callers.stop()


def test_a_socket_of_a_listener_that_is_no_more_is_closed(start, supervisor):
    postern = start()
    supervisor.hear_until("READY")
    former = postern.address()
    assert postern.stop() == 0
    postern.host["listener"][0]["address"] = f"127.0.0.1:{free_port()}"
    postern.write_host()
    supervisor.hand_on(postern)
    supervisor.hear_until("READY")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(former, 5).close()
