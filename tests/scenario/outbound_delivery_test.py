"""Mail to outside that nothing is demanded of, and what comes back when it cannot be delivered (COMPLIANCE O1-O3,
O15-O17)."""

import pytest

from support.certificates import Authority
from support.client import message
from support.outside import SECRET, SUBJECT, attempts, submit, wait_for_attempt, wait_until_empty

BAD_CERTIFICATES = ["wrong name", "expired", "self-signed", "unknown CA"]


@pytest.fixture(scope="session")
def bad_certificates(authority, tmp_path_factory):
    name = "mx.plain.example"
    return {
        "wrong name": authority.issue("other.example"),
        "expired": authority.issue(name, validity="past"),
        "self-signed": authority.self_signed(name),
        "unknown CA": Authority(tmp_path_factory.mktemp("other-ca"), "Another CA").issue(name),
    }


def test_mail_goes_to_the_mail_host_of_its_domain_as_it_was_handed_in(sender, outside):
    host = outside.host("mx.plain.example")
    content = message("me@home.example", body="a line\r\n.\r\n..two dots\r\n", extra="Message-ID: <1@home.example>\r\n"
                      "Date: Tue, 24 Nov 2026 10:00:00 +0000\r\n")
    submit(sender(), "you@plain.example", "too@plain.example", content=content)
    [kept] = host.wait_for_messages(1)
    assert kept.original == content
    assert kept.mail.startswith("MAIL FROM:<me@home.example>")
    assert kept.recipients == ["RCPT TO:<you@plain.example>", "RCPT TO:<too@plain.example>"]


@pytest.mark.parametrize("certificate", BAD_CERTIFICATES)
def test_without_a_demand_TLS_is_used_where_it_is_offered_with_any_certificate(sender, outside, bad_certificates,
                                                                              certificate):
    host = outside.host("mx.plain.example", certificate=bad_certificates[certificate])
    postern = sender()
    submit(postern, "you@plain.example")
    [kept] = host.wait_for_messages(1)
    assert kept.conversation.tls_version and kept.conversation.sni == "mx.plain.example"
    line = wait_for_attempt(postern, "you@plain.example")
    assert line["verdict"] == "accepted" and line["tls_version"] and line["demand"] == "none"


def test_without_a_demand_mail_goes_in_clear_where_no_TLS_is_offered(sender, outside):
    host = outside.host("mx.plain.example")
    postern = sender()
    submit(postern, "you@plain.example")
    host.wait_for_messages(1)
    line = wait_for_attempt(postern, "you@plain.example")
    assert line["verdict"] == "accepted" and line["tls_cause"].startswith("starttls-not-supported")


def test_without_a_demand_mail_goes_in_clear_on_a_fresh_connection_after_a_failed_handshake(sender, outside):
    host = outside.host("mx.plain.example", extensions=("PIPELINING", "STARTTLS"))
    host.answers["STARTTLS"] = "220 2.0.0 go ahead\r\nnot TLS at all"
    postern = sender()
    submit(postern, "you@plain.example")
    [kept] = host.wait_for_messages(1)
    assert "STARTTLS" not in "".join(kept.conversation.commands)
    assert len(host.conversations) == 2
    line = wait_for_attempt(postern, "you@plain.example")
    assert line["verdict"] == "accepted" and line["tls_cause"].startswith("validation-failure")


@pytest.mark.parametrize("certificate", BAD_CERTIFICATES)
def test_where_TLS_alone_is_demanded_any_certificate_will_do(sender, outside, bad_certificates, certificate):
    host = outside.host("mx.plain.example", certificate=bad_certificates[certificate])
    postern = sender()
    submit(postern, "cfo@plain.example")
    [kept] = host.wait_for_messages(1)
    assert kept.conversation.tls_version
    assert "MAIL" not in "".join(kept.conversation.commands[:2])
    assert wait_for_attempt(postern, "cfo@plain.example")["demand"] == "tls"


