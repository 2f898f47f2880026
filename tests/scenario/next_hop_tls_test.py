"""TLS to the next hop: a route's own demands are met before MAIL, or nothing is said."""

import pytest

from support.client import message
from support.certificates import HOP_NAME
from support.next_hop import NextHop
from support.promises import assert_accepted


def tls_route(authority, **keys):
    """A route to a host that is called HOP_NAME."""
    def change(host, policy):
        host["cores"] = 1
        host["tls"]["trust_store"] = str(authority.certificate)
        policy["route"][0].update(keys)
        policy["route"][0].setdefault("server_name", HOP_NAME)
    return change


ENCRYPTED = {"tls": "require"}
TRUSTED = {"tls": "require", "require_trusted_certificate": True, "validate_certificate_hostname": False}
NAMED = {"tls": "require", "require_trusted_certificate": True, "validate_certificate_hostname": True}


@pytest.fixture
def certificates(authority):
    return {
        "good": authority.issue(HOP_NAME),
        "good RSA": authority.issue(HOP_NAME, kind="rsa"),
        "wildcard": authority.issue("*.example.org"),
        "one of several names": authority.issue("a.example", HOP_NAME, "b.example"),
        "wrong name": authority.issue("other.example.org"),
        "name only as CN": authority.issue("other.example.org", common_name=HOP_NAME),
        "wildcard too high": authority.issue("*.org"),
        "expired": authority.issue(HOP_NAME, validity="past"),
        "not yet valid": authority.issue(HOP_NAME, validity="future"),
        "self-signed": authority.self_signed(HOP_NAME),
    }


GOOD = ["good", "good RSA", "wildcard", "one of several names"]
MISNAMED = ["wrong name", "name only as CN", "wildcard too high"]
UNTRUSTED = ["expired", "not yet valid", "self-signed"]
CASES = (
    [(NAMED, name, True) for name in GOOD]
    + [(NAMED, name, False) for name in MISNAMED + UNTRUSTED]
    + [(TRUSTED, name, True) for name in GOOD + MISNAMED]
    + [(TRUSTED, name, False) for name in UNTRUSTED]
    + [(ENCRYPTED, name, True) for name in GOOD + MISNAMED + UNTRUSTED]
    + [({"tls": "may"}, name, True) for name in GOOD + MISNAMED + UNTRUSTED]
)


def level(demand):
    if "require_trusted_certificate" not in demand:
        return demand["tls"]
    return "trusted and named" if demand["validate_certificate_hostname"] else "trusted"


@pytest.mark.parametrize("demand, name, meets", CASES, ids=[f"{level(case[0])}-{case[1]}" for case in CASES])
def test_a_certificate_meets_the_demand_or_the_hop_sees_no_MAIL(start, authority, hop, certificates, demand, name, meets):
    with NextHop(certificate=certificates[name]) as secure:
        postern = start(lambda host, policy: (tls_route(authority, **demand)(host, policy),
                                              policy["route"][0].update(hosts=[secure.address])))
        with postern.connect() as client:
            client.ehlo().start_tls().command("MAIL FROM:<b@other.example>")
            answer = client.command("RCPT TO:<user@example.org>")
            if not meets:
                assert answer.status == "451 4.4.1", answer
                assert "MAIL" not in secure.verbs and not secure.messages
                return
            assert answer.code == 250, answer
            kept = assert_accepted(client.data(message("a@bank.example")), secure)
            assert kept.conversation.tls_version in ("TLSv1.2", "TLSv1.3")
            assert kept.conversation.sni == HOP_NAME


def refused(postern):
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        return client.command("RCPT TO:<user@example.org>").status == "451 4.4.1"


def test_a_hop_that_offers_no_STARTTLS_falls_short(start, authority, hop):
    assert refused(start(tls_route(authority, **ENCRYPTED)))
    assert "MAIL" not in hop.verbs


@pytest.mark.parametrize("reply", ["454 4.7.0 not now", "502 5.5.1 what?"])
def test_a_hop_that_refuses_STARTTLS_falls_short(start, authority, hop, hop_certificate, reply):
    with NextHop(certificate=hop_certificate) as secure:
        secure.answers["STARTTLS"] = reply
        assert refused(start(lambda host, policy: (tls_route(authority, **ENCRYPTED)(host, policy),
                                                   policy["route"][0].update(hosts=[secure.address]))))
        assert "MAIL" not in secure.verbs


def test_a_hop_whose_handshake_fails_falls_short_and_is_never_told_in_clear(start, authority, hop):
    hop.extensions = ("PIPELINING", "STARTTLS")
    hop.answers["STARTTLS"] = "220 2.0.0 go ahead\r\nnot TLS at all"
    assert refused(start(tls_route(authority, **ENCRYPTED)))
    assert "MAIL" not in hop.verbs


def test_where_TLS_only_may_be_used_a_failed_handshake_goes_on_in_clear(start, authority, hop):
    hop.extensions = ("PIPELINING", "STARTTLS")
    hop.answers["STARTTLS"] = "220 2.0.0 go ahead\r\nnot TLS at all"
    with start(tls_route(authority, tls="may")).connect() as client:
        assert_accepted(client.ehlo().envelope().data(message()), hop)


def test_injected_replies_behind_the_answer_to_STARTTLS_are_not_believed(start, authority, hop_certificate, hop):
    """The same attack from the other side: what stands behind the 220 in clear is no reply."""
    hop.extensions = ("PIPELINING", "STARTTLS")
    hop.answers["STARTTLS"] = "220 2.0.0 go ahead\r\n250-hop.example.org\r\n250 SIZE\r\n250 2.1.0 ok\r\n250 2.1.5 ok"
    assert refused(start(tls_route(authority, **NAMED)))
    assert "MAIL" not in hop.verbs


def test_conversations_over_TLS_are_reused(start, authority, hop, hop_certificate):
    with NextHop(certificate=hop_certificate) as secure:
        postern = start(lambda host, policy: (tls_route(authority, **NAMED)(host, policy),
                                              policy["route"][0].update(hosts=[secure.address])))
        for number in range(1, 6):
            with postern.connect() as client:
                assert_accepted(client.ehlo().envelope().data(message()), secure, number)
        assert len({id(kept.conversation) for kept in secure.messages}) == 1


def test_a_big_message_goes_over_TLS_on_both_sides(start, authority, hop, hop_certificate):
    content = message("a@bank.example", body=("x" * 76 + "\r\n") * 30_000)
    with NextHop(certificate=hop_certificate) as secure:
        postern = start(lambda host, policy: (tls_route(authority, **NAMED)(host, policy),
                                              policy["route"][0].update(hosts=[secure.address])))
        with postern.connect() as client:
            kept = assert_accepted(client.ehlo().start_tls().envelope().data(content), secure)
            assert kept.original == content
