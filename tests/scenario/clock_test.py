"""The wall clock of the host jumps: nothing is cut off, and mail waits no longer than it would have."""

import datetime
import pathlib

import pytest

from support.client import connect, message
from support.name_server import NameServer
from support.outside import (BROKEN_REPAIRED, NAMED, SENDER, ZONES, attempts, submit, wait_for_attempt,
                             wait_until_empty)
from support.postern import replace
from support.waiting import wait_until

YOU = "you@plain.example"
DAY = 86400


class Clock:
    """Postern's wall clock, by libfaketime. The monotonic one stays as it is, as with a real jump."""

    def __init__(self, directory):
        self.file = directory / "clock"
        self.environment = {
            "LD_PRELOAD": str(next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))),
            "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1"}
        self.be_off_by(0)

    def be_off_by(self, seconds):
        replace(self.file, f"{seconds:+}\n")


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def start(prepare_sender, clock):
    """A Postern with that clock."""
    return lambda *arguments, **keys: prepare_sender(*arguments, **keys).start(environment=clock.environment)


def off_by(line):
    """How far the clock was ahead that wrote this line of the log."""
    return (datetime.datetime.fromisoformat(line["time"]) - datetime.datetime.now(datetime.timezone.utc)).total_seconds()


@pytest.mark.parametrize("jump", [-DAY, DAY], ids=["back", "ahead"])
def test_mail_that_waits_is_tried_within_its_usual_time_and_nobody_is_cut_off(start, clock, outside, jump):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = start()
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    with connect(postern.address()) as plain, connect(postern.address()) as secure:
        plain.ehlo().envelope(SENDER, YOU)
        secure.ehlo().start_tls().envelope(SENDER, YOU)
        clock.be_off_by(jump)
        host.answers.clear()
        host.wait_for_messages(1)
        for client in (plain, secure):
            assert client.data(message(SENDER)).code == 250
    host.wait_for_messages(3)
    wait_until(lambda: abs(off_by(attempts(postern, YOU)[-1]) - jump) < DAY / 2, "the clock has jumped")
    wait_until_empty(postern)
    assert not outside.home.messages


def test_a_queue_that_was_written_while_the_clock_was_ahead_does_not_wait_for_it(start, clock, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    clock.be_off_by(DAY)
    postern = start()
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    assert postern.stop() == 0
    clock.be_off_by(0)
    host.answers.clear()
    postern.start(environment=clock.environment)
    host.wait_for_messages(1)


def test_mail_is_given_up_by_the_wall_clock_and_tried_a_last_time_before(start, clock, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = start()
    for recipient in (YOU, "other@plain.example"):
        submit(postern, recipient)
        wait_for_attempt(postern, recipient)
    host.answers["RCPT"] = lambda text, _: "250 2.1.5 now" if YOU in text else "451 4.3.0 later"
    clock.be_off_by(6 * DAY)
    [report] = outside.reports()
    assert report.recipient("other@plain.example")["Status"] == "5.4.7"
    assert len(host.wait_for_messages(1)) == 1


def test_the_days_of_a_certificate_are_those_of_the_wall_clock(start, clock, outside, authority):
    host = outside.host("mx.branch.example",
                        certificate=authority.issue("mx.branch.example", validity="future"))  # from 30 days on
    postern = start(demand=NAMED)
    submit(postern, "you@branch.example")
    [report] = outside.reports()
    assert report.recipient("you@branch.example")["Status"] == "5.7.5"
    assert postern.metric("^postern_delivery_causes_total.*certificate-expired") == 1
    clock.be_off_by(40 * DAY)
    submit(postern, "you@branch.example")
    assert host.wait_for_messages(1)[0].conversation.tls_version


def test_what_dns_could_not_say_before_the_clock_was_set_back_is_asked_again(start, clock, outside, authority,
                                                                             tmp_path):
    host = outside.host("mx.broken.example", certificate=authority.issue("mx.broken.example"))
    with NameServer(tmp_path / "dns", ZONES) as name_server:
        postern = start(name_server=name_server)
        submit(postern, "you@broken.example")
        wait_for_attempt(postern, "you@broken.example")
        clock.be_off_by(-DAY)
        name_server.change("broken.example", BROKEN_REPAIRED)
        postern.reload()  # or a minute's wait
        host.wait_for_messages(1)
        wait_until_empty(postern)
