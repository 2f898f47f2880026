"""Many clients at once, each sending one message after another and keeping account of the answers."""

import hashlib
import itertools
import random
import re
import ssl
import threading

from .client import Closed, connect

LISTED = "a@bank.example"
UNLISTED = "b@other.example"

_numbers = itertools.count(1)


def next_number():
    """Of a message; no other has it."""
    return next(_numbers)


def marked_message(sender, number, size):
    """A message that proves its own completeness: its last line is the digest of its body."""
    line = b"%d " % number + b"x" * 60 + b"\r\n"
    body = line * max(1, size // len(line))
    digest = hashlib.sha256(body).hexdigest().encode()
    return b"From: %s\r\nX-Number: %d\r\n\r\n%send %s\r\n" % (sender.encode(), number, body, digest)


def number_of(content):
    """Of a message that is complete; an AssertionError for one that is not."""
    found = re.search(rb"X-Number: (\d+)\r\n\r\n(.*)end ([0-9a-f]{64})\r\n\Z", content, re.DOTALL)
    assert found, f"an incomplete message: {content[-200:]!r}"
    assert hashlib.sha256(found.group(2)).hexdigest().encode() == found.group(3), "a message with a hole"
    return int(found.group(1))


class Load:
    """`clients` threads until `stop`. In clear mail from LISTED must be refused: a share of the clients sends
    it. After a broken connection a client begins anew. `trusted` is the CA by which clients judge our certificate;
    without one any will do."""

    def __init__(self, address, clients=10, tls=False, listed_share=0.3, size=4096, seed=1, per_connection=20,
                 trusted=None, failures=None):
        self.address = address
        self.clients = clients
        self.tls = tls
        self.trusted = trusted
        self.listed_share = listed_share
        self.size = size
        self.per_connection = per_connection
        self.accepted = set()
        self.refused = set()
        self.deferred = set()
        self.unknown = set()  # the connection broke before an answer
        self.surprises = []
        self.failures = [] if failures is None else failures  # anything but the answer that the policy wants
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed * 1000 + n),), daemon=True)
                         for n in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(60)
            assert not thread.is_alive(), "a client hangs"
        assert not self.surprises, self.surprises[:3]
        return self

    def pause(self, seconds):
        """Waits so long, or until `stop`."""
        self._stopping.wait(seconds)

    @property
    def total(self):
        return len(self.accepted) + len(self.refused)

    def _run(self, source):
        while not self._stopping.is_set():
            try:
                self._session(source)
            except (OSError, Closed, ssl.SSLError) as broken:
                self.failures.append(repr(broken))
                self.pause(0.01)
            except AssertionError as refused:  # a server that goes down, or has waited too long, says so to EHLO, too
                if not re.search(r"421 4\.(3\.2|4\.2)", str(refused)):
                    self.surprises.append(repr(refused))
                    return
                self.failures.append(repr(refused))
            except Exception as surprise:  # for the test's thread to see
                self.surprises.append(repr(surprise))
                return

    def _connect(self, source):
        return connect(self.address, timeout=15)

    def _session(self, source):
        with self._connect(source) as client:
            client.ehlo()
            if self.tls:
                client.start_tls(trusted=self.trusted)
            for _ in range(self.per_connection):
                if self._stopping.is_set():
                    client.quit()
                    return
                self._transaction(client, source)

    def _transaction(self, client, source):
        number = next_number()
        sender = LISTED if source.random() < self.listed_share else UNLISTED
        reply = self._submit(client, source, number, sender, ["user@example.org"])
        if reply.code != (550 if sender == LISTED and not self.tls else 250):
            self.failures.append(repr(reply))

    def _submit(self, client, source, number, sender, recipients):
        """The reply that decided: to the content, or to the word DATA."""
        content = marked_message(sender, number, source.randrange(1, 2 * self.size))
        receivers = b"".join(b"RCPT TO:<%s>\r\n" % one.encode() for one in recipients)
        client.send(b"MAIL FROM:<%s>\r\n%sDATA\r\n" % (sender.encode(), receivers))
        replies = [client.reply() for _ in range(2 + len(recipients))]
        if replies[-1].code != 354:
            self.deferred.add(number)
            if 421 in (replies[0].code, replies[-1].code):
                self.failures.append(repr(replies))
                raise Closed("421")
            client.command("RSET")
            return next((one for one in replies if one.code >= 400), replies[-1])
        self.unknown.add(number)
        client.send(content + b".\r\n")
        reply = client.reply()
        self.unknown.discard(number)
        if reply.code == 250:
            self.accepted.add(number)
        elif reply.code == 550:
            self.refused.add(number)
        else:
            self.deferred.add(number)
        return reply


class OutboundLoad(Load):
    """The same through a listener for mail to outside: each message to one of `recipients`, which are remembered by
    its number in `sent_to`."""

    def __init__(self, address, sender, recipients, **options):
        self.sender = sender
        self.recipients = list(recipients)
        self.sent_to = {}
        super().__init__(address, **options)

    def accepted_for(self, recipient):
        return {number for number in set(self.accepted) if self.sent_to[number] == recipient}

    def _transaction(self, client, source):
        number = next_number()
        recipient = self.sent_to[number] = source.choice(self.recipients)
        reply = self._submit(client, source, number, self.sender, [recipient])
        if reply.code != 250:
            self.failures.append(repr(reply))
