"""Conversations with the next hop are reused, bounded, and shared among several hosts."""

import pytest

from support.client import message
from support.next_hop import CLOSE, RESET, NextHop
from support.promises import assert_accepted, assert_refused, still_serves
from support.waiting import free_port, wait_until


@pytest.fixture
def single(start):
    return start(cores=1)


def test_conversations_are_reused_for_later_messages(single, hop):
    for number in range(1, 21):
        with single.connect() as client:
            assert_accepted(client.ehlo().envelope().data(message()), hop, number)
            client.quit()
    users = {id(kept.conversation) for kept in hop.messages}
    assert len(users) == 1, "one conversation for twenty messages"
    assert len(hop.conversations) <= 2


def test_a_conversation_is_reset_after_a_refusal_and_used_again(single, hop):
    with single.connect() as client:
        client.ehlo()
        assert_refused(client.envelope().data(message("a@bank.example")), "550 5.7.10", hop)
        assert_accepted(client.envelope().data(message()), hop)
    conversation = hop.messages[0].conversation
    verbs = [command.split()[0] for command in conversation.commands]
    assert verbs.count("MAIL") == 2 and "RSET" in verbs[:verbs.index("DATA") if "DATA" in verbs else None]


def test_transactions_at_the_same_time_have_a_conversation_each(single, hop):
    clients = [single.connect().ehlo().envelope() for _ in range(10)]
    for client in clients:
        assert client.data(message()).code == 250
    assert len({id(kept.conversation) for kept in hop.messages}) == 10


def test_idle_conversations_end_after_their_time(start, hop):
    postern = start(cores=1, timeouts={"next_hop_idle": "300ms"})
    still_serves(postern, hop)
    hop.wait_until(lambda hop: not hop.open_conversations, "idle conversations are ended")
    assert hop.commands[-1] == "QUIT"
    still_serves(postern, hop)


def test_conversations_are_not_used_beyond_their_age(start, hop):
    postern = start(cores=1, timeouts={"next_hop_age": "200ms"})
    still_serves(postern, hop)
    first = hop.messages[-1].conversation
    hop.wait_until(lambda hop: first.ended, "the first conversation is ended for its age")
    still_serves(postern, hop)
    assert hop.messages[-1].conversation is not first


def test_a_conversation_that_the_next_hop_closed_while_idle_costs_no_message(single, hop):
    for how in (CLOSE, RESET) * 3:
        still_serves(single, hop)
        hop.drop_all(how)


def test_nothing_of_one_client_leaks_into_the_transaction_of_the_next(single, hop):
    with single.connect() as first:
        first.ehlo().envelope("first@other.example", "one@example.org")
    with single.connect() as second:
        assert_accepted(second.ehlo().envelope("second@other.example", "two@example.org").data(message()), hop)
    assert hop.messages[0].mail.startswith("MAIL FROM:<second@other.example>")
    assert hop.messages[0].recipients == ["RCPT TO:<two@example.org>"]


# Several hosts

@pytest.fixture
def second():
    with NextHop() as made:
        yield made


def hosts(*entries):
    def change(host, policy):
        host["cores"] = 1
        policy["route"][0]["hosts"] = list(entries)
    return change


def send_many(postern, count):
    for _ in range(count):
        with postern.connect() as client:
            reply = client.ehlo().envelope().data(message())
            assert reply.code == 250, reply


def test_two_hosts_share_the_mail(start, hop, second):
    postern = start(hosts(hop.address, second.address))
    send_many(postern, 40)
    assert len(hop.messages) + len(second.messages) == 40
    assert min(len(hop.messages), len(second.messages)) >= 8


def table(hop, **keys):
    return {"address": hop.address, **keys}


def test_weights_share_the_mail_unequally(start, hop, second):
    postern = start(hosts(table(hop, weight=9), table(second, weight=1)))
    send_many(postern, 60)
    assert len(hop.messages) > 3 * len(second.messages)


