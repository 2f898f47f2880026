"""Rows I1 to I6 of COMPLIANCE: STARTTLS itself, and what must not come of it."""

import socket
import ssl

import pytest

from support.client import context, message
from support.postern import ANY
from support.promises import assert_accepted, still_serves


def test_STARTTLS_is_offered_in_clear_and_not_inside_TLS(client):
    assert "STARTTLS" in client.extensions
    assert "STARTTLS" not in client.start_tls().extensions


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_the_session_starts_afresh_inside_TLS(client, hop, version):
    client.envelope()
    assert client.command("STARTTLS").code == 220
    client.handshake(version)
    assert client.command("RCPT TO:<user@example.org>").status == "503 5.5.1"
    assert client.command("MAIL FROM:<b@other.example>").status == "503 5.5.1"
    assert_accepted(client.ehlo().envelope().data(message()), hop)


def test_I2_STARTTLS_with_an_argument_is_an_error(client):
    assert client.command("STARTTLS now").status == "501 5.5.4"
    assert client.start_tls().tls_version


def test_I5_STARTTLS_inside_TLS_is_an_error(tls_client, hop):
    assert tls_client.command("STARTTLS").status == "503 5.5.1"
    assert_accepted(tls_client.envelope().data(message("a@bank.example")), hop)


INJECTED = {
    "a command": b"NOOP\r\n",
    "a whole transaction": b"EHLO x\r\nMAIL FROM:<a@bank.example>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n",
    "one byte": b"X",
    "a blank line": b"\r\n",
    "the begin of a handshake": b"\x16\x03\x01",
}


@pytest.mark.parametrize("case", INJECTED)
def test_I3_bytes_behind_STARTTLS_in_one_packet_are_refused(client, postern, hop, case):
    client.send(b"STARTTLS\r\n" + INJECTED[case])
    assert client.reply().status == "454 4.5.0"
    assert client.is_closed_now()
    assert not hop.saw_content
    still_serves(postern, hop)


def test_I3_a_whole_client_hello_behind_STARTTLS_is_refused(client):
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = context().wrap_bio(incoming, outgoing, server_hostname="mx1.example.org")
    with pytest.raises(ssl.SSLWantReadError):
        handshake.do_handshake()
    client.send(b"STARTTLS\r\n" + outgoing.read())
    assert client.reply().status == "454 4.5.0"
    assert client.is_closed_now()


def test_I3_bytes_before_STARTTLS_in_one_packet_are_answered_as_usual(client):
    client.send(b"RSET\r\nRSET\r\nSTARTTLS\r\n")
    assert [client.reply().status for _ in range(3)] == ["250 2.0.0", "250 2.0.0", "220 2.0.0"]
    assert client.handshake().ehlo().tls_version


def test_I3_bytes_injected_later_are_read_as_TLS_and_never_as_commands(client, postern, hop):
    assert client.command("STARTTLS").code == 220
    client.send(b"NOOP\r\nMAIL FROM:<a@bank.example>\r\n")
    rest = client.rest()
    assert b"250" not in rest and b"500" not in rest
    still_serves(postern, hop)


# I4: handshakes that fail

BAD_HANDSHAKES = {
    "garbage": bytes(range(256)) * 4,
    "zeros": bytes(1000),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "an SSLv2 hello": b"\x80\x2e\x01\x00\x02" + bytes(43),
    "an alert": b"\x15\x03\x03\x00\x02\x02\x28",
    "application data": b"\x17\x03\x03\x00\x05hello",
    "a record that is too long": b"\x16\x03\x01\xff\xff" + bytes(70000),
    "an empty record": b"\x16\x03\x01\x00\x00" * 50,
}


@pytest.mark.parametrize("case", BAD_HANDSHAKES)
def test_I4_a_handshake_that_fails_closes_without_a_reply(client, postern, hop, case):
    assert client.command("STARTTLS").code == 220
    client.send(BAD_HANDSHAKES[case])
    try:
        client.socket.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    rest = client.rest()
    assert not rest or rest[0] == 0x15, rest  # at most a TLS alert
    postern.wait_for_event(tls_cause=ANY)
    still_serves(postern, hop)


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    handshake = context().wrap_bio(incoming, outgoing, server_hostname="mx1.example.org")
    try:
        handshake.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


@pytest.mark.parametrize("part", [1, 5, 6, 50, 0.5, 1.0])
@pytest.mark.parametrize("end", ["close", "reset"])
def test_I4_half_a_handshake_and_then_nothing(client, postern, hop, part, end):
    assert client.command("STARTTLS").code == 220
    hello = client_hello()
    client.send(hello[:part if isinstance(part, int) else int(part * len(hello))])
    client.close() if end == "close" else client.abort()
    still_serves(postern, hop)


def test_I4_a_stalled_handshake_ends_by_its_time_out(start, hop):
    postern = start(timeouts={"tls_handshake": "300ms"})
    with postern.connect() as client:
        assert client.ehlo().command("STARTTLS").code == 220
        client.send(client_hello()[:40])
        assert client.is_closed_now()
    still_serves(postern, hop)


