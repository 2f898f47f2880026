"""The Received field that is put in front (RFC 5321 4.4), and everything else unchanged."""

import datetime
import email.utils
import re

import pytest

from support.client import connect, message
from support.promises import assert_accepted
from support.waiting import free_port

FORM = re.compile(r"from (?P<helo>\S+) \(\[(?P<client>[^]]+)\]\) by (?P<by>\S+) with (?P<protocol>\S+)"
                  r"(?: \((?P<version>TLSv1\.\d) (?P<cipher>[A-Z0-9_-]+)\))? id (?P<id>[A-Za-z0-9.-]+)"
                  r"(?: for <(?P<recipient>[^>]+)>)?; (?P<date>.+)")


def parts(kept):
    found = FORM.fullmatch(kept.received)
    assert found, kept.received
    return found


def test_in_clear(client, hop):
    found = parts(assert_accepted(client.envelope().data(message()), hop))
    assert found["helo"] == "client.example.net" and found["client"] == "127.0.0.1"
    assert found["by"] == "mx1.example.org" and found["protocol"] == "ESMTP"
    assert found["version"] is None and found["recipient"] == "user@example.org"


def test_with_HELO(postern, hop):
    with postern.connect() as client:
        assert client.command("HELO old.client.example").code == 250
        found = parts(assert_accepted(client.envelope().data(message()), hop))
    assert found["protocol"] == "SMTP" and found["helo"] == "old.client.example"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_over_TLS_version_and_cipher_are_named(client, hop, version):
    client.start_tls(version)
    found = parts(assert_accepted(client.envelope().data(message()), hop))
    assert found["protocol"] == "ESMTPS" and found["version"] == f"TLSv{version}"
    assert comparable(found["cipher"]) == comparable(client.tls_cipher)


def comparable(cipher):
    """OpenSSL's names and the registered ones say the same in other words."""
    return re.sub("^TLS|WITH|[_-]|SHA256$|SHA384$|AES(?=_?(128|256))", "", cipher)


def test_with_SMTPUTF8(client, hop):
    found = parts(assert_accepted(client.envelope(parameters=" SMTPUTF8").data(message()), hop))
    assert found["protocol"] == "UTF8SMTP"
    client.start_tls()
    found = parts(assert_accepted(client.envelope(parameters=" SMTPUTF8").data(message()), hop, 2))
    assert found["protocol"] == "UTF8SMTPS"


def test_several_recipients_are_not_told_of_each_other(client, hop):
    kept = assert_accepted(client.envelope("b@other.example", "one@example.org", "two@example.org").data(message()), hop)
    assert parts(kept)["recipient"] is None
    assert b"one@example.org" not in kept.headers and b"two@example.org" not in kept.headers


def test_the_date_is_now_and_the_lines_are_folded(client, hop):
    kept = assert_accepted(client.envelope().data(message()), hop)
    date = email.utils.parsedate_to_datetime(parts(kept)["date"])
    assert abs(date - datetime.datetime.now(datetime.timezone.utc)) < datetime.timedelta(seconds=60)
    assert all(len(line) <= 78 for line in kept.headers.split(b"\r\n"))


def test_each_message_has_an_id_of_its_own_that_is_in_the_log(client, postern, hop):
    ids = {parts(assert_accepted(client.envelope().data(message()), hop, n))["id"] for n in (1, 2, 3)}
    assert len(ids) == 3
    for one in ids:
        postern.wait_for_event(message=one)


@pytest.mark.parametrize("name", ["[127.0.0.1]", "under_score.example", "x", "[IPv6:2001:db8::1]"])
def test_odd_names_of_clients_do_no_harm(postern, hop, name):
    with postern.connect() as client:
        assert parts(assert_accepted(client.ehlo(name).envelope().data(message()), hop))["helo"] == name


@pytest.mark.parametrize("name", ["a;b.example", "a(b.example", "a<b>.example", "a\\b", "a\tb", "ü.example", "x" * 300])
def test_harmful_names_of_clients_do_no_harm(postern, hop, name):
    with postern.connect() as client:
        if client.command(f"EHLO {name}").code == 250:
            kept = assert_accepted(client.envelope().data(message()), hop)
            assert re.match(r"from \S+ \(\[127\.0\.0\.1\]\) by mx1\.example\.org with", kept.received)


def test_over_IPv6_the_address_is_tagged(prepare, hop):
    postern = prepare(listener={"address": f"[::1]:{free_port()}"}).start()
    with connect(postern.address()) as client:
        found = parts(assert_accepted(client.ehlo().envelope().data(message()), hop))
    assert found["client"] == "IPv6:::1"


CONTENTS = {
    "8-bit": "From: b@other.example\r\n\r\ngrüße\r\n".encode("latin-1"),
    "every byte but CR, LF and NUL": b"From: b@other.example\r\n\r\n" + bytes(set(range(1, 256)) - {10, 13}) + b"\r\n",
    "trailing blanks": b"From: b@other.example  \r\nSubject:\r\n\r\nx  \r\n\t\r\n",
    "empty lines at the end": b"From: b@other.example\r\n\r\nx\r\n\r\n\r\n\r\n",
    "no body": b"From: b@other.example\r\n\r\n",
    "no empty line": b"From: b@other.example\r\nSubject: x\r\n",
    "folded fields": b"Subject: a\r\n\tb\r\n c\r\nFrom: b@other.example\r\n\r\nx\r\n",
    "own Received fields": b"Received: from a by b; Tue, 1 Jul 2003 10:52:37 +0200\r\nFrom: b@other.example\r\n\r\nx\r\n",
    "Bcc stays": b"Bcc: secret@example.org\r\nFrom: b@other.example\r\n\r\nx\r\n",
    "a malformed line": b"From: b@other.example\r\nno colon here\r\nSubject: x\r\n\r\nx\r\n",
    "many dots": b"From: b@other.example\r\n\r\n" + b".\r\n..\r\n" * 500,
}


@pytest.mark.parametrize("by", ["data", "bdat"])
@pytest.mark.parametrize("tls", ["clear", "TLS"])
@pytest.mark.parametrize("case", CONTENTS)
def test_content_passes_unchanged(client, hop, case, tls, by):
    if tls == "TLS":
        client.start_tls()
    kept = assert_accepted(getattr(client.envelope(), by)(CONTENTS[case]), hop)
    assert kept.original == CONTENTS[case]
