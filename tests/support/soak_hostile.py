"""Clients of a soak that mean harm, or do it. Whatever they send, no message of theirs may arrive anywhere."""

import random
import socket
import ssl
import threading
import time

from .client import Client, Closed, connect
from .hostile import BARE, STEPS, WORDS, walk
from .load import LISTED, UNLISTED, marked_message, next_number
from .soak_world import HEADER_BYTES_MAX, INBOUND, MESSAGE_BYTES_MAX, OUTBOUND

ENVELOPE = b"MAIL FROM:<b@other.example>\r\nRCPT TO:<user@example.org>\r\nDATA\r\n"

ENDED_WITHIN_SECONDS = 30
"""Three times what Postern is configured to wait for a client."""


class Hostile:
    """`clients` threads until `stop`, each one attack after another. `forbidden` are the numbers of their messages."""

    def __init__(self, world, clients, seed):
        self.world = world
        self.forbidden = set()
        self.attacks = 0
        self.any_orders = 0
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed * 1000 + n),), daemon=True)
                         for n in range(clients)]
        self._threads.append(threading.Thread(target=self._hold, args=(random.Random(seed * 1000 - 1),), daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stopping.set()
        for thread in self._threads:
            thread.join(ENDED_WITHIN_SECONDS)
            assert not thread.is_alive(), "a hostile client hangs"

    def _run(self, source):
        attacks = [self._garbage, self._any_order, self._smuggling, self._oversize, self._long_header,
                   self._eager_content, self._eager_envelope, self._break_off, self._injection, self._false_tls,
                   self._endless_line, self._flood]
        while not self._stopping.is_set():
            attack = source.choice(attacks)
            try:
                attack(source)
            except (OSError, Closed, ssl.SSLError):
                pass  # sent away in whatever manner
            except Exception as surprise:  # for the soak's own thread to see
                self.world.violations.expect(self.world.excuse.holds, f"hostile: {attack.__name__}", repr(surprise))
            self.attacks += 1
            self._stopping.wait(0.02)

    def _message(self, sender=UNLISTED, size=2000):
        number = next_number()
        self.forbidden.add(number)
        return marked_message(sender, number, size)

    def _begin(self, source, listener=INBOUND):
        """EHLO said, in TLS or in clear."""
        client = connect(self.world.postern.address(listener)).ehlo()
        return client.start_tls() if source.random() < 0.3 else client

    def _expect(self, attack, reply, *codes):
        """A next hop that is away may be the first reason for a refusal."""
        right = reply.code in codes or (reply.code in (451, 503, 554) and self.world.excuse.holds)
        self.world.violations.expect(right, f"hostile: {attack}: a wrong reply", reply)

    def _take_all(self, client, seconds):
        client.socket.settimeout(seconds)
        try:
            return client.rest()
        except TimeoutError:
            return b""

    # Attacks

    def _garbage(self, source):
        with connect(self.world.postern.address(source.choice((INBOUND, OUTBOUND)))) as client:
            client.send(source.randbytes(source.randrange(1, 20000)))
            self._take_all(client, 0.05)

    def _any_order(self, source):
        self.any_orders += 1
        with connect(self.world.postern.address(INBOUND)) as client:
            for _ in range(source.randrange(5, 40)):
                client.send(source.choice(WORDS))
            self._take_all(client, 0.05)

    def _smuggling(self, source):
        with self._begin(source) as client:
            if not self._envelope(client):
                return
            client.send(self._message() + source.choice(list(BARE.values())) + ENVELOPE + self._message(LISTED) + b".\r\n")
            self._expect("smuggling", client.reply(), 550)

    def _oversize(self, source):
        with self._begin(source) as client:
            if self._envelope(client):
                client.send(self._message(size=2 * MESSAGE_BYTES_MAX) + b".\r\n")
                self._expect("oversize", client.reply(), 552)

    def _long_header(self, source):
        with self._begin(source) as client:
            if self._envelope(client):
                folded = (b" " + b"z" * 900 + b"\r\n") * (HEADER_BYTES_MAX // 400)
                client.send(b"X-Long: y\r\n" + folded + self._message() + b".\r\n")
                self._expect("long header", client.reply(), 552)

    def _eager_content(self, source):
        with self._begin(source) as client:
            client.send(ENVELOPE + self._message() + b".\r\n")
            self._refused_or_excused("eager content", client)

    def _eager_envelope(self, source):
        with connect(self.world.postern.address(INBOUND)) as client:
            client.send(b"EHLO x.example\r\n" + ENVELOPE + self._message() + b".\r\n")
            self._refused_or_excused("eager envelope", client)

    def _refused_or_excused(self, attack, client):
        told = self._take_all(client, 60)
        self.world.violations.expect(b"554 5.5.0" in told or self.world.excuse.holds,
                                     f"hostile: {attack}: not refused", told)

    def _break_off(self, source):
        with self._begin(source, source.choice((INBOUND, OUTBOUND))) as client:
            try:
                walk(client, source.randrange(len(STEPS) + 1))
            except AssertionError as refused:
                self.world.violations.expect(self.world.excuse.holds, "hostile: break off: a wrong reply", repr(refused))
            if source.random() < 0.5:
                client.abort()

    def _injection(self, _source):
        with connect(self.world.postern.address(INBOUND)) as client:
            client.ehlo().send(b"STARTTLS\r\nMAIL FROM:<b@other.example>\r\n")
            self._expect("injection", client.reply(), 454)

    def _false_tls(self, source):
        with connect(self.world.postern.address(INBOUND)) as client:
            self._expect("false TLS", client.ehlo().command("STARTTLS"), 220)
            client.send(b"\x16\x03\x01\x02\x00" * source.randrange(2) + source.randbytes(source.randrange(1, 600)))
            self._take_all(client, 0.05)

    def _endless_line(self, source):
        with self._begin(source) as client:
            for _ in range(source.randrange(1, 50)):
                client.send(b"NOOP " + b"z" * 4000)
            self._take_all(client, 0.05)

    def _flood(self, source):
        for _ in range(source.randrange(30)):
            Client(self.world.postern.address(source.choice((INBOUND, OUTBOUND)))).abort()

    def _envelope(self, client):
        """Whether it was taken up to DATA; where it was not, the next hop is away."""
        replies = [client.command(line) for line in ENVELOPE.splitlines()]
        self._expect("envelope", replies[-1], 354)
        return replies[-1].code == 354

    # Half-open connections

    def _hold(self, source):
        """Opens connections that go silent at some step; Postern has to end those that are not broken off."""
        held = []
        while not self._stopping.is_set():
            if len(held) < 30:
                try:
                    held.append((self._half_open(source), time.monotonic() + ENDED_WITHIN_SECONDS))
                except (OSError, Closed, ssl.SSLError, AssertionError):
                    pass  # the next hop is away
            held = [one for one in held if not self._is_over(*one, source)]
            self._stopping.wait(0.1)
        for client, _ in held:
            client.close()

    def _half_open(self, source):
        client = Client(self.world.postern.address(source.choice((INBOUND, OUTBOUND))), source=("127.0.7.7", 0))
        if source.random() < 0.8:
            client.greet()
            walk(client, source.randrange(len(STEPS)))
        if source.random() < 0.2:
            client.send(b"STARTTLS\r\n")
        client.socket.setblocking(False)
        return client

    def _is_over(self, client, deadline, source):
        try:
            over = not client.socket.recv(65536)
        except BlockingIOError:
            over = source.random() < 0.005
            if time.monotonic() > deadline:
                self.world.violations.expect(self.world.excuse.holds, "hostile: a silent client is not sent away",
                                             client.socket)
                over = True
        except OSError:
            over = True
        if over:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        return over
