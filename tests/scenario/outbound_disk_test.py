"""A full disk: 452 4.3.1, nothing that was answered 250 is lost, and all is well again when there is room."""

import os

import pytest

from support.client import message
from support.disk import MIB, fill, mount, unmount
from support.outside import SENDER, connect, in_queue, submit, wait_until_empty
from support.waiting import wait_until

YOU = "you@plain.example"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")


@pytest.fixture
def small_disk(tmp_path):
    """Mounts one of so many MiB where the state of a Postern will be, which is told to end before the disk goes."""
    mounted = []

    def mount_state(postern, mib):
        state = postern.directory / "state"
        mount(state, f"{mib}m")
        mounted.append((postern, state))
        return state

    yield mount_state
    for postern, state in mounted:
        postern.leave()
        try:
            postern.finish()
        finally:
            unmount(state)


def try_to_submit(postern, content, recipient=YOU):
    """The reply to the end of the content."""
    with connect(postern.address()) as client:
        client.ehlo().envelope(SENDER, recipient)
        return client.data(content)


def big(number):
    return message(SENDER, f"number {number}", ("x" * 98 + "\r\n") * (8 * MIB // 100))


def test_a_queue_that_has_filled_its_disk_refuses_for_now_loses_nothing_and_recovers(prepare_sender, outside,
                                                                                     small_disk):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = prepare_sender(cores=1)
    small_disk(postern, 160)
    postern.start()
    accepted = 0
    for number in range(40):
        reply = try_to_submit(postern, big(number))
        if reply.code != 250:
            break
        accepted += 1
    assert reply.status == "452 4.3.1", reply
    assert 5 < accepted < 30
    assert postern.http("/healthz")[0] == 200
    host.answers.clear()
    wait_until_empty(postern)
    assert len(host.messages) == accepted
    assert {kept.headers.split(b"number ")[1].split(b"\r\n")[0] for kept in host.messages} == {
        b"%d" % number for number in range(accepted)}
    wait_until(lambda: try_to_submit(postern, big(99)).code == 250, "there is room again")
    host.wait_for_messages(accepted + 1)


def test_a_disk_that_others_have_filled_refuses_for_now_and_recovers(prepare_sender, outside, small_disk):
    host = outside.host("mx.plain.example")
    postern = prepare_sender(cores=1)
    state = small_disk(postern, 160)
    postern.start()
    fill(state)
    for _ in range(3):
        assert try_to_submit(postern, message(SENDER)).status == "452 4.3.1"
    (state / "filler").unlink()
    submit(postern, YOU)
    host.wait_for_messages(1)
    assert len(host.messages) == 1


def test_what_is_queued_is_delivered_while_the_disk_is_full(prepare_sender, outside, small_disk):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = prepare_sender(cores=1)
    state = small_disk(postern, 160)
    postern.start()
    for _ in range(10):
        submit(postern, YOU)
    fill(state)
    host.answers.clear()
    host.wait_for_messages(10, seconds=30)
    wait_until_empty(postern)
    assert len(host.messages) == 10


def test_after_kills_with_a_full_disk_nothing_is_lost_and_nothing_is_sent_twice(prepare_sender, outside, small_disk):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = prepare_sender(cores=1)
    postern.may_fail = True
    state = small_disk(postern, 160)
    postern.start()
    for _ in range(10):
        submit(postern, YOU)
    fill(state)
    postern.kill()
    fill(state)
    postern.start()
    host.answers.clear()
    host.wait_for_messages(10, seconds=30)
    wait_until_empty(postern)
    postern.kill()
    postern.start()
    assert in_queue(postern) == 0
    assert try_to_submit(postern, message(SENDER)).code == 250  # all that lived there is gone
    host.wait_for_messages(11)
    wait_until_empty(postern)
    assert len(host.messages) == 11


def test_mail_that_filled_the_disk_and_is_all_returned_makes_room_for_its_reports(prepare_sender, outside, small_disk):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = prepare_sender(cores=1, delivery={"concurrency": 4})
    state = small_disk(postern, 160)
    postern.start()
    accepted = 0
    while try_to_submit(postern, big(accepted)).code == 250:
        accepted += 1
    fill(state)
    host.answers["RCPT"] = "550 5.1.1 nobody of this name"
    failed = outside.reports(accepted)
    assert all(report.recipient(YOU)["Status"] == "5.1.1" for report in failed)
    wait_until_empty(postern)
    assert len(outside.home.messages) == accepted


def test_returns_that_wait_for_room_do_not_hold_up_the_end(prepare_sender, outside, small_disk):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = outside.home.answers["RCPT"] = "451 4.3.0 later"
    postern = prepare_sender(cores=1, drain_seconds=1)
    state = small_disk(postern, 160)
    postern.start()
    count = 150
    content = message(SENDER, "padded", extra=f"X-Padding: {'x' * 900}\r\n" * 60)
    for _ in range(count):
        submit(postern, YOU, content=content)
    fill(state)
    host.answers["RCPT"] = "550 5.1.1 nobody of this name"
    postern.wait_for_event("spool_failed", text="report")
    assert postern.stop() == 0
    (state / "filler").unlink()
    outside.home.answers.clear()
    postern.start()
    outside.reports(count)
    wait_until_empty(postern)
    assert len(outside.home.messages) == count
