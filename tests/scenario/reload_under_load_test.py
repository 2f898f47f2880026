"""A reload at full load fails no transaction."""

import os

from support.load import Load
from support.postern import replace
from support.threads import thread_named
from support.waiting import wait_until

ENTRIES = 1_000_000
RELOADS = 20
SENDERS = 50


def write_list(file, generation):
    """A million domains of other people, and the bank."""
    names = "\n".join(f"host{number}.g{generation}.example" for number in range(ENTRIES - 1))
    replace(file, names + "\nbank.example\n")


def test_a_list_of_a_million_entries_is_reloaded_under_50_senders_over_TLS(prepare, hop):
    postern = prepare(lambda host, policy: policy.update(address_list=[{"name": "banks", "file": "banks.txt"}]))
    file = postern.directory / "banks.txt"
    write_list(file, 0)
    postern.start()
    load = Load(postern.address(), clients=SENDERS, tls=True, size=2000, per_connection=50)
    try:
        wait_until(lambda: load.total > SENDERS, "every sender has begun")
        for generation in range(1, RELOADS + 1):
            if generation in (1, 2):  # the file watch has a change to find, too
                write_list(file, generation)
            postern.reload()
        before = load.total
        wait_until(lambda: load.total > before + SENDERS, "mail flows in the end")
    finally:
        load.stop()
    assert not load.failures, (len(load.failures), load.failures[:3])
    assert not load.unknown and not load.deferred and not load.refused
    assert len(hop.messages) == len(load.accepted)


def test_verdicts_stay_right_while_the_policy_is_reloaded(postern, hop):
    load = Load(postern.address(), clients=10, listed_share=0.5, size=1000)
    try:
        for _ in range(30):
            before = load.total
            postern.reload()
            wait_until(lambda: load.total > before, "mail flows")
    finally:
        load.stop()
    assert not load.failures, load.failures[:3]
    assert len(hop.messages) == len(load.accepted) and load.refused


def test_whoever_reads_the_policy_leaves_the_cpus_to_the_messages(postern):
    postern.reload()
    niceness = {name: os.getpriority(os.PRIO_PROCESS, thread_named(postern, name)) for name in ("core-0", "loader")}
    assert niceness["loader"] == niceness["core-0"] + 10
