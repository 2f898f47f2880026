"""Mail that must be protected: a host that falls short is told nothing, and the mail comes back at once (COMPLIANCE
O4-O9, O13)."""

import ssl
import warnings

import pytest

from support.certificates import Authority, Certificate
from support.client import message
from support.outside import (NAMED, SECRET, SENDER, SUBJECT, TRUSTED, assert_told_nothing, attempts, submit,
                             wait_until_empty)

FIRST, SECOND = "first.bank.example", "second.bank.example"


@pytest.fixture(scope="session")
def certificates(authority, tmp_path_factory):
    """Of the host SECOND, except where the name says otherwise."""
    other = Authority(tmp_path_factory.mktemp("other-ca"), "Another CA")
    between = Authority(tmp_path_factory.mktemp("between"), "CA in between", issuer=authority)
    leaf = between.issue(SECOND)
    whole = leaf.chain.with_name("whole.pem")
    whole.write_text(leaf.chain.read_text() + between.certificate.read_text())
    return {
        "good": authority.issue(SECOND),
        "good RSA": authority.issue(SECOND, kind="rsa"),
        "good first": authority.issue(FIRST),
        "wildcard": authority.issue("*.bank.example"),
        "one of several names": authority.issue("a.example", SECOND),
        "whole chain": Certificate(whole, leaf.key),
        "incomplete chain": leaf,
        "self-signed": authority.self_signed(SECOND),
        "unknown CA": other.issue(SECOND),
        "expired": authority.issue(SECOND, validity="past"),
        "not yet valid": authority.issue(SECOND, validity="future"),
        "wrong name": authority.issue("other.example"),
        "name of the domain": authority.issue("bank.example"),
        "name only as CN": authority.issue("other.example", common_name=SECOND),
        "wildcard too high": authority.issue("*.example"),
    }


GOOD = ["good", "good RSA", "wildcard", "one of several names", "whole chain"]
MISNAMED = ["wrong name", "name of the domain", "name only as CN", "wildcard too high"]


def no_starttls(outside, name, certificates):
    return outside.host(name)


def refuses_starttls(reply):
    def make(outside, name, certificates):
        host = outside.host(name, certificate=certificates["good"])
        host.answers["STARTTLS"] = reply
        return host
    return make


def broken_handshake(what):
    """`what` comes instead of TLS; nothing: silence."""
    def make(outside, name, certificates):
        host = outside.host(name, extensions=("PIPELINING", "STARTTLS"))
        host.answers["STARTTLS"] = "220 2.0.0 go ahead" + what
        return host
    return make


