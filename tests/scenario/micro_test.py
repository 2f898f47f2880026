"""perf/micro runs, part by part, so that what measures cannot rot. What it measures is nobody's business here."""

import json
import subprocess

from support.postern import ROOT

PARTS = {"list_look_up", "snapshot_load", "header_from", "body_scan", "tls_handshake", "tls_read", "tls_write",
         "spool_commit", "p256", "x25519", "rsa_2048", "aes_gcm", "chacha20_poly1305", "sha256", "hkdf_expand",
         "loopback", "tcp_connection", "fdatasync"}


def test_every_benchmark_runs_once():
    done = subprocess.run([ROOT / "perf/micro/record", "--no-record", "--seconds", "0", "--repeats", "1",
                           "--filter=-/10000000$"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    benchmarks = json.loads(done.stdout)["benchmarks"]
    assert {name.partition("/")[0] for name in benchmarks} == PARTS
    assert all(figures["nanoseconds"]["median"] > 0 for figures in benchmarks.values())


def test_the_limit_is_worked_out_from_the_records():
    done = subprocess.run([ROOT / "perf/limit"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    jobs = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("| ")]
    assert jobs[0] == "job" and "tls-1" in jobs
