"""Postern is killed again and again while mail flows both ways: what was answered 250 is not lost, what was refused
goes nowhere, and what is sent twice is bounded."""

from .load import Load, OutboundLoad
from .outside import SENDER, in_queue
from .soak_world import BAD, GOOD, IN_HAND_MAX, IN_TLS, INBOUND, LATER, OUTBOUND, RETURNED
from .waiting import wait_until

PATIENCE_SECONDS = 120
PAUSE_SECONDS_MAX = 0.5


def kill_under_load(postern, loads, source, enough, pause_seconds_max):
    """Kills and starts until `enough()`: always when each load has got a few messages through since the start, and at
    a random moment then. Returns how often."""
    kills = 0
    while not enough(kills):
        wait_for_flow(loads, 3)
        loads[0].pause(source.random() * pause_seconds_max)
        assert postern.process.poll() is None, f"ended by itself: {postern.process.returncode} {postern.errors}"
        postern.kill()
        postern.start()
        kills += 1
    wait_for_flow(loads, 11)
    return kills


def wait_for_flow(loads, messages):
    before = [load.total for load in loads]
    wait_until(lambda: all(load.total >= count + messages for load, count in zip(loads, before)), "mail flows",
               PATIENCE_SECONDS)


class Kills:
    """The first half of a soak: `enough(kills)` says when it ends."""

    def __init__(self, world, enough, seed):
        self.world = world
        self.enough = enough
        self.seed = seed
        self.kills = 0
        self.loads = []

    def run(self):
        world = self.world
        world.keep_account()
        self._start_loads()
        kill_under_load(world.postern, self.loads, world.source, self._counted, PAUSE_SECONDS_MAX)
        for load in self.loads:
            with world.violations.instead_of_failing("a client hangs, or saw what it cannot explain"):
                load.stop()
        wait_until_drained(world)
        self._check_inbound()
        self._check_outbound()

    def figures(self):
        clear, tls, outbound = self.loads
        return {"kills": self.kills, "inbound": outcomes(clear, tls), "outbound": outcomes(outbound),
                "delivered_again": self._delivered_again(), "reported_again": self.world.reported.repeated}

    def progress(self):
        return "  ".join([f"kills {self.kills}", *(f"{name} {count}" for name, count in outcomes(*self.loads).items())])

    def _start_loads(self):
        address = self.world.postern.address
        self.loads = [Load(address(INBOUND), clients=4, seed=self.seed, size=10_000),
                      Load(address(INBOUND), clients=3, seed=self.seed + 1, tls=True,
                           trusted=self.world.authority.certificate),
                      OutboundLoad(address(OUTBOUND), SENDER, [GOOD, GOOD, LATER, *IN_TLS, *RETURNED], clients=4,
                                   seed=self.seed + 2)]

    def _counted(self, kills):
        self.kills = kills
        return self.enough(kills)

    def _check_inbound(self):
        clear, tls, _ = self.loads
        violations, arrived = self.world.violations, self.world.inbound.numbers
        for load in (clear, tls):
            lost = load.accepted - arrived
            violations.expect(not lost, "inbound: answered 250 and lost", sorted(lost)[:10])
            wrong = load.refused & arrived
            violations.expect(not wrong, "inbound: refused and delivered", sorted(wrong)[:10])
        violations.expect(not tls.refused, "inbound: refused in TLS", sorted(tls.refused)[:10])
        told_otherwise = arrived.difference(*((load.accepted | load.unknown | load.deferred) for load in (clear, tls)))
        violations.expect(not told_otherwise, "inbound: delivered, and the client was told otherwise", told_otherwise)
        violations.expect(not self.world.inbound.repeated, "inbound: delivered twice", self.world.inbound.repeated)

    def _check_outbound(self):
        load, violations = self.loads[2], self.world.violations
        delivered, reported = delivered_keys(self.world), set(self.world.reported.counts)
        for number in load.accepted:
            key = (number, load.sent_to[number])
            wanted = reported if key[1] in RETURNED else delivered
            violations.expect(key in wanted, "outbound: answered 250 and lost", key)
        wrong = {key for key in delivered if key[1] in RETURNED} | {key for key in reported if key[1] not in RETURNED}
        violations.expect(not wrong, "outbound: a wrong verdict", sorted(wrong)[:10])
        told_otherwise = {number for number, _ in delivered | reported} - load.accepted - load.unknown - load.deferred
        violations.expect(not told_otherwise, "outbound: sent on, and the client was told otherwise", told_otherwise)
        violations.expect(not load.refused, "outbound: refused", sorted(load.refused)[:10])
        again = self._delivered_again()
        violations.expect(again <= self.kills * IN_HAND_MAX, "outbound: more sent twice than was in hand", again)
        # A report is made again if the kill comes before its message is done, and sent again as any message is.
        again = self.world.reported.repeated
        violations.expect(again <= 2 * self.kills * IN_HAND_MAX, "outbound: more reported twice than was in hand",
                          again)

    def _delivered_again(self):
        return sum(host.repeated for host in self.world.delivered.values())


def wait_until_drained(world):
    """Nothing is queued any more. As long as it becomes less there is patience."""
    postern, least = world.postern, float("inf")
    while least > 0:
        try:
            wait_until(lambda: in_queue(postern) < least, f"fewer than {least:.0f} are queued", PATIENCE_SECONDS)
        except AssertionError as stuck:
            world.violations.add("the queue does not empty", f"{stuck}\n{postern.run('queue', 'list').stdout}")
            return
        least = in_queue(postern)


def delivered_keys(world):
    """Every (number, recipient) that arrived at a mail host outside."""
    return set().union(*(host.counts for host in world.delivered.values()))


def outcomes(*loads):
    return {name: sum(len(getattr(load, name)) for load in loads)
            for name in ("accepted", "refused", "deferred", "unknown")}
