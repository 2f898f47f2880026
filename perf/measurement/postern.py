"""Postern, freshly started from a directory of its own and pinned to one CPU."""

import enum
import signal
import socket
import subprocess
import time
import urllib.request

from . import machine, processes

# What the measured mail is from: a listed sender, so that every message over TLS is judged by a setting.
LISTED_SENDER = "sender@bank.example"
UNLISTED_SENDER = "sender@load.example"
RECIPIENT = "recipient@sink.example"

_HOST = """\
hostname = "mx1.example.org"
policy = "policy.toml"
state_directory = "state"

[[listener]]
name = "mx"
address = "{address}"
direction = "{direction}"
{clients}
[[certificate]]
chain = "{chain}"
key = "{key}"

[limits]
sessions = 1000000
sessions_per_client = 1000000
commands = 1000000

[timeouts]
command = "1h"

[admin]
address = "{admin}"

[delivery]
destination_concurrency = 50
retry = ["1h"]
"""

_POLICY = """\
[[organization]]
name = "example"
domains = ["sink.example"]

[[address_list]]
name = "banks"
entries = ["bank.example", "*.branch.example", "cfo@partner.example"]

[[tls_compliance]]
name = "banks over TLS"
organization = "example"
directions = ["inbound"]
address_lists = ["banks"]

[[route]]
name = "mailbox servers"
domains = ["sink.example"]
hosts = ["{next_hop}"]
"""

# Where nobody listens: what is for there stays in the queue.
DEAD_RECIPIENT = "recipient@dead.example"
_DEAD_ROUTE = """
[[route]]
name = "nobody"
domains = ["dead.example"]
hosts = ["127.0.0.1:1"]
"""


class Direction(enum.StrEnum):
    INBOUND = "inbound"    # 250 is the next hop's
    OUTBOUND = "outbound"  # 250 when it is in the queue, which is emptied to the next hop


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until_greeted(address, process, what, seconds=30):
    """Until a server says 220 there."""
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise SystemExit(f"{what} ended with {process.returncode}")
        try:
            with socket.create_connection((host, int(port)), timeout=2) as probe:
                if probe.recv(4) == b"220 ":
                    probe.sendall(b"QUIT\r\n")
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"{what} does not greet on {address}")


def write_configuration(directory, address, certificate, next_hop, direction=Direction.INBOUND, admin=""):
    """Its two files; returns the path of the one that `--config` names. `admin`: of its metrics; "" for none."""
    config = directory / "postern.toml"
    config.write_text(_HOST.format(
        address=address, direction=direction, chain=certificate.chain, key=certificate.key, admin=admin,
        clients='clients = ["127.0.0.0/8"]\n' if direction == Direction.OUTBOUND else ""))
    policy = _POLICY.format(next_hop=next_hop) + (_DEAD_ROUTE if direction == Direction.OUTBOUND else "")
    (directory / "policy.toml").write_text(policy)
    return config


def append_list(directory, domains):
    """A setting with a list of so many domains, added to the policy there."""
    with open(directory / "list.txt", "w", encoding="ascii") as text:
        text.writelines(f"d{number}.example\n" for number in range(domains))
    with open(directory / "policy.toml", "a", encoding="ascii") as policy:
        policy.write('[[address_list]]\nname = "long"\nfile = "list.txt"\n'
                     '[[tls_compliance]]\nname = "long over TLS"\norganization = "example"\n'
                     'directions = ["inbound"]\naddress_lists = ["long"]\n')


def reload(build, server):
    """Until all cores use what was read."""
    done = subprocess.run([build.postern, "reload", "--config", server.config], capture_output=True, text=True,
                          check=False)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)


class Postern:
    name = "postern"

    def __init__(self, build, directory, cpu, certificate, next_hop, direction=Direction.INBOUND):
        directory.mkdir(parents=True)
        (directory / "state").mkdir()
        self._directory = directory
        self._direction = direction
        self.held = 0  # messages that are meant to stay in the queue
        self.address = f"127.0.0.1:{free_port()}"
        self._log = directory / "log"
        self._errors = directory / "errors"
        self._admin = f"127.0.0.1:{free_port()}" if direction == Direction.OUTBOUND else ""
        self.config = write_configuration(directory, self.address, certificate, next_hop, direction, self._admin)
        self.command = ["taskset", "-c", str(cpu), str(build.postern), "serve", "--config", str(self.config)]
        self._start()

    def _start(self):
        with open(self._log, "wb") as log, open(self._errors, "wb") as errors:
            self._process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=errors,
                                             cwd=self._directory)

    def start_again(self):
        """After stop(): in the same place, with the queue that is there."""
        self._start()
        return self.__enter__()

    def __enter__(self):
        try:
            wait_until_greeted(self.address, self._process, "Postern")
            self._wait_for_metrics()
        except SystemExit as failure:
            self.__exit__()
            raise SystemExit(f"{failure}\n{self.log()}") from None
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(60)

    def log(self):
        return f"{self._errors.read_text()}{self._log.read_text()[-2000:]}"

    def cpu_seconds(self):
        return processes.cpu_seconds(self._process.pid)

    @property
    def pid(self):
        return self._process.pid

    def pss_bytes(self):
        return processes.pss_bytes(self._process.pid)

    def _wait_for_metrics(self, seconds=30):
        """They come after the listeners."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.counters()
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def counters(self):
        """What /metrics says; nothing where the job needs none of it."""
        if not self._admin:
            return {}
        with urllib.request.urlopen(f"http://{self._admin}/metrics", timeout=10) as page:
            lines = [line.split() for line in page.read().decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}

    def wait_until_delivered(self, seconds_max=200):
        """Inbound, its 250 is the next hop's: nothing is left. Outbound, until the queue is empty, but for what it
        holds for a dead destination."""
        deadline = time.monotonic() + seconds_max
        while self._admin and self.queued() != (self.held, 0):
            if time.monotonic() > deadline:
                raise SystemExit(f"Postern's queue is {self.queued()}, and should be {self.held}")
            time.sleep(0.05)

    def queued(self):
        """How many messages wait, and how many are in hand."""
        counters = self.counters()
        return tuple(int(counters.get(f"postern_queue_{name}_messages", 0)) for name in ("waiting", "in_hand"))

    def facts(self):
        facts = {"command": self.command}
        if self._direction == Direction.OUTBOUND:
            facts["queue_filesystem"] = machine.filesystem_of(self._directory)
        return facts
