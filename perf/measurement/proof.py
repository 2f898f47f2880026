"""Shows, before anything is measured, that a server does the job: what it accepts reaches the next hop whole, and over
TLS it does what the others do."""

import dataclasses
import hashlib
import smtplib
import ssl

from .tools import Sink, load_command, run_load

# What the generator asks for first; who comes to something else has less, or more, to compute.
SAME_TLS = "1.3 TLS_AES_128_GCM_SHA256 P-256"
_MESSAGES = 20


def prove(build, cpu, start, job, directory, certificate):
    """`start(next_hop)` gives the server. Returns what was found; SystemExit says what is wrong, with its log."""
    expected = _contents(build, cpu, job, directory / "direct")[0]
    with Sink(build, cpu, store=directory / "store") as sink, start(sink.address) as server:
        try:
            result = _send(build, cpu, server.address, job)
            server.wait_until_delivered()
            if job.tls:
                _check_tls(server.address, result, certificate)
        except SystemExit as failure:
            raise SystemExit(f"{failure}\n{server.log()}") from None
        found = _read(directory / "store")
        if found != [expected] * _MESSAGES:
            raise SystemExit(f"{_MESSAGES} messages accepted, {len(found)} at the next hop, "
                             f"{found.count(expected)} of them as they were sent\n{server.log()}")
    return {"messages": _MESSAGES, "content_sha256": expected, "tls": result["tls"],
            "certificate": certificate.kind if job.tls else None}


def _send(build, cpu, to, job):
    options = ["--messages-per-connection", "5", "--size", str(job.size), *job.common_options()]
    result = run_load(load_command(build, cpu, to, ["--connections", "4", "--messages", str(_MESSAGES), *options]), 120)
    if not result["ok"]:
        raise SystemExit(f"not every message was accepted: {result['replies']} {result['failures']}")
    return result


def _check_tls(address, result, certificate):
    if result["tls"] != SAME_TLS:
        raise SystemExit(f"TLS is {result['tls']}, not {SAME_TLS}")
    host, _, port = address.rpartition(":")
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(host, int(port), timeout=30) as client:
        client.starttls(context=anybody)
        if client.sock.getpeercert(binary_form=True) != ssl.PEM_cert_to_DER_cert(certificate.chain.read_text()):
            raise SystemExit("TLS is done with another certificate than the one that was given")


def _contents(build, cpu, job, directory):
    """What the generator's messages look like when nobody is between it and the sink."""
    with Sink(build, cpu, store=directory) as sink:
        _send(build, cpu, sink.address, _in_clear(job))
    return _read(directory)


def _in_clear(job):
    """The sink has no certificate; the content is the same."""
    return dataclasses.replace(job, tls=False)


def _read(store):
    return [hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n").partition(b"\n\n")[2]).hexdigest()
            for file in sorted(store.iterdir()) if not file.name.startswith(".")]
