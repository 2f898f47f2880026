"""Whom a setting is for, and rows I7 and I8 of COMPLIANCE."""

import pytest

from support.client import message
from support.next_hop import NextHop
from support.promises import assert_accepted, assert_refused

LISTED = message("a@bank.example")


def family(host, policy):
    """A parent with the setting, a child below it, and a stranger beside both."""
    policy["organization"] = [
        {"name": "parent", "domains": ["example.org"]},
        {"name": "child", "parent": "parent", "domains": ["child.example.org"], "addresses": ["boss@example.org"]},
        {"name": "stranger", "domains": ["example.net"]},
    ]
    policy["tls_compliance"][0]["organization"] = "parent"
    policy["route"][0]["domains"] = ["example.org", "child.example.org", "example.net"]


def child_setting(**keys):
    def change(host, policy):
        family(host, policy)
        policy["tls_compliance"].append({**policy["tls_compliance"][0], "organization": "child", **keys})
    return change


def send(client, *recipients, content=LISTED):
    return client.envelope("b@other.example", *recipients).data(content)


@pytest.fixture
def clear(start):
    """A client in clear of a Postern with this change."""
    return lambda change: start(change).connect().ehlo()


def test_a_setting_applies_to_its_organization(clear, hop):
    assert_refused(send(clear(family), "user@example.org"), "550 5.7.10", hop)


def test_a_setting_applies_to_everything_below_its_organization(clear, hop):
    assert_refused(send(clear(family), "user@child.example.org"), "550 5.7.10", hop)


def test_a_setting_does_not_apply_to_another_organization(clear, hop):
    assert_accepted(send(clear(family), "user@example.net"), hop)


def test_a_setting_without_organization_applies_to_all(clear, hop):
    def change(host, policy):
        family(host, policy)
        del policy["tls_compliance"][0]["organization"]
    client = clear(change)
    for recipient in ("user@example.org", "user@child.example.org", "user@example.net"):
        assert_refused(send(client, recipient), "550 5.7.10", hop)


def test_a_child_switches_a_setting_of_its_parent_off_by_its_name(clear, hop):
    client = clear(child_setting(mode="off"))
    assert_accepted(send(client, "user@child.example.org"), hop)
    hop.forget()
    assert_refused(send(client, "user@example.org"), "550 5.7.10", hop)


def test_a_child_replaces_a_setting_of_its_parent_by_its_name(clear, hop):
    client = clear(child_setting(minimum_tls_version="1.3")).start_tls("1.2")
    assert_accepted(send(client, "user@example.org"), hop)
    hop.forget()
    assert_refused(send(client, "user@child.example.org"), "550 5.7.10", hop)


def test_a_child_with_a_setting_of_another_name_has_both(clear, hop):
    client = clear(child_setting(name="other", mode="report"))
    assert_refused(send(client, "user@child.example.org"), "550 5.7.10", hop)


def test_an_address_of_an_organization_counts_before_its_domain(clear, hop):
    client = clear(child_setting(mode="off"))
    assert_accepted(send(client, "boss@example.org"), hop)
    hop.forget()
    assert_refused(send(client, "staff@example.org"), "550 5.7.10", hop)


def test_organization_domains_are_compared_without_case(clear, hop):
    assert_refused(send(clear(family), "User@EXAMPLE.Org"), "550 5.7.10", hop)


def test_mail_for_nobody_of_ours_is_not_relayed(client, hop):
    assert client.command("MAIL FROM:<b@other.example>").code == 250
    for stranger in ("user@elsewhere.example", "user@sub.example.org", "user%elsewhere.example@elsewhere.example"):
        reply = client.command(f"RCPT TO:<{stranger}>")
        assert reply.status == "550 5.7.1", reply
    assert client.command("RCPT TO:<user@example.org>").code == 250


def test_a_route_for_all_others_does_not_make_an_open_relay(start, hop):
    def change(host, policy):
        policy["route"][0]["domains"] = ["*"]
    with start(change).connect() as client:
        client.ehlo().envelope()
        assert client.command("RCPT TO:<user@elsewhere.example>").status == "550 5.7.1"


# I8: recipients that do not go together

def test_in_clear_recipients_with_other_settings_are_deferred(clear, hop):
    client = clear(family).envelope("b@other.example", "user@example.org")
    assert client.command("RCPT TO:<user@example.net>").status == "452 4.5.3"
    assert client.command("RCPT TO:<other@example.org>").code == 250
    assert_refused(client.data(LISTED), "550 5.7.10", hop)
    assert not any("example.net" in command for command in hop.commands)


def test_in_clear_the_other_order_is_deferred_too(clear, hop):
    client = clear(family).envelope("b@other.example", "user@example.net")
    assert client.command("RCPT TO:<user@example.org>").status == "452 4.5.3"
    kept = assert_accepted(client.data(LISTED), hop)
    assert kept.recipients == ["RCPT TO:<user@example.net>"]


def test_over_TLS_recipients_with_other_settings_go_together(clear, hop):
    client = clear(family).start_tls()
    kept = assert_accepted(send(client, "user@example.org", "user@example.net"), hop)
    assert len(kept.recipients) == 2


def test_over_TLS_below_a_floor_of_one_of_them_they_do_not(clear, hop):
    client = clear(child_setting(minimum_tls_version="1.3")).start_tls("1.2")
    client.envelope("b@other.example", "user@example.org")
    assert client.command("RCPT TO:<user@child.example.org>").status == "452 4.5.3"


def test_a_parent_and_a_child_with_the_same_settings_go_together_in_clear(clear, hop):
    kept = assert_accepted(send(clear(family), "user@example.org", "user@child.example.org", content=message()), hop)
    assert len(kept.recipients) == 2


def test_recipients_of_another_next_hop_are_deferred(clear, hop):
    with NextHop() as other:
        def change(host, policy):
            family(host, policy)
            policy["route"][0]["domains"] = ["example.org", "child.example.org"]
            policy["route"].append({"name": "other", "domains": ["example.net"], "hosts": [other.address]})
        client = clear(change).start_tls().envelope("b@other.example", "user@example.org")
        assert client.command("RCPT TO:<user@example.net>").status == "452 4.5.3"
        assert_accepted(client.data(LISTED), hop)
        assert_accepted(send(client, "user@example.net"), other)
        assert other.messages[0].recipients == ["RCPT TO:<user@example.net>"]


# I7: refused before the body crosses in clear

def early(organization):
    def change(host, policy):
        policy["tls_compliance"][0].update(refuse_at_mail=True, organization=organization)
    return change


def test_refuse_at_mail_answers_to_MAIL(clear, hop):
    client = clear(early(None))
    reply = client.command("MAIL FROM:<a@bank.example>")
    assert_refused(reply, "530 5.7.10", hop)
    assert "banks over TLS" in reply.text
    assert_accepted(client.start_tls().envelope("a@bank.example").data(LISTED), hop)


def test_refuse_at_mail_of_one_organization_answers_before_DATA(clear, hop):
    client = clear(early("example"))
    reply = client.command("MAIL FROM:<a@bank.example>")
    if reply.code == 250:
        reply = client.command("RCPT TO:<user@example.org>")
    assert_refused(reply, "530 5.7.10", hop)


def test_refuse_at_mail_lets_unlisted_and_null_senders_pass(clear, hop):
    client = clear(early(None))
    assert_accepted(client.envelope("b@other.example").data(message()), hop)
    assert_accepted(client.envelope("").data(message()), hop, 2)


def test_refuse_at_mail_still_looks_at_From(clear, hop):
    assert_refused(clear(early(None)).envelope("b@other.example").data(LISTED), "550 5.7.10", hop)