def test_I4_no_common_version_closes_and_the_cause_is_logged(start, hop):
    postern = start(tls={"minimum_version": "1.3"})
    with postern.connect() as client:
        assert client.ehlo().command("STARTTLS").code == 220
        with pytest.raises((ssl.SSLError, OSError)):
            client.handshake("1.2")
    assert postern.wait_for_event(tls_cause=ANY)["tls_cause"]
    still_serves(postern, hop)


def test_I4_no_common_cipher_closes(client, postern, hop):
    assert client.command("STARTTLS").code == 220
    with pytest.raises((ssl.SSLError, OSError)):
        client.handshake("1.2", ciphers="AES128-SHA")
    still_serves(postern, hop)


def test_a_handshake_sent_one_byte_at_a_time_works(client, hop):
    assert client.command("STARTTLS").code == 220
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context().wrap_bio(incoming, outgoing, server_hostname="mx1.example.org")
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            client.send_bytewise(outgoing.read())
            incoming.write(client.socket.recv(65536))
    tls.write(b"EHLO client.example.net\r\n")
    client.send_bytewise(outgoing.read())
    reply = b""
    while b"250 " not in reply:
        try:
            reply += tls.read(65536)
        except ssl.SSLWantReadError:
            incoming.write(client.socket.recv(65536))
    assert b"STARTTLS" not in reply


# I6: require_tls

@pytest.mark.parametrize("command", ["MAIL FROM:<b@other.example>", "RCPT TO:<user@example.org>", "DATA",
                                     "BDAT 0 LAST", "VRFY user", "HELP", "AUTH PLAIN", "EXPN x", "nonsense"])
def test_I6_require_tls_refuses_other_commands_in_clear(start, hop, command):
    with start(listener={"require_tls": True}).connect() as client:
        reply = client.ehlo().command(command)
        assert reply.status == "530 5.7.0", reply
        assert "Must issue a STARTTLS command first" in reply.text
        assert_accepted(client.start_tls().envelope().data(message()), hop)


@pytest.mark.parametrize("command", ["NOOP", "EHLO x.example", "HELO x.example", "RSET", "QUIT"])
def test_I6_require_tls_still_answers_what_changes_nothing(start, command):
    with start(listener={"require_tls": True}).connect() as client:
        assert client.ehlo().command(command).code in (221, 250)


# Certificates

def shown(postern, **options):
    with postern.connect() as client:
        client.ehlo().start_tls(**options)
        return client.socket.getpeercert(binary_form=True)


def pem_as_der(certificate):
    return ssl.PEM_cert_to_DER_cert(certificate.chain.read_text())


def test_a_client_that_can_verify_ecdsa_is_shown_ecdsa_and_another_rsa(postern, own_certificates):
    ecdsa, rsa = map(pem_as_der, own_certificates)
    assert shown(postern) == ecdsa
    assert shown(postern, version="1.2", ciphers="ECDHE-ECDSA-AES128-GCM-SHA256") == ecdsa
    assert shown(postern, version="1.2", ciphers="ECDHE-RSA-AES128-GCM-SHA256") == rsa


def test_the_certificate_is_chosen_by_the_name_asked_for(start, authority, own_certificates):
    other = authority.issue("mx.other.example", "*.wild.example")
    def change(host, policy):
        host["certificate"].append({"chain": str(other.chain), "key": str(other.key)})
    postern = start(change)
    assert shown(postern, sni="mx.other.example") == pem_as_der(other)
    assert shown(postern, sni="MX.Other.Example") == pem_as_der(other)
    assert shown(postern, sni="any.wild.example") == pem_as_der(other)
    assert shown(postern, sni="mx1.example.org") == pem_as_der(own_certificates[0])
    assert shown(postern, sni="unknown.example") == pem_as_der(own_certificates[0])
    assert shown(postern, sni=None) == pem_as_der(own_certificates[0])


def test_a_client_can_verify_our_chain_and_name(postern, authority):
    with postern.connect() as client:
        client.ehlo().start_tls(trusted=authority.certificate)
        assert client.tls_version == "TLSv1.3"


@pytest.mark.parametrize("group", ["prime256v1", "secp384r1"])
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_each_group_can_be_agreed_on(client, hop, group, version):
    assert_accepted(client.start_tls(version, groups=group).envelope().data(message("a@bank.example")), hop)


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_resumed_session_counts_as_TLS(postern, hop, version):
    made = context(version)
    session = None
    for number in (1, 2):
        with postern.connect() as client:
            assert client.ehlo().command("STARTTLS").code == 220
            client.socket = made.wrap_socket(client.socket, server_hostname="mx1.example.org", session=session)
            assert client.socket.session_reused == (number == 2)
            assert_accepted(client.ehlo().envelope().data(message("a@bank.example")), hop, number)
            session = client.socket.session


def test_the_end_of_TLS_ends_the_session(tls_client, postern, hop):
    tls_client.envelope()
    try:
        tls_client.socket.unwrap()
    except (OSError, ssl.SSLError):
        pass
    tls_client.close()
    still_serves(postern, hop)
