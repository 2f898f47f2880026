"""Clients that break the rules of the conversation, or break the conversation."""

import os
import random
import signal
import ssl
import time

import pytest

from support.client import Client, message
from support.hostile import STEPS, WORDS, walk
from support.promises import assert_accepted, assert_not_complete, still_serves
from support.waiting import wait_until


# Out of turn

@pytest.mark.parametrize("sent", [b"EHLO client.example.net\r\n", b"X", b"\r\n", bytes(500)])
def test_an_early_talker_is_refused(postern, hop, sent):
    os.kill(postern.process.pid, signal.SIGSTOP)  # so that the bytes are there before the greeting
    try:
        client = Client(postern.address())
        client.send(sent)
    finally:
        os.kill(postern.process.pid, signal.SIGCONT)
    with client:
        assert client.reply().status == "554 5.5.0"
        assert client.is_closed_now()
    still_serves(postern, hop)


@pytest.mark.parametrize("batch", [b"EHLO x.example\r\nMAIL FROM:<b@other.example>\r\n",
                                   b"HELO x.example\r\nMAIL FROM:<b@other.example>\r\n"])
def test_pipelining_behind_a_greeting_is_refused(postern, hop, batch):
    with postern.connect() as client:
        client.send(batch + b"RCPT TO:<user@example.org>\r\nDATA\r\nx\r\n.\r\n")
        assert b"\r\n554 5.5.0" in b"\r\n" + client.rest()
    assert_not_complete(hop)
    still_serves(postern, hop)


def test_bytes_behind_DATA_before_its_answer_are_refused(client, postern, hop):
    client.envelope()
    client.send(b"DATA\r\n" + message() + b".\r\n")
    assert b"554 5.5.0" in client.rest()
    assert_not_complete(hop)
    still_serves(postern, hop)


