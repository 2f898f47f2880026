"""The programs of perf/ measure what they say, and notice a server that does not do the job. Figures are nobody's
business here."""

import contextlib
import itertools
import json
import re
import subprocess
import sys

import pytest

from support.postern import ROOT

sys.path.insert(0, str(ROOT / "perf"))

from measurement.jobs import LOADS  # noqa: E402
from measurement.measure import check_all_arrived  # noqa: E402
from measurement.postern import Postern  # noqa: E402
from measurement.proof import SAME_TLS, prove  # noqa: E402
from measurement.series import series  # noqa: E402
from measurement.tools import Build, Certificate, Sink  # noqa: E402


def measured(*words):
    """What a command of perf/ prints, as JSON."""
    done = subprocess.run([ROOT / "perf" / words[0], *words[1:], "--no-record"], capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def build():
    return Build()


@pytest.fixture
def certificate(tmp_path):
    return Certificate(tmp_path)


@pytest.mark.parametrize("job", ["tls-1", "plain-100", "submission-16"])
def test_a_job_is_run_and_every_message_counted(job):
    record = measured("run", job, "--seconds", "1", "--repeats", "1")
    result = record["results"][0]
    assert record["ok"]
    assert result["replies"] == {"250": result["messages"]}
    assert result["messages"] > 0 and result["server_cpu_seconds_per_1000_messages"] > 0
    assert result["tls"] == (SAME_TLS if LOADS[job].tls else "")


def test_memory_of_waiting_connections_is_that_of_the_server():
    record = measured("run", "idle-tls", "--connections", "500", "--repeats", "1")
    assert 1000 < record["results"][0]["pss_bytes_per_connection"] < 100_000


def test_growth_has_a_point_for_each_size():
    points = measured("growth", "lists", "--most", "10000", "--repeats", "2")["points"]
    assert [point["x"] for point in points] == [1000, 10_000]
    assert all(0 < point["least"] <= point["median"] <= point["most"] for point in points)


def test_a_comparison_shows_first_that_the_job_is_done():
    done = subprocess.run([ROOT / "perf/compare", "tls-100", "--servers", "postern", "--seconds", "1", "--repeats", "1",
                           "--no-record"], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "compare-tls-100" in done.stdout and "FAILED" not in done.stdout


def test_a_series_keeps_the_repeats_of_each_point_in_order():
    made = series(("connections", ""), ("memory", "MiB"), {100: [3, 1, 2], 10: [7]})
    assert made["x"] == {"label": "connections", "unit": ""}
    assert [(point["x"], point["least"], point["median"], point["most"]) for point in made["points"]] == [
        (10, 7, 7, 7), (100, 1, 2, 3)]


def test_the_generator_takes_lists_and_a_mix_and_the_sink_has_the_same_bodies(build, tmp_path):
    senders = {f"sender{number}@load.example" for number in range(3)}
    recipients = {f"recipient{number}@sink.example" for number in range(4)}
    (tmp_path / "senders").write_text("# all of them\n" + "\n".join(senders))
    (tmp_path / "recipients").write_text("\n".join(recipients))
    with Sink(build, 1, store=tmp_path / "store") as sink:
        done = subprocess.run(
            [build.load, "--to", sink.address, "--from-file", tmp_path / "senders", "--rcpt-file",
             tmp_path / "recipients", "--size", "400:2,4k:2,100k", "--rate", "60", "--seconds", "2", "--connections", "3",
             "--messages-per-connection", "7", "--threads", "2", "--json", "--progress"],
            capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["messages"] == 120 == sink.summary["messages"]
    assert result["bodies_hash"] == sink.summary["bodies_hash"]
    assert re.search(r"^1 s: \d+ messages, \d+/s, 0 failed$", done.stderr, re.MULTILINE)
    kept = [file.read_text() for file in (tmp_path / "store").iterdir()]
    envelopes = {tuple(re.findall(r"^X-Envelope-(?:From|To): <(.*)>$", text, re.MULTILINE)) for text in kept}
    assert envelopes == set(itertools.product(senders, recipients))
    assert {text.partition("From: ")[2].partition(">")[0].strip("<") for text in kept} <= senders
    contents = [text[text.index("\nFrom: ") + 1:] for text in kept]
    assert {len(content) + content.count("\n") for content in contents} == {400, 4096, 102_400}


def test_a_body_that_was_changed_is_noticed():
    result = {"messages": 2, "warm_up_messages": 1, "bodies_hash": "f000000000000001", "warm_up_bodies_hash": "1" * 16,
              "ok": True}

    class Arrived:
        summary = {"messages": 3, "bodies_hash": "0111111111111112"}

    check_all_arrived(result, Arrived)
    assert result["ok"] and result["bodies_at_next_hop"]
    Arrived.summary = {"messages": 3, "bodies_hash": "0111111111111113"}
    check_all_arrived(result, Arrived)
    assert not result["ok"]


def proof_of(start, build, tmp_path, certificate, job="tls-100"):
    return prove(build, 1, start, LOADS[job], tmp_path, certificate)


def gateway(build, directory, certificate):
    return lambda next_hop: Postern(build, directory, 0, certificate, next_hop)


def test_the_proof_has_the_content_and_the_certificate(build, tmp_path, certificate):
    proof = proof_of(gateway(build, tmp_path / "postern", certificate), build, tmp_path, certificate)
    assert proof["messages"] == 20
    assert proof["tls"] == SAME_TLS


def test_a_server_that_loses_mail_is_found(build, tmp_path, certificate):
    @contextlib.contextmanager
    def into_nowhere(_):
        with Sink(build, 1) as other, gateway(build, tmp_path / "postern", certificate)(other.address) as server:
            yield server

    with pytest.raises(SystemExit, match="20 messages accepted, 0 at the next hop"):
        proof_of(into_nowhere, build, tmp_path, certificate)


def test_a_server_with_another_certificate_is_found(build, tmp_path, certificate):
    place = tmp_path / "other"
    place.mkdir()
    other = Certificate(place)
    with pytest.raises(SystemExit, match="another certificate"):
        proof_of(gateway(build, tmp_path / "postern", other), build, tmp_path, certificate)
