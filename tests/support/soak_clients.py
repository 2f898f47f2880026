"""Well-behaved clients of a soak. Each knows what the policy wants of its message at that moment."""

import itertools

from .client import Client
from .load import LISTED, UNLISTED, Load, OutboundLoad, next_number
from .outside import SENDER
from .soak_ledger import Failures
from .soak_world import GOOD, IN_TLS, INBOUND, LATER, OUTBOUND, RETURNED, TURNING

DESTINATIONS = (GOOD, GOOD, LATER, *IN_TLS, *RETURNED, *(f"you@{name}" for name in TURNING))


class Inbound(Load):
    """Mail from listed, unlisted and turning senders, in clear or in TLS. `refused_by` counts the refusals by list."""

    def __init__(self, who, world, **options):
        self.who, self.world = who, world
        self.refused_by = {"banks": 0, "turning": 0}
        super().__init__(world.postern.address(INBOUND), trusted=world.authority.certificate,
                         failures=Failures(who, world.violations, world.excuse), **options)

    def _transaction(self, client, source):
        number = next_number()
        turning = f"a@{source.choice(TURNING)}"
        sender = source.choice((UNLISTED, UNLISTED, LISTED, turning))
        view = self.world.turning.view
        reply = self._submit(client, source, number, sender, ["user@example.org"])
        wanted = self._wanted(sender, view)
        if reply.code == 550:
            self.refused_by["turning" if sender == turning else "banks"] += 1
        if 400 <= reply.code < 500:
            self.failures.append(reply)
            self.pause(0.05)  # a client would come again much later
        elif reply.code not in wanted:
            self.world.violations.add("inbound: a wrong verdict", f"{self.who}, {sender}, {wanted}: {reply}")

    def _wanted(self, sender, view):
        """The codes that are right for a message that began when `view` counted and ends now."""
        domain = sender.partition("@")[2]
        if self.tls or sender == UNLISTED:
            return {250}
        if sender == LISTED:
            return {550}
        if not self.world.turning.held_since(view):
            return {250, 550}
        return {550} if domain in view[1] else {250}


class Dribbler(Client):
    """Sends everything in a few pieces, and takes its time over each."""

    PIECES = 6

    def __init__(self, address, load, source):
        super().__init__(address, timeout=15)
        self.load, self.source = load, source

    def send(self, data):
        step = max(1, len(data) // self.PIECES)
        for at in range(0, len(data), step):
            self.load.pause(self.source.random() * 0.2)
            super().send(data[at:at + step])


class Slow(Inbound):
    """The same, slowly."""

    def _connect(self, source):
        return Dribbler(self.address, self, source).greet()


class Submissions(OutboundLoad):
    """Mail to one, two or three places at once, with a pause while the queue is long: it is to be worked off, not to
    grow. `sent_to` has all of a message's recipients, `views` what counted when
    it was begun."""

    def __init__(self, world, **options):
        self.world = world
        self.views = {}
        super().__init__(world.postern.address(OUTBOUND), SENDER, DESTINATIONS,
                         failures=Failures("submission", world.violations, world.excuse), **options)

    QUEUED_MAX = 1000

    def _transaction(self, client, source):
        if self.world.queued > self.QUEUED_MAX:
            self.pause(0.1)
        number = next_number()
        chosen = source.sample(sorted(set(self.recipients)), source.choice((1, 1, 2, 3)))
        self.sent_to[number], self.views[number] = chosen, self.world.turning.view
        reply = self._submit(client, source, number, self.sender, chosen)
        if reply.code != 250:
            # Nothing that the soak does to others is a reason not to take mail into the queue.
            self.world.violations.add("submission: not taken", reply)

    def judge_delivery(self, number, recipient, message):
        self._judge(number, recipient, delivered=True)
        in_tls = message.conversation.tls_version is not None
        self.world.violations.expect(in_tls or recipient not in IN_TLS, "outbound: in clear against the demand",
                                     recipient)

    def judge_report(self, number, recipient, _message):
        self._judge(number, recipient, delivered=False)

    def _judge(self, number, recipient, delivered):
        view = self.views.get(number)
        domain = recipient.partition("@")[2]
        if domain in TURNING:
            right = not self.world.turning.held_since(view) or delivered != (domain in view[1])
        else:
            right = delivered != (recipient in RETURNED)
        self.world.violations.expect(view and right, "outbound: a wrong verdict",
                                     f"{number} to {recipient}: delivered {delivered}, listed {view}")

    def owed(self):
        """Every (number, recipient) that was answered 250."""
        return set(itertools.chain.from_iterable(
            ((number, recipient) for recipient in self.sent_to[number]) for number in set(self.accepted)))
