"""What a soak knows of every message, independently of Postern: what its client was told, where it arrived, and
what the policy wanted at that time."""

import collections
import contextlib
import re
import threading
import time

from .load import number_of

EXAMPLES_MAX = 5


class Violations:
    """What must not have happened, by kind, with a few examples of each. Any thread may add."""

    def __init__(self):
        self.counts = collections.Counter()
        self.examples = collections.defaultdict(list)
        self._lock = threading.Lock()

    def __len__(self):
        return sum(self.counts.values())

    def add(self, kind, seen=""):
        with self._lock:
            self.counts[kind] += 1
            if len(self.examples[kind]) < EXAMPLES_MAX:
                self.examples[kind].append(f"{time.strftime('%H:%M:%S', time.gmtime())}Z {str(seen)[:600]}")

    def expect(self, right, kind, seen=""):
        if not right:
            self.add(kind, seen)

    @contextlib.contextmanager
    def instead_of_failing(self, kind):
        """An AssertionError within, such as that of a wait that was in vain, is one of them."""
        try:
            yield
        except AssertionError as failed:
            self.add(kind, failed)

    def facts(self):
        return {kind: {"count": count, "examples": self.examples[kind]} for kind, count in self.counts.items()}


class Arrivals:
    """Takes the place of what a next hop keeps: of each message only who it was for. `counts` has how often each
    (number, recipient) came; `anonymous` how many came from clients that say their commands in any order. `judge` is
    called with number, recipient and message before the sender can learn that it arrived."""

    def __init__(self, hop, violations, judge=None):
        self.counts = collections.Counter()
        self.anonymous = 0
        self._violations = violations
        self._judge = judge
        self._lock = threading.Lock()
        hop.keep = self._keep

    @property
    def numbers(self):
        with self._lock:
            return {number for number, _ in self.counts}

    @property
    def repeated(self):
        with self._lock:
            return sum(count - 1 for count in self.counts.values())

    def _keep(self, message):
        if not message.accepted:
            return
        if "any-order@" in message.mail:
            with self._lock:
                self.anonymous += 1
            self._violations.expect(b"@bank.example" not in message.content, "refused mail at a next hop",
                                    message.content[:300])
            return
        for number, recipient in self._read(message):
            with self._lock:
                self.counts[number, recipient] += 1
            if self._judge:
                self._judge(number, recipient, message)

    def _read(self, message):
        try:
            number = number_of(message.content)
        except AssertionError as broken:
            self._violations.add("a message that nobody sent so", broken)
            return []
        return [(number, re.search("<(.*)>", recipient)[1]) for recipient in message.recipients]


class Reports(Arrivals):
    """The same for delivery reports at the senders' mail host: (number, recipient) of what came back. `received` is
    how many there were."""

    received = 0

    def _read(self, message):
        with self._lock:
            self.received += 1
        number = re.search(rb"X-Number: (\d+)", message.content)
        failed = re.findall(rb"^Final-Recipient: rfc822; (\S+)\r$", message.content, re.MULTILINE)
        whole = message.mail.startswith("MAIL FROM:<>") and number and failed
        self._violations.expect(whole, "a report that is none", message.content[:300])
        return [(int(number[1]), recipient.decode()) for recipient in failed] if whole else []


class Turning:
    """Domains that are on a list now and not then. `view` never changes in itself: (generation, those listed, whether
    that is all that counts)."""

    def __init__(self):
        self.view = (0, frozenset(), True)

    @contextlib.contextmanager
    def change(self, listed):
        """While it runs the old and the new may count."""
        generation, before, _ = self.view
        self.view = (generation + 1, before, False)
        yield
        self.view = (generation + 2, frozenset(listed), True)

    def held_since(self, view):
        """Whether this is what counted from then until now."""
        return view[2] and self.view is view


class Excuse:
    """Says of failures that somebody notices now whether they have a cause that the soak knows of."""

    GRACE_SECONDS = 5.0
    """Behind an outage: Postern leaves a next hop alone for 1 s after it could not be reached, for 2 s the next time.
    An outage of up to a second is noticed at most twice, and the rest is for a loaded machine."""

    STALL_SECONDS = 3.0
    """Whoever looks every half second and comes so late was not let run: nor were clients and Postern in time."""

    def __init__(self):
        self.stalls = 0
        self._until = 0.0
        self._looked = time.monotonic()

    def look(self):
        """To be called every half second."""
        now = time.monotonic()
        if now - self._looked > self.STALL_SECONDS:
            self.stalls += 1
            self._until = max(self._until, now + self.GRACE_SECONDS)
        self._looked = now

    @contextlib.contextmanager
    def outage(self):
        self._until = float("inf")
        yield
        self._until = time.monotonic() + self.GRACE_SECONDS

    @property
    def holds(self):
        now = time.monotonic()
        return now < self._until or now - self._looked > self.STALL_SECONDS


class Failures:
    """The failures of a load: excused or violations. Takes the place of its list."""

    def __init__(self, who, violations, excuse):
        self.excused = 0
        self._who, self._violations, self._excuse = who, violations, excuse

    def append(self, seen):
        if self._excuse.holds:
            self.excused += 1
        else:
            self._violations.add(f"{self._who}: failed without a cause", seen)
