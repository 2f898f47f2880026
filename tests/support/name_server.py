"""Knot DNS, an authoritative name server, on a high port of loopback, with the zones of a test."""

import itertools
import os
import pathlib
import socket
import subprocess

from .waiting import PATIENCE_SECONDS, free_port

KNOTD = "/usr/sbin/knotd"
KNOTC = "/usr/sbin/knotc"

_serials = itertools.count(1)


class NameServer:
    """`zones` are the records of each zone, without SOA and NS; None: a zone that is configured and has no file,
    about which the server can say nothing but SERVFAIL. Nothing that it says is to be kept by those who asked.
    It is ready when it is made: it says so itself, as it would to systemd."""

    def __init__(self, directory, zones):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.zones = dict(zones)
        self.process = None
        for _ in range(5):  # the port may have been taken before the server took it
            self.port = free_port()
            self._write()
            if self._start():
                return
        raise AssertionError(f"is knot installed? deploy/install-packages\n{self.log}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def log(self):
        return "".join(path.read_text(errors="replace") for path in self.directory.glob("*log"))

    def change(self, name, records):
        """From now on the zone has these records."""
        self.zones[name] = records
        self._write_zone(name)
        done = subprocess.run([KNOTC, "-b", "-s", str(self.directory / "knot.sock"), "zone-reload", name],
                              capture_output=True, text=True, timeout=30)
        assert done.returncode == 0, done.stdout + done.stderr + self.log

    def start(self):
        """After `stop`: on the same port."""
        assert self._start(), self.log

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait(PATIENCE_SECONDS)
            self.process = None

    def _write(self):
        zones = "".join(f'  - domain: "{name}"\n    file: "zone-{name}"\n' for name in self.zones)
        (self.directory / "knot.conf").write_text(f"""
server:
    listen: 127.0.0.1@{self.port}
    rundir: {self.directory}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: {self.directory}/knot.sock
log:
  - target: {self.directory}/log
    any: info
database:
    storage: {self.directory}/database
template:
  - id: default
    storage: {self.directory}
    zonefile-sync: -1
    journal-content: none
zone:
{zones}""")
        for name in self.zones:
            self._write_zone(name)

    def _write_zone(self, name):
        file = self.directory / f"zone-{name}"
        if self.zones[name] is None:
            file.unlink(missing_ok=True)
        else:
            file.write_text(f"$TTL 0\n@ SOA ns. postmaster. {next(_serials)} 60 60 600 0\n@ NS ns.\n"
                            + self.zones[name] + "\n")

    def _start(self):
        ready = self.directory / "ready"
        ready.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices, \
                open(self.directory / "output-log", "ab") as output:
            notices.bind(str(ready))
            notices.settimeout(PATIENCE_SECONDS)
            self.process = subprocess.Popen([KNOTD, "-c", str(self.directory / "knot.conf")], stdout=output,
                                            stderr=output, env={**os.environ, "NOTIFY_SOCKET": str(ready)})
            try:
                while b"READY=1" not in notices.recv(4096):
                    pass
                return True
            except TimeoutError:
                self.stop()
                return False
