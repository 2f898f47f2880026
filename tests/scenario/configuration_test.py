"""Bad configuration: every mistake is named with its place, all in one go, and nothing starts."""

import re
import socket
import subprocess

import pytest

from support.client import message
from support.postern import BINARY
from support.promises import assert_accepted
from support.toml import toml
from support.waiting import free_port

MISTAKE = re.compile(r"^(\S*?)([^/\s]+\.(?:toml|txt|pem|key)):(\d+):(\d+): (?!warning)(.+)$", re.MULTILINE)


def mistakes(done):
    """(file, line, message) of each, warnings left out."""
    return [(found[2], int(found[3]), found[5]) for found in MISTAKE.finditer(done.stdout + done.stderr)]


def line_of(text, marker):
    return text[:text.index(marker)].count("\n") + 1


TEN_HOST = """
hostname = "mx1.example.org"
policy = "policy.toml"
state_directory = "state"
coers = 2
[[listener]]
name = "mx"
address = "{address}"
direction = "inbund"
[[listener]]
name = "mx"
address = "127.0.0.1:{other}"
direction = "inbound"
[[certificate]]
chain = "{chain}"
key = "{key}"
[limits]
recipients = "many"
[admin]
address = ""
"""

TEN_POLICY = """
[[organization]]
name = "example"
parent = "below"
domains = ["example.org"]
[[organization]]
name = "below"
parent = "example"
domains = ["below.example.org"]
[[organization]]
name = "other"
domains = ["below.example.org"]
[[address_list]]
name = "banks"
entries = ["bank.example", "not an address"]
[[address_list]]
name = "files"
file = "nowhere.txt"
[[tls_compliance]]
name = "banks over TLS"
directions = ["inbound"]
address_lists = ["bansk"]
[[route]]
name = "mailbox servers"
domains = ["example.org", "below.example.org"]
hosts = ["127.0.0.1:2525"]
"""


def test_ten_mistakes_are_ten_lines_with_their_places(prepare, authority, own_certificates):
    postern = prepare()
    other = authority.issue("mx1.example.org", "mismatch.example.org")
    host = TEN_HOST.format(address=postern.host["listener"][0]["address"], other=1, chain=own_certificates[0].chain, key=other.key)
    postern.config.write_text(host)
    postern.policy_file.write_text(TEN_POLICY)
    done = postern.run("check")
    assert done.returncode == 1
    found = mistakes(done)
    expected = [
        ("postern.toml", line_of(host, "coers"), "cores"),
        ("postern.toml", line_of(host, "inbund"), "inbound"),
        ("postern.toml", host[:host.rindex('name = "mx"')].count("\n") + 1, "mx"),
        ("postern.toml", line_of(host, str(other.key)), ""),
        ("postern.toml", line_of(host, "many"), "recipients"),
        ("policy.toml", None, "own ancestor"),
        ("policy.toml", line_of(TEN_POLICY, 'name = "other"') + 1, "below.example.org"),
        ("policy.toml", line_of(TEN_POLICY, "not an address"), "not an address"),
        ("policy.toml", line_of(TEN_POLICY, "nowhere.txt"), "nowhere.txt"),
        ("policy.toml", line_of(TEN_POLICY, "bansk"), "banks"),
    ]
    said = done.stdout + done.stderr
    for file, line, word in expected:
        assert any(file == f and line in (None, at) and re.search(word, text) for f, at, text in found), (file, line, word, said)
    assert len(found) == 10, said


def test_serve_refuses_to_start_and_names_every_mistake(prepare):
    postern = prepare()
    postern.policy_file.write_text(TEN_POLICY)
    done = postern.run("serve")
    assert done.returncode == 1
    assert len(mistakes(done)) >= 5, done.stdout + done.stderr


