"""Each guide of deploy/guides does what it says: its blocks are taken as they stand there, with free ports and the
test's directories put in, and run together with the other system where that can be installed."""

import os
import shutil
import socket
import subprocess
import tomllib

import pytest

from support.client import Client, connect, message
from support.guide import Guide
from support.outside import wait_until_empty
from support.postern import BINARY, ROOT, Postern, replace
from support.postfix import Postfix
from support.waiting import free_port, wait_until

needs_postfix = pytest.mark.skipif(os.getuid() != 0 or not all(map(shutil.which, ("postfix", "swaks"))),
                                   reason="needs root, Postfix and swaks: deploy/install-packages")
needs_haproxy = pytest.mark.skipif(not all(map(shutil.which, ("haproxy", "swaks"))),
                                   reason="needs HAProxy and swaks: deploy/install-packages")

CLIENT = "127.0.0.99"


def test_every_guide_is_tried():
    written = {path.name for path in (ROOT / "deploy/guides").glob("*.md")} - {"README.md"}
    assert written == {"in-front-of-postfix.md", "in-front-of-hosted-mail.md", "behind-haproxy.md", "smart-host.md",
                       "moving-from-postfix.md"}


class Guided(Postern):
    """A gateway whose files are a guide's, word for word; `more` and `policy` are put behind."""

    def __init__(self, directory, guide, certificate, policy, more=""):
        self.text = guide.file("postern.toml")
        super().__init__(directory, {"admin": {}, **tomllib.loads(self.text)}, {})
        (self.directory / "tls").mkdir()
        shutil.copy(certificate.chain, self.directory / "tls/chain.pem")
        shutil.copy(certificate.key, self.directory / "tls/key.pem")
        (self.directory / "state").mkdir()
        replace(self.config, f'{self.text}\n[admin]\naddress = "{self.host["admin"]["address"]}"\n{more}')
        self.write_policy(policy)

    @property
    def program(self):
        """`postern`, as if our configuration were the system's."""
        script = self.directory / "postern"
        script.write_text(f'#!/bin/sh\ncommand=$1\nshift\ncase $command in\nimport) exec {BINARY} import "$@" ;;\n'
                          f'*) exec {BINARY} $command --config {self.config} "$@" ;;\nesac\n')
        script.chmod(0o755)
        return [script]


@pytest.fixture
def guided(tmp_path, own_certificates, leaving):
    made = []

    def make(guide, policy=None, more=""):
        made.append(Guided(tmp_path / f"postern{len(made)}", guide, own_certificates[0],
                           guide.file("policy.toml") if policy is None else policy, more))
        return made[-1]

    yield make
    for one in made:
        one.leave()
    leaving.extend(made)


SWAKS = ["swaks", "--helo", "client.example.net"]
STATE = {'"/var/lib/postern"': '"state"'}


@needs_postfix
def test_in_front_of_postfix(tmp_path, guided, hop, hop_certificate):
    port, behind, other = free_port(), free_port(), free_port()
    guide = Guide("in-front-of-postfix.md", {
        **STATE, '"[::]:25"': f'"127.0.0.1:{port}"', '"10.0.0.5:25"': f'"127.0.0.1:{behind}"', "10.0.0.10\n": "127.0.0.1\n",
        "127.0.0.0/8 [::1]/128": "127.0.0.98/32", "127.0.0.1:10025 inet": f"127.0.0.1:{other} inet",
        "--server mx1.example.org": f"--server 127.0.0.1:{port}"})
    postfix = Postfix(tmp_path / "postfix", ("127.0.0.1", hop.port), smtp_tls_security_level="none", port=behind,
                      smtpd_tls_cert_file=hop_certificate.chain, smtpd_tls_key_file=hop_certificate.key,
                      **guide.settings("main.cf"))
    with open(postfix.etc / "master.cf", "a") as master:
        master.write(guide.file("master.cf"))
    postern = guided(guide).start()
    with postfix:
        guide.run({"postern": postern.program, "swaks": SWAKS})
        with postern.connect(source=(CLIENT, 0)) as client:
            assert client.ehlo().start_tls().envelope("a@bank.example").data(message("a@bank.example")).code == 250
            assert client.command("MAIL FROM:<b@other.example>").code == 250
            assert client.command("RCPT TO:<user@elsewhere.example>").status == "550 5.7.1"
        postfix.wait_for_log(rf"client=\S*\[{CLIENT}\]")
        hop.wait_for_messages(3, 30)
        with connect(("127.0.0.1", other)) as client:  # the one for Postern on the same host
            client.ehlo()


