"""BDAT (RFC 3030) as it should be, and abused."""

import pytest

from support.client import Closed, message
from support.next_hop import WITHOUT_CHUNKING
from support.promises import assert_accepted, assert_not_complete, still_serves

CONTENT = message(body="line\r\n.\r\n..two\r\n" * 20)


@pytest.fixture(params=["CHUNKING", "DATA only"])
def bridged(request, hop):
    """A next hop with and without BDAT."""
    if request.param == "DATA only":
        hop.extensions = WITHOUT_CHUNKING
    return hop


def test_one_chunk_is_a_message(bridged, client):
    assert assert_accepted(client.envelope().bdat(CONTENT), bridged).original == CONTENT


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_chunks_of_any_size_are_one_message(bridged, client, size):
    client.envelope()
    content = CONTENT[:200] if size == 1 else CONTENT
    for at in range(0, len(content), size):
        reply = client.bdat(content[at:at + size], last=at + size >= len(content))
        assert reply.code == 250, reply
    assert assert_accepted(reply, bridged).original.rstrip(b"\r\n") == content.rstrip(b"\r\n")


def test_a_last_chunk_may_be_empty(bridged, client):
    client.envelope()
    assert client.bdat(CONTENT, last=False).status == "250 2.0.0"
    assert assert_accepted(client.bdat(b""), bridged).original == CONTENT


def test_an_empty_first_chunk_changes_nothing(bridged, client):
    client.envelope()
    assert client.bdat(b"", last=False).code == 250
    assert assert_accepted(client.bdat(CONTENT), bridged).original == CONTENT


def test_LAST_alone_is_an_empty_message(bridged, client):
    assert assert_accepted(client.envelope().bdat(b""), bridged).original.strip() == b""


def test_chunks_may_be_pipelined_with_their_envelope(bridged, client):
    half = len(CONTENT) // 2
    client.send(b"MAIL FROM:<b@other.example>\r\nRCPT TO:<user@example.org>\r\nBDAT %d\r\n" % half + CONTENT[:half]
                + b"BDAT %d LAST\r\n" % (len(CONTENT) - half) + CONTENT[half:] + b"NOOP\r\n")
    replies = [client.reply() for _ in range(5)]
    assert [reply.code for reply in replies] == [250] * 5
    assert assert_accepted(replies[3], bridged).original == CONTENT


@pytest.mark.parametrize("early", [0, 10])
def test_the_replies_before_a_chunk_do_not_wait_for_it(bridged, client, early):
    client.send(b"MAIL FROM:<b@other.example>\r\nRCPT TO:<user@example.org>\r\nBDAT %d LAST\r\n" % len(CONTENT)
                + CONTENT[:early])
    assert [client.reply().code, client.reply().code] == [250, 250]
    client.send(CONTENT[early:])
    assert assert_accepted(client.reply(), bridged).original == CONTENT


def test_a_chunk_may_end_between_CR_and_LF(bridged, client):
    client.envelope()
    at = CONTENT.index(b"\n.\r\n")
    for chunk in (CONTENT[:at], CONTENT[at:-1]):
        assert client.bdat(chunk, last=False).code == 250
    assert assert_accepted(client.bdat(b"\n"), bridged).original == CONTENT


@pytest.mark.parametrize("chunks", [[CONTENT[:-1]], [CONTENT[:-1], b""], [CONTENT[:-1], b"x"]])
def test_a_CR_whose_LF_never_comes_is_refused(bridged, client, postern, chunks):
    """RFC 5321 2.3.8; nobody knows what was meant."""
    client.envelope()
    for number, chunk in enumerate(chunks):
        reply = client.bdat(chunk, last=number + 1 == len(chunks))
    assert reply.status == "550 5.6.11", reply
    assert_not_complete(bridged)
    still_serves(postern, bridged)


def test_a_message_without_a_last_line_end_gets_one_where_it_needs_one(bridged, client):
    kept = assert_accepted(client.envelope().bdat(message(body="no line end")), bridged)
    assert kept.body.rstrip(b"\r\n") == b"no line end"


def test_an_end_of_data_inside_a_chunk_is_content(bridged, client):
    content = message(body="one\r\n.\r\nMAIL FROM:<a@bank.example>\r\n.\r\n")
    assert assert_accepted(client.envelope().bdat(content), bridged).original == content
    assert len(bridged.messages) == 1


def test_several_transactions_by_chunks_and_data_in_turn(bridged, client):
    for number in range(1, 5):
        client.envelope()
        reply = client.bdat(CONTENT) if number % 2 else client.data(CONTENT)
        assert assert_accepted(reply, bridged, number).original == CONTENT