def old_tls(outside, name, certificates):
    host = outside.host(name, certificate=certificates["good"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        host.tls.minimum_version = host.tls.maximum_version = ssl.TLSVersion.TLSv1_1
    host.tls.set_ciphers("DEFAULT:@SECLEVEL=0")
    return host


def tls_1_2(outside, name, certificates):
    host = outside.host(name, certificate=certificates["good"])
    host.tls.maximum_version = ssl.TLSVersion.TLSv1_2
    return host


def shows(certificate):
    return lambda outside, name, certificates: outside.host(name, certificate=certificates[certificate])


CASES = {
    "no STARTTLS": ({}, no_starttls, "5.7.10", "starttls-not-supported"),
    "STARTTLS 454": ({}, refuses_starttls("454 4.7.0 not now"), "5.7.10", "starttls-not-supported"),
    "STARTTLS 502": ({}, refuses_starttls("502 5.5.1 what?"), "5.7.10", "starttls-not-supported"),
    "STARTTLS 250": ({}, refuses_starttls("250 2.0.0 ok"), "5.7.10", "starttls-not-supported"),
    "not TLS": ({}, broken_handshake("\r\nnot TLS at all"), "5.7.10", "validation-failure"),
    "forged replies": ({}, broken_handshake("\r\n250-h\r\n250 SIZE\r\n250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go"),
                       "5.7.10", "validation-failure"),
    "stalled handshake": ({}, broken_handshake(""), "5.7.10", "validation-failure"),
    "old TLS": ({}, old_tls, "5.7.10", "validation-failure"),
    "TLS below the floor": ({"minimum_tls_version": "1.3"}, tls_1_2, "5.7.10", "validation-failure"),
    "self-signed": (TRUSTED, shows("self-signed"), "5.7.5", "certificate-not-trusted"),
    "unknown CA": (TRUSTED, shows("unknown CA"), "5.7.5", "certificate-not-trusted"),
    "incomplete chain": (TRUSTED, shows("incomplete chain"), "5.7.5", "certificate-not-trusted"),
    "expired": (TRUSTED, shows("expired"), "5.7.5", "certificate-expired"),
    "not yet valid": (TRUSTED, shows("not yet valid"), "5.7.5", "certificate-expired"),
    "self-signed, name demanded": (NAMED, shows("self-signed"), "5.7.5", "certificate-not-trusted"),
    "expired, name demanded": (NAMED, shows("expired"), "5.7.5", "certificate-expired"),
    **{name: (NAMED, shows(name), "5.7.5", "certificate-host-mismatch") for name in MISNAMED},
}


@pytest.mark.parametrize("case", CASES)
def test_a_host_that_falls_short_is_told_nothing_and_the_mail_comes_back_at_once(sender, outside, certificates, case):
    demand, make, status, cause = CASES[case]
    first, second = (make(outside, name, certificates) for name in (FIRST, SECOND))
    postern = sender(demand=demand, timeouts={"next_hop_command": "2s"} if case == "stalled handshake" else {})
    submit(postern, "you@bank.example")
    [report] = outside.reports()
    failed = report.recipient("you@bank.example")
    assert (failed["Action"], failed["Status"]) == ("failed", status)
    assert failed["Remote-MTA"] in (f"dns; {FIRST}", f"dns; {SECOND}")
    assert failed["Diagnostic-Code"] and failed["Last-Attempt-Date"]
    assert report.message["Reporting-MTA"] == "dns; mx1.example.org" and report.message["Arrival-Date"]
    assert "banks over TLS" in report.text and "you@bank.example" in report.text
    assert report.returned.get_content_type() == "text/rfc822-headers"
    assert SUBJECT in report.returned.as_string() and SECRET not in report.content.decode()
    wait_until_empty(postern)
    [line] = attempts(postern, "you@bank.example")
    assert line["verdict"] == "refused" and line["tls_cause"].startswith(cause), line
    assert line["settings"] == ["banks over TLS"]
    assert len(outside.home.messages) == 1
    for host in (first, second):
        assert_told_nothing(host)
        assert len(host.conversations) == 1, "one attempt, and each host once"


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("demand", [TRUSTED, NAMED], ids=["trusted", "named"])
def test_a_host_that_meets_the_demand_gets_the_mail_in_TLS(sender, outside, certificates, demand, name):
    host = outside.host(SECOND, certificate=certificates[name])
    outside.host(FIRST, certificate=certificates["self-signed"])
    postern = sender(demand=demand)
    submit(postern, "you@bank.example")
    [kept] = host.wait_for_messages(1)
    assert kept.conversation.tls_version in ("TLSv1.2", "TLSv1.3") and kept.conversation.sni == SECOND
    assert_told_nothing(outside.hops[FIRST])
    wait_until_empty(postern)
    assert not outside.home.messages


@pytest.mark.parametrize("name", MISNAMED)
def test_where_no_name_is_demanded_any_name_will_do(sender, outside, certificates, name):
    host = outside.host(FIRST, certificate=certificates[name])
    submit(sender(demand=TRUSTED), "you@bank.example")
    assert host.wait_for_messages(1)[0].conversation.tls_version


def test_the_floor_is_met_by_the_version_that_it_names(sender, outside, certificates):
    host = outside.host(FIRST, certificate=certificates["good"])
    submit(sender(demand={"minimum_tls_version": "1.3"}), "you@bank.example")
    assert host.wait_for_messages(1)[0].conversation.tls_version == "TLSv1.3"


@pytest.mark.parametrize("case", ["no STARTTLS", "STARTTLS 454", "not TLS", "unknown CA", "expired", "wrong name"])
def test_the_next_host_gets_the_mail_where_only_the_first_falls_short(sender, outside, certificates, case):
    _, make, _, _ = CASES[case]
    first = make(outside, FIRST, certificates)
    second = outside.host(SECOND, certificate=certificates["good"])
    submit(sender(demand=NAMED), "you@bank.example")
    assert second.wait_for_messages(1)[0].conversation.tls_version
    assert_told_nothing(first)


@pytest.mark.parametrize("size", [100, 3_000_000])
def test_content_of_any_size_is_held_back(sender, outside, size):
    host = outside.host("mx.branch.example")
    content = message(SENDER, SUBJECT, (SECRET + "\r\n") * (size // 30 + 1))
    submit(sender(), "you@branch.example", content=content, parameters=" RET=FULL")
    [report] = outside.reports()
    assert_told_nothing(host)
    assert report.returned.get_content_type() == "text/rfc822-headers"
    assert SECRET not in report.content.decode()


def test_recipients_with_a_demand_and_without_are_judged_each_on_its_own(sender, outside):
    host = outside.host("mx.plain.example")
    postern = sender()
    submit(postern, "you@plain.example", "cfo@plain.example")
    [report] = outside.reports()
    assert [one["Final-Recipient"] for one in report.recipients] == ["rfc822; cfo@plain.example"]
    [kept] = host.wait_for_messages(1)
    assert kept.recipients == ["RCPT TO:<you@plain.example>"]
    assert b"cfo@plain.example" not in host.received
    # A part of the message was confidential, so the report says nothing of its content.
    assert SECRET not in report.content.decode()


def test_the_strictest_of_several_settings_counts(sender, outside, certificates):
    def change(_host, policy):
        policy["tls_compliance"].append({"name": "banks with names", "directions": ["outbound"],
                                         "address_lists": ["banks"], "require_trusted_certificate": True})
    first, second = (outside.host(name, certificate=certificates["wrong name"]) for name in (FIRST, SECOND))
    postern = sender(change)
    submit(postern, "you@bank.example")
    [report] = outside.reports()
    assert report.recipient("you@bank.example")["Status"] == "5.7.5"
    [line] = attempts(postern, "you@bank.example")
    assert sorted(line["settings"]) == ["banks over TLS", "banks with names"]
    assert_told_nothing(first)
    assert_told_nothing(second)


def test_a_setting_that_only_reports_never_holds_mail_back(sender, outside):
    host = outside.host("mx.branch.example")
    postern = sender(demand={"mode": "report"})
    submit(postern, "you@branch.example")
    host.wait_for_messages(1)
    wait_until_empty(postern)
    assert not outside.home.messages


def test_the_report_is_in_Japanese_and_English_where_the_host_says_so(sender, outside):
    outside.host("mx.branch.example")
    submit(sender(report_language="ja"), "you@branch.example")
    [report] = outside.reports()
    assert any("\u3040" <= letter <= "\u30ff" for letter in report.text) and "you@branch.example" in report.text
    assert "does not offer encryption" in report.text