def test_an_envelope_may_be_pipelined(client, hop):
    client.send(b"MAIL FROM:<b@other.example>\r\nRCPT TO:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
    assert [client.reply().code for _ in range(4)] == [250, 250, 250, 354]
    client.send(message() + b".\r\n")
    assert len(assert_accepted(client.reply(), hop).recipients) == 2


def test_an_envelope_may_be_pipelined_behind_RSET_and_refused_recipients(client, hop):
    hop.answers["RCPT"] = lambda text, _: "550 5.1.1 no such user" if "bad" in text else None
    client.send(b"RSET\r\nMAIL FROM:<b@other.example>\r\nRCPT TO:<bad@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n")
    assert [client.reply().code for _ in range(5)] == [250, 250, 550, 250, 354]
    client.send(message() + b".\r\nQUIT\r\n")
    assert_accepted(client.reply(), hop)
    assert client.reply().code == 221


def test_DATA_pipelined_behind_recipients_that_are_all_refused_is_refused(client, hop):
    hop.answers["RCPT"] = "550 5.1.1 no such user"
    client.send(b"MAIL FROM:<b@other.example>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n")
    assert [client.reply().code for _ in range(3)] in ([250, 550, 554], [250, 550, 503])
    assert client.command("NOOP").code == 250
    assert not hop.saw_content


ORDER = {
    "MAIL before EHLO": (["MAIL FROM:<b@other.example>"], "503 5.5.1"),
    "RCPT before EHLO": (["RCPT TO:<user@example.org>"], "503 5.5.1"),
    "RCPT before MAIL": (["EHLO x.example", "RCPT TO:<user@example.org>"], "503 5.5.1"),
    "DATA before MAIL": (["EHLO x.example", "DATA"], "503 5.5.1"),
    "DATA before RCPT": (["EHLO x.example", "MAIL FROM:<b@other.example>", "DATA"], ("503 5.5.1", "554 5.5.1")),
    "MAIL twice": (["EHLO x.example", "MAIL FROM:<b@other.example>", "MAIL FROM:<c@other.example>"], "503 5.5.1"),
    "an unknown command": (["EHLO x.example", "FROB x"], "500 5.5.1"),
    "an empty command": (["EHLO x.example", ""], "500 5.5.1"),
    "EXPN": (["EHLO x.example", "EXPN list"], "502 5.5.1"),
    "VRFY": (["EHLO x.example", "VRFY user"], "252 2.5.0"),
    "MAIL without FROM": (["EHLO x.example", "MAIL b@other.example"], "501 5.5.4"),
    "an unknown parameter": (["EHLO x.example", "MAIL FROM:<b@other.example> FROB=1"], "555 5.5.4"),
    "a malformed parameter": (["EHLO x.example", "MAIL FROM:<b@other.example> SIZE=big"], "501 5.5.4"),
    "a malformed sender": (["EHLO x.example", "MAIL FROM:<b@@other.example>"], "501 5.1.7"),
    "a malformed recipient": (["EHLO x.example", "MAIL FROM:<>", "RCPT TO:<>"], "501 5.1.3"),
    "UTF-8 without SMTPUTF8": (["EHLO x.example", "MAIL FROM:<ü@other.example>"], "553 5.6.7"),
}


@pytest.mark.parametrize("case", ORDER)
def test_commands_out_of_order_or_malformed_are_answered(postern, hop, case):
    lines, status = ORDER[case]
    with postern.connect() as client:
        replies = [client.command(line) for line in lines]
        assert replies[-1].status in ((status,) if isinstance(status, str) else status)
        assert_accepted(client.ehlo().envelope().data(message()), hop)


# Other protocols

@pytest.mark.parametrize("request_line", ["GET / HTTP/1.1", "POST /x HTTP/1.0", "CONNECT example.org:25 HTTP/1.1"])
def test_a_browser_is_sent_away(postern, hop, request_line):
    with postern.connect() as client:
        client.send(f"{request_line}\r\nHost: x\r\n\r\nMAIL FROM:<b@other.example>\r\n".encode())
        assert b"250" not in client.rest()
    still_serves(postern, hop)


def test_TLS_on_a_listener_for_SMTP_is_an_error(postern, hop):
    with postern.connect() as client:
        with pytest.raises((ssl.SSLError, OSError)):
            client.handshake()
    still_serves(postern, hop)


def test_SMTP_on_a_listener_for_TLS_is_closed(start):
    postern = start(listener={"tls": "implicit"})
    with Client(postern.address()) as client:
        client.send(b"EHLO client.example.net\r\n")
        assert b"220" not in client.rest()


@pytest.mark.parametrize("seed", range(20))
def test_garbage_never_gets_a_message_through(postern, hop, seed):
    source = random.Random(seed)
    with postern.connect() as client:
        client.send(source.randbytes(source.randrange(1, 20000)))
        client.socket.settimeout(0.05)
        try:
            client.rest()
        except TimeoutError:
            pass
    assert not hop.messages
    if seed % 5 == 0:
        still_serves(postern, hop)


@pytest.mark.parametrize("seed", range(30))
def test_commands_in_any_order_never_get_refused_mail_through(postern, hop, seed):
    source = random.Random(1000 + seed)
    with postern.connect() as client:
        for _ in range(source.randrange(5, 40)):
            client.send(source.choice(WORDS))
        client.socket.settimeout(0.05)
        try:
            client.rest()
        except TimeoutError:
            pass
    assert not any(b"bank.example" in kept.content for kept in hop.messages)
    assert postern.process.poll() is None


# Connections that break

@pytest.mark.parametrize("tls", ["clear", "TLS"])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_client_that_breaks_off_at_any_step_completes_nothing(postern, hop, end, tls):
    for steps in range(len(STEPS) + 1):
        client = postern.connect()
        if tls == "TLS":
            client.ehlo().start_tls()
        walk(client, steps)
        client.close() if end == "close" else client.abort()
    wait_until(lambda: postern.metric("^postern_sessions(_open)?({|$)") == 0, "all sessions have ended")
    assert_not_complete(hop)
    still_serves(postern, hop)


@pytest.mark.parametrize("tls", ["clear", "TLS"])
def test_a_client_that_breaks_off_right_behind_the_final_dot_may_have_sent_it(postern, hop, tls):
    for _ in range(10):
        client = postern.connect()
        if tls == "TLS":
            client.ehlo().start_tls()
        walk(client, len(STEPS))
        client.send(b"\r\n")
        client.abort()
    wait_until(lambda: postern.metric("^postern_sessions(_open)?({|$)") == 0, "all sessions have ended")
    for kept in hop.messages:
        assert kept.body == b"body\r\n" * 101
    before = len(hop.messages)
    assert before <= 10
    still_serves(postern, hop)


def test_many_connections_at_once_that_say_nothing(postern, hop):
    clients = [Client(postern.address(), source=(f"127.0.1.{n % 200 + 1}", 0)) for n in range(500)]
    still_serves(postern, hop)
    for client in clients:
        client.abort()
    still_serves(postern, hop)


def test_a_flood_of_connections_that_reset_at_once(postern, hop):
    begin = time.monotonic()
    while time.monotonic() - begin < 1:
        Client(postern.address()).abort()
    wait_until(lambda: postern.metric("^postern_sessions(_open)?({|$)") == 0, "all sessions have ended")
    still_serves(postern, hop)


def test_descriptors_are_given_back(postern, hop):
    still_serves(postern, hop)
    before = postern.descriptors()
    for n in range(60):
        client = postern.connect()
        if n % 3:
            client.ehlo().envelope()
        client.abort() if n % 2 else client.close()
    wait_until(lambda: postern.descriptors() <= before + 4, "descriptors are given back")
