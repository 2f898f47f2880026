"""What is queued for a passing reason keeps its demand, whatever happens in between (COMPLIANCE O14, O19)."""

import pytest

from support.name_server import NameServer
from support.outside import (BROKEN_REPAIRED, NAMED, SECRET, TRUSTED, ZONES, assert_told_nothing, in_queue, submit,
                             wait_for_attempt, wait_until_empty)
from support.waiting import wait_until

HOST = "mx.branch.example"
YOU = "you@branch.example"


@pytest.fixture
def name_server(tmp_path):
    """One that the test may change."""
    with NameServer(tmp_path / "dns", ZONES) as made:
        yield made


@pytest.mark.parametrize("verb", ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"])
def test_mail_that_is_put_off_stays_queued_and_is_delivered_in_TLS(sender, outside, authority, verb):
    host = outside.host(HOST, certificate=authority.issue(HOST), extensions=("PIPELINING",))  # DATA, no CHUNKING
    host.answers[verb] = "451 4.3.0 later"
    postern = sender(demand=NAMED)
    submit(postern, YOU)
    line = wait_for_attempt(postern, YOU)
    assert line["verdict"] == "deferred", line
    assert not outside.home.messages
    del host.answers[verb]
    [kept] = host.wait_for_messages(1, seconds=30)
    assert kept.conversation.tls_version
    wait_until_empty(postern)
    assert not outside.home.messages


@pytest.mark.parametrize("how", ["refuses connections", "closes at once", "closes behind EHLO"])
def test_a_host_that_cannot_be_talked_to_is_tried_again(sender, outside, authority, how):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    if how == "refuses connections":
        host.stop()
    else:
        host.answers["GREETING" if how == "closes at once" else "EHLO"] = "(close the connection)"
    postern = sender(demand=NAMED)
    submit(postern, YOU)
    line = wait_for_attempt(postern, YOU)
    assert line["verdict"] == "deferred" and in_queue(postern) == 1
    host.answers.clear()
    if how == "refuses connections":
        host.start()
    [kept] = host.wait_for_messages(1, seconds=30)
    assert kept.conversation.tls_version
    assert not outside.home.messages


@pytest.mark.parametrize("first", ["no STARTTLS", "self-signed"])
@pytest.mark.parametrize("second", ["451", "down"])
def test_one_host_falls_short_and_the_other_cannot_now_so_the_mail_waits(sender, outside, authority, first, second):
    shown = None if first == "no STARTTLS" else authority.self_signed("first.bank.example")
    short = outside.host("first.bank.example", certificate=shown)
    good = outside.host("second.bank.example", certificate=authority.issue("second.bank.example"))
    good.answers["RCPT"] = "451 4.3.0 later"
    if second == "down":
        good.stop()
    postern = sender(demand=NAMED)
    submit(postern, "you@bank.example")
    assert wait_for_attempt(postern, "you@bank.example")["verdict"] == "deferred"
    good.answers.clear()
    if second == "down":
        good.start()
    assert good.wait_for_messages(1, seconds=30)[0].conversation.tls_version
    assert_told_nothing(short)
    assert not outside.home.messages


@pytest.mark.parametrize("order", ["falls short first", "falls short last"])
def test_a_host_that_falls_short_later_gets_no_mail_that_waited(sender, outside, authority, order):
    """The order of the hosts, and of what they do, opens no way in clear."""
    names = ["first.bank.example", "second.bank.example"]
    short, good = names if order == "falls short first" else names[::-1]
    short = outside.host(short)
    good = outside.host(good, certificate=authority.issue(good))
    good.answers["MAIL"] = "451 4.3.0 later"
    postern = sender()
    submit(postern, "you@bank.example")
    wait_for_attempt(postern, "you@bank.example", 2)
    good.tls = None
    good.answers.clear()
    [report] = outside.reports()
    assert report.recipient("you@bank.example")["Status"] == "5.7.10"
    assert_told_nothing(short)
    assert not good.messages and SECRET.encode() not in good.received


def test_a_demand_outlives_a_kill_and_a_restart(sender, outside, authority):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    host.answers["MAIL"] = "451 4.3.0 later"
    postern = sender(demand=NAMED)
    postern.may_fail = True
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    postern.kill()
    host.forget()
    host.tls = None
    host.answers.clear()
    postern.start()
    [report] = outside.reports()
    assert report.recipient(YOU)["Status"] == "5.7.10"
    assert not host.messages and "MAIL" not in host.verbs
    assert SECRET not in report.content.decode()


def test_mail_that_waited_over_a_restart_is_delivered(sender, outside, authority):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    host.answers["MAIL"] = "451 4.3.0 later"
    postern = sender(demand=NAMED)
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    assert postern.stop() == 0
    host.answers.clear()
    postern.start()
    assert host.wait_for_messages(1, seconds=30)[0].conversation.tls_version
    wait_until_empty(postern)


@pytest.mark.parametrize("mistake", [False, True])
def test_a_demand_outlives_a_reload(sender, outside, authority, mistake):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    host.answers["MAIL"] = "451 4.3.0 later"
    postern = sender(demand=NAMED)
    submit(postern, YOU)
    wait_for_attempt(postern, YOU)
    if mistake:
        postern.write_policy("[[tls_compliance")
        assert postern.run("reload").returncode == 1
    else:
        postern.policy["address_list"][0]["entries"].append("more.example")
        postern.write_policy()
        postern.reload()
    host.tls = None
    host.answers.clear()
    [report] = outside.reports()
    assert report.recipient(YOU)["Status"] == "5.7.10"
    assert not host.messages


def test_a_demand_that_comes_with_a_reload_counts_from_the_next_attempt_on(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["MAIL"] = "451 4.3.0 later"
    postern = sender()
    submit(postern, "you@plain.example")
    wait_for_attempt(postern, "you@plain.example")
    postern.policy["address_list"][0]["entries"].append("plain.example")
    postern.write_policy()
    postern.reload()
    del host.answers["MAIL"]
    [report] = outside.reports()
    assert report.recipient("you@plain.example")["Status"] == "5.7.10"
    assert not host.messages and SECRET.encode() not in host.received


def test_a_domain_whose_name_servers_fail_is_asked_again(sender, outside, authority, name_server):
    host = outside.host("mx.broken.example", certificate=authority.issue("mx.broken.example"))
    postern = sender(demand=NAMED, name_server=name_server)
    submit(postern, "you@broken.example")
    line = wait_for_attempt(postern, "you@broken.example")
    assert line["verdict"] == "deferred" and not host.conversations
    name_server.change("broken.example", BROKEN_REPAIRED)
    assert host.wait_for_messages(1, seconds=40)[0].conversation.tls_version
    assert not outside.home.messages


def test_a_host_without_an_address_now_is_no_reason_to_use_one_that_falls_short(sender, outside, authority,
                                                                                 name_server):
    """Half of the answers of DNS are missing: the demand stays, and so does the mail."""
    short = outside.host("second.half.example")
    good = outside.host("mx.broken.example", certificate=authority.issue("mx.broken.example"))
    postern = sender(demand=NAMED, name_server=name_server)
    submit(postern, "you@half.example")
    line = wait_for_attempt(postern, "you@half.example")
    assert line["verdict"] == "deferred", line
    name_server.change("broken.example", BROKEN_REPAIRED)
    assert good.wait_for_messages(1, seconds=40)[0].conversation.tls_version
    assert_told_nothing(short)
    assert not outside.home.messages


def test_without_any_name_server_mail_waits_and_goes_soon_after_it_is_back(sender, outside, authority, name_server):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    postern = sender(demand=NAMED, name_server=name_server)
    name_server.stop()
    recipients = [f"you{number}@branch.example" for number in range(5)]
    for one in recipients:
        submit(postern, one)
    for one in recipients:
        line = wait_for_attempt(postern, one)
        assert line["verdict"] == "deferred" and "branch.example MX" in line["reply"], line
    assert in_queue(postern) == 5 and not host.conversations
    name_server.start()
    host.wait_for_messages(5, seconds=30)
    wait_until_empty(postern)
    assert not outside.home.messages
    # Each attempt is a line, and nothing else is.
    wait_until(lambda: len(postern.events("delivery")) == postern.metric("^postern_deliveries_total"), "all is logged")
    assert not postern.events(level="error") and not postern.events(level="warning")


def test_a_setting_may_want_the_mail_to_wait_for_TLS(sender, outside, authority):
    host = outside.host(HOST)
    postern = sender(demand={"on_tls_failure": "retry"})
    submit(postern, YOU)
    assert wait_for_attempt(postern, YOU, 2)["verdict"] == "deferred"
    assert_told_nothing(host)
    host.stop()
    host = outside.host(HOST, certificate=authority.issue(HOST))
    assert host.wait_for_messages(1, seconds=30)[0].conversation.tls_version
    assert not outside.home.messages


def test_the_sender_is_warned_of_a_delay_once_and_told_at_the_end(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = "451 4.3.0 later"
    postern = sender(delivery={"warning": "1s", "expiry": "4s"})
    submit(postern, "you@plain.example")
    delayed, failed = (report.recipient("you@plain.example") for report in outside.reports(2))
    assert (delayed["Action"], delayed["Status"]) == ("delayed", "4.3.0") and delayed["Will-Retry-Until"]
    assert (failed["Action"], failed["Status"]) == ("failed", "5.4.7")
    wait_until_empty(postern)
    assert len(outside.home.messages) == 2


# Our own fault

def test_an_unreadable_trust_store_is_our_fault_and_the_mail_waits(sender, outside, authority, tmp_path):
    store = tmp_path / "trust.pem"
    host = outside.host(HOST, certificate=authority.issue(HOST))
    postern = sender(lambda host, _: host["tls"].update(trust_store=str(store)), demand=TRUSTED)
    submit(postern, YOU)
    line = wait_for_attempt(postern, YOU)
    assert line["verdict"] == "deferred", line
    assert postern.metric('^postern_delivery_causes_total.*own-fault') >= 1
    assert_told_nothing(host)
    assert in_queue(postern) == 1 and not outside.home.messages
    store.write_text(authority.certificate.read_text())
    postern.reload()
    assert host.wait_for_messages(1, seconds=30)[0].conversation.tls_version
    assert not outside.home.messages


def test_an_unreadable_trust_store_holds_up_no_mail_that_demands_no_trust(sender, outside, authority, tmp_path):
    host = outside.host(HOST, certificate=authority.issue(HOST))
    postern = sender(lambda host, _: host["tls"].update(trust_store=str(tmp_path / "none")))
    submit(postern, YOU)
    assert host.wait_for_messages(1)[0].conversation.tls_version


def test_our_own_fault_is_no_return_even_beside_a_host_that_falls_short(sender, outside, authority, tmp_path):
    short = outside.host("first.bank.example")
    good = outside.host("second.bank.example", certificate=authority.issue("second.bank.example"))
    postern = sender(lambda host, _: host["tls"].update(trust_store=str(tmp_path / "none")), demand=TRUSTED)
    submit(postern, "you@bank.example")
    assert wait_for_attempt(postern, "you@bank.example", 2)["verdict"] == "deferred"
    assert not outside.home.messages
    assert_told_nothing(short)
    assert_told_nothing(good)
