"""`postern status --full`: fit to paste into a report of a fault, whatever state the gateway is in."""

import json

from support.threads import stuck, thread_named


def full(postern, *more):
    return postern.run("status", "--full", *more)


def test_all_of_it_is_there_and_nothing_secret(start, own_certificates):
    postern = start()
    postern.write_policy("nonsense = 1")
    assert postern.run("reload").returncode == 1
    done = full(postern, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["report"]["gateway"] == "answers"
    assert told["versions"]["postern"] == told["gateway"]["version"]
    assert told["machine"]["io_uring multishot receive"] == "works"
    assert told["gateway"]["policy_generation"] == 1 and told["process"]["pid"] == postern.process.pid
    assert "at most" in told["process"]["limit_nofile"]
    assert told["counters"]['postern_reloads_total{result="failed"}'] == "1"
    assert [line["event"] for line in told["latest_errors"]["lines"]] == ["configuration_mistake", "reload_refused"]
    assert told["files"]["errors"] == 1 and "policy.toml:1:1" in told["files"]["mistakes"][0]
    text = full(postern).stdout
    for one in own_certificates:
        assert str(one.key) in text
        for line in one.key.read_text().splitlines()[1:-1]:
            assert line not in text + done.stdout
    for section in told:
        assert f"[{section}]\n" in text


def test_a_core_that_is_stuck_does_not_hold_it_up(start):
    postern = start()
    with stuck(thread_named(postern, "core-1")):
        full(postern)
        process = json.loads(full(postern, "--json").stdout)["process"]
    assert process["core_1"].endswith("it is stuck") and "core_0" not in process


def test_without_a_gateway_the_rest_is_told(prepare):
    done = full(prepare(), "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["report"]["gateway"].startswith("no gateway answers at ")
    assert told["files"]["errors"] == 0 and told["settings"]["hostname"] and "counters" not in told
