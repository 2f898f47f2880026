"""SMTP smuggling: only CRLF . CRLF ends a message, and no other line ending ever reaches the next hop."""

import re

import pytest

from support.client import Closed, message
from support.hostile import BARE
from support.promises import assert_accepted, still_serves

CONTENT = {
    "CRLF NUL . CRLF": b"\r\n\0.\r\n",
    "CRLF . NUL CRLF": b"\r\n.\0\r\n",
    "CRLF .. CRLF": b"\r\n..\r\n",
    "CRLF blank . CRLF": b"\r\n .\r\n",
    "CRLF . blank CRLF": b"\r\n. \r\n",
    "CRLF NEL . CRLF": b"\r\n\x85.\r\n",
    "U+2028 . U+2028": "\u2028.\u2028".encode(),
    "VT . VT": b"\x0b.\x0b",
    "FF . FF": b"\x0c.\x0c",
}
SMUGGLED = (b"MAIL FROM:<a@bank.example>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n"
            b"From: a@bank.example\r\n\r\nsmuggled\r\n.\r\n")
HEADER = b"From: b@other.example\r\nSubject: first"
BODY = HEADER + b"\r\n\r\nfirst"


def bare_line_ends(received):
    return re.search(rb"(?<!\r)\n|\r(?!\n)", received)


def replies_to(client, data, bytewise=False):
    """All replies until the server closes, or until QUIT is answered."""
    client.send_bytewise(data) if bytewise else client.send(data)
    replies = []
    try:
        while not replies or replies[-1].code not in (250, 550):
            replies.append(client.reply())
        if client.has_reply(0.05):  # to more than one message
            replies.append(client.reply())
    except Closed:
        pass
    return replies


def assert_refused_and_closed(client, hop, data, bytewise=False):
    replies = replies_to(client, data, bytewise)
    assert [reply.status for reply in replies] == ["550 5.6.11"], replies
    client.rest()
    hop.wait_until(lambda hop: all(one.mail is None or one.ended for one in hop.conversations), "transaction over")
    assert not hop.messages and not hop.refused_messages
    assert not bare_line_ends(hop.received), hop.received
    assert b"smuggled" not in hop.received


def begin_data(client):
    client.envelope("b@other.example")
    assert client.command("DATA").code == 354


@pytest.mark.parametrize("tls", ["clear", "TLS"])
@pytest.mark.parametrize("case", BARE)
def test_a_bare_line_end_in_a_body_is_refused_and_closes(client, postern, hop, case, tls):
    if tls == "TLS":
        client.start_tls()
    begin_data(client)
    assert_refused_and_closed(client, hop, BODY + BARE[case] + SMUGGLED)
    still_serves(postern, hop)


@pytest.mark.parametrize("case", BARE)
def test_a_bare_line_end_in_a_header_reaches_no_one(client, hop, case):
    begin_data(client)
    assert_refused_and_closed(client, hop, HEADER + BARE[case] + SMUGGLED)
    assert not hop.saw_content


@pytest.mark.parametrize("case", BARE)
def test_a_bare_line_end_that_comes_bytewise_is_refused_all_the_same(client, hop, case):
    begin_data(client)
    assert_refused_and_closed(client, hop, BODY + BARE[case] + SMUGGLED[:40], bytewise=True)


@pytest.mark.parametrize("case", BARE)
def test_a_bare_line_end_in_refused_mail_completes_nothing(client, hop, case):
    begin_data(client)
    content = b"From: a@bank.example\r\n\r\nfirst" + BARE[case] + SMUGGLED
    replies = replies_to(client, content)
    assert [reply.code for reply in replies] == [550]
    assert not hop.saw_content


@pytest.mark.parametrize("case", BARE)
def test_a_bare_line_end_in_a_chunk_is_refused_and_closes(client, hop, case):
    client.envelope("b@other.example")
    content = BODY + BARE[case] + SMUGGLED
    assert_refused_and_closed(client, hop, b"BDAT %d LAST\r\n" % len(content) + content)


