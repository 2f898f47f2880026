"""Rows I9 to I13 of COMPLIANCE: mail from a listed sender is taken over TLS only."""

import pytest

from support.client import message
from support.promises import assert_accepted, assert_refused

LISTED = {
    "a plain address": "From: a@bank.example",
    "other case": "FROM: A@BANK.Example",
    "a listed address": "From: cfo@partner.example",
    "a listed address in other case": "From: CFO@Partner.Example",
    "a subdomain of a wildcard": "From: a@city.branch.example",
    "a deep subdomain of a wildcard": "From: a@north.city.branch.example",
    "a display name": "From: The Bank <a@bank.example>",
    "a quoted display name": 'From: "Bank, The" <a@bank.example>',
    "an encoded display name": "From: =?utf-8?B?w4RyemUgPHhAeS56Pg==?= <a@bank.example>",
    "an address in the display name": 'From: "b@other.example" <a@bank.example>',
    "a comment before": "From: (b@other.example) a@bank.example",
    "a comment behind": "From: a@bank.example (the (nested) bank)",
    "comments inside": "From: a(one)@(two)bank.example",
    "a quoted local part": 'From: "a b"@bank.example',
    "a quoted @ in the local part": 'From: "a@other.example"@bank.example',
    "blanks around the @": "From: a @ bank . example",
    "a trailing dot": "From: a@bank.example.",
    "a folded field": 'From:\r\n "The Bank"\r\n\t<a@bank.example>',
    "a fold inside the address": "From: <a@\r\n bank.example>",
    "a blank before the colon": "From : a@bank.example",
    "no blank after the colon": "From:a@bank.example",
    "the second mailbox": "From: b@other.example, a@bank.example\r\nSender: b@other.example",
    "a mailbox behind an empty one": "From: , a@bank.example",
    "a group": "From: Partners: b@other.example, a@bank.example;",
    "the second From field": "From: b@other.example\r\nFrom: a@bank.example",
    "the first From field": "From: a@bank.example\r\nFrom: b@other.example",
    "a route address": "From: <@relay.example,@other.example:a@bank.example>",
    "a From field behind a malformed line": "Subject: x\r\nnonsense without a colon\r\nFrom: a@bank.example",
    "an A-label": "From: a@xn--bcher-kva.example",
}

UNLISTED = {
    "another domain": "From: b@other.example",
    "a subdomain of a listed domain": "From: a@sub.bank.example",
    "a domain that ends like a listed one": "From: a@evil-bank.example",
    "a domain that begins like a listed one": "From: a@bank.example.evil.example",
    "the domain of a wildcard itself": "From: a@branch.example",
    "a domain that ends like a wildcard": "From: a@evilbranch.example",
    "another address of a domain": "From: ceo@partner.example",
    "a listed address as display name": 'From: "a@bank.example" <b@other.example>',
    "a listed address as comment": "From: (a@bank.example) b@other.example",
    "a listed address as group name": 'From: "a@bank.example": b@other.example;',
    "a listed Sender": "From: b@other.example\r\nSender: a@bank.example",
    "a listed Reply-To": "From: b@other.example\r\nReply-To: a@bank.example",
    "a listed Resent-From": "From: b@other.example\r\nResent-From: a@bank.example",
    "a listed local part": 'From: "a@bank.example"@other.example',
}

REST = "\r\nTo: user@example.org\r\nSubject: x\r\n\r\nFrom: a@bank.example\r\n"


def with_entries(host, policy):
    policy["address_list"][0]["entries"].append("bücher.example")


@pytest.mark.parametrize("case", LISTED)
def test_a_listed_From_is_refused_in_clear(start, hop, case):
    with start(with_entries).connect() as client:
        reply = client.ehlo().envelope("b@other.example").data((LISTED[case] + REST).encode())
        assert_refused(reply, "550 5.7.10", hop)
        assert "TLS" in reply.text and "banks over TLS" in reply.text
        client.quit()


@pytest.mark.parametrize("case", UNLISTED)
def test_an_unlisted_From_is_accepted_in_clear(client, hop, case):
    content = (UNLISTED[case] + REST).encode()
    kept = assert_accepted(client.envelope("a@bank.example").data(content), hop)
    assert kept.original == content


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("case", list(LISTED)[:6])
def test_a_listed_From_is_accepted_over_TLS(client, hop, case, version):
    content = (LISTED[case] + REST).encode()
    kept = assert_accepted(client.start_tls(version).envelope().data(content), hop)
    assert kept.original == content


def test_a_refusal_names_the_domain_the_setting_and_the_remedy(client, hop):
    reply = client.envelope().data(message("a@city.branch.example"))
    assert_refused(reply, "550 5.7.10", hop)
    for word in ("TLS required", "city.branch.example", "(banks over TLS)"):
        assert word in reply.text


