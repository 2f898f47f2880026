"""`postern probe`: what it says of real mail servers that a real name server leads to."""

import json
import os
import shutil
import socket
import subprocess
import threading

import pytest

from support.name_server import NameServer
from support.postern import BINARY
from support.postfix import Postfix

NAME = "mx.bank.example"
ZONE = {"bank.example": "@ MX 10 mx\nmx A 127.0.0.1\nother A 127.0.0.1\n"}

needs_knot = pytest.mark.skipif(not os.access("/usr/sbin/knotd", os.X_OK),
                                reason="needs Knot DNS: deploy/install-packages")
needs_postfix = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("postfix"),
                                   reason="needs root and Postfix: deploy/install-packages")


@pytest.fixture(scope="module")
def name_server(tmp_path_factory):
    with NameServer(tmp_path_factory.mktemp("dns") / "knot", ZONE) as made:
        yield made


@pytest.fixture
def probe(prepare, name_server, authority):
    """Runs the command on a host that trusts the scenarios' CA and asks the name server."""
    host = prepare(tls={"trust_store": str(authority.certificate)},
                   dns={"servers": [name_server.address], "trust_anchor": ""})

    def run(*arguments):
        return subprocess.run([BINARY, "probe", "--config", str(host.config), *map(str, arguments)],
                              capture_output=True, text=True, timeout=60)

    return run


def postfix(directory, certificate=None, **settings):
    tls = {"smtpd_tls_security_level": "none"}
    if certificate:
        tls = {"smtpd_tls_security_level": "may",
               "smtpd_tls_chain_files": f"{certificate.key}, {certificate.chain}"}
    return Postfix(directory, ("127.0.0.1", 9), **tls, **settings)


@needs_knot
@needs_postfix
def test_a_sound_domain_passes_and_hears_nothing_of_mail(probe, authority, tmp_path):
    with postfix(tmp_path / "postfix", authority.issue(NAME)) as server:
        done = probe("bank.example", "--port", server.port)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"host          {NAME}, preference 10, addresses DNSSEC insecure" in done.stdout
        assert "certificate   trusted" in done.stdout
        assert done.stdout.endswith("verdict       every host offers TLS with a trusted certificate for its name\n")
        said = server.wait_for_log(r"disconnect from \S+ (.*)")
        assert said == ["ehlo=2 starttls=1 quit=1 commands=4"]

        found = json.loads(probe(f"{NAME}:{server.port}", "--json").stdout)
        address = found["hosts"][0]["addresses"][0]
        assert found["ok"] and found["source"] == "named"
        assert (address["tls_version"], address["chain"], address["name_matched"]) == ("1.3", "trusted", True)
        assert address["meets"] == {"1.2": "tls-trusted-host", "1.3": "tls-trusted-host"}

        other = json.loads(probe(f"other.bank.example:{server.port}", "--json").stdout)
        assert not other["ok"]
        assert other["hosts"][0]["addresses"][0]["meets"]["1.2"] == "tls-trusted"


@needs_knot
@needs_postfix
@pytest.mark.parametrize("make, settings, meets", [
    (lambda authority: authority.self_signed(NAME), {}, {"1.2": "tls", "1.3": "tls"}),
    (lambda authority: authority.issue(NAME, validity="past"), {}, {"1.2": "tls", "1.3": "tls"}),
    (lambda authority: authority.issue(NAME, kind="rsa"), {"smtpd_tls_protocols": "!TLSv1.3"},
     {"1.2": "tls-trusted-host", "1.3": "none"}),
    (lambda authority: None, {}, {"1.2": "none", "1.3": "none"}),
], ids=["self-signed", "expired", "TLS 1.2 only", "no TLS"])
def test_what_a_server_proves_is_what_it_meets(probe, authority, tmp_path, make, settings, meets):
    with postfix(tmp_path / "postfix", make(authority), **settings) as server:
        done = probe("bank.example", "--port", server.port, "--json")
    found = json.loads(done.stdout)
    assert found["hosts"][0]["addresses"][0]["meets"] == meets
    assert found["ok"] == (meets["1.2"] == "tls-trusted-host")
    assert done.returncode == (0 if found["ok"] else 1)


@needs_knot
def test_a_domain_that_is_not_there_has_no_hosts(probe):
    done = probe("absent.bank.example")
    assert done.returncode == 1
    assert "verdict       no host: " in done.stdout


class Flood:
    """Says one thing to whoever connects, again and again until they go."""

    def __init__(self, words):
        self._words = words
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run)

    def _run(self):
        try:
            client, _ = self._socket.accept()
            with client:
                while True:
                    client.sendall(self._words)
        except OSError:
            pass

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)
        assert not self._thread.is_alive()


@needs_knot
@pytest.mark.parametrize("words", [b"220-wait\r\n", b"220 " + b"x" * 1000, b"\0\xff\x1b[2J\n" * 100],
                         ids=["endless lines", "an endless line", "garbage"])
def test_a_hostile_server_ends_in_a_clear_line(probe, words):
    with Flood(words) as server:
        done = probe(server.address)
    assert done.returncode == 1
    assert "problem       malformed reply: not an SMTP reply\n" in done.stdout
    assert "\x1b" not in done.stdout
