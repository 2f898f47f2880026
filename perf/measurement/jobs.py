"""The named jobs, the same for every server: see perf/README.md."""

import dataclasses

from .postern import LISTED_SENDER, RECIPIENT, UNLISTED_SENDER, Direction


@dataclasses.dataclass(frozen=True)
class Job:
    name: str
    what: str
    tls: bool
    connections: int = 50
    messages_per_connection: int = 1
    size: int = 4096
    direction: Direction = Direction.INBOUND

    def load_options(self):
        return ["--connections", str(self.connections),
                "--messages-per-connection", str(self.messages_per_connection),
                "--size", str(self.size), *self.common_options()]

    def common_options(self):
        return ["--tls", "starttls" if self.tls else "none", "--rcpt", RECIPIENT,
                "--from", LISTED_SENDER if self.tls else UNLISTED_SENDER]


LOADS = {job.name: job for job in (
    Job("tls-1", "one message a connection, full TLS 1.3 handshake each", tls=True),
    Job("tls-100", "100 messages a connection over TLS 1.3", tls=True, messages_per_connection=100),
    Job("plain-1", "one message a connection in clear", tls=False),
    Job("plain-100", "100 messages a connection in clear", tls=False, messages_per_connection=100),
    Job("bulk-1m", "messages of 1 MiB, 100 a connection, over TLS 1.3", tls=True, connections=8,
        messages_per_connection=100, size=1 << 20),
    *(Job(f"submission-{clients}", f"mail for outside, in clear, {clients} clients at a time: 250 when it is on the disk",
          tls=False, connections=clients, messages_per_connection=100, direction=Direction.OUTBOUND)
      for clients in (1, 16, 256)),
)}

IDLE = {job.name: job for job in (
    Job("idle-plain", "memory of a connection that waits, in clear", tls=False),
    Job("idle-tls", "memory of a connection that waits, over TLS 1.3", tls=True),
)}


def direction_of(name):
    return LOADS[name].direction if name in LOADS else Direction.INBOUND