def test_after_a_refusal_the_same_session_can_go_on(client, hop):
    assert_refused(client.envelope().data(message("a@bank.example")), "550 5.7.10", hop)
    assert_accepted(client.envelope().data(message("b@other.example")), hop)
    assert_accepted(client.start_tls().envelope().data(message("a@bank.example")), hop, 2)


def test_a_big_refused_message_is_read_to_its_end(client, hop):
    body = "x" * 70 + "\r\n"
    reply = client.envelope().data(message("a@bank.example", body=body * 50000))
    assert_refused(reply, "550 5.7.10", hop)
    assert_accepted(client.envelope().data(message()), hop)


def test_a_refused_message_may_come_in_chunks(client, hop):
    client.envelope()
    assert client.bdat(message("a@bank.example"), last=False).code in (250, 550)
    client.send(b"BDAT 4 LAST\r\nend.")
    reply = client.reply()
    assert_refused(reply, "550 5.7.10", hop)


def test_every_recipient_shares_the_refusal(client, hop):
    reply = client.envelope("", "a@example.org", "b@example.org", "c@example.org").data(message("a@bank.example"))
    assert_refused(reply, "550 5.7.10", hop)
    assert len(reply.lines) == 1


# The envelope sender stands in where no From field says anything.

@pytest.mark.parametrize("header", ["Subject: x", "From: nonsense", "From:", "From: <>", "From: ,", "From: undisclosed:;"])
def test_without_a_readable_From_the_listed_envelope_sender_is_refused(client, hop, header):
    reply = client.envelope("a@bank.example").data(f"{header}\r\n\r\nbody\r\n".encode())
    assert_refused(reply, "550 5.7.10", hop)


@pytest.mark.parametrize("sender", ["", "b@other.example"])
@pytest.mark.parametrize("header", ["Subject: x", "From: nonsense"])
def test_without_a_readable_From_an_unlisted_or_null_sender_is_accepted(client, hop, sender, header):
    assert_accepted(client.envelope(sender).data(f"{header}\r\n\r\nbody\r\n".encode()), hop)


def test_a_listed_From_counts_with_a_null_sender_too(client, hop):
    assert_refused(client.envelope("").data(message("a@bank.example")), "550 5.7.10", hop)


def test_an_empty_message_of_a_listed_sender_is_refused(client, hop):
    assert_refused(client.envelope("a@bank.example").data(b""), "550 5.7.10", hop)


def test_a_message_without_header_section_is_judged_by_its_envelope(client, hop):
    assert_refused(client.envelope("a@bank.example").data(b"\r\nFrom: b@other.example\r\n"), "550 5.7.10", hop)
    assert_accepted(client.envelope("b@other.example").data(b"\r\nFrom: a@bank.example\r\n"), hop)


def test_a_message_whose_first_line_is_no_field_has_no_header_and_cannot_seem_to_have_one(client, hop):
    content = b"nonsense without a colon\r\nFrom: a@bank.example\r\n\r\nbody\r\n"
    assert_refused(client.envelope("a@bank.example").data(content), "550 5.7.10", hop)
    kept = assert_accepted(client.envelope("b@other.example").data(content), hop)
    assert kept.original == b"\r\n" + content


# Addresses beyond ASCII

@pytest.mark.parametrize("address", ["käufer@bücher.example", "a@bücher.example", "a@BÜCHER.example", "a@bücher。example"])
def test_a_listed_utf8_From_is_refused_in_clear(start, hop, address):
    with start(with_entries).connect() as client:
        client.ehlo().envelope("b@other.example", parameters=" SMTPUTF8")
        assert_refused(client.data(message(address)), "550 5.7.10", hop)


def test_a_utf8_From_counts_even_if_SMTPUTF8_was_not_said(start, hop):
    with start(with_entries).connect() as client:
        client.ehlo().envelope("b@other.example")
        assert_refused(client.data(message("a@bücher.example")), "550 5.7.10", hop)


def test_utf8_envelopes_reach_the_next_hop_unchanged(client, hop):
    client.envelope("käufer@bücher.example", "häuptling@example.org", parameters=" SMTPUTF8")
    kept = assert_accepted(client.data(message("ü@other.example")), hop)
    assert "<käufer@bücher.example>" in kept.mail and "SMTPUTF8" in kept.mail
    assert kept.recipients == ["RCPT TO:<häuptling@example.org>"]
    assert "UTF8SMTP" in kept.received


# I13: the floor

