"""What is promised again and again, said once."""


def assert_refused(reply, status, hop):
    """This reply, and the next hop has seen no byte of a message, not even the word DATA, neither before nor
    while its transaction is ended."""
    assert reply.status == status, reply
    hop.wait_until(lambda hop: all(one.mail is None or one.ended for one in hop.conversations),
                   "the next hop's transaction is reset")
    assert not hop.saw_content, hop.commands
    assert not hop.messages and not hop.refused_messages


def assert_accepted(reply, hop, count=1):
    """250 2.x.x, which is the next hop's own, and the message is there whole; it is returned."""
    assert reply.code == 250 and reply.enhanced.startswith("2."), reply
    assert len(hop.messages) == count, hop.commands
    return hop.messages[-1]


def assert_not_complete(hop):
    """Whatever began there, no message was ever completed."""
    hop.wait_until(lambda hop: all(one.mail is None or one.ended for one in hop.conversations),
                   "the next hop's transaction is over")
    assert not hop.messages and not hop.refused_messages


def still_serves(postern, hop):
    """After an attack: the gateway goes on as if nothing had been."""
    from .client import message
    before = len(hop.messages)
    with postern.connect() as client:
        reply = client.ehlo().start_tls().envelope().data(message())
        assert reply.code == 250, reply
    assert len(hop.messages) == before + 1
