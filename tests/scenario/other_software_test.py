"""Real software on both sides: Postfix and its smtp-source, swaks, openssl."""

import os
import re
import shutil
import subprocess

import pytest

from support.client import connect, message
from support.postfix import Postfix
from support.waiting import wait_until

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not all(map(shutil.which, ("postfix", "smtp-source", "swaks", "openssl"))),
    reason="needs root, Postfix, swaks and openssl: deploy/install-packages")


def run(*arguments, text=None):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, input=text, timeout=60)


# smtp-source

def smtp_source(postern, *arguments):
    host, port = postern.address()
    return run("smtp-source", "-f", "b@other.example", "-t", "user@example.org", *arguments, f"{host}:{port}")


@pytest.mark.parametrize("arguments, count", [(["-m", 200, "-s", 10], 200), (["-m", 100, "-s", 1, "-d"], 100),
                                              (["-m", 20, "-s", 4, "-l", 300_000], 20), (["-m", 20, "-r", 10], 20),
                                              (["-m", 50, "-s", 5, "-N"], 50)],
                         ids=["10 sessions", "one connection", "big", "10 recipients", "numbered"])
def test_smtp_source_delivers_all(postern, hop, arguments, count):
    done = smtp_source(postern, *arguments)
    assert done.returncode == 0, done.stderr
    assert len(hop.messages) == count


def test_smtp_source_of_a_listed_sender_is_refused(postern, hop):
    done = smtp_source(postern, "-m", 1, "-f", "a@bank.example")
    assert done.returncode != 0 and "5.7.10" in done.stderr, done.stderr
    assert not hop.saw_content


# swaks

def swaks(postern, *arguments, sender="a@bank.example"):
    host, port = postern.address()
    return run("swaks", "--server", host, "--port", port, "--from", sender, "--to", "user@example.org",
               "--helo", "client.example.net", *arguments)


def test_swaks_over_TLS_is_accepted(postern, hop, authority):
    done = swaks(postern, "--tls", "--tls-verify", "--tls-ca-path", authority.certificate, "--tls-sni", "mx1.example.org")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(hop.messages) == 1 and "TLSv1.3" in hop.messages[0].received


def test_swaks_in_clear_is_refused_for_a_listed_sender_only(postern, hop):
    done = swaks(postern)
    assert done.returncode != 0 and "550 5.7.10 TLS required" in done.stdout
    assert not hop.saw_content
    assert swaks(postern, sender="b@other.example").returncode == 0
    assert len(hop.messages) == 1


@pytest.mark.parametrize("protocol, accepted", [("tlsv1_2", True), ("tlsv1_3", True)])
def test_swaks_with_one_TLS_version(postern, hop, protocol, accepted):
    done = swaks(postern, "--tls", "--tls-protocol", protocol)
    assert (done.returncode == 0) == accepted, done.stdout
    assert hop.messages[0].received.count(protocol.replace("tlsv", "TLSv").replace("_", ".")) == 1


# openssl

def s_client(postern, *arguments, text="QUIT\n", starttls=True):
    host, port = postern.address()
    extra = ["-starttls", "smtp"] if starttls else []
    return run("openssl", "s_client", *extra, "-connect", f"{host}:{port}", "-crlf", "-ign_eof", *arguments, text=text)


def test_openssl_verifies_chain_and_name(postern, authority):
    done = s_client(postern, "-CAfile", authority.certificate, "-verify_return_error", "-verify_hostname", "mx1.example.org",
                    "-servername", "mx1.example.org")
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr
    assert "221 2.0.0" in done.stdout


