"""What deploy/monitoring and deploy/METRICS.md say is what the running program exports, and the rules fire when they should."""

import json
import re
import subprocess

import pytest
import yaml

from support.outside import submit, wait_for_attempt
from support.postern import ROOT
from support.threads import stuck, thread_named
from support.waiting import wait_until

MONITORING = ROOT / "deploy" / "monitoring"
DASHBOARD = MONITORING / "grafana.json"
ALERTS = MONITORING / "alerts.yml"
ALERT_TESTS = ROOT / "tests" / "deploy" / "alerts.yml"
TABLE = ROOT / "deploy" / "METRICS.md"
NOT_OURS = {"up"}
UNSHOWN = {"postern_cores"}  # in no graph and no alert
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


def promtool(*arguments, text=None):
    done = subprocess.run(["promtool", *arguments], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def exported(text):
    """Of each metric: kind, HELP, and the labels of its samples."""
    metrics = {}
    for line in text.splitlines():
        if line.startswith("# HELP "):
            _, _, name, meaning = line.split(" ", 3)
            metrics[name] = {"kind": "", "meaning": meaning, "labels": set()}
        elif line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            metrics[name]["kind"] = kind
        elif line:
            name = base_name(re.match("[a-z0-9_]+", line).group(), metrics)
            metrics[name]["labels"] |= set(re.findall(r'[{,]([a-z_]+)="', line))
    return metrics


def base_name(name, metrics):
    parts = [name.removesuffix(part) for part in HISTOGRAM_PARTS if name.removesuffix(part) in metrics]
    return name if name in metrics else parts[0]


def documented():
    rows = re.findall(r"^\| `(postern_\w+)` \| (\w+) \|([^|]*)\| ([^|]+) \|$", TABLE.read_text(), re.MULTILINE)
    assert len(rows) == len({row[0] for row in rows})
    return {name: {"kind": kind, "meaning": meaning.strip(), "labels": set(re.findall(r"`(\w+)`", labels))}
            for name, kind, labels, meaning in rows}


@pytest.fixture
def busy(sender, outside):
    """A Postern that has met everything that is counted by name."""
    outside.host("mx.branch.example")  # no STARTTLS
    outside.host("mx.plain.example").answers["MAIL"] = "451 4.3.0 later"
    postern = sender()
    submit(postern, "you@branch.example")
    submit(postern, "you@plain.example")
    wait_for_attempt(postern, "you@branch.example")
    wait_for_attempt(postern, "you@plain.example")
    with postern.connect() as client:
        client.ehlo()
        client.command("NONSENSE")
        client.command("STARTTLS")
        client.send(b"this is no ClientHello\r\n")
        client.rest()
    wait_until(lambda: postern.metric("^postern_tls_handshake_failures_total") == 1, "the handshake is counted")
    return postern


def asked_for(expression):
    """The metrics of an expression, and the labels that it names."""
    plain = re.sub(r'"[^"]*"', '""', expression)
    grouped = re.findall(r"\b(?:by|on|without|ignoring) \(([^)]*)\)", plain)
    matched = re.findall(r'(\w+)\s*(?:=~|!=|!~|=)\s*""', plain)
    labels = {label.strip() for group in grouped for label in group.split(",")} | set(matched)
    return set(re.findall(r"\b(?:postern_\w+|up)\b", plain)), labels


def assert_exported(expression, metrics):
    names, labels = asked_for(expression)
    assert names, expression
    known = {"instance", "job", "le"}
    for name in names - NOT_OURS:
        assert name in metrics or base_name(name, metrics) in metrics, expression
        known |= metrics[base_name(name, metrics)]["labels"]
    assert labels <= known, expression


def test_the_table_of_metrics_is_what_runs(busy):
    text = busy.http("/metrics")[1]
    promtool("check", "metrics", text=text)
    metrics = exported(text)
    rows = documented()
    assert rows.keys() == metrics.keys()
    for name, row in rows.items():
        assert row == metrics[name], name


def test_dashboard_and_alerts_ask_for_what_is_exported(busy):
    metrics = exported(busy.http("/metrics")[1])
    dashboard = json.loads(DASHBOARD.read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    expressions += [one["expr"] for one in dashboard["annotations"]["list"]]
    expressions += [re.search(r"label_values\((.*), instance\)", one["definition"]).group(1)
                    for one in dashboard["templating"]["list"] if one["type"] == "query"]
    expressions += [rule["expr"] for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    for expression in expressions:
        assert_exported(expression, metrics)
    shown = set().union(*(asked_for(one)[0] for one in expressions))
    assert metrics.keys() - {base_name(name, metrics) for name in shown - NOT_OURS} == UNSHOWN


def test_queries_of_the_dashboard_are_PromQL(tmp_path):
    """promtool reads an expression only inside a rule."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel.get("targets", [])]
    rules = [{"record": "a", "expr": one.replace("$__rate_interval", "1m"), "labels": {"row": str(number)}}
             for number, one in enumerate(expressions)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_every_alert_fires_when_it_should():
    rules = [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]
    tests = [one for test in yaml.safe_load(ALERT_TESTS.read_text())["tests"] for one in test["alert_rule_test"]]
    names = {rule["alert"] for rule in rules}
    assert {one["alertname"] for one in tests if one.get("exp_alerts")} == names
    assert {one["alertname"] for one in tests if not one.get("exp_alerts")} == names
    promtool("check", "rules", str(ALERTS))
    promtool("test", "rules", str(ALERT_TESTS))


def test_a_message_that_waits_has_an_age(busy):
    age = "^postern_queue_oldest_message_age_seconds"
    wait_until(lambda: busy.metric(age) >= 1, "the oldest message ages")


def test_a_loop_that_is_stuck_is_told(start):
    postern = start()
    assert postern.metric("^postern_core_silent_seconds") == 0
    with stuck(thread_named(postern, "core-1")):
        wait_until(lambda: postern.metric('^postern_core_silent_seconds{core="1"}') >= 1, "core 1 is silent")
        assert postern.metric('^postern_core_silent_seconds{core="0"}') == 0
    wait_until(lambda: postern.metric("^postern_core_silent_seconds") == 0, "all cores answer")
