"""Settings for mail that is marked, rules that mark it, smart hosts, and the alternate secure route (COMPLIANCE
O10-O12)."""

import pytest

from support.client import message
from support.outside import (NAMED, SECRET, SENDER, assert_told_nothing, attempts, submit, wait_for_attempt,
                             wait_until_empty)

SECURE = message(SENDER, "about it [secure]", SECRET + "\r\n")
RULE = {"name": "confidential", "header": {"name": "Subject", "contains": "[secure]"},
        "require_secure_transport": True}
TO_THE_SMART_HOST = {"name": "banks by the smart host", "recipients": ["banks"], "route": "smart"}
MARKED = {"directions": ["outbound-marked"], **NAMED}


def smart_route(outside, **keys):
    return {"name": "smart", "domains": ["nobody.example"], "hosts": [outside.address("smart.example")],
            "server_name": "smart.example", "tls": "require", **keys}


def ruled(*rules, routes=()):
    def change(_host, policy):
        policy["routing"] = list(rules)
        policy["route"].extend(routes)
    return change


def test_a_setting_for_marked_mail_demands_nothing_of_other_mail(sender, outside):
    host = outside.host("mx.branch.example")
    postern = sender(ruled(RULE), demand=MARKED)
    submit(postern, "you@branch.example")
    host.wait_for_messages(1)
    assert wait_for_attempt(postern, "you@branch.example")["demand"] == "none"


def test_a_setting_for_marked_mail_demands_no_certificate_of_other_mail(sender, outside, authority):
    host = outside.host("mx.branch.example", certificate=authority.self_signed("mx.branch.example"))
    submit(sender(ruled(RULE), demand=MARKED), "you@branch.example")
    assert host.wait_for_messages(1)[0].conversation.tls_version


@pytest.mark.parametrize("certificate, status", [(None, "5.7.10"), ("self-signed", "5.7.5"), ("other", "5.7.5")])
def test_mail_that_a_rule_marks_meets_the_full_demand_or_comes_back(sender, outside, authority, certificate, status):
    shown = {None: None, "self-signed": authority.self_signed("mx.branch.example"),
             "other": authority.issue("other.example")}[certificate]
    host = outside.host("mx.branch.example", certificate=shown)
    postern = sender(ruled(RULE), demand=MARKED)
    submit(postern, "you@branch.example", content=SECURE)
    [report] = outside.reports()
    assert report.recipient("you@branch.example")["Status"] == status
    assert_told_nothing(host)
    assert SECRET not in report.content.decode()


def test_mail_that_a_rule_marks_goes_where_the_full_demand_is_met(sender, outside, authority):
    host = outside.host("mx.branch.example", certificate=authority.issue("mx.branch.example"))
    postern = sender(ruled(RULE), demand=MARKED)
    submit(postern, "you@branch.example", content=SECURE)
    assert host.wait_for_messages(1)[0].conversation.tls_version
    line = wait_for_attempt(postern, "you@branch.example")
    assert line["settings"] == ["banks over TLS"] and "host" in line["demand"]


def test_marked_mail_to_somebody_on_no_list_goes_in_TLS_all_the_same(sender, outside):
    host = outside.host("mx.plain.example")
    postern = sender(ruled(RULE), demand=MARKED)
    submit(postern, "you@plain.example", content=SECURE)
    [report] = outside.reports()
    assert report.recipient("you@plain.example")["Status"] == "5.7.10"
    assert_told_nothing(host)


@pytest.mark.parametrize("certificate, status", [("self-signed", "5.7.5"), ("other", "5.7.5"), (None, "5.7.10")])
def test_the_full_demand_counts_on_the_way_to_a_smart_host(sender, outside, authority, certificate, status):
    shown = {None: None, "self-signed": authority.self_signed("smart.example"),
             "other": authority.issue("mx.branch.example")}[certificate]
    smart = outside.host("smart.example", certificate=shown)
    mx = outside.host("mx.branch.example")
    route = smart_route(outside)
    postern = sender(ruled(TO_THE_SMART_HOST, routes=[route]), demand=MARKED)
    submit(postern, "you@branch.example")
    [report] = outside.reports()
    assert report.recipient("you@branch.example")["Status"] == status
    assert_told_nothing(smart)
    assert not mx.conversations