def test_while_one_host_is_down_the_other_takes_all(start, hop, second):
    postern = start(hosts(hop.address, second.address))
    send_many(postern, 4)
    second.stop()
    before = len(second.messages)
    send_many(postern, 10)
    assert len(second.messages) == before
    second.start()
    wait_until(lambda: send_many(postern, 1) or len(second.messages) > before, "the second is used again")


def test_a_backup_is_used_only_while_no_other_answers(start, hop, second):
    postern = start(hosts(table(hop), table(second, backup=True)))
    send_many(postern, 10)
    assert not second.messages
    hop.stop()
    send_many(postern, 5)
    assert len(second.messages) == 5
    hop.start()
    wait_until(lambda: send_many(postern, 1) or len(hop.messages) > 10, "the first is used again")


def test_all_hosts_down_defers(start, hop):
    postern = start(hosts(f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"))
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        assert client.command("RCPT TO:<user@example.org>").status == "451 4.4.1"


# What the next hop can take

def test_extensions_that_the_next_hop_lacks_are_bridged_or_refused_but_never_said(start, hop):
    hop.extensions = ()
    with start(cores=1).connect() as client:
        client.ehlo()
        assert_accepted(client.envelope(parameters=" SIZE=100").data(message()), hop)
        assert_accepted(client.envelope().bdat(message()), hop, 2)
    assert not any("=" in command for command in hop.commands)
    assert "BDAT" not in hop.verbs


def test_utf8_mail_for_a_next_hop_without_SMTPUTF8_is_refused(start, hop):
    hop.extensions = ("PIPELINING", "8BITMIME")
    with start(cores=1).connect() as client:
        client.ehlo()
        reply = client.command("MAIL FROM:<ü@other.example> SMTPUTF8")
        if reply.code == 250:
            reply = client.command("RCPT TO:<user@example.org>")
        assert reply.code in (550, 553, 555), reply
        client.command("RSET")
        assert_accepted(client.envelope().data(message()), hop)


def test_8bit_mail_is_announced_to_a_next_hop_that_knows_it(start, hop):
    with start(cores=1).connect() as client:
        client.ehlo().envelope(parameters=" BODY=8BITMIME")
        kept = assert_accepted(client.data(message(body="grüße\r\n")), hop)
        assert "BODY=8BITMIME" in kept.mail and kept.body == "grüße\r\n".encode()


def test_delivery_status_parameters_are_passed_on(client, hop):
    client.command("MAIL FROM:<b@other.example> RET=HDRS ENVID=QQ314159+2B")
    assert client.command("RCPT TO:<user@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Alias@example.org").code == 250
    kept = assert_accepted(client.data(message()), hop)
    assert "RET=HDRS" in kept.mail and "ENVID=QQ314159+2B" in kept.mail
    assert "NOTIFY=" in kept.recipients[0] and "ORCPT=rfc822;Alias@example.org" in kept.recipients[0]
    said = kept.recipients[0].split("NOTIFY=")[1].split()[0]
    assert sorted(said.split(",")) == ["DELAY", "SUCCESS"]


def test_NOTIFY_NEVER_is_passed_on(client, hop):
    client.command("MAIL FROM:<b@other.example>")
    client.command("RCPT TO:<user@example.org> NOTIFY=NEVER")
    assert "NOTIFY=NEVER" in assert_accepted(client.data(message()), hop).recipients[0]


def test_DSN_is_not_offered_for_a_next_hop_without_it(start, hop):
    hop.extensions = ("PIPELINING",)
    postern = start(cores=1)

    def offered():
        with postern.connect() as client:
            client.ehlo()
            return set(client.extensions)

    wait_until(lambda: not {"DSN", "SMTPUTF8"} & offered(), "what the next hop lacks is known")


def test_the_extensions_of_DESIGN_are_offered(client):
    assert set(client.extensions) == {"PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8",
                                      "DSN", "STARTTLS"}


def test_a_big_message_streams_through(postern, hop):
    content = message(body=("x" * 76 + "\r\n") * 100_000)
    with postern.connect() as client:
        kept = assert_accepted(client.ehlo().start_tls().envelope().data(content), hop)
        assert kept.original == content
    with open(f"/proc/{postern.process.pid}/status") as status:
        kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    assert kib < 200_000
