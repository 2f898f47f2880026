"""File descriptors running out: new sessions get 421 or wait, running ones go on, and it recovers by itself."""

import resource

import pytest

from support.client import Client, Closed, message
from support.promises import assert_accepted, still_serves
from support.waiting import wait_until


def few_descriptors(count):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def test_with_too_few_to_start_with_it_starts_or_says_so_and_ends(prepare):
    """Wherever they run out: in the second of the event loops, too."""
    postern = prepare(cores=2)
    postern.may_fail = True
    codes = set()
    for count in range(12, 24):
        for file in (postern.log_file, postern.error_file):
            file.unlink(missing_ok=True)
        postern.launch(preexec=few_descriptors(count))
        wait_until(lambda: postern.process.poll() is not None or postern.events("started"), "started or ended")
        codes.add(postern.stop())
        assert postern.process.returncode == 0 or postern.error_file.read_text()
    assert codes <= {0, 1} and 1 in codes


@pytest.mark.parametrize("rounds", [1, 3])
def test_running_sessions_go_on_and_new_ones_wait_or_get_421(prepare, hop, rounds):
    postern = prepare(cores=1).start(preexec=few_descriptors(80))
    with postern.connect() as running:
        assert_accepted(running.ehlo().start_tls().envelope().data(message()), hop)
        for number in range(rounds):
            clients = [Client(postern.address(), timeout=15) for _ in range(150)]
            told = [client for client in clients if client.has_reply(0.002)]
            codes = {client.reply().code for client in told}
            assert codes <= {220, 421}, codes
            assert_accepted(running.envelope().data(message("a@bank.example")), hop, 2 + 2 * number)
            for client in clients:
                client.close()
            wait_until(lambda: answers(postern), "new sessions are served again")
            still_serves(postern, hop)


def answers(postern):
    try:
        with Client(postern.address(), timeout=0.5) as client:
            return client.reply().code == 220
    except (Closed, OSError):
        return False


def test_those_who_waited_are_served_when_there_is_room(prepare, hop):
    postern = prepare(cores=1).start(preexec=few_descriptors(60))
    clients = [Client(postern.address(), timeout=15) for _ in range(100)]
    waiting = [client for client in clients if not client.has_reply(0.002)]
    for client in clients:
        if client not in waiting:
            client.close()
    served = 0
    for client in waiting:
        try:
            served += client.reply().code == 220
        except Closed:
            pass
        client.close()
    assert served == len(waiting)
    still_serves(postern, hop)


def test_a_next_hop_that_cannot_be_reached_for_want_of_descriptors_defers(prepare, hop):
    postern = prepare(cores=1).start(preexec=few_descriptors(50))
    clients = []
    try:
        while True:
            client = Client(postern.address(), timeout=0.3)
            if client.reply().code != 220:
                break
            clients.append(client.ehlo())
    except (OSError, Closed):
        pass
    codes = set()
    for client in clients:
        client.command("MAIL FROM:<b@other.example>")
        codes.add(client.command("RCPT TO:<user@example.org>").code)
    assert codes <= {250, 451, 452, 421}, codes
    for client in clients:
        client.close()
    wait_until(lambda: answers(postern), "new sessions are served again")
    wait_until(lambda: delivers(postern), "and mail is delivered again")


def delivers(postern):
    with postern.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        if client.command("RCPT TO:<user@example.org>").code != 250:
            return False
        return client.data(message()).code == 250
