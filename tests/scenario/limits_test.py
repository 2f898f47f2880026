"""Everything has a bound, and reaching it is an answer: on both sides of each edge."""

import pytest

from support.client import Client, message
from support.promises import assert_accepted, assert_not_complete, assert_refused, still_serves
from support.waiting import wait_until


# Lines

def test_a_command_line_over_its_bound_is_refused_and_the_session_goes_on(client, hop):
    assert client.command("NOOP " + "x" * 5000).status == "500 5.5.2"
    assert_accepted(client.envelope().data(message()), hop)


def test_a_command_line_of_512_bytes_is_read(client):
    assert client.command("NOOP " + "x" * 505).code == 250


def test_a_command_line_without_end_is_not_kept(client, postern, hop):
    for _ in range(200):
        client.send(b"x" * 65536)
    client.close()
    still_serves(postern, hop)
    with open(f"/proc/{postern.process.pid}/status") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    assert kib < 100_000


# RFC 5321 wants at least 64 bytes of a local part taken; many senders' bounce addresses have more.
@pytest.mark.parametrize("command", ["MAIL FROM:<%s@other.example>" % ("x" * 256), "RCPT TO:<%s@example.org>" % ("x" * 256),
                                     "MAIL FROM:<a@%s.example>" % (".".join(["x" * 60] * 5))])
def test_an_address_over_its_bounds_is_refused(client, command):
    client.command("MAIL FROM:<b@other.example>") if command.startswith("RCPT") else None
    assert client.command(command).code in (501, 553)


def test_a_text_line_of_1000_bytes_is_accepted(client, hop):
    body = "x" * 998 + "\r\n"
    assert assert_accepted(client.envelope().data(message(body=body)), hop).body == body.encode()


def test_a_stuffed_text_line_of_1000_bytes_is_accepted(client, hop):
    body = "." + "x" * 997 + "\r\n"
    assert assert_accepted(client.envelope().data(message(body=body)), hop).body == body.encode()


def test_a_longer_text_line_is_refused(client, hop):
    assert client.envelope().data(message(body="x" * 999 + "\r\n")).status == "554 5.6.0"
    assert_not_complete(hop)
    assert_accepted(client.envelope().data(message()), hop)


def test_a_line_without_end_in_data_is_refused(client, hop, postern):
    assert client.envelope().data(message(body="x" * 5_000_000)).code in (552, 554)
    assert_not_complete(hop)
    still_serves(postern, hop)


# Header section, I15

def header_of(size):
    line = "X-Filler: " + "x" * 60 + "\r\n"
    start = "From: b@other.example\r\n"
    count, rest = divmod(size - len(start) - 2, len(line))
    return start + line * (count - 1) + "X-Filler: " + "x" * (60 + rest) + "\r\n"


@pytest.mark.parametrize("size", [256 * 1024 - 1000, 256 * 1024])
def test_a_header_section_within_its_bound_is_accepted(client, hop, size):
    content = (header_of(size) + "\r\nbody\r\n").encode()
    assert content.index(b"\r\n\r\n") + 4 == size
    assert assert_accepted(client.envelope().data(content), hop).original == content


@pytest.mark.parametrize("size", [256 * 1024 + 1, 300 * 1024, 5_000_000])
def test_I15_a_header_section_over_its_bound_is_refused(client, hop, size):
    reply = client.envelope().data((header_of(size) + "\r\nbody\r\n").encode())
    assert_refused(reply, "552 5.3.4", hop)
    assert_accepted(client.envelope().data(message()), hop)


def test_a_header_section_without_end_is_refused(client, hop):
    assert_refused(client.envelope().data(header_of(400_000).encode()), "552 5.3.4", hop)


def test_fifty_received_fields_are_accepted_and_more_are_a_loop(client, hop):
    field = "Received: from a.example by b.example; Tue, 1 Jul 2003 10:52:37 +0200\r\n"
    assert_accepted(client.envelope().data(message(extra=field * 50)), hop)
    reply = client.envelope().data(message(extra=field * 51))
    assert reply.code == 554 and reply.enhanced == "5.4.6", reply
    assert len(hop.messages) == 1


# Size

@pytest.fixture
def small(start):
    """Takes 100,000 bytes a message."""
    return start(limits={"message_size": 100_000})


def sized(size):
    head = message(body="")
    lines, rest = divmod(size - len(head), 78)
    return head + b"x" * 76 + b"\r\n" + (b"x" * 76 + b"\r\n") * (lines - 2) + b"x" * (76 + rest) + b"\r\n"


def test_the_size_limit_is_announced(small):
    with small.connect() as client:
        assert client.ehlo().extensions["SIZE"] == "100000"


