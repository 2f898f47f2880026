"""What a server costs: the CPU time and the memory of all of its processes, read from /proc."""

import os
import pathlib
import re
import time

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def family(pid):
    """`pid` and everything below it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields:
                children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += children.get(one, [])
    return found


def cpu_seconds(pid):
    """Of the whole family so far, with the processes of it that have ended."""
    ticks = 0
    for one in family(pid):
        fields = _stat(one)
        if fields:
            # utime, stime, and those of children that ended and were waited for: proc(5).
            ticks += sum(int(field) for field in fields[11:15])
    return ticks / _TICKS_PER_SECOND


def pss_bytes(pid):
    """Proportional set size of the whole family: memory shared by n processes counts 1/n in each."""
    return sum(_pss_bytes(one) for one in family(pid))


def peak_bytes(pid):
    """The most memory that this process ever had in use."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(re.search(r"^VmHWM:\s+(\d+)", text, re.MULTILINE).group(1))


def _pss_bytes(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _stat(pid):
    """The fields of /proc/PID/stat behind the name, which may hold anything: [0] is the state."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


class Group:
    """Processes that cannot get out: a control group (v2). It counts the CPU time of those too whose parent did not
    wait for them, which /proc forgets. Needs root."""

    def __init__(self, name):
        mounts = [line.split()[1] for line in pathlib.Path("/proc/self/mounts").read_text().splitlines()
                  if line.split()[2] == "cgroup2"]
        if not mounts:
            raise SystemExit("no control groups (cgroup2) here: what a server costs cannot be counted")
        self._place = pathlib.Path(mounts[0]) / f"postern-perf-{os.getpid()}-{name}"
        self._place.mkdir()

    def command(self, *words):
        """`words`, run inside."""
        return ["sh", "-c", f'echo $$ >{self._place}/cgroup.procs && exec "$@"', "sh", *map(str, words)]

    def cpu_seconds(self):
        return int((self._place / "cpu.stat").read_text().split()[1]) / 1e6

    def pss_bytes(self):
        return sum(_pss_bytes(pid) for pid in self._pids())

    def end(self):
        """Kills what is left."""
        deadline = time.monotonic() + 60
        while self._pids() and time.monotonic() < deadline:
            (self._place / "cgroup.kill").write_text("1")
            time.sleep(0.05)
        self._place.rmdir()

    def _pids(self):
        return [int(line) for line in (self._place / "cgroup.procs").read_text().split()]