def wrong(part):
    """One change to (host, policy) for each kind of mistake."""
    def unknown_key(host, policy):
        policy["tls_compliance"][0]["adress_lists"] = ["banks"]
    def wrong_type(host, policy):
        host["hostname"] = 7
    def missing_certificate(host, policy):
        host["certificate"][0]["chain"] = "nowhere.pem"
    def no_address(host, policy):
        policy["address_list"][0]["entries"].append("a@@b")
    def no_list(host, policy):
        policy["tls_compliance"][0]["address_lists"] = ["nobody"]
    def no_organization(host, policy):
        policy["tls_compliance"][0]["organization"] = "nobody"
    def self_parent(host, policy):
        policy["organization"][0]["parent"] = "example"
    def domain_twice(host, policy):
        policy["organization"].append({"name": "second", "domains": ["EXAMPLE.org"]})
    def duplicate_setting(host, policy):
        policy["tls_compliance"].append(dict(policy["tls_compliance"][0]))
    def duplicate_list(host, policy):
        policy["address_list"].append(dict(policy["address_list"][0]))
    def no_route(host, policy):
        policy["organization"][0]["domains"].append("unrouted.example")
    def bad_version(host, policy):
        policy["tls_compliance"][0]["minimum_tls_version"] = "1.4"
    def bad_mode(host, policy):
        policy["tls_compliance"][0]["mode"] = "enforced"
    def exempt(host, policy):
        policy["address_list"][0]["sender_authentication"] = "exempt"
    def refuse(host, policy):
        policy["address_list"][0]["sender_authentication"] = "refuse"
    def bad_host(host, policy):
        policy["route"][0]["hosts"] = ["127.0.0.1:99999"]
    def bad_size(host, policy):
        host["limits"]["message_size"] = "50MB"
    def bad_listener(host, policy):
        host["listener"][0]["address"] = "somewhere"
    return locals()[part]


WRONG = {
    "unknown_key": "address_lists", "wrong_type": "hostname", "missing_certificate": "nowhere.pem", "no_address": "a@@b",
    "no_list": "nobody", "no_organization": "nobody", "self_parent": "example", "domain_twice": "(?i)example.org",
    "duplicate_setting": "banks over TLS", "duplicate_list": "banks", "no_route": "unrouted.example",
    "bad_version": "1.4", "bad_mode": "enforce", "exempt": "exempt|sender_authentication",
    "refuse": "refuse|sender_authentication", "bad_host": "99999", "bad_size": "50MB", "bad_listener": "somewhere",
}


@pytest.mark.parametrize("case", WRONG)
def test_each_mistake_is_one_line_that_says_what_is_wrong(prepare, case):
    postern = prepare(wrong(case))
    done = postern.run("check")
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    found = mistakes(done)
    assert len(found) == 1, said
    assert re.search(WRONG[case], found[0][2]), said
    assert postern.run("serve").returncode == 1


@pytest.mark.parametrize("text", ["not toml at all", "[[organization]\nname = 1", "a = 1\na = 2\n", "x = \"open", "\0", "\xff\xfe"])
def test_a_file_that_is_no_TOML_is_one_mistake(prepare, text):
    postern = prepare()
    postern.policy_file.write_text(text, encoding="latin-1")
    done = postern.run("check")
    assert done.returncode == 1 and "policy.toml:" in done.stdout + done.stderr


def test_a_missing_policy_file_is_named(prepare):
    postern = prepare()
    postern.policy_file.unlink()
    done = postern.run("check")
    assert done.returncode == 1 and "policy.toml" in done.stdout + done.stderr
    assert postern.run("serve").returncode == 1


def test_a_missing_configuration_is_named(tmp_path):
    done = subprocess.run([BINARY, "check", "--config", str(tmp_path / "none.toml")], capture_output=True, text=True)
    assert done.returncode == 1 and "none.toml" in done.stdout + done.stderr


def test_an_expired_certificate_is_a_warning_and_not_an_error(prepare, authority, hop):
    old = authority.issue("mx1.example.org", validity="past")
    postern = prepare(certificate=[{"chain": str(old.chain), "key": str(old.key)}])
    done = postern.run("check")
    assert done.returncode == 0 and re.search(r"warning.*expired", done.stdout + done.stderr), done
    with postern.start().connect() as client:
        assert_accepted(client.ehlo().start_tls().envelope().data(message("a@bank.example")), hop)


