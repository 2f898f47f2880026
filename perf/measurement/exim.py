"""Exim: "queue" or "cutthrough", see perf/compare.d/README.md."""

import os
import re

from . import install
from .peer import USERS, Peer


class Exim(Peer):
    what = "exim"
    idle_connections = 150  # a process each

    def __init__(self, way, directory, cpu, certificate, next_hop):
        super().__init__(way, directory, cpu, certificate, next_hop)
        self._root = install.unpacked()
        self._words |= {"root": self._root,
                        "cutthrough": "         control = cutthrough_delivery" if way == "cutthrough" else ""}
        self._config = directory / "exim.conf"
        self.fill_in("exim.conf", self._config)
        user = USERS["Debian-exim"]
        for name in ("spool", "log"):
            os.chown(directory / name, user, user)
        # It reads them as its own user, and takes a configuration of root's alone.
        os.chown(certificate.key, user, user)

    def command(self):
        return [self._root / "usr/sbin/exim4", "-C", self._config, "-bdf", "-q5s"]

    def queue(self):
        return self._directory / "spool/input"

    def version(self):
        binary = (self._root / "usr/sbin/exim4").read_bytes()
        found = re.search(rb"\x00(4\.\d\d)\x00", binary)
        return found[1].decode() if found else "unknown"