def test_a_big_message_by_chunks(bridged, tls_client):
    content = message(body=("x" * 76 + "\r\n") * 20000)
    tls_client.envelope()
    for at in range(0, len(content), 200000):
        reply = tls_client.bdat(content[at:at + 200000], last=at + 200000 >= len(content))
    assert assert_accepted(reply, bridged).original == content


# Abuse

@pytest.mark.parametrize("before", [[], ["MAIL FROM:<b@other.example>"]])
def test_a_chunk_out_of_order_is_read_and_never_taken_for_commands(client, hop, before):
    for line in before:
        client.command(line)
    client.send(b"BDAT 26 LAST\r\nMAIL FROM:<a@bank.example>")
    reply = client.reply()
    assert reply.code in (503, 554), reply
    assert client.command("NOOP").code == 250
    assert not client.has_reply(0.03)
    assert not hop.saw_content


def test_a_chunk_behind_refused_recipients_is_read_and_refused(client, hop):
    hop.answers["RCPT"] = "550 5.1.1 no such user"
    client.send(b"MAIL FROM:<b@other.example>\r\nRCPT TO:<user@example.org>\r\nBDAT 6 LAST\r\nNOOP\r\nNOOP\r\n")
    assert [client.reply().code for _ in range(4)] in ([250, 550, 554, 250], [250, 550, 503, 250])
    assert not hop.saw_content


def test_DATA_behind_BDAT_is_refused(client, hop):
    client.envelope().bdat(CONTENT, last=False)
    assert client.command("DATA").status == "503 5.5.1"
    client.command("RSET")
    assert_not_complete(hop)


@pytest.mark.parametrize("command", ["MAIL FROM:<c@other.example>", "RCPT TO:<other@example.org>"])
def test_other_envelope_commands_between_chunks_are_refused(client, hop, command):
    client.envelope().bdat(CONTENT, last=False)
    assert client.command(command).status == "503 5.5.1"
    client.command("RSET")
    assert_not_complete(hop)


@pytest.mark.parametrize("command", ["RSET", "EHLO again.example", "HELO again.example"])
def test_a_reset_between_chunks_ends_the_message(client, hop, command):
    client.envelope().bdat(CONTENT, last=False)
    assert client.command(command).code == 250
    assert_not_complete(hop)
    assert assert_accepted(client.envelope().bdat(CONTENT), hop).original == CONTENT


@pytest.mark.parametrize("end", ["QUIT", "close", "reset"])
@pytest.mark.parametrize("header_complete", [True, False])
def test_a_session_that_ends_between_chunks_completes_nothing(client, hop, postern, end, header_complete):
    client.envelope().bdat(CONTENT if header_complete else CONTENT[:20], last=False)
    {"QUIT": client.quit, "close": client.close, "reset": client.abort}[end]()
    assert_not_complete(hop)
    still_serves(postern, hop)


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_chunk_that_is_cut_completes_nothing(client, hop, postern, end):
    client.envelope()
    client.send(b"BDAT %d LAST\r\n" % len(CONTENT) + CONTENT[:-1])
    client.close() if end == "close" else client.abort()
    assert_not_complete(hop)
    still_serves(postern, hop)


@pytest.mark.parametrize("argument", ["", "x", "-1", "+5", "5 last extra", "5 FIRST", "0x10", "1.5", "LAST", "5LAST",
                                      "99999999999999999999999999"])
def test_a_malformed_size_is_an_error(client, hop, postern, argument):
    client.envelope()
    reply = client.command(f"BDAT {argument}")
    assert reply.code in (501, 552), reply
    assert_not_complete(hop)
    still_serves(postern, hop)


@pytest.mark.parametrize("size", [10**10, 2**31, 2**32, 2**63 - 1, 2**64 - 1])
def test_a_huge_size_is_refused_and_costs_nothing(client, hop, postern, size):
    client.envelope()
    client.send(b"BDAT %d LAST\r\n" % size + b"From: b@other.example\r\n\r\nx\r\n" * 100)
    try:
        assert client.reply().code in (552, 501, 421)
    except Closed:
        pass
    client.close()
    assert_not_complete(hop)
    still_serves(postern, hop)


def test_chunks_that_add_up_to_too_much_are_refused(start, hop):
    postern = start(limits={"message_size": "64KiB"})
    with postern.connect() as client:
        client.ehlo().envelope()
        chunk = message(body=("x" * 76 + "\r\n") * 300)
        client.bdat(chunk, last=False)
        body = ("x" * 76 + "\r\n").encode() * 300
        client.bdat(body, last=False)
        reply = client.bdat(body)
        assert reply.status == "552 5.3.4", reply
        assert_not_complete(hop)
        assert client.command("NOOP").code == 250
        assert_accepted(client.envelope().data(message()), hop)
