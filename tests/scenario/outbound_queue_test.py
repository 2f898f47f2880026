"""A queue that has grown while a host could not take mail goes out as fast as the host takes it."""

from support.load import OutboundLoad
from support.outside import SENDER, wait_until_empty
from support.waiting import wait_until

YOU = "you@plain.example"


def test_a_host_that_is_back_gets_all_that_waited_not_a_handful_a_second(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = sender(cores=1, delivery={"destination_concurrency": 2})
    load = OutboundLoad(postern.address(), SENDER, [YOU], clients=4)
    try:
        wait_until(lambda: load.total >= 300, "a queue has grown", seconds=30)
    finally:
        load.stop()
    host.answers.clear()
    # Two at a time, and whoever is sent away comes again after a second at the soonest: that alone would take
    # minutes.
    host.wait_for_messages(load.total, seconds=60)
    wait_until_empty(postern)
    assert len(host.messages) == load.total
