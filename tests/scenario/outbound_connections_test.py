"""A connection or a TLS session that was good enough for one message is judged again for the next (COMPLIANCE
O18)."""

from support.outside import NAMED, assert_told_nothing, submit, wait_until_empty


def test_a_session_that_can_be_resumed_is_no_way_round_the_demand(sender, outside, authority):
    """The server gives tickets; its certificate was good enough for the first message only."""
    host = outside.host("mx.plain.example", certificate=authority.self_signed("mx.plain.example"))
    postern = sender(demand=NAMED)
    for number in range(1, 4):
        submit(postern, "you@plain.example")
        host.wait_for_messages(number)
    submit(postern, "cfo@plain.example")
    [report] = outside.reports()
    assert report.recipient("cfo@plain.example")["Status"] == "5.7.5"
    assert b"cfo@plain.example" not in host.received


def test_a_connection_that_carries_mail_without_a_demand_carries_none_with_one(sender, outside):
    host = outside.host("mx.plain.example")
    host.delays["CONTENT"] = 0.5  # the first message is under way
    postern = sender()
    submit(postern, "you@plain.example")
    submit(postern, "cfo@plain.example", "too@plain.example")
    outside.reports()
    host.wait_for_messages(2)
    wait_until_empty(postern)
    assert b"cfo@plain.example" not in host.received


def test_every_connection_for_demanded_mail_proves_itself(sender, outside, authority):
    good = outside.host("mx.branch.example", certificate=authority.issue("mx.branch.example"))
    postern = sender(demand=NAMED)
    for number in range(1, 4):
        submit(postern, "you@branch.example")
        good.wait_for_messages(number)
    assert all(kept.conversation.tls_version for kept in good.messages)
    good.stop()
    bad = outside.host("mx.branch.example", certificate=authority.self_signed("mx.branch.example"))
    submit(postern, "you@branch.example")
    [report] = outside.reports()
    assert report.recipient("you@branch.example")["Status"] == "5.7.5"
    assert_told_nothing(bad)
