"""The soak in small, so that it keeps working; and that it would notice what it is for."""

import json
import subprocess
import types

import pytest

from support.load import marked_message
from support.postern import ROOT
from support.soak_ledger import Arrivals, Excuse, Failures, Reports, Turning, Violations

CONTENT = marked_message("b@other.example", 7, 300)


def test_a_short_soak_of_both_kinds_finds_nothing(tmp_path):
    record = tmp_path / "record.json"
    done = subprocess.run([ROOT / "tests/soak", "--minutes", "0.05", "--kills", "2", "--seed", "3", "--record", record],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    read = json.loads(record.read_text())
    assert read["ok"] and not read["violations"] and read["kills"]["kills"] >= 2
    for half in (read["kills"]["inbound"], read["traffic"]["inbound"]):
        assert half["accepted"] and half["refused"]
    assert read["traffic"]["hostile"] and read["traffic"]["troubles"]["reload"] and read["watch"]["samples"]


def arrived(content, mail="MAIL FROM:<b@other.example>", kind=Arrivals):
    """What there is to complain of when this message arrives."""
    hop, violations = types.SimpleNamespace(), Violations()
    arrivals = kind(hop, violations)
    hop.keep(types.SimpleNamespace(content=content, mail=mail, recipients=["RCPT TO:<u@example.org>"], accepted=True))
    return arrivals, violations


def test_a_message_is_counted_by_number_and_recipient():
    arrivals, violations = arrived(CONTENT)
    assert arrivals.counts == {(7, "u@example.org"): 1} and not violations


@pytest.mark.parametrize("content", [CONTENT[:-2], CONTENT.replace(b"xx", b"xy", 1), CONTENT[:100]],
                         ids=["without its end", "changed", "half of it"])
def test_a_message_with_a_hole_is_noticed(content):
    arrivals, violations = arrived(content)
    assert not arrivals.counts and violations


def test_refused_mail_of_a_hostile_client_is_noticed():
    for content, wrong in ((b"From: a@bank.example\r\n", 1), (b"abcde", 0)):
        assert len(arrived(content, "MAIL FROM:<any-order@other.example>")[1]) == wrong


def test_a_report_about_nothing_is_noticed():
    assert arrived(CONTENT, "MAIL FROM:<>", Reports)[1]
    whole = b"Final-Recipient: rfc822; u@example.org\r\n\r\nX-Number: 7\r\n"
    assert arrived(whole, "MAIL FROM:<>", Reports)[0].counts == {(7, "u@example.org"): 1}


def test_what_is_listed_is_known_before_and_after_a_change_only():
    turning = Turning()
    before = turning.view
    assert turning.held_since(before)
    with turning.change({"turn0.example"}):
        during = turning.view
        assert not turning.held_since(before) and not turning.held_since(during)
    assert not turning.held_since(during) and turning.held_since(turning.view)
    assert turning.view[1] == {"turn0.example"}


def test_a_failure_is_excused_during_an_outage_only():
    violations, excuse = Violations(), Excuse()
    failures = Failures("somebody", violations, excuse)
    with excuse.outage():
        failures.append("451")
    failures.append("451")  # right behind it
    assert failures.excused == 2 and not violations
    excuse.GRACE_SECONDS = 0
    with excuse.outage():
        pass
    failures.append("451")
    assert failures.excused == 2 and violations


def test_a_machine_that_stalls_is_an_excuse():
    excuse = Excuse()
    assert not excuse.holds
    excuse.STALL_SECONDS = -1.0  # every look is late
    assert excuse.holds
    excuse.look()
    excuse.STALL_SECONDS = 3.0
    assert excuse.holds and excuse.stalls == 1
