"""One measurement of one job on one server that is running."""

import statistics
import time

from .tools import IdleConnections, load_command, run_load

# What a load and the waits around it may take beyond the seconds asked for.
_SLACK_SECONDS = 240


def measure_load(build, generator_cpu, server, sink, job, seconds):
    """Warms the server up, loads it for `seconds`, waits until everything is delivered: rates by the clock,
    costs by the server's own CPU time."""
    warm_up = load_command(build, generator_cpu, server.address, [*job.load_options(), "--messages", "200"])
    warmed_up = run_load(warm_up, _SLACK_SECONDS)
    server.wait_until_delivered()

    command = load_command(build, generator_cpu, server.address, [*job.load_options(), "--seconds", str(seconds)])
    counters_before = server.counters()
    server_before, sink_before, began = server.cpu_seconds(), sink.cpu_seconds(), time.monotonic()
    result = run_load(command, seconds + _SLACK_SECONDS)
    server.wait_until_delivered()
    until_delivered = time.monotonic() - began
    server_cpu = server.cpu_seconds() - server_before
    sink_cpu = sink.cpu_seconds() - sink_before
    messages = result["messages"]
    result |= {
        "warm_up_messages": warmed_up["messages"],
        "warm_up_bodies_hash": warmed_up["bodies_hash"],
        "server_cpu_seconds": round(server_cpu, 2),
        "server_cpu_seconds_per_1000_messages": round(server_cpu * 1000 / messages, 4) if messages else None,
        "server_cpu_share": round(server_cpu / until_delivered, 3),
        "sink_cpu_seconds": round(sink_cpu, 2),
        # Near 1: the generator and the sink, not the server, are what is measured.
        "other_cpu_share": round((sink_cpu + result["generator_cpu_seconds"]) / until_delivered, 3),
        "delivered_per_second": round(messages / max(until_delivered, result["seconds"]), 1),
    }
    syncs = "postern_spool_data_syncs_total"
    if syncs in counters_before and messages:
        done = server.counters()[syncs] - counters_before[syncs]
        result["data_syncs_per_1000_messages"] = round(done * 1000 / messages, 2)
    result["load_command"] = command
    return result


def check_all_arrived(result, sink):
    """The warm-up's messages and the measured ones, whole, and no other, are at the next hop, which has ended."""
    if "messages" not in result:
        return
    result["messages_at_next_hop"] = sink.summary["messages"]
    sent = int(result["warm_up_bodies_hash"], 16) + int(result["bodies_hash"], 16)
    result["bodies_at_next_hop"] = sink.summary["bodies_hash"] == f"{sent % 2**64:016x}"
    result["ok"] = (result["ok"] and result["bodies_at_next_hop"]
                    and sink.summary["messages"] == result["messages"] + result["warm_up_messages"])


def measure_idle(build, generator_cpu, server, job, connections):
    """What the server's memory grows by, per connection, beyond what is the kernel's."""
    options = job.common_options()
    # First some that go again: what is allocated once is not the price of a connection.
    warm_up = min(connections, getattr(server, "idle_warm_up", 200))
    with IdleConnections(build, generator_cpu, server.address, warm_up, options):
        time.sleep(0.5)
    time.sleep(1)
    before = server.pss_bytes()
    with IdleConnections(build, generator_cpu, server.address, connections, options):
        time.sleep(2)
        after = server.pss_bytes()
    return {
        "connections": connections,
        "pss_bytes_before": before,
        "pss_bytes_with_connections": after,
        "pss_bytes_per_connection": round((after - before) / connections, 1),
        "ok": True,
    }


def summarize(results, key):
    values = sorted(result[key] for result in results if result.get(key) is not None)
    if not values:
        return None
    middle = statistics.median(values)
    return {
        "median": middle,
        "least": values[0],
        "most": values[-1],
        "spread": round((values[-1] - values[0]) / middle, 3) if middle else None,
    }