def test_the_smaller_limit_of_the_next_hop_is_announced_or_its_refusal_passed_on(start, hop):
    hop.extensions = ("PIPELINING", "SIZE 50000", "8BITMIME")
    hop.answers["MAIL"] = lambda text, _: "552 5.3.4 too big" if "SIZE=6" in text else None
    with start().connect() as client:
        client.ehlo()
        replies = [client.command("MAIL FROM:<b@other.example> SIZE=60000")]
        if replies[0].code == 250:
            replies.append(client.command("RCPT TO:<user@example.org>"))
        assert replies[-1].status == "552 5.3.4"


def test_an_announced_size_over_the_limit_is_refused_at_MAIL(small, hop):
    with small.connect() as client:
        client.ehlo()
        assert client.command("MAIL FROM:<b@other.example> SIZE=100001").status == "552 5.3.4"
        assert client.command("MAIL FROM:<b@other.example> SIZE=100000").code == 250
        assert not hop.saw_content


def test_a_message_of_exactly_the_limit_is_accepted(small, hop):
    content = sized(100_000)
    assert len(content) == 100_000
    with small.connect() as client:
        assert assert_accepted(client.ehlo().envelope().data(content), hop).original == content


@pytest.mark.parametrize("parameters", ["", " SIZE=10"])
def test_a_message_over_the_limit_is_refused_at_its_end(small, hop, parameters):
    with small.connect() as client:
        client.ehlo().envelope(parameters=parameters)
        assert client.data(sized(100_001)).status == "552 5.3.4"
        assert_not_complete(hop)
        assert_accepted(client.envelope().data(message()), hop)


@pytest.mark.parametrize("size", [3_000_000, 60_000_000])
def test_a_message_far_over_the_limit_is_refused_and_need_not_be_read_to_its_end(small, hop, size):
    with small.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        client.send(sized(size) + b".\r\n")
        assert client.reply().status == "552 5.3.4"
    assert_not_complete(hop)
    still_serves(small, hop)


# Counts

def test_recipients_over_the_limit_are_deferred_and_the_others_delivered(start, hop):
    with start(limits={"recipients": 5}).connect() as client:
        client.ehlo().envelope("b@other.example", *[f"user{n}@example.org" for n in range(5)])
        for n in range(3):
            assert client.command(f"RCPT TO:<more{n}@example.org>").status == "452 4.5.3"
        kept = assert_accepted(client.data(message()), hop)
        assert len(kept.recipients) == 5


def test_a_thousand_recipients_are_possible(client, hop):
    client.command("MAIL FROM:<b@other.example>")
    client.send(b"".join(b"RCPT TO:<user%d@example.org>\r\n" % n for n in range(1000)))
    assert {client.reply().status for _ in range(1000)} == {"250 2.1.5"}
    kept = assert_accepted(client.data(message()), hop)
    assert kept.recipients == [f"RCPT TO:<user{n}@example.org>" for n in range(1000)]
    assert client.envelope().command("RCPT TO:<more@example.org>").code == 250


def until_closed(client, command, most):
    """Repeats a command until the server has enough; returns the last reply and how many there were."""
    for count in range(1, most + 1):
        reply = client.command(command)
        if reply.code == 421:
            assert client.is_closed_now()
            return reply, count
    raise AssertionError(f"{most} x {command} and no end: {reply}")


@pytest.mark.parametrize("command", ["nonsense", "MAIL FROM:nobody", "RCPT TO:<user@example.org>", "DATA", "EXPN"])
def test_too_many_errors_end_the_session(client, postern, hop, command):
    reply, count = until_closed(client, command, 200)
    assert reply.status == "421 4.7.0" and count > 3
    still_serves(postern, hop)


def test_unknown_recipients_count_but_a_few_do_not_end_the_session(client, hop):
    hop.answers["RCPT"] = lambda text, _: None if "good" in text else "550 5.1.1 no such user"
    client.command("MAIL FROM:<b@other.example>")
    for n in range(5):
        assert client.command(f"RCPT TO:<bad{n}@example.org>").status == "550 5.1.1"
    assert client.command("RCPT TO:<good@example.org>").code == 250
    assert_accepted(client.data(message()), hop)


@pytest.mark.parametrize("command", ["NOOP", "RSET", "EHLO client.example.net"])
def test_too_many_commands_end_the_session(start, hop, command):
    postern = start(limits={"commands": 50})
    with postern.connect() as client:
        reply, count = until_closed(client, command, 60)
        assert reply.status == "421 4.7.0" and count >= 50
    still_serves(postern, hop)


# Sessions

def refused_greeting(postern, **options):
    with Client(postern.address(), **options) as client:
        reply = client.reply()
        assert client.is_closed_now()
        return reply


def test_sessions_of_one_client_are_bounded(start, hop):
    postern = start(cores=1, limits={"sessions_per_client": 3})
    clients = [postern.connect() for _ in range(3)]
    assert refused_greeting(postern).status == "421 4.7.0"
    with postern.connect(source=("127.0.0.2", 0)) as another:
        assert_accepted(another.ehlo().envelope().data(message()), hop)
    clients.pop().quit()
    wait_until(lambda: greets(postern), "a free place is given again")
    for client in clients:
        assert client.ehlo().command("NOOP").code == 250


