"""Mixed traffic both ways while everything around Postern changes: no verdict is wrong, nothing is lost, memory and
descriptors stay flat, and Postern's own counts are those of the ledger."""

import contextlib
import itertools
import os
import pathlib
import ssl
import time

from .client import connect
from .soak_clients import Inbound, Slow, Submissions
from .soak_hostile import Hostile
from .soak_kills import delivered_keys, outcomes, wait_until_drained
from .soak_world import IN_HAND_MAX, INBOUND, TURNING
from .waiting import wait_until

RELOAD_SECONDS = 10
DESCRIPTORS_OF_QUEUE_MAX = 17
"""When all is quiet again. A lock, and on each of two cores two logs: each has its directory and up to three segments,
the one that empties, the one that is written and the next. They are opened with the first message."""


class Traffic:
    """The second half of a soak, for `seconds`."""

    def __init__(self, world, seconds, seed):
        self.world = world
        self.seconds = seconds
        self.seed = seed
        self.troubles = dict.fromkeys(
            ("reload", "bad reload", "certificate", "next hop", "mail host", "name server"), 0)
        self.inbound, self.submissions, self.hostile = [], None, None
        self.descriptors_before = self.descriptors_after = None

    def run(self):
        """Postern runs, and nothing has been sent to it since its start."""
        world = self.world
        self.descriptors_before = self._descriptors()
        self._start_clients()
        self._make_trouble(time.monotonic() + self.seconds)
        for load in [*self.inbound, self.submissions, self.hostile]:
            with world.violations.instead_of_failing("a client hangs, or saw what it cannot explain"):
                load.stop()
        wait_until_drained(world)
        with world.violations.instead_of_failing("does not become quiet"):
            for gauge in ("postern_sessions", "postern_next_hop_connections"):
                wait_until(lambda: world.postern.metrics()[gauge] == 0, f"{gauge} is 0", 120)
        self._check_inbound()
        self._check_outbound()
        self._check_counts()
        self._check_descriptors()

    def figures(self):
        return {"inbound": outcomes(*self.inbound), "submitted": outcomes(self.submissions),
                "recipients_delivered": len(delivered_keys(self.world)),
                "recipients_reported": len(self.world.reported.counts),
                "hostile": self.hostile.attacks, "troubles": dict(self.troubles),
                "excused": sum(load.failures.excused for load in [*self.inbound, self.submissions]),
                "descriptors_before": self.descriptors_before, "descriptors_after": self.descriptors_after}

    def progress(self):
        if self.hostile is None:
            return "starting"
        return "  ".join([*(f"{name} {count}" for name, count in outcomes(*self.inbound).items()),
                          f"submitted {len(self.submissions.accepted)}", f"attacks {self.hostile.attacks}"])

    def _start_clients(self):
        world, seed = self.world, self.seed
        world.keep_account(lambda *arrival: self.submissions.judge_delivery(*arrival),
                           lambda *arrival: self.submissions.judge_report(*arrival))
        self.submissions = Submissions(world, clients=3, seed=seed)
        self.inbound = [Inbound("in clear", world, clients=4, seed=seed + 1),
                        Inbound("in TLS", world, clients=4, seed=seed + 2, tls=True),
                        Slow("slow in clear", world, clients=3, seed=seed + 3, per_connection=3),
                        Slow("slow in TLS", world, clients=3, seed=seed + 4, per_connection=3, tls=True)]
        self.hostile = Hostile(world, clients=3, seed=seed + 5)

    # Trouble

    def _make_trouble(self, until):
        source = self.world.source
        others = itertools.cycle((self._restart_mail_host, self._restart_next_hop, self._renew_certificate,
                                  self._restart_name_server, self._reload_badly))
        reload_at = time.monotonic()
        while time.monotonic() < until and self.world.postern.process.poll() is None:
            if time.monotonic() >= reload_at:
                self._reload(source)
                reload_at += RELOAD_SECONDS
            self._pause(source.uniform(0.5, 3.0), until)
            next(others)(source)

    def _pause(self, seconds, until):
        self.submissions.pause(max(0.0, min(seconds, until - time.monotonic())))

    def _reload(self, source):
        """Other domains are listed from now on."""
        world = self.world
        listed = frozenset(source.sample(TURNING, source.randrange(len(TURNING) + 1)))
        with world.turning.change(listed):
            world.list_turning(listed)
            with world.violations.instead_of_failing("a reload failed"):
                world.postern.reload()
        self.troubles["reload"] += 1

    def _reload_badly(self, _source):
        """What is wrong changes nothing."""
        world = self.world
        world.postern.write_policy("[[route]]\nnames = 1\n")
        done = world.postern.run("reload")
        world.violations.expect(done.returncode == 1, "a bad policy was not refused", done.stdout + done.stderr)
        world.postern.write_policy()
        with world.violations.instead_of_failing("a reload failed"):
            world.postern.reload()
        self.troubles["bad reload"] += 1

    def _renew_certificate(self, source):
        world = self.world
        certificate = source.choice(world.certificates)
        world.show(certificate)
        with world.violations.instead_of_failing("a reload failed"):
            world.postern.reload()
        with connect(world.postern.address(INBOUND)) as client:
            shown = client.ehlo().start_tls().socket.getpeercert(binary_form=True)
        wanted = ssl.PEM_cert_to_DER_cert(certificate.chain.read_text())
        world.violations.expect(shown == wanted, "an old certificate is shown", certificate.chain)
        self.troubles["certificate"] += 1

    def _restart_next_hop(self, source):
        with self.world.excuse.outage():
            self.world.hop.stop()
            self.submissions.pause(source.random())
            self.world.hop.start()
        self.troubles["next hop"] += 1

    def _restart_mail_host(self, source):
        host = source.choice(list(self.world.outside.hops.values()))
        host.stop()
        self.submissions.pause(source.random())
        host.start()
        self.troubles["mail host"] += 1

    def _restart_name_server(self, source):
        self.world.name_server.stop()
        self.submissions.pause(source.random())
        self.world.name_server.start()
        self.troubles["name server"] += 1

    # What has come of it

    def _check_inbound(self):
        violations, arrivals = self.world.violations, self.world.inbound
        arrived = arrivals.numbers
        told = {name: set().union(*(getattr(load, name) for load in self.inbound))
                for name in ("accepted", "refused", "deferred", "unknown")}
        lost = told["accepted"] - arrived
        violations.expect(not lost, "inbound: answered 250 and lost", sorted(lost)[:10])
        wrong = arrived & (told["refused"] | self.hostile.forbidden)
        violations.expect(not wrong, "inbound: refused and delivered", sorted(wrong)[:10])
        # A next hop that went away right behind its answer: only then, and no more than were on the way.
        doubtful = arrived - told["accepted"]
        violations.expect(doubtful <= told["deferred"] | told["unknown"],
                          "inbound: delivered, and the client was told otherwise", sorted(doubtful)[:10])
        clients = sum(load.clients for load in self.inbound)
        violations.expect(len(doubtful) <= self.troubles["next hop"] * clients,
                          "inbound: more in doubt than was on its way", len(doubtful))
        violations.expect(not arrivals.repeated, "inbound: delivered twice", arrivals.repeated)

    def _check_outbound(self):
        violations, load = self.world.violations, self.submissions
        delivered, reported = delivered_keys(self.world), set(self.world.reported.counts)
        lost = load.owed() - delivered - reported
        violations.expect(not lost, "outbound: answered 250 and lost", sorted(lost)[:10])
        both = delivered & reported
        violations.expect(not both, "outbound: delivered and reported", sorted(both)[:10])
        forbidden = {key for key in delivered | reported if key[0] in self.hostile.forbidden}
        violations.expect(not forbidden, "outbound: of a hostile client", sorted(forbidden)[:10])
        again = sum(host.repeated for host in self.world.delivered.values()) + self.world.reported.repeated
        violations.expect(again <= self.troubles["mail host"] * IN_HAND_MAX,
                          "outbound: more sent twice than was in hand", again)

    def _check_counts(self):
        """Postern's own, against the ledger's. Doubt: messages whose client did not hear the answer."""
        metrics = self.world.postern.metrics()
        loads = [*self.inbound, self.submissions]
        accepted = sum(len(load.accepted) for load in loads) + self.world.inbound.anonymous
        self._expect_count(metrics, 'postern_messages_total{verdict="accepted"}', accepted,
                           sum(len(load.unknown) for load in loads))
        turning = sum(load.refused_by["turning"] for load in self.inbound)
        self._expect_count(metrics, 'postern_setting_refusals_total{setting="turning inbound"}', turning, 0)
        banks = sum(load.refused_by["banks"] for load in self.inbound)
        self._expect_count(metrics, 'postern_setting_refusals_total{setting="banks inbound"}', banks, self.hostile.any_orders)
        again = self.world.reported.repeated
        self._expect_count(metrics, "postern_delivery_reports_total", self.world.reported.received - again, again)
        self._expect_count(metrics, "postern_log_lines_dropped_total", 0, 0)
        self._expect_count(metrics, "postern_spool_failures_total", 0, 0)

    def _expect_count(self, metrics, name, least, doubt):
        counted = metrics.get(name, 0)
        self.world.violations.expect(least <= counted <= least + doubt, f"{name} is not the ledger's",
                                     f"{counted:.0f}, ledger {least} to {least + doubt}")

    def _check_descriptors(self):
        try:
            wait_until(self._are_descriptors_given_back, "descriptors are given back", 60)
        except AssertionError as kept:
            self.world.violations.add("descriptors are kept",
                                      f"{kept}: before {self.descriptors_before}, now {self._descriptors()}")
        self.descriptors_after = self._descriptors()

    def _are_descriptors_given_back(self):
        now = self._descriptors()
        return now["queue"] <= DESCRIPTORS_OF_QUEUE_MAX and now["other"] <= self.descriptors_before["other"]

    def _descriptors(self):
        """How many are of the queue, and how many of all else."""
        place = pathlib.Path(f"/proc/{self.world.postern.process.pid}/fd")
        links = []
        for one in place.iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed in between
                links.append(os.readlink(one))
        of_queue = sum("/state/spool/" in link for link in links)
        return {"queue": of_queue, "other": len(links) - of_queue}
