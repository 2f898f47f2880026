"""SIGTERM during deliveries: those under way are finished within bounds, the rest stays queued, exit 0."""

import collections
import signal

import pytest

from support.client import Closed, connect, message
from support.load import OutboundLoad, number_of
from support.outside import SENDER, ZONES, submit, wait_for_attempt, wait_until_empty
from support.name_server import NameServer
from support.waiting import wait_until

YOU = "you@plain.example"


def numbers(hop):
    return collections.Counter(number_of(kept.content) for kept in list(hop.messages))


def test_a_delivery_that_runs_is_finished_and_not_made_again(sender, outside):
    host = outside.host("mx.plain.example")
    host.delays["CONTENT"] = 1
    postern = sender()
    submit(postern, YOU)
    host.wait_until(lambda hop: hop.saw_content, "the content is on its way")
    assert postern.stop() == 0
    host.delays.clear()
    assert wait_for_attempt(postern, YOU)["verdict"] == "accepted"
    postern.start()
    wait_until_empty(postern)
    assert len(host.messages) == 1


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "CONTENT"])
def test_a_delivery_that_never_ends_is_cut_and_stays_queued(sender, outside, verb):
    host = outside.host("mx.plain.example")
    host.answers[verb] = "(never answer)"
    postern = sender(drain_seconds=1)
    submit(postern, YOU)
    host.wait_until(lambda hop: hop.conversations and (verb == "GREETING" or hop.commands), "the host was asked")
    assert postern.stop() == 0
    assert not outside.home.messages
    host.answers.clear()
    postern.start()
    host.wait_for_messages(1, seconds=30)
    wait_until_empty(postern)


def test_what_waits_for_its_next_attempt_does_not_hold_up_the_end(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = sender(delivery={"retry": ["1h"]})
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    assert postern.stop() == 0


def test_a_name_server_that_is_silent_does_not_hold_up_the_end(sender, outside, tmp_path):
    with NameServer(tmp_path / "dns", ZONES) as name_server:
        postern = sender(name_server=name_server, drain_seconds=1)
        name_server.process.send_signal(signal.SIGSTOP)
        try:
            submit(postern, YOU)
            wait_until(lambda: postern.metric("^postern_queue_in_hand_messages") == 1, "the name is asked for")
            assert postern.stop(seconds=20) == 0
        finally:
            name_server.process.send_signal(signal.SIGCONT)
    host = outside.host("mx.plain.example")
    assert not host.messages


def test_terminated_again_and_again_under_load_it_loses_nothing_and_sends_nothing_twice(sender, outside):
    host = outside.host("mx.plain.example")
    postern = sender()
    load = OutboundLoad(postern.address(), SENDER, [YOU], clients=4)
    try:
        for _ in range(5):
            before = load.total
            wait_until(lambda: load.total > before + 10, "mail flows")
            assert postern.stop(seconds=30) == 0
            postern.start()
    finally:
        load.stop()
    wait_until(lambda: load.accepted <= set(numbers(host)), "all is delivered", seconds=60)
    wait_until_empty(postern)
    delivered = numbers(host)
    assert max(delivered.values()) == 1
    assert set(delivered) <= load.accepted | load.unknown | load.deferred


def test_what_is_taken_while_the_gateway_ends_is_for_the_next_one(sender, outside):
    """Doors and deliveries end side by side: nothing is begun while sessions are finished."""
    host = outside.host("mx.plain.example")
    postern = sender()
    with connect(postern.address()) as first, connect(postern.address()) as last:
        for client in (first, last):
            client.ehlo().envelope(SENDER, YOU)
            assert client.command("DATA").code == 354
        postern.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(postern), "the doors are closed")
        first.send(message(SENDER) + b".\r\n")
        assert first.reply().code == 250
        last.send(message(SENDER) + b".\r\n")
        assert last.reply().code == 250
    assert postern.stop() == 0
    assert not host.conversations
    postern.start()
    host.wait_for_messages(2)
    wait_until_empty(postern)


def refuses(postern):
    try:
        with connect(postern.address()):
            return False
    except (Closed, OSError):
        return True