@needs_haproxy
def test_behind_haproxy(tmp_path, guided, hop):
    front = free_port()
    policy = f'[[route]]\nname = "servers"\ndomains = ["example.org"]\nhosts = ["{hop.address}"]\n'
    config = tmp_path / "haproxy.cfg"
    control = tmp_path / "control"
    posterns, servers = [], {}
    for original in ("10.0.0.11:2525", "10.0.0.12:2525"):
        servers[original] = f"127.0.0.1:{free_port()}"
        guide = Guide("behind-haproxy.md", {**STATE, '"0.0.0.0:2525"': f'"{servers[original]}"',
                                            "10.0.0.2/32": "127.0.0.1/32"})
        posterns.append(guided(guide, policy).start())
    guide = Guide("behind-haproxy.md", {**servers, "bind :25": f"bind 127.0.0.1:{front}", "inter 2s": "inter 100ms",
                                        "/etc/haproxy/haproxy.cfg": config, "--server mx.example.org": f"--server 127.0.0.1:{front}"})
    config.write_text(f"global\n    stats socket {control} level user\n{guide.file('haproxy.cfg')}")

    def states():
        """What HAProxy thinks of each server: its state and the last check."""
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(control))
            asked.sendall(b"show stat\n")
            rows = [line.split(",") for line in asked.makefile().read().splitlines() if line]
        return [(row[rows[0].index("status")], row[rows[0].index("check_status")]) for row in rows
                if row[1] in ("mx1", "mx2")]

    haproxy = subprocess.Popen(["haproxy", "-db", "-f", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(control.exists, "HAProxy's control socket")
        wait_until(lambda: states() == [("UP", "L7OK")] * 2, "both are up")
        guide.run({"haproxy": ["haproxy"], "postern": posterns[0].program, "swaks": SWAKS})

        def deliver():
            with connect(("127.0.0.1", front), source=(CLIENT, 0)) as client:
                assert client.ehlo().start_tls().envelope().data(message()).code == 250

        for _ in range(4):
            deliver()
        for one in posterns:
            one.wait_for_event(verdict="accepted", client=CLIENT)
        assert f"([{CLIENT}])" in hop.messages[-1].received
        assert posterns[0].stop() == 0
        wait_until(lambda: states()[0][0].startswith("DOWN"), "the one that has ended is down")
        deliver()
        with Client(posterns[1].address(), source=(CLIENT, 0)) as stranger:
            assert stranger.reply().status == "554 5.7.1"
    finally:
        haproxy.terminate()
        haproxy.wait(10)


@needs_postfix
def test_smart_host(tmp_path, guided, usual_name_server, outside, authority):
    port = free_port()
    guide = Guide("smart-host.md", {
        **STATE, "10.0.0.10:587": f"127.0.0.1:{port}", "[10.0.0.10]:587": f"[127.0.0.1]:{port}", "10.0.0.5/32": "127.0.0.1/32",
        '"10.0.0.5:25"': f'"{outside.home.address}"',
        '["smtp.provider.example:587"]': f'["{outside.address("smart.example")}"]\nserver_name = "smart.example"'})
    bank = outside.host("first.bank.example", certificate=authority.issue("first.bank.example"))
    plain = outside.host("mx.plain.example")
    provider = outside.host("smart.example", certificate=authority.issue("smart.example"))
    postern = guided(guide, more=f'[tls]\ntrust_store = "{authority.certificate}"\n[delivery]\nport = {outside.port}\n'
                                 f'[dns]\nservers = ["{usual_name_server.address}"]\ntrust_anchor = ""\n').start()
    guide.run({"postern": postern.program, "swaks": SWAKS})
    assert bank.wait_for_messages(1)[0].conversation.tls_version

    with Postfix(tmp_path / "postfix", ("127.0.0.1", port), **{
            "smtpd_relay_restrictions": "permit_mynetworks, reject", **guide.settings("main.cf")}) as postfix:
        def send(recipient):
            with connect(postfix.address) as client:
                client.ehlo().envelope("me@example.org", recipient).data(message("me@example.org"))

        send("you@bank.example")
        assert bank.wait_for_messages(2, 30)[1].conversation.tls_version
        send("you@plain.example")
        plain.wait_for_messages(1, 30)
        postern.write_policy(guide.file("policy.toml") + guide.file("provider.toml"))
        postern.reload()
        send("you@plain.example")
        assert provider.wait_for_messages(1, 30)[0].conversation.tls_version
    wait_until_empty(postern)
    assert len(plain.messages) == 1 and not outside.home.messages


def test_moving_from_postfix(tmp_path, guided):
    guide = Guide("moving-from-postfix.md", {"/etc/postern/": f"{tmp_path}/postern0/", "/etc/postfix/": f"{tmp_path}/"})
    for name in ("tls_policy", "sender_access"):
        (tmp_path / name).write_text(guide.file(name))
    host = Guide("in-front-of-postfix.md", STATE)
    postern = guided(host, guide.file("policy.toml") + '[[route]]\nname = "ours"\ndomains = ["example.org"]\n'
                                                       'hosts = ["127.0.0.1:25"]\n')
    guide.run({"postern": postern.program})
    by_name = postern.run("explain", "--direction", "outbound", "--from", "me@example.org", "--to", "you@lawyer.example")
    assert "postfix secure" in by_name.stdout


def test_in_front_of_hosted_mail(guided, monkeypatch):
    monkeypatch.setenv("RES_OPTIONS", "timeout:1 attempts:1")  # nobody knows the providers' names here
    guide = Guide("in-front-of-hosted-mail.md", STATE)
    for route in ("microsoft.toml", "google.toml"):
        postern = guided(guide, guide.file(route))
        guide.run({"postern": postern.program})
        taken = postern.run("explain", "--from", "a@other.example", "--to", "user@example.org")
        assert taken.returncode == 0, taken.stdout
