"""Who the client really is: PROXY headers towards us, XCLIENT and PROXY towards the next hop."""

import socket
import struct

import pytest

from support.client import Client, message
from support.next_hop import EXTENSIONS, XCLIENT, NextHop
from support.promises import assert_accepted, still_serves

V2 = b"\r\n\r\n\0\r\nQUIT\n"


def version_1(source="203.0.113.7", port=4711):
    return f"PROXY TCP4 {source} 198.51.100.1 {port} 25\r\n".encode()


def version_2(source="203.0.113.7", port=4711, extra=b""):
    if ":" in source:
        addresses = socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, "2001:db8::1")
        family = 0x21
    else:
        addresses = socket.inet_aton(source) + socket.inet_aton("198.51.100.1")
        family = 0x11
    body = addresses + struct.pack("!HH", port, 25) + extra
    return V2 + bytes([0x21, family]) + struct.pack("!H", len(body)) + body


GOOD = {
    "v1": (version_1(), "203.0.113.7"),
    "v1 IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 25\r\n", "2001:db8::7"),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
    "v2": (version_2(), "203.0.113.7"),
    "v2 IPv6": (version_2("2001:db8::7"), "2001:db8::7"),
    "v2 with TLVs": (version_2(extra=b"\x04\x00\x03abc"), "203.0.113.7"),
    "v2 local": (V2 + b"\x20\x00\x00\x00", "127.0.0.1"),
}
BAD = {
    "no header": b"EHLO client.example.net\r\n",
    "v1 without addresses": b"PROXY TCP4\r\n",
    "v1 with a name": b"PROXY TCP4 example.org 198.51.100.1 1 25\r\n",
    "v1 with a bad port": b"PROXY TCP4 203.0.113.7 198.51.100.1 99999 25\r\n",
    "v1 too long": b"PROXY TCP4 " + b"1" * 200 + b"\r\n",
    "v1 with a bare LF": b"PROXY TCP4 203.0.113.7 198.51.100.1 4711 25\n",
    "v2 of another version": V2 + b"\x31\x11\x00\x0c" + bytes(12),
    "v2 too short": V2 + b"\x21\x11\x00\x04" + bytes(4),
    "v2 too long": V2 + b"\x21\x11\xff\xff" + bytes(65535),
    "garbage": bytes(range(256)),
}


@pytest.fixture
def proxied(start):
    return start(listener={"proxy_protocol": True, "proxies": ["127.0.0.1/32"]}, timeouts={"proxy_header": "500ms"})


def through(postern, header, **options):
    client = Client(postern.address(), **options)
    client.send(header)
    return client


@pytest.mark.parametrize("bytewise", [False, True])
@pytest.mark.parametrize("case", GOOD)
def test_a_PROXY_header_names_the_client(proxied, hop, case, bytewise):
    header, address = GOOD[case]
    with Client(proxied.address()) as client:
        client.send_bytewise(header) if bytewise else client.send(header)
        assert_accepted(client.greet().ehlo().start_tls().envelope().data(message("a@bank.example")), hop)
    literal = f"IPv6:{address}" if ":" in address else address
    assert f"([{literal}])" in hop.messages[0].received
    assert proxied.wait_for_event(verdict="accepted")["client"].startswith(address)


@pytest.mark.parametrize("case", BAD)
def test_a_bad_PROXY_header_is_closed_without_a_greeting(proxied, hop, case):
    with through(proxied, BAD[case]) as client:
        assert b"220" not in client.rest()
    with through(proxied, version_1()) as client:
        assert_accepted(client.greet().ehlo().envelope().data(message()), hop)


@pytest.mark.parametrize("header", [version_1(), version_2()])
def test_a_PROXY_header_of_a_stranger_is_not_believed(proxied, hop, header):
    with through(proxied, header, source=("127.0.0.2", 0)) as client:
        assert client.rest().startswith(b"554 5.7.1 ")
    assert not any("203.0.113.7" in str(line.get("client")) for line in proxied.log)
    assert not hop.saw_content


@pytest.mark.parametrize("header", [version_1(), version_2()])
def test_a_PROXY_header_on_a_usual_listener_is_not_believed(postern, hop, header):
    with postern.connect() as client:
        client.send(header + b"EHLO x.example\r\n")
        client.socket.settimeout(0.3)
        try:
            client.rest()
        except TimeoutError:
            pass
    assert not any("203.0.113.7" in str(line.get("client")) for line in postern.log)
    still_serves(postern, hop)


def test_bytes_behind_a_PROXY_header_are_an_early_talkers(proxied):
    with through(proxied, version_1() + b"EHLO client.example.net\r\n") as client:
        assert client.reply().status == "554 5.5.0"


