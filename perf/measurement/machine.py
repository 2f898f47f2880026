"""Where a record comes from: without this a number means nothing."""

import json
import os
import pathlib
import platform
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def head(name, what):
    """What every record begins with."""
    return {"name": name, "what": what, "date": time.strftime("%Y-%m-%d", time.gmtime()), "commit": _commit(),
            "machine": _facts(), "invoked": sys.argv[1:]}


def _facts():
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release().partition("-")[0],
        "memory_mib": _memory_mib(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _commit():
    """The commit that was built, with "+changes" when the tree has others."""
    head = _git("rev-parse", "--short=12", "HEAD") or "unknown"
    return head + ("+changes" if _git("status", "--porcelain", "--untracked-files=no") else "")


def keep(record):
    """Writes the record to perf/records; its paths begin at the top of the tree. Returns its path."""
    path = ROOT / "perf" / "records" / f"{record['date']}-{record['name']}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(record, indent=2).replace(f"{ROOT}/", "") + "\n")
    return path


def filesystem_of(directory):
    """What kind of file system a queue lies on: an fsync on tmpfs costs nothing."""
    best = ("", "unknown")
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, mount, kind, *_ = line.split()
        if f"{directory}/".startswith(mount.rstrip("/") + "/") and len(mount) >= len(best[0]):
            best = (mount, kind)
    return best[1]


def _cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_mib():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            return int(line.split()[1]) // 1024
    return 0


def _git(*words):
    done = subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
