"""What operators see: JSON lines, metrics, health, status; never content."""

import datetime
import json
import re

import pytest

from support.client import Client, message
from support.promises import assert_accepted
from support.waiting import wait_until

KEYS = ("time event session message listener client direction from to organization settings demand achieved tls_version "
        "tls_cipher verdict reply route host duration_ms bytes").split()


def test_one_line_for_each_message_decision_with_the_fixed_keys(client, postern, hop):
    client.start_tls("1.3")
    content = message("a@bank.example")
    assert_accepted(client.envelope("a@bank.example").data(content), hop)
    line = postern.wait_for_event(verdict="accepted")
    missing = [key for key in KEYS if key not in line]
    assert not missing, (missing, line)
    assert line["listener"] == "mx" and line["client"].startswith("127.0.0.1") and line["direction"] == "inbound"
    assert line["demand"] == "tls" and line["achieved"] == "tls" and "1.3" in line["tls_version"]
    assert "banks over TLS" in str(line["settings"]) and line["organization"] == "example"
    assert line["route"] == "mailbox servers" and line["host"] == hop.address
    assert str(line["reply"]).startswith("250") and line["bytes"] >= len(content)
    assert datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00")).tzinfo
    assert [one for one in postern.events(verdict="accepted")] == [line]


def test_a_refusal_is_one_line_that_says_why(client, postern):
    client.envelope("b@other.example").data(message("a@bank.example"))
    line = postern.wait_for_event(verdict="refused")
    assert str(line["reply"]).startswith("550 5.7.10") or "5.7.10" in str(line["reply"])
    assert line["demand"] == "tls" and line["achieved"] == "none" and "banks over TLS" in str(line["settings"])
    assert "bank.example" in str(line["from"])


def test_a_deferral_is_logged_with_its_cause(client, postern, hop):
    hop.answers["CONTENT"] = "(close the connection)"
    assert client.envelope().data(message()).status == "451 4.4.2"
    assert str(postern.wait_for_event(verdict="deferred")["reply"]).startswith("451")


def test_one_line_for_each_session_end(client, postern):
    client.quit()
    line = wait_until(lambda: [one for one in postern.log if "session" in str(one.get("event"))], "the end in the log")[-1]
    assert line["client"].startswith("127.0.0.1") and "duration_ms" in line and line["session"]


def test_the_lines_of_one_session_and_message_can_be_joined(client, postern, hop):
    assert_accepted(client.envelope().data(message()), hop)
    client.quit()
    decision = postern.wait_for_event(verdict="accepted")
    wait_until(lambda: len(postern.events(session=decision["session"])) >= 2, "the session's end")


def test_content_never_gets_into_the_log(client, postern, hop):
    secret = "Sesam-open-4711"
    body = f"the word is {secret}\r\n"
    for tls in (False, True):
        if tls:
            client.start_tls()
        for sender in ("a@bank.example", "b@other.example"):
            client.envelope().data(message(sender, subject=secret, body=body))
            client.envelope().bdat(message(sender, subject=secret, body=body))
    client.quit()
    wait_until(lambda: any("session" in str(line.get("event")) for line in postern.log), "the end in the log")
    assert secret not in postern.log_file.read_text() + postern.error_file.read_text()


def test_foreign_text_in_the_log_is_escaped_and_cut(postern, hop):
    with postern.connect() as client:
        client.command('EHLO x"\\}{,\u2028ü')
        client.ehlo()
        client.command('MAIL FROM:<"a\\"\x1b[31m"@other.example>')
        client.command("RCPT TO:<user@example.org>")
        client.command("NOOP " + "y" * 1500)
        client.send(b"\xff\xfe\xfd" * 100 + b"\r\n")
        client.reply()
    wait_until(lambda: any("session" in str(line.get("event")) for line in postern.log), "the end in the log")
    text = postern.log_file.read_bytes()
    assert b"\x1b" not in text
    for line in text.splitlines():
        json.loads(line)
        assert len(line) < 5000


def test_health_and_readiness(postern):
    assert postern.http("/healthz")[0] == 200
    assert postern.http("/readyz")[0] == 200
    assert postern.http("/nowhere")[0] == 404


def test_metrics_are_prometheus_text_with_our_prefix(client, postern, hop):
    client.start_tls()
    assert_accepted(client.envelope().data(message("a@bank.example")), hop)
    client.quit()
    status, text = postern.http("/metrics")
    assert status == 200
    names = set()
    for line in text.splitlines():
        if line.startswith("#"):
            assert re.match(r"# (HELP|TYPE) postern_[a-z0-9_]+ .+", line), line
        elif line:
            found = re.fullmatch(r'(postern_[a-z0-9_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [-+0-9.eE]+(inf|nan)?', line)
            assert found, line
            names.add(found.group(1))
    described = set(re.findall(r"# TYPE (postern_\S+)", text))
    assert {re.sub("_(bucket|sum|count)$", "", name) for name in names} <= described | names


def test_decisions_are_counted(client, postern):
    before = {verdict: postern.metric(f'"{verdict}"') for verdict in ("accepted", "refused")}
    for sender in ("a@bank.example", "b@other.example", "b@other.example"):
        client.envelope().data(message(sender))
    wait_until(lambda: postern.metric('"accepted"') - before["accepted"] >= 2, "two accepted are counted")
    assert postern.metric('"refused"') - before["refused"] >= 1


def test_status_tells_what_runs(postern):
    done = postern.run("status")
    assert done.returncode == 0 and done.stdout, done.stderr
    told = postern.run("status", "--json")
    assert told.returncode == 0 and json.loads(told.stdout)


def test_status_without_a_running_Postern_ends_with_1(prepare):
    done = prepare().run("status")
    assert done.returncode == 1 and done.stdout + done.stderr


@pytest.mark.parametrize("request_bytes", [b"", b"GET", b"GET /metrics HTTP/1.1\r\n", b"\r\n\r\n\r\n", bytes(5000), b"GET " + b"/" * 100000,
                                           b"POST /metrics HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", b"GET /../../etc/passwd HTTP/1.1\r\n\r\n"])
def test_garbage_on_the_admin_listener_does_no_harm(postern, request_bytes):
    host, _, port = postern.host["admin"]["address"].rpartition(":")
    with Client((host, int(port))) as client:
        client.send(request_bytes)
    assert postern.http("/healthz")[0] == 200


def test_an_empty_admin_address_switches_it_off(prepare, hop):
    postern = prepare(admin={"address": ""})
    postern.launch()
    def answers():
        try:
            return postern.connect()
        except OSError:
            return None
    with wait_until(answers, "the listener answers") as client:
        assert_accepted(client.ehlo().envelope().data(message()), hop)
