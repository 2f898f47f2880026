"""What was answered 250 is delivered, queued or reported, whoever is killed at whatever moment."""

import collections
import random
import re

from support.load import OutboundLoad, number_of
from support.outside import SENDER, in_queue, wait_until_empty
from support.soak_kills import kill_under_load
from support.soak_world import BAD, GOOD, LATER
from support.waiting import wait_until

KILLS = 50


def answer_to(text, _conversation):
    if BAD in text:
        return "550 5.1.1 nobody of this name"
    return "451 4.3.0 later" if LATER in text else None


def numbers_delivered(hop):
    return collections.Counter(number_of(kept.content) for kept in list(hop.messages))


def numbers_reported(home):
    return {int(re.search(rb"X-Number: (\d+)", kept.content)[1]) for kept in list(home.messages)}


def test_every_250_is_delivered_queued_or_reported_after_kills_at_any_moment(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = answer_to
    postern = sender()
    postern.may_fail = True
    load = OutboundLoad(postern.address(), SENDER, [GOOD, GOOD, BAD, LATER], clients=4)
    try:
        kill_under_load(postern, [load], random.Random(21), lambda kills: kills >= KILLS, 0.15)
    finally:
        load.stop()
    later = load.accepted_for(LATER)
    wait_until(lambda: load.accepted_for(GOOD) <= set(numbers_delivered(host)), "all good mail is delivered", 60)
    wait_until(lambda: load.accepted_for(BAD) <= numbers_reported(outside.home), "all bad mail is reported", 60)
    delivered = numbers_delivered(host)
    assert not later & set(delivered) and not later & numbers_reported(outside.home)
    assert in_queue(postern) >= len(later)
    host.answers.clear()
    wait_until(lambda: later <= set(numbers_delivered(host)), "what was queued is delivered", 60)
    wait_until_empty(postern)

    delivered, reported = numbers_delivered(host), numbers_reported(outside.home)
    lost = load.accepted - set(delivered) - reported
    assert not lost, f"{len(lost)} of {len(load.accepted)} messages that were answered 250 are lost"
    assert set(delivered) | reported <= load.accepted | load.unknown | load.deferred
    again = sum(count - 1 for count in delivered.values())
    assert again <= KILLS * 8, "more was sent twice than can have been under way at the kills"
    assert load.accepted_for(GOOD) and load.accepted_for(BAD) and later