def test_a_smart_host_that_meets_the_full_demand_gets_the_mail(sender, outside, authority):
    smart = outside.host("smart.example", certificate=authority.issue("smart.example"))
    mx = outside.host("mx.branch.example")
    route = smart_route(outside)
    postern = sender(ruled(TO_THE_SMART_HOST, routes=[route]), demand=MARKED)
    submit(postern, "you@branch.example")
    assert smart.wait_for_messages(1)[0].conversation.sni == "smart.example"
    assert wait_for_attempt(postern, "you@branch.example")["settings"] == ["banks over TLS"]
    assert not mx.conversations


def test_the_demand_of_a_route_itself_counts_for_mail_on_no_list(sender, outside, authority):
    smart = outside.host("smart.example", certificate=authority.self_signed("smart.example"))
    route = smart_route(outside, domains=["plain.example"], require_trusted_certificate=True,
                        validate_certificate_hostname=True)
    postern = sender(ruled(routes=[route]))
    submit(postern, "you@plain.example")
    [report] = outside.reports()
    assert report.recipient("you@plain.example")["Status"] == "5.7.5"
    assert_told_nothing(smart)


# The alternate secure route

def alternate(outside, **keys):
    def change(host, policy):
        host["delivery"]["alternate_secure_route"] = "smart"
        policy["route"].append(smart_route(outside, **keys))
    return change


def test_mail_for_hosts_that_all_fall_short_goes_by_the_alternate_secure_route_in_the_same_attempt(
        sender, outside, authority):
    first, second = outside.host("first.bank.example"), outside.host(
        "second.bank.example", certificate=authority.self_signed("second.bank.example"))
    smart = outside.host("smart.example", certificate=authority.issue("smart.example"))
    postern = sender(alternate(outside, require_trusted_certificate=True), demand=NAMED)
    submit(postern, "you@bank.example")
    assert smart.wait_for_messages(1)[0].conversation.tls_version
    assert_told_nothing(first)
    assert_told_nothing(second)
    wait_until_empty(postern)
    [line] = attempts(postern, "you@bank.example")
    assert line["verdict"] == "accepted" and line["host"] == outside.address("smart.example")
    assert not outside.home.messages


@pytest.mark.parametrize("certificate", [None, "self-signed", "other"])
def test_an_alternate_route_that_falls_short_itself_is_told_nothing(sender, outside, authority, certificate):
    shown = {None: None, "self-signed": authority.self_signed("smart.example"),
             "other": authority.issue("other.example")}[certificate]
    host = outside.host("mx.branch.example")
    smart = outside.host("smart.example", certificate=shown)
    change = alternate(outside, require_trusted_certificate=True, validate_certificate_hostname=True)
    postern = sender(change, demand=NAMED)
    submit(postern, "you@branch.example")
    [report] = outside.reports()
    assert report.recipient("you@branch.example")["Status"] == "5.7.10"
    assert report.recipient("you@branch.example")["Remote-MTA"] == "dns; mx.branch.example"
    assert_told_nothing(host)
    assert_told_nothing(smart)


def test_the_alternate_route_is_in_TLS_at_least_whatever_it_says_itself(sender, outside):
    host, smart = outside.host("mx.branch.example"), outside.host("smart.example")
    postern = sender(alternate(outside, tls="may"))
    submit(postern, "you@branch.example")
    outside.reports()
    assert smart.conversations
    assert_told_nothing(host)
    assert_told_nothing(smart)


def test_mail_on_no_list_never_goes_by_the_alternate_route(sender, outside, authority):
    host = outside.host("mx.plain.example")
    smart = outside.host("smart.example", certificate=authority.issue("smart.example"))
    submit(sender(alternate(outside)), "you@plain.example")
    host.wait_for_messages(1)
    assert_told_nothing(smart)


def test_a_host_that_takes_no_mail_now_is_no_reason_for_the_alternate_route(sender, outside, authority):
    host = outside.host("mx.branch.example", certificate=authority.issue("mx.branch.example"))
    smart = outside.host("smart.example", certificate=authority.issue("smart.example"))
    host.answers["RCPT"] = ["451 4.3.0 later", "250 2.1.5 ok"]
    submit(sender(alternate(outside)), "you@branch.example")
    host.wait_for_messages(1, seconds=30)
    assert_told_nothing(smart)
