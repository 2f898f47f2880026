"""A log that nobody takes: mail goes on, verdicts stay right, and how many lines were lost is told."""

import os
import resource
import shutil

import pytest

from support.client import connect, message
from support.disk import fill, mount, unmount
from support.outside import SENDER, submit
from support.waiting import wait_until


@pytest.fixture
def both_ways(prepare_sender, outside):
    """A Postern for mail to outside (listener 0) and from there (1), and what passes through it: mail(number)."""
    def change(host, policy):
        host["listener"].append({"name": "mx", "direction": "inbound"})
        policy["tls_compliance"][0]["directions"] = ["inbound", "outbound"]

    postern = prepare_sender(change)
    host = outside.host("mx.plain.example")

    def mail(number):
        """Number `number`: one out, one in, and one in that must be refused."""
        submit(postern, "you@plain.example")
        host.wait_for_messages(number)
        with connect(postern.address(1)) as client:
            client.ehlo().envelope("someone@plain.example", SENDER)
            assert client.data(message("someone@plain.example")).code == 250
            client.envelope("boss@bank.example", SENDER)
            assert client.data(message("boss@bank.example")).status == "550 5.7.10"
        assert len(outside.home.messages) == number

    return postern, mail


def dropped(postern):
    return postern.metric("^postern_log_lines_dropped_total")


def lost(postern):
    """What the log says of it."""
    return sum(line["count"] for line in postern.events("log_lines_lost"))


@pytest.fixture
def small_disk(both_ways, tmp_path):
    """With the log on it, and nothing else."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    postern, _ = both_ways
    disk = tmp_path / "disk"
    disk.mkdir()
    mount(disk, "256k")
    postern.log_file = disk / "log"
    yield disk
    postern.leave()
    try:
        postern.finish()
        postern.log_file = shutil.copy(postern.log_file, postern.directory / "log")
    finally:
        unmount(disk)


def test_while_the_disk_of_the_log_is_full_mail_goes_on_and_the_loss_is_told(both_ways, small_disk):
    postern, mail = both_ways
    postern.start()
    mail(1)
    postern.wait_for_event("delivery")
    fill(small_disk)
    number = 1
    while not dropped(postern):  # what is left of the last block is used first
        number += 1
        mail(number)
        assert number < 50
    mail(number + 1)
    assert postern.http("/healthz")[0] == 200
    postern.reload()
    assert lost(postern) == 0
    (small_disk / "filler").unlink()
    mail(number + 2)
    wait_until(lambda: lost(postern) == dropped(postern), "the loss is told")


def test_a_full_disk_under_the_log_is_no_reason_not_to_start(both_ways, small_disk):
    postern, mail = both_ways
    fill(small_disk)
    postern.start()
    mail(1)
    assert not postern.log
    (small_disk / "filler").unlink()
    mail(2)
    wait_until(lambda: lost(postern) == dropped(postern) > 0, "the loss is told")


def test_a_limit_on_the_size_of_files_ends_nothing(prepare):
    postern = prepare()
    postern.start(preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY)))
    while not dropped(postern):
        with postern.connect() as client:
            client.ehlo().envelope()
            assert client.data(message()).code == 250
            client.envelope()
            assert client.data(message("boss@bank.example")).status == "550 5.7.10"
    assert postern.stop() == 0
    assert postern.log_file.stat().st_size == 8192
    whole, _, _ = postern.log_file.read_text().rpartition("\n")
    postern.log_file.write_text(whole)


def fill_pipe(end):
    os.set_blocking(end, False)
    try:
        while True:
            os.write(end, b"\n" * 4096)
    except BlockingIOError:
        os.set_blocking(end, True)


def test_while_nobody_reads_the_log_mail_goes_on_and_nothing_is_lost_when_somebody_does(both_ways):
    postern, mail = both_ways
    reading, writing = os.pipe()
    fill_pipe(writing)
    postern.start(output=writing)
    for number in (1, 2):
        mail(number)
    assert postern.http("/healthz")[0] == 200
    postern.reload()

    log = b""
    wanted = {b'"event":"reloaded"': 2, b'"event":"delivery"': 2, b'"event":"message"': 6}  # what there was to log
    while any(log.count(event) < times for event, times in wanted.items()):
        log += os.read(reading, 65536)
    assert all(log.count(event) == times for event, times in wanted.items())
    assert dropped(postern) == 0

    fill_pipe(writing)
    mail(3)
    assert postern.stop() == 0
    os.close(reading)
    os.close(writing)


def test_when_the_reader_of_the_log_has_gone_mail_goes_on(both_ways):
    postern, mail = both_ways
    reading, writing = os.pipe()
    postern.start(output=writing)
    os.close(writing)
    mail(1)
    os.close(reading)
    mail(2)
    wait_until(lambda: dropped(postern) > 0, "what nobody takes is counted")
    mail(3)
