"""Rows I16 and I17 of COMPLIANCE: the next hop's word is ours, and where it has none the client tries again."""

import pytest

from support.client import message
from support.next_hop import CLOSE, RESET, SILENCE, USUAL, WITHOUT_CHUNKING
from support.promises import assert_accepted, still_serves
from support.waiting import wait_until

CONTENT = message(body="line\r\n" * 2000)


# I16: passed on, prefixed by nothing

REFUSALS = ["550 5.1.1 <user@example.org>: no such user here", "450 4.2.0 greylisted, see https://example.org/?a=b%20c",
            "552 5.2.2 Mailbox full", "551 user not local", "553 5.1.3 ünïcode too", "550-5.7.1 first line\r\n550 5.7.1 second line",
            "550", "450 try later"]


@pytest.mark.parametrize("reply", REFUSALS)
def test_I16_the_answer_to_RCPT_is_passed_on(client, hop, reply):
    hop.answers["RCPT"] = reply
    client.command("MAIL FROM:<b@other.example>")
    assert client.command("RCPT TO:<user@example.org>").raw.rstrip() == reply.encode().rstrip()
    hop.answers.clear()
    assert client.command("RCPT TO:<user@example.org>").code == 250
    assert_accepted(client.data(message()), hop)


@pytest.mark.parametrize("reply", REFUSALS)
def test_I16_the_answer_to_MAIL_is_passed_on(client, hop, reply):
    hop.answers["MAIL"] = reply
    answer = client.command("MAIL FROM:<b@other.example>")
    if answer.code == 250:
        answer = client.command("RCPT TO:<user@example.org>")
    assert answer.raw.rstrip() == reply.encode().rstrip()
    hop.answers.clear()
    client.command("RSET")
    assert_accepted(client.envelope().data(message()), hop)


@pytest.mark.parametrize("reply", ["451 4.3.0 not now", "554 5.5.1 no", "452 4.3.1 disk full"])
def test_I16_the_answer_to_DATA_is_passed_on(client, hop, reply):
    hop.answers["DATA"] = hop.answers["BDAT"] = hop.answers["CONTENT"] = reply
    assert client.envelope().data(CONTENT).raw == reply.encode() + b"\r\n"
    hop.answers.clear()
    assert_accepted(client.envelope().data(message()), hop)


@pytest.mark.parametrize("reply", ["550 5.7.1 looks like spam", "451 4.3.0 try again", "554-5.6.0 one\r\n554 5.6.0 two",
                                   "550 5.7.26 not authenticated", "452 4.2.2 full"])
@pytest.mark.parametrize("by", ["data", "bdat"])
def test_I16_the_answer_to_the_message_is_passed_on(client, hop, reply, by):
    hop.answers["CONTENT"] = reply
    client.envelope()
    assert getattr(client, by)(CONTENT).raw == reply.encode() + b"\r\n"
    assert not hop.messages and len(hop.refused_messages) == 1
    hop.answers.clear()
    assert_accepted(client.envelope().data(message()), hop)


def test_the_answer_to_an_accepted_message_is_passed_on(client, hop):
    hop.answers["CONTENT"] = "250 2.0.0 Ok: queued as 4F2A1"
    assert client.envelope().data(message()).raw == b"250 2.0.0 Ok: queued as 4F2A1\r\n"


def test_an_accepted_message_of_an_old_server_gets_an_enhanced_code_or_its_own_words(client, hop):
    hop.extensions = ()
    hop.answers["CONTENT"] = "250 Ok: queued"
    assert client.envelope().data(message()).code == 250


def test_only_the_accepted_recipients_are_in_the_envelope(client, hop):
    hop.answers["RCPT"] = lambda text, _: "550 5.1.1 unknown" if "bad" in text else None
    client.command("MAIL FROM:<b@other.example>")
    codes = [client.command(f"RCPT TO:<{name}@example.org>").code for name in ("bad1", "good1", "bad2", "good2")]
    assert codes == [550, 250, 550, 250]
    kept = assert_accepted(client.data(message()), hop)
    assert kept.recipients == ["RCPT TO:<good1@example.org>", "RCPT TO:<good2@example.org>"]


def test_when_every_recipient_was_refused_DATA_is_too(client, hop):
    hop.answers["RCPT"] = "550 5.1.1 unknown"
    client.command("MAIL FROM:<b@other.example>")
    client.command("RCPT TO:<user@example.org>")
    assert client.command("DATA").status in ("503 5.5.1", "554 5.5.1")
    assert not hop.saw_content