def test_a_good_configuration_passes_the_check(prepare):
    done = prepare().run("check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_listener_in_use_refuses_the_start(prepare):
    postern = prepare()
    with socket.create_server(postern.address()):
        done = postern.run("serve")
        assert done.returncode == 1
        place, _, complaint = done.stderr.partition(": ")
        assert re.search(r"postern\.toml:\d+:\d+$", place)
        assert str(postern.address()[1]) in complaint and "in use" in complaint


def test_a_second_one_at_the_same_address_refuses_the_start(prepare, start):
    first = start()
    second = prepare(lambda host, policy: host["listener"][0].update(address="%s:%d" % first.address()))
    done = second.run("serve")
    assert done.returncode == 1 and "in use" in done.stderr


def test_two_listeners_at_one_address_are_a_mistake(prepare):
    def change(host, policy):
        address = f"127.0.0.1:{free_port()}"
        host["listener"] = [{"name": name, "direction": "inbound", "address": address} for name in ("one", "two")]
    done = prepare(change).run("check")
    assert done.returncode == 1


def test_included_files_count_and_their_mistakes_have_their_own_places(prepare, hop):
    postern = prepare()
    directory = postern.directory / "policy.d"
    directory.mkdir()
    extra = {"address_list": [{"name": "more", "entries": ["more.example"]}],
             "tls_compliance": [{"name": "more over TLS", "directions": ["inbound"], "address_lists": ["more"]}]}
    (directory / "more.toml").write_text(toml(extra))
    postern.write_policy('include = ["policy.d/*.toml"]\n' + toml(postern.policy))
    with postern.start().connect() as client:
        assert client.ehlo().envelope().data(message("a@more.example")).status == "550 5.7.10"
    (directory / "more.toml").write_text(toml(extra).replace("more.example", "not an address"))
    done = postern.run("check")
    assert done.returncode == 1 and mistakes(done)[0][0] == "more.toml"


# Commands

@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["check", "--help"], ["explain", "--help"],
                                       ["reload", "--help"], ["status", "--help"], ["version"], ["version", "--help"]])
def test_help_and_version_end_well(arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 0 and done.stdout


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check", "--nonsense"], ["explain"], ["check", "--config"],
                                       ["serve", "extra", "words"]])
def test_wrong_usage_ends_with_2(arguments):
    done = subprocess.run([BINARY, *arguments], capture_output=True, text=True, timeout=10)
    assert done.returncode == 2 and done.stdout + done.stderr


EXPLAINED = [
    ("I9", "b@other.example", "none", "accept", None),
    ("I10", "a@bank.example", "1.3", "accept", None),
    ("I11", "a@bank.example", "none", "refuse", "550 5.7.10"),
    ("I13", "a@bank.example", "1.1", "refuse", "550 5.7.10"),
]


@pytest.mark.parametrize("row, sender, tls, verdict, reply", EXPLAINED, ids=[row[0] for row in EXPLAINED])
def test_explain_gives_the_verdict_and_reply_without_a_network(prepare, row, sender, tls, verdict, reply):
    done = prepare().run("explain", "--from", sender, "--to", "user@example.org", "--tls", tls, "--direction", "inbound")
    assert done.returncode == (0 if verdict == "accept" else 1), done.stdout + done.stderr
    assert verdict in done.stdout
    if reply:
        assert reply in done.stdout and "banks over TLS" in done.stdout and "bank.example" in done.stdout


def test_explain_of_a_listener_without_TLS_says_I12(prepare):
    done = prepare(listener={"tls": "off"}).run("explain", "--from", "a@bank.example", "--to", "user@example.org")
    assert done.returncode == 1 and "451 4.7.0" in done.stdout, done.stdout
