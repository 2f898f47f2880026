"""Where a soak takes place: Postern for both directions, its next hops, the world outside, DNS."""

from .certificates import GATEWAY_NAME, HOP_NAME, Authority
from .name_server import NameServer
from .next_hop import NextHop
from .outside import HOSTS, LISTED, NAMED, ZONES, Outside, outbound_host, outside_policy
from .postern import Postern, replace, usual_host, usual_policy
from .soak_ledger import Arrivals, Excuse, Reports, Turning, Violations

INBOUND, OUTBOUND = 0, 1  # listeners

GOOD, BAD, LATER = "good@plain.example", "bad@plain.example", "later@plain.example"
IN_TLS = ("you@bank.example", "you@half.example")  # demanded, and to be had
RETURNED = (BAD, "you@branch.example", "you@null.example")  # nobody there; TLS demanded in vain; takes no mail
TURNING = tuple(f"turn{number}.example" for number in range(4))  # takes mail in clear only

IN_HAND_MAX = 16
"""Messages being delivered at a time: of 8 on each of two cores. Whoever kills Postern, or a host that has just taken
a message, makes at most so many be sent again."""

TIMEOUTS = {"command": "10s", "data_block": "10s", "send": "10s", "tls_handshake": "5s", "next_hop_idle": "2s",
            "next_hop_age": "30s"}
MESSAGE_BYTES_MAX = 256 * 1024
HEADER_BYTES_MAX = 16 * 1024


class World:
    """Everything on loopback in one directory, running. `source` makes its choices."""

    def __init__(self, directory, source):
        self.violations = Violations()
        self.excuse = Excuse()
        self.turning = Turning()
        self.queued = 0  # messages that waited or were in hand when somebody looked last
        self.source = source
        self.authority = Authority(directory / "ca")
        self.certificates = [self.authority.issue(GATEWAY_NAME, f"renewed{number}.example.org") for number in range(3)]
        zones = {**ZONES, "example": ZONES["example"] + "".join(
            f"{name.removesuffix('.example')} MX 10 mx.plain\n" for name in TURNING)}
        self.name_server = NameServer(directory / "dns", zones)
        self.hop = NextHop(certificate=self.authority.issue(HOP_NAME))
        self.outside = Outside()
        self._make_hosts()
        self.postern = self._make_postern(directory / "postern")

    @property
    def hops(self):
        return [self.hop, *self.outside.hops.values()]

    def keep_account(self, judge_delivery=None, judge_report=None):
        """Of what arrives from now on, afresh: inbound, delivered outside, reported to senders."""
        self.inbound = Arrivals(self.hop, self.violations)
        self.delivered = {name: Arrivals(hop, self.violations, judge_delivery)
                          for name, hop in self.outside.hops.items() if name != "home.example"}
        self.reported = Reports(self.outside.home, self.violations, judge_report)

    def show(self, certificate):
        """Renews Postern's certificate in its place, as a tool would: the two files do not match for a moment."""
        replace(self.postern.directory / "tls.key", certificate.key.read_text())
        replace(self.postern.directory / "tls.pem", certificate.chain.read_text())

    def list_turning(self, listed):
        replace(self.postern.directory / "turning.txt", "".join(f"{name}\n" for name in sorted(listed)))

    def stop(self):
        if self.postern.process is not None and self.postern.process.poll() is None:
            self.postern.kill()
        self.outside.stop()
        self.hop.stop()
        self.name_server.stop()

    def _make_hosts(self):
        plain = self.outside.host("mx.plain.example")
        plain.answers["RCPT"] = self._answer_to
        self.outside.host("mx.branch.example")
        for name in ("first.bank.example", "second.bank.example", "second.half.example"):
            self.outside.host(name, certificate=self.authority.issue(name))
        assert set(self.outside.hops) <= set(HOSTS)

    def _answer_to(self, text, _conversation):
        if BAD in text:
            return "550 5.1.1 nobody of this name"
        return "451 4.3.0 later" if LATER in text and self.source.random() < 0.3 else None

    def _make_postern(self, directory):
        host, policy = usual_host([]), usual_policy(self.hop.address)
        inbound = host["listener"]
        outbound_host(host, self.outside.port, self.name_server, self.authority.certificate)
        host["listener"] = inbound + host["listener"]
        host["certificate"] = [{"chain": "tls.pem", "key": "tls.key"}]
        host["limits"] = {"message_size": MESSAGE_BYTES_MAX, "header_section": HEADER_BYTES_MAX}
        host["timeouts"] = dict(TIMEOUTS)
        host["delivery"]["concurrency"] = IN_HAND_MAX // host["cores"]
        policy["organization"] += [{"name": "home", "domains": ["home.example"]}]
        policy["address_list"] = [{"name": "banks", "entries": LISTED}, {"name": "turning", "file": "turning.txt"}]
        policy["tls_compliance"] = [
            {"name": f"{name} {direction}", "directions": [direction], "address_lists": [name],
             **(NAMED if direction == "outbound" else {})}
            for name in ("banks", "turning") for direction in ("inbound", "outbound")]
        policy["route"] += outside_policy(self.outside.home.address)["route"]
        postern = Postern(directory, host, policy)
        postern.patience_seconds = 120  # there is no hurry, and the machine may be busy
        self.postern = postern
        self.show(self.certificates[0])
        self.list_turning([])
        return postern.write()