# I17: no word at all

def deferred_unreachable(client):
    answer = client.command("MAIL FROM:<b@other.example>")
    if answer.code == 250:
        answer = client.command("RCPT TO:<user@example.org>")
    return answer.status == "451 4.4.1"


def test_I17_a_next_hop_that_is_down_defers_and_delivers_when_it_comes_back(client, hop):
    hop.stop()
    assert deferred_unreachable(client)
    client.command("RSET")
    assert deferred_unreachable(client)
    hop.start()
    wait_until(lambda: not deferred_unreachable(client.command("RSET") and client), "the hop is found again")
    assert_accepted(client.data(message()), hop)


def test_Postern_starts_while_the_next_hop_is_down(prepare, hop):
    hop.stop()
    with prepare().start().connect() as client:
        assert deferred_unreachable(client.ehlo())


@pytest.mark.parametrize("greeting", ["554 no service", "421 4.3.2 too busy", CLOSE, RESET, "hello there", "220"])
def test_I17_a_next_hop_with_a_bad_greeting_defers(prepare, hop, greeting):
    hop.answers["GREETING"] = greeting
    with prepare().start().connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        answer = client.command("RCPT TO:<user@example.org>")
        assert answer.status in ("451 4.4.1", "451 4.4.2") or greeting == "220" and answer.code == 250


@pytest.mark.parametrize("how", [CLOSE, RESET, "nonsense", "999 what", "250 2.1.5 extra\r\n250 2.1.5 extra"])
@pytest.mark.parametrize("at", ["EHLO", "MAIL", "RCPT"])
def test_I17_a_next_hop_that_breaks_in_the_envelope_defers(start, hop, at, how):
    postern = start(cores=1)
    still_serves(postern, hop)
    hop.drop_all()
    hop.answers[at] = how
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        answer = client.command("RCPT TO:<user@example.org>")
        if "extra" not in how:
            assert answer.status in ("451 4.4.1", "451 4.4.2")
        client.command("RSET")
    hop.answers.clear()
    wait_until(lambda: serves(postern, hop), "served again")


def serves(postern, hop):
    """Whether one more message of ours gets through, and is then the last one there."""
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        if client.command("RCPT TO:<user@example.org>").code != 250:
            return False
        mark = b"mark %d" % len(hop.messages)
        reply = client.data(message() + mark)
        if reply.code != 250:
            return False
        assert hop.messages[-1].body.rstrip().endswith(mark)
        return True


@pytest.mark.parametrize("how", [CLOSE, RESET, "nonsense"])
@pytest.mark.parametrize("at", ["DATA", "CONTENT"])
@pytest.mark.parametrize("by", ["data", "bdat"])
def test_I17_a_next_hop_that_breaks_in_the_message_defers(start, hop, at, how, by):
    if at == "DATA":
        hop.extensions = WITHOUT_CHUNKING
    postern = start()
    hop.answers[at] = how
    with postern.connect() as client:
        client.ehlo().envelope()
        assert getattr(client, by)(CONTENT).status == "451 4.4.2"
        assert not hop.messages
        hop.answers.clear()
        client.command("RSET")
        assert client.command("NOOP").code == 250
    wait_until(lambda: serves(postern, hop), "served again")


@pytest.mark.parametrize("at, reply", [("DATA", "250 2.0.0 ok"), ("DATA", "220 hello"), ("CONTENT", "354 go ahead"),
                                       ("RCPT", "354 go ahead"), ("MAIL", "354 go ahead")])
@pytest.mark.parametrize("by", ["data", "bdat"])
def test_I17_a_reply_of_the_wrong_kind_defers(start, hop, at, reply, by):
    if at == "DATA":
        hop.extensions = WITHOUT_CHUNKING
    postern = start()
    hop.answers[at] = reply
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        answer = client.command("RCPT TO:<user@example.org>")
        if answer.code == 250:
            answer = getattr(client, by)(CONTENT)
        assert answer.status == "451 4.4.2"
    assert not hop.messages
    hop.answers.clear()
    wait_until(lambda: serves(postern, hop), "served again")


