"""Postern as a program: its files written, started, asked, told to reload, ended."""

import copy
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request

from .client import connect
from .toml import toml
from .waiting import PATIENCE_SECONDS, free_port, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("POSTERN_BINARY", str(ROOT / "build/release/postern"))

HOSTNAME = "mx1.example.org"

ANY = object()
"""Stands for whatever value a log line has, as long as it has one."""


def usual_policy(hop_address):
    """One organization, one list, one setting, one route. Tests change what they are about."""
    return {
        "organization": [{"name": "example", "domains": ["example.org"]}],
        "address_list": [
            {"name": "banks", "entries": ["bank.example", "*.branch.example", "cfo@partner.example"]},
        ],
        "tls_compliance": [
            {"name": "banks over TLS", "organization": "example", "directions": ["inbound"],
             "address_lists": ["banks"]},
        ],
        "route": [{"name": "mailbox servers", "domains": ["example.org"], "hosts": [hop_address]}],
    }


def usual_host(certificates):
    return {
        "hostname": HOSTNAME,
        "policy": "policy.toml",
        "state_directory": "state",
        "cores": 2,
        "listener": [{"name": "mx", "direction": "inbound"}],
        "certificate": [{"chain": str(one.chain), "key": str(one.key)} for one in certificates],
        "tls": {"trust_store": None},
        "limits": {},
        "timeouts": {},
        "admin": {},
    }


class Postern:
    """One gateway in a directory of its own. `host` and `policy` are dicts until `write`; every listener that
    has no address gets a free port. Used as a fixture: see conftest."""

    def __init__(self, directory, host, policy):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.host = copy.deepcopy(host)
        self.policy = copy.deepcopy(policy)
        self.process = None
        self.patience_seconds = PATIENCE_SECONDS  # with its start and its end
        self.may_fail = False  # the test ends it in another way than by SIGTERM and exit 0
        self.config = self.directory / "postern.toml"
        self.policy_file = self.directory / "policy.toml"
        self.log_file = self.directory / "log"
        self.error_file = self.directory / "errors"
        for listener in self.host["listener"]:
            listener.setdefault("address", f"127.0.0.1:{free_port()}")
        self.host["admin"].setdefault("address", f"127.0.0.1:{free_port()}")

    # Files

    def write(self):
        self.write_host()
        self.write_policy()
        (self.directory / "state").mkdir(exist_ok=True)
        return self

    def write_host(self):
        replace(self.config, toml(self.host))

    def write_policy(self, text=None):
        """By a rename, as careful administrators and tools do."""
        replace(self.policy_file, toml(self.policy) if text is None else text)

    # Life

    def start(self, **options):
        """Started and ready."""
        self.launch(**options)
        wait_until(self._is_ready_or_ended, "ready", self.patience_seconds)
        assert self.process.poll() is None, f"Postern ended with {self.process.returncode}: {self.errors}"
        return self

    def launch(self, arguments=(), preexec=None, pass_fds=(), output=None, environment=None, by=()):
        """`output`: takes what goes to the standard output and error instead of our files. `by`: a command that
        becomes it."""
        with open(self.log_file, "ab") as log, open(self.error_file, "ab") as errors:
            self.process = subprocess.Popen([*by, BINARY, "serve", "--config", str(self.config), *arguments],
                                            stdout=output or log, stderr=output or errors, stdin=subprocess.DEVNULL,
                                            cwd=self.directory, preexec_fn=preexec, pass_fds=pass_fds,
                                            env={**os.environ, **environment} if environment else None)

    def _is_ready_or_ended(self):
        return self.process.poll() is not None or self.http("/readyz")[0] == 200

    def stop(self, seconds=PATIENCE_SECONDS):
        """SIGTERM; returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds=PATIENCE_SECONDS):
        return self.process.wait(seconds)

    def kill(self):
        self.process.kill()
        self.process.wait(self.patience_seconds)

    def leave(self):
        """At the end of a test: told to end, without waiting for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def finish(self):
        """It has ended, and well. Its spool goes: preallocated segments of a thousand tests fill a disk."""
        if self.process is None:
            return
        try:
            self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end Postern in {self.directory}") from None
        if not self.may_fail:
            assert self.process.returncode == 0, f"{self.directory}: exit {self.process.returncode}: {self.errors}"
        for line in self.log_file.read_text(errors="replace").splitlines():
            json.loads(line)
        shutil.rmtree(self.directory / "state/spool", ignore_errors=True)

    # Asking

    def address(self, listener=0):
        host, _, port = self.host["listener"][listener]["address"].rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def errors(self):
        """What it wrote to the standard error, and the end of the log."""
        log = self.log_file.read_text(errors="replace").splitlines()[-15:]
        return self.error_file.read_text(errors="replace") + "\n".join(log)

    @property
    def log(self):
        """Every whole line so far, as dicts."""
        text = self.log_file.read_text()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def events(self, name=None, **keys):
        return [line for line in self.log
                if (name is None or line.get("event") == name)
                and all(line.get(key) if value is ANY else line.get(key) == value for key, value in keys.items())]

    def wait_for_event(self, name=None, count=1, **keys):
        """The last of `count` log lines with these keys."""
        wait_until(lambda: len(self.events(name, **keys)) >= count, f"log has {count} x {name} {keys}")
        return self.events(name, **keys)[count - 1]

    def http(self, path):
        """Status and text of an answer of the admin listener; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://{self.host['admin']['address']}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self):
        """Every sample of /metrics, by its name with labels as written."""
        samples = {}
        for line in self.http("/metrics")[1].splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                samples[name] = float(value)
        return samples

    def metric(self, pattern):
        """The sum of all samples whose name with labels matches."""
        return sum(value for name, value in self.metrics().items() if re.search(pattern, name))

    def run(self, *arguments, config=True):
        """Another subcommand with our configuration."""
        extra = ["--config", str(self.config)] if config else []
        return subprocess.run([BINARY, *arguments[:1], *extra, *arguments[1:]], capture_output=True, text=True,
                              timeout=60, cwd=self.directory)

    def reload(self):
        """`postern reload`, which must succeed."""
        done = self.run("reload")
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def connect(self, listener=0, **options):
        return connect(self.address(listener), **options)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))


def replace(path, text):
    """Writes beside the file and renames over it, as careful tools do."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text)
    os.replace(fresh, path)