@pytest.mark.parametrize("option", ["-tls1_2", "-tls1_3"])
def test_openssl_speaks_each_version(postern, hop, option):
    dialogue = ("EHLO client.example.net\nMAIL FROM:<a@bank.example>\nrcpt TO:<user@example.org>\nDATA\n"
                "From: a@bank.example\n\nbody\n.\nQUIT\n")
    host, port = postern.address()
    process = subprocess.Popen(["openssl", "s_client", "-starttls", "smtp", "-connect", f"{host}:{port}", "-crlf", "-quiet",
                                option], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    said = []
    for line in dialogue.splitlines(keepends=True):
        process.stdin.write(line)
        process.stdin.flush()
        if line.split()[:1] and line.split()[0] in ("EHLO", "MAIL", "rcpt", "DATA", ".", "QUIT"):
            while True:
                said.append(process.stdout.readline())
                if not said[-1] or re.match(r"[2345]\d\d ", said[-1]) and "CHUNKING" not in said[-1]:
                    break
    process.stdin.close()
    process.stdout.close()
    process.wait(10)
    hop.wait_for_messages(1)
    assert hop.messages[0].body == b"body\r\n"
    assert option.replace("-tls1_", "TLSv1.") in hop.messages[0].received


@pytest.mark.parametrize("option", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize("group", ["X25519", "P-256", "P-384"])
def test_openssl_may_choose_each_group(postern, option, group):
    done = s_client(postern, option, "-groups", group)
    assert f"Server Temp Key: {group}" in done.stdout.replace("ECDH, prime256v1", "P-256").replace("ECDH, secp384r1", "P-384")
    assert "221 2.0.0" in done.stdout


def test_openssl_on_a_listener_for_TLS(start, authority):
    done = s_client(start(listener={"tls": "implicit"}), "-CAfile", authority.certificate, "-verify_return_error", starttls=False)
    assert "Verify return code: 0 (ok)" in done.stdout and "220 mx1.example.org" in done.stdout


@pytest.mark.parametrize("option", ["-tls1", "-tls1_1"])
def test_openssl_with_old_versions_is_refused_by_default(postern, option):
    done = s_client(postern, option, "-cipher", "DEFAULT:@SECLEVEL=0")
    assert "Cipher is (NONE)" in done.stdout + done.stderr


# Postfix as the client

def send(postfix, sender, count=1, text="a test"):
    with connect(postfix.address) as client:
        client.ehlo()
        for _ in range(count):
            assert client.envelope(sender).data(message(sender, subject=text)).code == 250


def client_postfix(tmp_path, postern, **settings):
    return Postfix(tmp_path / "postfix", postern.address(), **settings)


def test_postfix_relays_over_verified_TLS(postern, hop, authority, tmp_path):
    with client_postfix(tmp_path, postern, smtp_tls_security_level="secure", smtp_tls_CAfile=authority.certificate,
                        smtp_tls_secure_cert_match="mx1.example.org") as postfix:
        send(postfix, "a@bank.example", 20)
        hop.wait_for_messages(20, 30)
        assert all("ESMTPS (TLSv1.3" in kept.received for kept in hop.messages)
        assert "Verified TLS connection established" in postfix.log_text


def test_postfix_bounces_what_needs_TLS_and_delivers_the_rest_in_clear(postern, hop, tmp_path):
    with client_postfix(tmp_path, postern, smtp_tls_security_level="none") as postfix:
        send(postfix, "a@bank.example")
        postfix.wait_for_log(r"dsn=5\.7\.10, status=bounced \(.*TLS required.*banks over TLS")
        send(postfix, "b@other.example")
        postfix.wait_for_log(r"to=<user@example\.org>.*status=sent")
    assert len([kept for kept in hop.messages if "b@other" in kept.mail]) == 1
    assert not any(b"a@bank.example" in kept.headers.partition(b"Subject")[0] for kept in hop.messages)


def test_postfix_keeps_in_its_queue_what_our_next_hop_cannot_take_now(postern, hop, tmp_path):
    hop.stop()
    with client_postfix(tmp_path, postern, smtp_tls_security_level="may", minimal_backoff_time="1s", queue_run_delay="2s",
                        maximal_backoff_time="2s") as postfix:
        send(postfix, "a@bank.example")
        postfix.wait_for_log(r"status=deferred \(.*451 4\.4\.1")
        hop.start()
        hop.wait_for_messages(1, 30)


# Postfix as the next hop, which hands on to a hop of ours so that its content can be seen

@pytest.fixture
def behind(tmp_path, hop, authority, hop_certificate):
    with Postfix(tmp_path / "postfix", ("127.0.0.1", hop.port), smtpd_tls_security_level="may",
                 smtpd_tls_cert_file=hop_certificate.chain, smtpd_tls_key_file=hop_certificate.key,
                 smtpd_authorized_xclient_hosts="127.0.0.1", smtp_tls_security_level="none", message_size_limit="20000000",
                 smtpd_recipient_restrictions="check_recipient_access inline:{{bad@example.org=550 5.1.1 unknown}}, "
                                              "permit_mynetworks, reject") as made:
        made.hop = hop
        yield made


def through(postfix, authority, **keys):
    def change(host, policy):
        host["tls"]["trust_store"] = str(authority.certificate)
        policy["route"][0].update({"hosts": [f"127.0.0.1:{postfix.port}"], "server_name": "hop.example.org", **keys})
    return change


def test_postfix_is_a_next_hop_in_clear_and_over_TLS(start, behind, authority):
    for number, keys in enumerate(({"tls": "may"}, {"tls": "require", "require_trusted_certificate": True,
                                                    "validate_certificate_hostname": True}), 1):
        with start(through(behind, authority, **keys)).connect() as client:
            client.ehlo().start_tls()
            for _ in range(5):
                reply = client.envelope().data(message("a@bank.example", body=".\r\nx\r\n" * 1000))
                assert reply.status == "250 2.0.0" and "queued as" in reply.text
            assert client.envelope().bdat(message("a@bank.example")).code == 250
            client.command("MAIL FROM:<b@other.example>")
            assert client.command("RCPT TO:<bad@example.org>").status == "550 5.1.1"
        behind.hop.wait_for_messages(6 * number, 30)
    assert behind.hop.messages[0].body.count(b"x") == 1000


def test_postfix_learns_the_real_client_by_XCLIENT(start, behind, authority):
    with start(through(behind, authority, announce_client="xclient")).connect(source=("127.0.0.99", 0)) as client:
        assert client.ehlo("real.client.example").envelope().data(message()).code == 250
    behind.hop.wait_for_messages(1, 30)
    postfix_field = behind.hop.messages[0].received
    assert "real.client.example" in postfix_field and "127.0.0.99" in postfix_field


def test_smtp_source_through_postern_to_postfix(start, behind, authority):
    postern = start(through(behind, authority))
    done = smtp_source(postern, "-m", 100, "-s", 10)
    assert done.returncode == 0, done.stderr
    behind.hop.wait_for_messages(100, 30)


def test_postfix_that_is_stopped_and_started_loses_nothing(start, behind, authority):
    postern = start(through(behind, authority))
    def accepted():
        with postern.connect() as client:
            client.ehlo().command("MAIL FROM:<b@other.example>")
            return client.command("RCPT TO:<user@example.org>").code == 250 and client.data(message()).code == 250
    assert accepted()
    behind.command("stop")
    assert not accepted()
    behind.command("start")
    wait_until(accepted, "accepted again")
    behind.hop.wait_for_messages(2, 30)
