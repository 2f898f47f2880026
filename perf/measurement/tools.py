"""The generator, the sink and a certificate."""

import contextlib
import fcntl
import json
import pathlib
import resource
import signal
import subprocess
import sys
import time

from . import processes
from .machine import ROOT


def raise_descriptor_limit():
    """As far as the kernel lets us; root may go beyond the hard limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = int(pathlib.Path("/proc/sys/fs/nr_open").read_text())
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextlib.contextmanager
def alone(path):
    """While this file is locked (flock): nobody who does the same measures at the same time."""
    with open(path, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Build:
    """The programs of one build directory."""

    def __init__(self, directory=None):
        self.directory = pathlib.Path(directory).resolve() if directory else ROOT / "build/release"
        self.postern = self.directory / "postern"
        self.load = self.directory / "perf/postern-load"
        self.sink = self.directory / "perf/postern-sink"

    @staticmethod
    def require(*programs):
        """Ends the program, and says how to build them, where one of these is missing."""
        if missing := [str(program) for program in programs if not program.exists()]:
            sys.exit(f"not built: {' '.join(missing)}; try: cmake --preset release && cmake --build --preset release")


class Certificate:
    """ECDSA P-256, signed by itself: what is measured is the server's side, and that proves nothing to anybody."""

    kind = "ECDSA P-256"

    def __init__(self, directory):
        self.chain = directory / "certificate.pem"
        self.key = directory / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-keyout", str(self.key), "-out", str(self.chain), "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"],
            check=True, capture_output=True)


class Sink:
    """The next hop, on the generator's CPU. `store`: a directory for what comes."""

    def __init__(self, build, cpu, store=None):
        self._process = subprocess.Popen(
            ["taskset", "-c", str(cpu), str(build.sink), "--listen", "127.0.0.1:0", "--json",
             *(["--store", str(store)] if store else [])],
            stdout=subprocess.PIPE, text=True)
        self.address = self._process.stdout.readline().split()[-1]
        self.summary = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        text, _ = self._process.communicate(timeout=30)
        self.summary = json.loads(text)

    def cpu_seconds(self):
        return processes.cpu_seconds(self._process.pid)


def load_command(build, cpu, to, options):
    return ["taskset", "-c", str(cpu), str(build.load), "--to", to, "--json", *options]


def run_load(command, seconds_max):
    """What the generator says, with the CPU seconds it used and whether it was content."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds_max, check=False)
    wall = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}")
    result = json.loads(done.stdout)
    result["generator_cpu_seconds"] = round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2)
    result["wall_seconds"] = round(wall, 3)
    return result


class IdleConnections:
    """Connections that are opened, greeted and then held, until the block ends."""

    def __init__(self, build, cpu, to, count, options):
        self._process = subprocess.Popen(
            ["taskset", "-c", str(cpu), str(build.load), "--to", to, "--json", "--idle", str(count), *options],
            stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        if line.split() != ["idle", str(count), "ready"]:
            self._end()
            raise SystemExit(f"the generator could not open {count} connections: {line!r} {self.result}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()
        if not self.result.get("ok"):
            raise SystemExit(f"not all idle connections were held: {self.result}")

    def _end(self):
        self._process.send_signal(signal.SIGTERM)
        text, _ = self._process.communicate(timeout=120)
        self.result = json.loads(text.splitlines()[-1]) if text else {}
