"""Looks at the running Postern every second of a soak: memory, descriptors, sessions, what it logs and whether it
lives; and tells every ten seconds how it goes."""

import collections
import dataclasses
import json
import re
import statistics
import threading
import time

from measurement import processes

GROWTH_BYTES_MAX = 8 * 1024 * 1024
"""Of the median PSS between the second quarter of the mixed traffic and its last. What may grow there is known: names in
counters, the allocator's free pages, the index of the queue at 40 bytes a message; all have settled or are far below.
Half of the traffic's time lies between the two. At a thousand messages and two hundred sessions a second, on two CPUs,
that is 600,000 and 120,000 in the ten minutes of a whole soak: the limit is 14 bytes a message, or 70 a session."""

JUDGED_FROM_SECONDS = 120
"""Below, memory has not settled in the second quarter, and growth is told and not judged."""

EXPECTED_ERRORS = {"configuration_mistake", "reload_refused"}
"""The soak itself writes policies and certificates that cannot be used."""

BAD_WORDS = re.compile(r"Sanitizer|runtime error|[Aa]ssert|terminate called|core dumped|stack smashing|double free")


@dataclasses.dataclass(frozen=True)
class Sample:
    seconds: int
    pss_bytes: int
    descriptors: int
    sessions: int
    queued: int


class Watch:
    """From `begin` to `end`. `tell()` gives what else stands in the line of progress."""

    def __init__(self, world, tell):
        self.world = world
        self.tell = tell
        self.samples = []
        self.events = collections.Counter()
        self.began = time.monotonic()
        self.may_be_gone = True  # the process, at any moment, in the middle of a line
        self._offsets = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._looking = threading.Thread(target=self._look, daemon=True)

    def begin(self):
        self._thread.start()
        self._looking.start()
        return self

    def end(self):
        self._stopping.set()
        self._thread.join(30)
        self._read_logs()

    def growth(self):
        """Bytes of PSS from the second quarter to the last, None without enough samples."""
        quarter = len(self.samples) // 4
        if quarter < 2:
            return None
        early, late = self.samples[quarter:2 * quarter], self.samples[-quarter:]
        return round(statistics.median(one.pss_bytes for one in late)
                     - statistics.median(one.pss_bytes for one in early))

    def check_growth(self):
        growth = self.growth()
        if growth is not None and self.samples[-1].seconds - self.samples[0].seconds >= JUDGED_FROM_SECONDS:
            self.world.violations.expect(growth <= GROWTH_BYTES_MAX, "memory grows", f"{growth} bytes")

    def figures(self):
        if not self.samples:
            return {}
        pss = [one.pss_bytes for one in self.samples]
        return {"pss_bytes": {"least": min(pss), "median": round(statistics.median(pss)), "most": max(pss)},
                "pss_growth_bytes": self.growth(), "pss_growth_bytes_max": GROWTH_BYTES_MAX,
                **{f"{name}_most": max(getattr(one, name) for one in self.samples)
                   for name in ("descriptors", "sessions", "queued")},
                "machine_stalls": self.world.excuse.stalls,
                "log_events": dict(sorted(self.events.items())),
                "samples": [dataclasses.asdict(one) for one in self.samples[::10]]}

    def _look(self):
        while not self._stopping.wait(0.5):
            self.world.excuse.look()

    def _run(self):
        told = self.began
        while not self._stopping.wait(1):
            for hop in self.world.hops:
                hop.forget()
            self._read_logs()
            if not self.may_be_gone:
                self._sample()
            if time.monotonic() - told >= 10:
                told = time.monotonic()
                self._tell_progress()

    def _sample(self):
        postern = self.world.postern
        if postern.process.poll() is not None:
            told = postern.error_file.read_text(errors="replace")[-500:]
            self.world.violations.add("Postern ended", f"{postern.process.returncode}: {told}")
            self._stopping.set()
            return
        metrics = collections.defaultdict(int, postern.metrics())
        self.world.queued = int(metrics["postern_queue_waiting_messages"] + metrics["postern_queue_in_hand_messages"])
        self.samples.append(Sample(round(time.monotonic() - self.began), processes.pss_bytes(postern.process.pid),
                                   postern.descriptors(), int(metrics["postern_sessions"]), self.world.queued))

    def _tell_progress(self):
        memory = ""
        if self.samples:
            last = self.samples[-1]
            memory = (f"{last.pss_bytes / 1048576:6.1f} MiB {last.descriptors:4} fds {last.sessions:4} sessions "
                      f"{last.queued:5} queued  ")
        seconds = time.monotonic() - self.began
        print(f"{seconds:6.0f} s  {memory}{self.tell()}  violations {len(self.world.violations)}", flush=True)

    # What it writes

    def _read_logs(self):
        for line in self._fresh(self.world.postern.error_file):
            self.world.violations.expect(not BAD_WORDS.search(line), "a bad word on the standard error", line)
        for line in self._fresh(self.world.postern.log_file):
            if line.startswith("{"):
                self._read(line)
            elif not self.may_be_gone:
                self.world.violations.add("a log line that is none", line)

    def _fresh(self, path):
        """Whole lines since the last time."""
        if not path.exists():
            return []
        with open(path, "rb") as file:
            file.seek(self._offsets.get(path, 0))
            text = file.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._offsets[path] = self._offsets.get(path, 0) + len(whole)
        return whole.decode(errors="replace").splitlines()

    def _read(self, line):
        try:
            read = json.loads(line)
        except ValueError:
            self.world.violations.expect(self.may_be_gone, "a log line that is none", line)
            return
        event = f"{read.get('event')} {read.get('verdict', '')}".strip()
        self.events[event] += 1
        torn = self.may_be_gone and read.get("cause") == "tail"  # a kill in the middle of a write: nothing of it counted
        if read.get("level") == "error" and read.get("event") not in EXPECTED_ERRORS and not torn:
            self.world.violations.add("an error in the log", line)
