"""Postfix, freshly started from a directory of its own and pinned to one CPU; never the system's service."""

import grp
import os
import pathlib
import pwd
import subprocess
import time

from . import machine, processes
from .postern import free_port, wait_until_greeted

_TEMPLATES = pathlib.Path(__file__).resolve().parents[1] / "compare.d/postfix"


class Postfix:
    """`way`: "queue" or "proxy", see perf/compare.d/README.md."""

    # A process each, and at most 200 of those. They stay for a while: a warm-up would leave what is to be measured.
    idle_connections, idle_warm_up = 150, 1

    def __init__(self, way, directory, cpu, certificate, next_hop):
        self.name = f"postfix-{way}"
        self.address = f"127.0.0.1:{free_port()}"
        self._directory = directory
        self._etc = directory / "etc"
        self._cpu = cpu
        self._master = None
        self._lay_out(way, certificate, next_hop)

    def _lay_out(self, way, certificate, next_hop):
        for name in ("etc", "spool", "data", "log"):
            (self._directory / name).mkdir(parents=True)
        # Its processes run as the user postfix, and must be able to walk here.
        for parent in (self._directory, self._directory.parent):
            parent.chmod(0o755)
        certificate.key.chmod(0o600)
        os.chown(self._directory / "data", pwd.getpwnam("postfix").pw_uid, -1)
        host, _, port = next_hop.rpartition(":")
        words = {
            "directory": self._directory, "address": self.address, "chain": certificate.chain,
            "key": certificate.key, "next_hop_address": host, "next_hop_port": port,
            "proxy_filter": f"\n  -o smtpd_proxy_filter={next_hop}" if way == "proxy" else "",
        }
        for name in ("main.cf", "master.cf"):
            (self._etc / name).write_text((_TEMPLATES / name).read_text().format(**words))

    def __enter__(self):
        self._make_queue()
        self._command("start")
        self._master = int((self._directory / "spool/pid/master.pid").read_text().split()[0])
        wait_until_greeted(self.address, None, self.name)
        return self

    def __exit__(self, *_):
        self._command("stop")

    def _make_queue(self):
        """As `postfix check` does it, which complains until the queue belongs to whom it should."""
        spool = self._directory / "spool"
        owner = pwd.getpwnam("postfix").pw_uid
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace"):
            (spool / name).mkdir(mode=0o700)
            os.chown(spool / name, owner, -1)
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            (spool / name).mkdir()
            os.chown(spool / name, owner, grp.getgrnam("postdrop").gr_gid)
            (spool / name).chmod(mode)
        (spool / "pid").mkdir()

    def _command(self, verb):
        done = subprocess.run(["taskset", "-c", str(self._cpu), "postfix", "-c", str(self._etc), verb],
                              capture_output=True, text=True, timeout=120, check=False)
        if done.returncode != 0:
            raise SystemExit(f"postfix {verb}: {done.stdout}{done.stderr}{self.log()}")

    def log(self):
        log = self._directory / "log/maillog"
        return log.read_text()[-2000:] if log.exists() else ""

    def cpu_seconds(self):
        return processes.cpu_seconds(self._master)

    def pss_bytes(self):
        return processes.pss_bytes(self._master)

    def counters(self):
        return {}

    def wait_until_delivered(self, seconds_max=200):
        """Until the queue is empty: what was accepted is only done when the next hop has it."""
        deadline = time.monotonic() + seconds_max
        while self._queued():
            if time.monotonic() > deadline:
                raise SystemExit(f"Postfix does not empty its queue\n{self.log()}")
            time.sleep(0.02)

    def _queued(self):
        spool = self._directory / "spool"
        # A deferred message counts too: it is not delivered, and the wait says so.
        return any(files for name in ("incoming", "active", "deferred")
                   for _, _, files in os.walk(spool / name))

    def facts(self):
        version = subprocess.run(["postconf", "-h", "mail_version"], capture_output=True, text=True, check=False)
        return {"version": version.stdout.strip(), "queue_filesystem": machine.filesystem_of(self._directory),
                "configuration": "perf/compare.d/postfix"}
