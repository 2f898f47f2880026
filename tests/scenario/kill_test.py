"""Nothing acknowledged is lost: at a kill -9 of Postern or of the next hop, at any moment."""

import random

from support.load import Load, number_of
from support.next_hop import NextHopProcess
from support.waiting import free_port, wait_until

KILLS = 30


def test_every_2xx_is_a_whole_message_at_the_next_hop_whoever_is_killed(prepare, tmp_path):
    hop = NextHopProcess(tmp_path, free_port())
    postern = prepare(lambda host, policy: policy["route"][0].update(hosts=[hop.address])).start()
    postern.may_fail = True
    source = random.Random(20)
    load = Load(postern.address(), clients=8, size=20_000)
    try:
        for kill in range(KILLS):
            before = load.total
            wait_until(lambda: load.total > before + 2, "mail flows")
            load.pause(source.random() * 0.08)
            victim = postern if kill % 2 else hop
            victim.kill()
            victim.start()
        before = len(load.accepted)
        wait_until(lambda: len(load.accepted) > before + 10, "mail flows in the end")
    finally:
        load.stop()
        hop.kill()
    kept = [number_of(content) for content in hop.contents()]
    lost = load.accepted - set(kept)
    assert not lost, f"{len(lost)} of {len(load.accepted)} acknowledged messages are lost"
    assert not load.refused & set(kept), "refused messages have reached the next hop"
    doubtful = set(kept) - load.accepted
    assert doubtful <= load.unknown | load.deferred, "kept, and the client was told otherwise"
    assert load.accepted and load.refused


def test_what_a_killed_next_hop_did_not_acknowledge_is_deferred(prepare, tmp_path):
    hop = NextHopProcess(tmp_path, free_port())
    postern = prepare(lambda host, policy: policy["route"][0].update(hosts=[hop.address])).start()
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("DATA").code == 354
        client.send(b"From: b@other.example\r\n\r\n" + b"body\r\n" * 1000)
        hop.kill()
        client.send(b".\r\n")
        assert client.reply().status == "451 4.4.2"
    assert hop.contents() == []
