"""OpenSMTPD: "queue", the only way it has, see perf/compare.d/README.md."""

import os
import subprocess

from . import install
from .peer import USERS, Peer

_SPOOL = "view/var/spool/smtpd"


class OpenSmtpd(Peer):
    what = "opensmtpd"

    def __init__(self, way, directory, cpu, certificate, next_hop):
        super().__init__(way, directory, cpu, certificate, next_hop)
        self._root = install.unpacked()
        self._config = directory / "smtpd.conf"
        self.fill_in("smtpd.conf", self._config)
        # It refuses a key that others may read, or that is not root's.
        os.chown(certificate.key, 0, 0)
        certificate.key.chmod(0o600)
        self._make_spool()
        (directory / "view/var/lib/opensmtpd/empty").mkdir(parents=True)

    def _make_spool(self):
        """As its package does it."""
        spool = self._directory / _SPOOL
        spool.mkdir(parents=True)
        spool.chmod(0o711)
        for name in ("corrupt", "incoming", "purge", "queue", "temporary"):
            (spool / name).mkdir(mode=0o700)
            os.chown(spool / name, USERS["opensmtpq"], 0)
        (spool / "offline").mkdir()
        os.chown(spool / "offline", 0, USERS["opensmtpq"])
        (spool / "offline").chmod(0o770)

    def command(self):
        return [self._root / "usr/sbin/smtpd", "-d", "-f", self._config]

    def queue(self):
        return self._directory / _SPOOL / "queue"

    def version(self):
        done = subprocess.run([self._root / "usr/sbin/smtpd", "-h"], capture_output=True, text=True, check=False)
        return (done.stdout + done.stderr).partition("\n")[0].split()[-1]