@pytest.mark.parametrize("bytewise", [False, True])
@pytest.mark.parametrize("case", CONTENT)
def test_what_only_resembles_an_end_is_content_of_one_message(client, hop, case, bytewise):
    begin_data(client)
    replies = replies_to(client, BODY + CONTENT[case] + SMUGGLED, bytewise)
    assert len(replies) == 1
    if "NUL" in case and replies[0].code == 550:
        assert not hop.messages
        return
    kept = assert_accepted(replies[0], hop)
    unstuffed = BODY + CONTENT[case].replace(b"..", b".").replace(b"\n.\0", b"\n\0").replace(b"\n. ", b"\n ")
    assert kept.original == unstuffed + SMUGGLED[:-3]


def test_dots_pass_through_unchanged(client, hop):
    body = b".\r\n..\r\n...\r\n.a\r\n.\r\n"
    kept = assert_accepted(client.envelope().data(HEADER + b"\r\n\r\n" + body), hop)
    assert kept.body == body


def test_a_message_that_begins_with_the_final_dot_is_empty(client, hop):
    begin_data(client)
    client.send(b".\r\n")
    assert assert_accepted(client.reply(), hop).original.strip() == b""


def test_a_whole_session_sent_bytewise_is_the_same(client, hop):
    content = message(body="line\r\n.dot\r\n" * 5)
    for line in (b"MAIL FROM:<b@other.example>", b"RCPT TO:<user@example.org>", b"DATA"):
        client.send_bytewise(line + b"\r\n")
        assert client.reply().code in (250, 354)
    client.send_bytewise(content.replace(b"\r\n.", b"\r\n..") + b".\r\n")
    assert assert_accepted(client.reply(), hop).original == content


def test_a_whole_session_sent_bytewise_over_TLS_is_the_same(tls_client, hop):
    tls_client.envelope("a@bank.example")
    assert tls_client.command("DATA").code == 354
    content = message("a@bank.example")
    tls_client.send_bytewise(content + b".\r\n")
    assert assert_accepted(tls_client.reply(), hop).original == content


@pytest.mark.parametrize("split", range(1, 6))
def test_the_final_dot_may_be_cut_anywhere(client, hop, split):
    begin_data(client)
    whole = BODY + b"\r\n.\r\n"
    at = len(whole) - split
    client.send(whole[:at])
    assert not client.has_reply(0.03)
    client.send(whole[at:])
    assert assert_accepted(client.reply(), hop).original == BODY + b"\r\n"


def test_commands_behind_the_final_dot_are_commands(client, hop):
    begin_data(client)
    client.send(BODY + b"\r\n.\r\nMAIL FROM:<c@other.example>\r\nRCPT TO:<user@example.org>\r\nRSET\r\n")
    assert [client.reply().code for _ in range(4)] == [250, 250, 250, 250]
    assert len(hop.messages) == 1


@pytest.mark.parametrize("line", [b"NOOP\n", b"NOOP\r", b"NO\rOP\r\n", b"NO\nOP\r\n", b"\n", b"NOOP\r\r\n",
                                  b"MAIL FROM:<b@other.example>\nRCPT TO:<user@example.org>\r\n",
                                  b"RCPT TO:<user@example.org>\rRCPT TO:<user@example.org>\r\n"])
def test_a_bare_line_end_in_a_command_is_refused_and_closes(client, postern, hop, line):
    client.send(line + b"NOOP\r\n")
    assert client.reply().status == "550 5.6.11"
    client.rest()
    still_serves(postern, hop)


def test_a_NUL_in_a_header_is_refused(client, hop):
    reply = client.envelope("b@other.example").data(b"From: b@other.example\r\nSubject: a\0b\r\n\r\nbody\r\n")
    assert reply.code == 550 and reply.enhanced.startswith("5.6."), reply
    assert not hop.saw_content


@pytest.mark.parametrize("line", [b"NOOP \0\r\n", b"\0\r\n", b"MAIL FROM:<a\0@other.example>\r\n"])
def test_a_NUL_in_a_command_is_refused(client, postern, hop, line):
    client.send(line)
    assert 500 <= client.reply().code < 560
    client.close()
    still_serves(postern, hop)