def test_sessions_in_all_are_bounded(start):
    postern = start(cores=1, limits={"sessions": 3})
    clients = [postern.connect(source=(f"127.0.0.{n}", 0)) for n in range(2, 5)]
    assert refused_greeting(postern).status == "421 4.3.2"
    clients.pop().close()
    wait_until(lambda: greets(postern), "a free place is given again")


def test_sessions_in_all_are_bounded_with_several_cores(start):
    postern = start(cores=2, limits={"sessions": 10})
    clients = [Client(postern.address(), source=(f"127.0.0.{n}", 0)) for n in range(2, 42)]
    codes = [client.reply().code for client in clients]
    assert set(codes) == {220, 421}
    assert codes.count(220) <= 10


def greets(postern):
    with Client(postern.address()) as client:
        return client.reply().code == 220


# Time

@pytest.mark.parametrize("sent", [[], [b"EHLO x.exam"], [b"EHLO x.example\r\n", b"MAIL FROM:<b@other.example>\r\n"]])
def test_a_client_that_says_nothing_is_told_so_and_left(start, hop, sent):
    postern = start(timeouts={"command": "300ms"})
    with postern.connect() as client:
        for line in sent:
            client.send(line)
            if line.endswith(b"\n"):
                assert client.reply().code == 250
        assert client.rest().splitlines()[-1].startswith(b"421 4.4.2")
    still_serves(postern, hop)


@pytest.mark.parametrize("content", [b"", b"From: b@other.exam", b"From: b@other.example\r\n\r\nbody"])
def test_a_client_that_stops_in_a_message_is_left_and_nothing_completes(start, hop, content):
    postern = start(timeouts={"data_block": "300ms"})
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        client.send(content)
        assert client.rest().splitlines()[-1].startswith(b"421 4.4.2")
    assert_not_complete(hop)
    still_serves(postern, hop)


def test_a_client_that_never_reads_is_left(start, hop):
    postern = start(cores=1, timeouts={"command": "300ms", "send": "300ms"}, limits={"commands": 1000000})
    with postern.connect() as client:
        client.ehlo()
        client.socket.settimeout(2)
        try:
            while True:
                client.socket.sendall(b"RSET\r\n" * 10000)
        except OSError:
            pass
        wait_until(lambda: postern.metric("^postern_sessions(_open)?({|$)") == 0, "the session has ended")
    still_serves(postern, hop)


def test_a_client_that_stalls_half_open_does_not_hold_up_others(postern, hop):
    stalled = [Client(postern.address()) for _ in range(50)]
    for n, client in enumerate(stalled):
        client.send(b"EHLO x.example\r\nMAIL FROM:<b@other.example>\r\nRCPT TO:<user@example.org>\r\nDATA\r\nFrom: "[:n * 2])
    still_serves(postern, hop)
    for client in stalled:
        client.abort()
    still_serves(postern, hop)


def test_a_client_that_sends_too_slowly_is_left(start, hop):
    postern = start(limits={"data_rate": 100_000}, timeouts={"data_rate_grace": "200ms"})
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        client.send(b"From: b@other.example\r\n\r\n")
        while not client.has_reply(0.02):
            client.send(b"x\r\n")
        assert client.reply().status == "421 4.4.2"
    assert_not_complete(hop)
    still_serves(postern, hop)


def test_a_client_that_keeps_up_the_rate_is_served(start, hop):
    postern = start(limits={"data_rate": 1000}, timeouts={"data_rate_grace": "100ms"})
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        client.send(b"From: b@other.example\r\n\r\n")
        for _ in range(20):
            assert not client.has_reply(0.02)
            client.send(b"x" * 100 + b"\r\n")
        client.send(b".\r\n")
        assert_accepted(client.reply(), hop)


# Next hops

def test_conversations_with_one_host_are_bounded_and_those_who_wait_too_long_are_deferred(start, hop):
    postern = start(cores=1, limits={"next_hop_connections": 2}, timeouts={"next_hop_wait": "200ms"})
    busy = [postern.connect().ehlo().envelope() for _ in range(2)]
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        assert client.command("RCPT TO:<user@example.org>").code in (450, 451)
        assert len(hop.open_conversations) <= 3  # one more asks what is on offer
        assert busy.pop().data(message()).code == 250
        assert client.command("RCPT TO:<user@example.org>").code == 250
        assert_accepted(client.data(message()), hop, 2)


def test_those_who_wait_for_a_conversation_get_the_next_that_is_free(start, hop):
    postern = start(cores=1, limits={"next_hop_connections": 1})
    with postern.connect() as one, postern.connect() as two:
        one.ehlo().envelope()
        two.ehlo().command("MAIL FROM:<b@other.example>")
        two.send(b"RCPT TO:<user@example.org>\r\n")
        assert not two.has_reply(0.1)
        assert_accepted(one.data(message()), hop)
        assert two.reply().code == 250
        assert_accepted(two.data(message()), hop, 2)
