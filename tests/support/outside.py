"""The world outside, as mail that leaves sees it: domains in DNS, and mail hosts that all have one port, each on a
loopback address of its own."""

from .client import connect, message
from .next_hop import NextHop
from .returned import reports
from .waiting import free_port, wait_until

SENDER = "me@home.example"
SECRET = "the-body-that-nobody-may-see"
SUBJECT = "the-subject-of-it"

HOSTS = {
    "home.example": "127.0.9.1",  # takes what comes back to the senders
    "first.bank.example": "127.0.1.1",
    "second.bank.example": "127.0.1.2",
    "mx.branch.example": "127.0.2.1",
    "mx.plain.example": "127.0.3.1",
    "second.half.example": "127.0.4.2",
    "mx.broken.example": "127.0.4.1",
    "smart.example": "127.0.5.1",  # in no MX record: routes lead there
    "smart2.example": "127.0.5.2",
}

ZONES = {
    "example": """
home MX 10 home
bank MX 10 first.bank
bank MX 20 second.bank
branch MX 10 mx.branch
plain MX 10 mx.plain
half MX 10 mx.broken
half MX 20 second.half
null MX 0 .
""" + "".join(f"{name.removesuffix('.example')} A {address}\n" for name, address in HOSTS.items()
              if name != "mx.broken.example"),
    "broken.example": None,  # its servers fail
}
BROKEN_REPAIRED = f"@ MX 10 mx\nmx A {HOSTS['mx.broken.example']}\n"

LISTED = ["bank.example", "branch.example", "half.example", "broken.example", "cfo@plain.example"]

TRUSTED = {"require_trusted_certificate": True, "validate_certificate_hostname": False}
NAMED = {"require_trusted_certificate": True}


def outside_policy(home, demand=None):
    """Mail to LISTED must go in TLS, or better if `demand` says so; `home` is the address of the senders' own mail
    server."""
    return {
        "organization": [{"name": "home", "domains": ["home.example"]}],
        "address_list": [{"name": "banks", "entries": LISTED}],
        "tls_compliance": [{"name": "banks over TLS", "directions": ["outbound"], "address_lists": ["banks"],
                            "require_trusted_certificate": False, **(demand or {})}],
        "route": [{"name": "home", "domains": ["home.example"], "hosts": [home]}],
    }


def outbound_host(host, port, name_server, trust_store):
    """Makes a host that takes mail to outside of the usual one."""
    host["listener"] = [{"name": "submission", "direction": "outbound", "clients": ["127.0.0.0/8"]}]
    host["tls"]["trust_store"] = str(trust_store)
    host["dns"] = {"servers": [name_server.address], "trust_anchor": ""}
    host["delivery"] = {"port": port, "retry": ["1s"]}


class Outside:
    """Mail hosts, made where a test wants one; the senders' own is always there."""

    def __init__(self):
        self.port = free_port()
        self.hops = {}
        self.home = self.host("home.example")

    def host(self, name, **options):
        self.hops[name] = NextHop(host=HOSTS[name], port=self.port, **options)
        return self.hops[name]

    def address(self, name):
        return f"{HOSTS[name]}:{self.port}"

    def reports(self, count=1):
        return reports(self.home, count)

    def stop(self):
        for hop in self.hops.values():
            hop.stop()


def submit(postern, *recipients, sender=SENDER, content=None, parameters="", notify=""):
    """Hands in a message; returns the reply to its end."""
    with connect(postern.address()) as client:
        client.ehlo()
        if "STARTTLS" in client.extensions:
            client.start_tls()
        assert client.command(f"MAIL FROM:<{sender}>{parameters}").code == 250
        for recipient in recipients:
            assert client.command(f"RCPT TO:<{recipient}>{notify}").code == 250
        reply = client.data(content or message(sender or "postmaster@home.example", SUBJECT, SECRET + "\r\n"))
        assert reply.code == 250, reply
        return reply


def wait_until_empty(postern):
    """Nothing is queued or on its way any more."""
    wait_until(lambda: postern.metric("^postern_queue_(waiting|in_hand)_messages") == 0
               and not in_queue(postern), "the queue is empty", seconds=30)


def in_queue(postern):
    """Numbers of messages that wait or are in hand."""
    return postern.metric("^postern_queue_(waiting|in_hand)_messages")


def attempts(postern, recipient, count=1):
    """The log lines about this recipient's attempts; at least so many."""
    def found():
        return [line for line in postern.events("delivery") if recipient in line["to"]]
    wait_until(lambda: len(found()) >= count, f"{count} attempts for {recipient}", seconds=30)
    return found()


def wait_for_attempt(postern, recipient, count=1):
    return attempts(postern, recipient, count)[count - 1]


def assert_told_nothing(hop):
    """Of envelope or content. At most a greeting, and what TLS needs."""
    assert set(hop.verbs) <= {"EHLO", "HELO", "STARTTLS", "QUIT"}, hop.commands
    for word in (SENDER, SECRET, SUBJECT, "bank.example>", "plain.example>", "MAIL", "RCPT"):
        assert word.encode() not in hop.received, hop.received
    assert not hop.saw_content and not hop.messages and not hop.refused_messages