@pytest.mark.parametrize("at", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "CONTENT"])
@pytest.mark.parametrize("stray", ["250 2.0.0 stray", "354 stray", "550 5.0.0 stray"])
def test_a_stray_reply_never_turns_into_the_answer_to_a_message(start, hop, at, stray):
    """Behind one reply stands another that nobody asked for, so that all that follow are shifted."""
    if at == "DATA":
        hop.extensions = WITHOUT_CHUNKING
    postern = start(cores=1)
    hop.answers[at] = lambda text, conversation: None if hop.stopped_straying else usual(at) + "\r\n" + stray
    hop.stopped_straying = False
    accepted = []
    for number in range(6):
        content = message(subject=f"number {number}")
        with postern.connect() as client:
            client.ehlo().command("MAIL FROM:<b@other.example>")
            if client.command("RCPT TO:<user@example.org>").code != 250:
                continue
            if number % 3 == 2:
                client.command("RSET")
                continue
            if client.data(content).code == 250:
                accepted.append(content)
    hop.stopped_straying = True
    wait_until(lambda: serves(postern, hop), "served again")
    kept = {one.original for one in hop.messages}
    assert all(content in kept for content in accepted), "answered 2xx, and the next hop has nothing"


def usual(at):
    return "250 hop.example.org" if at == "EHLO" else USUAL[at]


def test_I17_a_next_hop_that_breaks_while_the_client_still_sends_defers(client, hop):
    client.envelope()
    assert client.command("DATA").code == 354
    client.send(CONTENT + b"more than goes in one piece\r\n" * 1000)
    hop.wait_until(lambda hop: hop.saw_content, "content at the hop")
    hop.drop_all(RESET)
    for _ in range(200):
        client.send(b"x" * 76 + b"\r\n" * 1)
    client.send(b".\r\n")
    assert client.reply().status == "451 4.4.2"
    assert not hop.messages


@pytest.mark.parametrize("at", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_I17_a_next_hop_that_never_answers_defers(start, hop, at):
    hop.answers[at] = SILENCE
    if at == "DATA":
        hop.extensions = WITHOUT_CHUNKING
    postern = start(timeouts={"next_hop_command": "300ms", "next_hop_data_block": "300ms", "next_hop_data_end": "300ms"})
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        answer = client.command("RCPT TO:<user@example.org>")
        if answer.code == 250:
            answer = client.data(CONTENT)
        assert answer.status in ("451 4.4.1", "451 4.4.2")
    assert not hop.messages


@pytest.mark.parametrize("at", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_a_slow_next_hop_is_waited_for(start, hop, at):
    hop.delays[at] = 0.5
    with start().connect() as client:
        assert_accepted(client.ehlo().envelope().data(message()), hop)


def test_a_next_hop_that_says_421_later_is_not_asked_again_on_that_connection(start, hop):
    postern = start(cores=1)
    still_serves(postern, hop)
    for conversation in hop.open_conversations:
        conversation.socket.sendall(b"421 4.3.2 shutting down\r\n")
        conversation.drop()
    with postern.connect() as client:
        assert_accepted(client.ehlo().envelope().data(message()), hop, 2)


@pytest.mark.parametrize("how", [CLOSE, RESET])
@pytest.mark.parametrize("by", ["data", "bdat"])
def test_whatever_step_the_next_hop_breaks_at_the_client_is_told_the_truth(start, hop, how, by):
    """For every n: the connection breaks at step n. 2xx if and only if the hop has kept the message; the client
    repeats what was not accepted, and in the end every message is there."""
    postern = start(cores=1)
    step, sent = 1, 0
    while step < 200:
        hop.drop_all()
        hop.cut(step, how)
        sent += 1
        content = message(subject=f"number {sent}", body=f"body {sent}\r\n" * 300)
        accepted = deliver(postern, content, by)
        done = hop.steps < step
        kept = [one for one in hop.messages if one.original.rstrip() == content.rstrip()]
        if accepted:
            assert kept, f"step {step}: 2xx, and the next hop has nothing"
        elif kept:
            assert hop.cut_at is not None  # between its 250 and ours: may be sent twice, is never lost
        hop.cut_at = None
        for one in hop.messages + hop.refused_messages:
            assert one.original.rstrip().endswith(b"body " + one.original.split()[-1])
        wait_until(lambda: accepted or deliver(postern, content, by), f"step {step}: delivered on the next try")
        step += 1
        if done:
            break
    assert done
    assert {b"number %d" % n for n in range(1, sent + 1)} == {
        one.original.split(b"Subject: ")[1].split(b"\r\n")[0] for one in hop.messages}


def deliver(postern, content, by):
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        if client.command("RCPT TO:<user@example.org>").code != 250:
            return False
        try:
            reply = getattr(client, by)(content)
        except AssertionError:  # DATA was refused
            return False
        assert reply.code == 250 or reply.status.startswith("451 4.4."), reply
        return reply.code == 250
