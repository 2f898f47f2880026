"""SIGTERM drains: running transactions finish, nothing new begins, exit 0."""

import signal
import socket
import time

import pytest

from support.client import Closed, message
from support.load import Load, number_of
from support.promises import assert_accepted
from support.waiting import wait_until


def refuses(address):
    try:
        socket.create_connection(address, 5).close()
        return False
    except OSError:
        return True


def terminate(postern):
    postern.process.send_signal(signal.SIGTERM)
    wait_until(lambda: refuses(postern.address()), "new connections are refused")


@pytest.mark.parametrize("tls", ["clear", "TLS"])
def test_a_transaction_that_runs_is_finished_and_then_all_ends(postern, hop, tls):
    with postern.connect() as client:
        client.ehlo()
        if tls == "TLS":
            client.start_tls()
        client.envelope()
        assert client.command("DATA").code == 354
        content = message()
        client.send(content[:50])
        terminate(postern)
        client.send(content[50:] + b".\r\n")
        assert assert_accepted(client.reply(), hop).original == content
        client.rest()
    assert postern.wait() == 0


def test_an_idle_session_is_told_and_closed(postern):
    with postern.connect() as client:
        client.ehlo()
        postern.process.send_signal(signal.SIGTERM)
        assert client.rest().startswith(b"421 4.3.2")
    assert postern.wait() == 0


def test_an_idle_session_in_TLS_is_told_and_closed(postern):
    with postern.connect() as client:
        client.ehlo().start_tls()
        postern.process.send_signal(signal.SIGTERM)
        assert client.reply().status == "421 4.3.2"
    assert postern.wait() == 0


def test_no_new_transaction_begins(postern, hop):
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        terminate(postern)
        client.send(message() + b".\r\nMAIL FROM:<b@other.example>\r\n")
        assert client.reply().code == 250
        try:
            assert client.reply().status == "421 4.3.2"
        except Closed:
            pass
    assert postern.wait() == 0
    assert len(hop.messages) == 1


def test_a_client_that_never_finishes_does_not_hold_it_up_for_ever(start, hop):
    postern = start(drain_seconds=1)
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        begin = time.monotonic()
        postern.process.send_signal(signal.SIGTERM)
        assert postern.wait(8) == 0
        assert time.monotonic() - begin >= 0.5
    assert not hop.messages


def test_without_sessions_it_ends_at_once(postern):
    begin = time.monotonic()
    assert postern.stop() == 0
    assert time.monotonic() - begin < 2


def test_a_next_hop_that_never_says_a_word_does_not_hold_it_up(start, hop):
    hop.answers["GREETING"] = "(never answer)"
    postern = start()
    wait_until(lambda: hop.conversations, "the next hop was asked")
    assert postern.stop() == 0


def test_SIGINT_ends_it_likewise(postern):
    postern.process.send_signal(signal.SIGINT)
    assert postern.wait() == 0


def test_readyz_says_no_while_draining(postern):
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        terminate(postern)
        assert postern.http("/readyz")[0] in (503, 0)
        client.send(message() + b".\r\n")
        assert client.reply().code == 250


def test_under_load_nothing_acknowledged_is_lost(postern, hop):
    load = Load(postern.address(), clients=10, tls=True, size=5000)
    wait_until(lambda: load.total > 30, "mail flows")
    assert postern.stop(20) == 0
    load.stop()
    kept = {number_of(kept.original) for kept in hop.messages}
    assert load.accepted <= kept
    assert kept - load.accepted <= load.unknown
    assert not load.unknown, "a running transaction was cut off"
