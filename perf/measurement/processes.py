"""What a server costs: the CPU time and the memory of all of its processes, read from /proc."""

import os
import pathlib

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
    total = 0
    for one in family(pid):
        try:
            text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


def _stat(pid):
    """The fields of /proc/PID/stat behind the name, which may hold anything: [0] is the state."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
