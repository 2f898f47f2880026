"""A server of others, freshly started from a directory of its own: never the system's service, nothing below /etc."""

import shlex
import subprocess
import time

from . import machine, processes
from .install import LISTS
from .postern import free_port, wait_until_greeted

# What the server finds at places that are compiled into it. It runs in a view of the file system of its own, so
# that the machine's are neither needed nor touched.
_VIEW = """\
set -e
for place in /var/spool /var/lib /run; do
    mkdir -p {directory}/view$place
    mount --bind {directory}/view$place $place
done
mount --bind {directory}/passwd /etc/passwd
mount --bind {directory}/group /etc/group
mount --bind {directory}/resolv.conf "$(realpath /etc/resolv.conf)"
exec taskset -c {cpu} "$@"
"""
# Users of the servers, in that view alone.
USERS = {"Debian-exim": 64901, "opensmtpd": 64902, "opensmtpq": 64903}


class Peer:
    """Base of the peers that run in the foreground. Those say what their command is, and where they queue."""

    what = ""  # its folder in compare.d

    def __init__(self, way, directory, cpu, certificate, next_hop):
        self.name = f"{self.what}-{way}"
        self.address = f"127.0.0.1:{free_port()}"
        self._directory, self._cpu, self._process, self._group = directory, cpu, None, None
        for name in ("spool", "log"):
            (directory / name).mkdir(parents=True)
        for parent in (directory, directory.parent):
            parent.chmod(0o755)
        host, _, port = self.address.rpartition(":")
        next_hop_address, _, next_hop_port = next_hop.rpartition(":")
        self._words = {
            "directory": directory, "host": host, "port": port, "chain": certificate.chain, "key": certificate.key,
            "next_hop": next_hop, "next_hop_address": next_hop_address, "next_hop_port": next_hop_port,
        }
        self._certificate = certificate
        for table in ("passwd", "group"):
            rest = "{0}::/nonexistent:/usr/sbin/nologin" if table == "passwd" else ""
            with open(f"/etc/{table}", encoding="utf-8") as real:
                known = "".join(line for line in real if line.partition(":")[0] not in USERS)
            added = "".join(f"{user}:x:{number}:{rest.format(number)}\n" for user, number in USERS.items())
            (directory / table).write_text(known + added)
        # No name is asked for that a name server would have to be there for.
        (directory / "resolv.conf").write_text("lookup file\nnameserver 127.0.0.1\n")

    def command(self):
        raise NotImplementedError

    def queue(self):
        """The directory that holds files while mail waits, or None."""
        raise NotImplementedError

    def version(self):
        raise NotImplementedError

    def fill_in(self, name, to):
        """A file of compare.d, with its words in braces; other braces are left alone."""
        text = (LISTS / self.what / name).read_text()
        for word, value in self._words.items():
            text = text.replace(f"{{{word}}}", str(value))
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text(text)

    def __enter__(self):
        self._group = processes.Group(self.name)
        view = _VIEW.format(directory=shlex.quote(str(self._directory)), cpu=self._cpu)
        command = self._group.command("unshare", "--mount", "--propagation", "private", "sh", "-c", view, "sh",
                                      *self.command())
        with open(self._directory / "log/output", "wb") as output:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                             cwd=self._directory)
        try:
            wait_until_greeted(self.address, self._process, self.name)
        except SystemExit as failure:
            self.__exit__()
            raise SystemExit(f"{failure}\n{self.log()}") from None
        return self

    def __exit__(self, *_):
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            pass
        self._group.end()
        self._process.wait(20)

    def log(self):
        """The end of each of its logs, for whoever must say why it failed."""
        return "\n".join(f"{file.name}: {file.read_text(errors='replace')[-1500:]}"
                         for file in sorted((self._directory / "log").iterdir()) if file.stat().st_size)

    def cpu_seconds(self):
        return self._group.cpu_seconds()

    def pss_bytes(self):
        return self._group.pss_bytes()

    def counters(self):
        """It has none that a job asks for."""
        return {}

    def wait_until_delivered(self, seconds_max=200):
        """Until its queue is empty: what was accepted is only done when the next hop has it."""
        deadline = time.monotonic() + seconds_max
        while self.queue() and any(file.is_file() for file in self.queue().rglob("*")):
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.name} does not empty its queue\n{self.log()}")
            time.sleep(0.02)

    def facts(self):
        return {"version": self.version(), "queue_filesystem": machine.filesystem_of(self._directory),
                "configuration": f"perf/compare.d/{self.what}"}
