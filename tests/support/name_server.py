"""Knot DNS, a real authoritative name server, on a port of its own; never the system's service."""

import os
import pathlib
import socket
import subprocess

from .waiting import PATIENCE_SECONDS, free_port

_CONFIG = """
server:
    listen: 127.0.0.1@{port}
    rundir: {directory}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: {directory}/database
template:
  - id: default
    storage: {directory}
    zonefile-sync: -1
    journal-content: none
zone:
"""


class NameServer:
    """Knows `zones`: for each name its records, as lines of a zone file without SOA and NS."""

    def __init__(self, directory, zones):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.port = free_port()
        config = _CONFIG.format(port=self.port, directory=self.directory)
        for name, records in zones.items():
            (self.directory / f"zone-{name}").write_text(
                "$TTL 60\n@ SOA ns. postmaster. 1 60 60 600 60\n@ NS ns.\n" + records + "\n")
            config += f"  - domain: {name}\n    file: zone-{name}\n"
        (self.directory / "knot.conf").write_text(config)
        self._process = None

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def __enter__(self):
        path = self.directory / "ready"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready, \
                open(self.directory / "log", "wb") as log:
            ready.bind(str(path))
            ready.settimeout(PATIENCE_SECONDS)
            self._process = subprocess.Popen(["/usr/sbin/knotd", "-c", str(self.directory / "knot.conf")],
                                             stdout=log, stderr=log, env={**os.environ, "NOTIFY_SOCKET": str(path)})
            while b"READY=1" not in ready.recv(4096):
                pass
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)