def with_floor(version):
    def change(host, policy):
        host["tls"]["minimum_version"] = min(version, "1.2")
        policy["tls_compliance"][0]["minimum_tls_version"] = version
    return change


def test_TLS_below_the_floor_is_refused(start, hop):
    with start(with_floor("1.3")).connect() as client:
        reply = client.ehlo().start_tls("1.2").envelope().data(message("a@bank.example"))
        assert_refused(reply, "550 5.7.10", hop)
        assert "1.3" in reply.text and "banks over TLS" in reply.text


def test_TLS_at_the_floor_is_accepted(start, hop):
    with start(with_floor("1.3")).connect() as client:
        assert_accepted(client.ehlo().start_tls("1.3").envelope().data(message("a@bank.example")), hop)


def test_unlisted_mail_does_not_care_for_the_floor(start, hop):
    with start(with_floor("1.3")).connect() as client:
        assert_accepted(client.ehlo().start_tls("1.2").envelope().data(message()), hop)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_old_TLS_falls_short_of_the_usual_floor(prepare, hop, version):
    postern = prepare(tls={"minimum_version": version})
    checked = postern.run("check")
    if checked.returncode != 0 and version in checked.stdout + checked.stderr:
        pytest.skip(f"the TLS library has no TLS {version}, and `check` says so")
    with postern.start().connect() as client:
        client.ehlo().start_tls(version)
        assert_refused(client.envelope().data(message("a@bank.example")), "550 5.7.10", hop)
        kept = assert_accepted(client.envelope().data(message()), hop)
        assert f"TLSv{version}" in kept.received


# I12: it is our own fault

def test_where_STARTTLS_is_not_on_offer_listed_mail_is_deferred(start, hop):
    with start(listener={"tls": "off"}).connect() as client:
        assert "STARTTLS" not in client.ehlo().extensions
        assert_refused(client.envelope().data(message("a@bank.example")), "451 4.7.0", hop)
        assert_accepted(client.envelope().data(message()), hop)


def test_on_a_listener_with_implicit_tls_listed_mail_is_accepted(start, hop):
    from support.client import Client
    postern = start(listener={"tls": "implicit"})
    with Client(postern.address()) as client:
        client.handshake().greet().ehlo()
        assert "STARTTLS" not in client.extensions
        assert_accepted(client.envelope().data(message("a@bank.example")), hop)


# Modes and several settings

def test_report_mode_decides_and_logs_but_never_acts(start, hop):
    def change(host, policy):
        policy["tls_compliance"][0]["mode"] = "report"
    postern = start(change)
    with postern.connect() as client:
        assert_accepted(client.ehlo().envelope().data(message("a@bank.example")), hop)
    line = postern.wait_for_event(verdict="accepted")
    assert "banks over TLS" in str(line), line


def test_mode_off_is_as_if_the_setting_were_not_there(start, hop):
    def change(host, policy):
        policy["tls_compliance"][0]["mode"] = "off"
    with start(change).connect() as client:
        assert_accepted(client.ehlo().envelope().data(message("a@bank.example")), hop)


@pytest.mark.parametrize("order", [1, -1])
def test_the_strictest_of_all_matching_settings_counts_whatever_their_order(start, hop, order):
    def change(host, policy):
        lax = policy["tls_compliance"][0]
        strict = {**lax, "name": "strict", "minimum_tls_version": "1.3"}
        policy["tls_compliance"] = [lax, strict][::order]
    postern = start(change)
    with postern.connect() as client:
        client.ehlo().start_tls("1.2").envelope()
        assert_refused(client.data(message("a@bank.example")), "550 5.7.10", hop)
    line = postern.wait_for_event(verdict="refused")
    assert "strict" in str(line["settings"]) and "banks over TLS" in str(line["settings"])


def test_certificate_demands_are_not_for_inbound(start, hop):
    def change(host, policy):
        policy["tls_compliance"][0].update(require_trusted_certificate=True, validate_certificate_hostname=True)
    with start(change).connect() as client:
        assert_accepted(client.ehlo().start_tls().envelope().data(message("a@bank.example")), hop)


def test_an_outbound_setting_says_nothing_about_inbound_mail(start, hop):
    def change(host, policy):
        policy["tls_compliance"][0]["directions"] = ["outbound"]
    with start(change).connect() as client:
        assert_accepted(client.ehlo().envelope().data(message("a@bank.example")), hop)


def test_From_in_one_of_our_own_domains_is_judged_like_any_other(start, hop):
    def change(host, policy):
        policy["address_list"][0]["entries"].append("example.org")
    with start(change).connect() as client:
        assert_refused(client.ehlo().envelope("user@example.org").data(message("user@example.org")),
                       "550 5.7.10", hop)