@pytest.mark.parametrize("domain, status", [("missing.example", "5.1.2"), ("null.example", "5.1.10")])
def test_what_no_domain_takes_comes_back_at_once(sender, outside, domain, status):
    postern = sender()
    submit(postern, f"you@{domain}")
    [report] = outside.reports()
    failed = report.recipient(f"you@{domain}")
    assert (failed["Action"], failed["Status"]) == ("failed", status)
    assert failed["Remote-MTA"] is None
    wait_until_empty(postern)
    assert len(attempts(postern, f"you@{domain}")) == 1


@pytest.mark.parametrize("verb", ["RCPT", "MAIL", "DATA", "CONTENT", "GREETING"])
def test_a_refusal_for_good_comes_back_with_the_words_of_the_host(sender, outside, verb):
    host = outside.host("mx.plain.example", extensions=("PIPELINING",))  # no CHUNKING: DATA is said
    host.answers[verb] = "550 5.1.1 nobody of this name"
    postern = sender()
    submit(postern, "you@plain.example")
    [report] = outside.reports()
    failed = report.recipient("you@plain.example")
    assert (failed["Action"], failed["Status"]) == ("failed", "5.1.1")
    assert failed["Remote-MTA"] == "dns; mx.plain.example"
    assert failed["Diagnostic-Code"] == "smtp; 550 5.1.1 nobody of this name"
    assert report.message["Reporting-MTA"] == "dns; mx1.example.org" and report.message["Arrival-Date"]
    assert SUBJECT in report.returned.as_string()
    wait_until_empty(postern)
    assert len(outside.home.messages) == 1


def test_of_two_recipients_only_the_refused_one_comes_back(sender, outside):
    host = outside.host("mx.plain.example")
    host.answers["RCPT"] = lambda text, _: "550 5.7.1 not for you" if "bad@" in text else None
    postern = sender()
    submit(postern, "good@plain.example", "bad@plain.example")
    [report] = outside.reports()
    assert report.recipient("bad@plain.example")["Status"] == "5.7.1"
    assert len(report.recipients) == 1
    [kept] = host.wait_for_messages(1)
    assert kept.recipients == ["RCPT TO:<good@plain.example>"]
    wait_until_empty(postern)


def test_one_message_to_several_domains_comes_back_in_one_report(sender, outside):
    postern = sender()
    submit(postern, "you@missing.example", "you@null.example")
    [report] = outside.reports()
    assert report.recipient("you@missing.example")["Status"] == "5.1.2"
    assert report.recipient("you@null.example")["Status"] == "5.1.10"
    wait_until_empty(postern)
    assert len(outside.home.messages) == 1


@pytest.mark.parametrize("case", ["null sender", "NOTIFY=NEVER"])
def test_nobody_is_told_where_nobody_may_be_told(sender, outside, case):
    postern = sender()
    never = case == "NOTIFY=NEVER"
    submit(postern, "you@missing.example", sender="me@home.example" if never else "",
           notify=" NOTIFY=NEVER" if never else "")
    dropped = postern.wait_for_event("report_dropped")
    assert dropped["cause"]
    wait_until_empty(postern)
    assert not outside.home.messages and "MAIL" not in outside.home.verbs


def test_only_the_header_of_a_message_comes_back_unless_its_sender_wanted_all_of_it(sender, outside):
    postern = sender()
    submit(postern, "you@missing.example")
    [report] = outside.reports()
    assert report.returned.get_content_type() == "text/rfc822-headers"
    assert SECRET not in report.content.decode()
    submit(postern, "you@missing.example", parameters=" RET=FULL")
    report = outside.reports(2)[1]
    assert report.returned.get_content_type() == "message/rfc822"
    assert SECRET in report.content.decode()


def test_a_report_that_cannot_be_delivered_makes_no_other(sender, outside):
    outside.home.answers["RCPT"] = "550 5.1.1 nobody of this name"
    postern = sender()
    submit(postern, "you@missing.example")
    assert postern.wait_for_event("report_dropped")["cause"] == "the sender is null"
    wait_until_empty(postern)
    assert len(postern.events("report")) == 1