def test_sessions_are_bounded_for_each_real_client(start):
    postern = start(cores=1, listener={"proxy_protocol": True, "proxies": ["127.0.0.1/32"]}, limits={"sessions_per_client": 2})
    with through(postern, version_1()) as one, through(postern, version_2()) as two, through(postern, version_1()) as three:
        assert [client.reply().code for client in (one, two, three)].count(421) == 1
        with through(postern, version_1("203.0.113.8")) as other:
            assert other.reply().code == 220


def test_a_client_that_sends_no_PROXY_header_is_left(proxied):
    with Client(proxied.address()) as client:
        assert b"220" not in client.rest()


# Towards the next hop

def announcing(how):
    def change(host, policy):
        host["cores"] = 1
        policy["route"][0]["announce_client"] = how
    return change


def test_XCLIENT_tells_the_next_hop_the_real_client(start, hop):
    hop.extensions = (*EXTENSIONS, XCLIENT)
    postern = start(announcing("xclient"))
    with postern.connect(source=("127.0.0.9", 0)) as client:
        port = client.socket.getsockname()[1]
        kept = assert_accepted(client.ehlo("real.client.example").envelope().data(message()), hop)
    said = [line for line in kept.conversation.commands if line.startswith("XCLIENT")]
    attributes = dict(word.split("=", 1) for word in said[-1].split()[1:])
    assert attributes["ADDR"] == "127.0.0.9" and attributes["PORT"] == str(port)
    assert attributes["HELO"] == "real.client.example" and attributes["PROTO"] == "ESMTP"
    verbs = [line.split()[0] for line in kept.conversation.commands]
    assert verbs.index("XCLIENT") < verbs.index("MAIL")
    assert verbs[verbs.index("XCLIENT") + 1] in ("EHLO", "HELO")


def test_XCLIENT_names_each_client_of_a_reused_conversation(start, hop):
    hop.extensions = (*EXTENSIONS, XCLIENT)
    postern = start(announcing("xclient"))
    for number in (1, 2, 3):
        with postern.connect(source=(f"127.0.0.{10 + number}", 0)) as client:
            kept = assert_accepted(client.ehlo(f"client{number}.example").envelope().data(message()), hop, number)
        said = [line for line in kept.conversation.commands if line.startswith("XCLIENT")]
        assert f"ADDR=127.0.0.{10 + number}" in said[-1] and f"HELO=client{number}.example" in said[-1]


def test_XCLIENT_says_only_what_the_next_hop_lists(start, hop):
    hop.extensions = (*EXTENSIONS, "XCLIENT ADDR HELO")
    with start(announcing("xclient")).connect() as client:
        kept = assert_accepted(client.ehlo().envelope().data(message()), hop)
    said = next(line for line in kept.conversation.commands if line.startswith("XCLIENT"))
    assert {word.split("=")[0] for word in said.split()[1:]} == {"ADDR", "HELO"}


def test_XCLIENT_is_not_said_to_a_next_hop_that_does_not_offer_it(start, hop):
    with start(announcing("xclient")).connect() as client:
        assert_accepted(client.ehlo().envelope().data(message()), hop)
    assert "XCLIENT" not in hop.verbs


def test_a_client_cannot_smuggle_attributes_by_its_name(start, hop):
    hop.extensions = (*EXTENSIONS, XCLIENT)
    with start(announcing("xclient")).connect() as client:
        if client.command("EHLO x.example ADDR=10.0.0.1").code == 250:
            client.command("MAIL FROM:<b@other.example>")
            client.command("RCPT TO:<user@example.org>")
    for line in (line for line in hop.commands if line.startswith("XCLIENT")):
        assert line.count("ADDR=") == 1 and "10.0.0.1" not in line.split("ADDR=")[1].split()[0]


def test_a_client_may_not_say_XCLIENT_to_us(client):
    assert client.command("XCLIENT ADDR=10.0.0.1").code in (500, 502, 503, 550)
    assert "XCLIENT" not in client.extensions


def test_a_PROXY_header_tells_the_next_hop_the_real_client(start, hop):
    with NextHop(proxy=True) as behind:
        postern = start(lambda host, policy: (announcing("proxy")(host, policy),
                                              policy["route"][0].update(hosts=[behind.address])))
        for number in (1, 2):
            with postern.connect(source=(f"127.0.0.{20 + number}", 0)) as client:
                port = client.socket.getsockname()[1]
                kept = assert_accepted(client.ehlo().envelope().data(message()), behind, number)
            header = kept.conversation.proxy
            if isinstance(header, bytes):
                assert header[12] == 0x21 and header[13] == 0x11
                source, port_said = socket.inet_ntoa(header[16:20]), struct.unpack("!H", header[24:26])[0]
            else:
                assert header.split()[:2] == ["PROXY", "TCP4"]
                source, port_said = header.split()[2], int(header.split()[4])
            assert (source, port_said) == (f"127.0.0.{20 + number}", port)
