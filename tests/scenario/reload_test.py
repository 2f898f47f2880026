"""The policy changes while Postern runs, all or nothing, and no transaction notices."""

import os
import signal
import socket
import ssl

import pytest

from support.client import message
from support.next_hop import NextHop
from support.postern import replace
from support.promises import assert_accepted, assert_refused
from support.toml import toml
from support.waiting import free_port, wait_until

NEW = message("a@new.example")


@pytest.fixture
def listed(prepare):
    """A Postern whose list is the file lists/banks.txt."""
    def change(host, policy):
        policy["address_list"] = [{"name": "banks", "file": "lists/banks.txt"}]
    postern = prepare(change)
    postern.list = postern.directory / "lists" / "banks.txt"
    postern.list.parent.mkdir()
    postern.list.write_text("bank.example, *.branch.example  # two of them\n\ncfo@partner.example\n")
    return postern.start()


def code_for(postern, content):
    with postern.connect() as client:
        return client.ehlo().envelope().data(content).code


def flips(postern, content, code):
    wait_until(lambda: code_for(postern, content) == code, f"the verdict becomes {code}")


def test_list_files_may_hold_comments_blanks_and_commas(listed):
    for sender in ("a@bank.example", "a@city.branch.example", "cfo@partner.example"):
        assert code_for(listed, message(sender)) == 550
    assert code_for(listed, NEW) == 250


def test_a_list_replaced_by_a_rename_counts_by_itself(listed):
    replace(listed.list, "new.example\n")
    flips(listed, NEW, 550)
    assert code_for(listed, message("a@bank.example")) == 250


def test_a_list_written_in_place_counts_by_itself(listed):
    with open(listed.list, "a") as file:
        file.write("new.example\n")
    flips(listed, NEW, 550)
    listed.list.write_text("")
    flips(listed, NEW, 250)


def test_a_policy_file_replaced_by_a_rename_counts_by_itself(listed):
    listed.policy["tls_compliance"][0]["mode"] = "off"
    listed.write_policy()
    flips(listed, message("a@bank.example"), 250)


def test_a_symlink_swap_as_kubernetes_does_it_counts_by_itself(prepare):
    """..data points to a directory with a date; the files are links through it; ..data is swapped by a rename."""
    def change(host, policy):
        host["policy"] = "map/policy.toml"
        policy["address_list"] = [{"name": "banks", "file": "banks.txt"}]
    postern = prepare(change)
    volume = postern.directory / "map"
    def publish(name, entries):
        (volume / name).mkdir(parents=True)
        (volume / name / "banks.txt").write_text(entries)
        (volume / name / "policy.toml").write_text(toml(postern.policy))
        (volume / "..data_tmp").symlink_to(name)
        os.rename(volume / "..data_tmp", volume / "..data")
    publish("..2026_11_24_1", "bank.example\n")
    for name in ("banks.txt", "policy.toml"):
        (volume / name).symlink_to(f"..data/{name}")
    postern.start()
    assert code_for(postern, NEW) == 250
    publish("..2026_11_24_2", "bank.example new.example\n")
    flips(postern, NEW, 550)
    postern.policy["tls_compliance"][0]["mode"] = "report"
    publish("..2026_11_24_3", "bank.example new.example\n")
    flips(postern, NEW, 250)


def test_SIGHUP_reloads(listed):
    listed.list.write_text("bank.example new.example\n")
    listed.process.send_signal(signal.SIGHUP)
    flips(listed, NEW, 550)


def test_the_reload_command_returns_when_the_new_policy_counts(listed):
    for number in range(5):
        listed.list.write_text("new.example\n" if number % 2 == 0 else "bank.example\n")
        listed.reload()
        assert code_for(listed, NEW) == (550 if number % 2 == 0 else 250)


def test_a_bad_file_changes_nothing_and_the_reload_command_names_every_mistake(listed):
    listed.list.write_text("new.example\n")
    listed.policy["tls_compliance"][0]["modus"] = "off"
    listed.policy["tls_compliance"][0]["organization"] = "nobody"
    listed.policy["organization"][0]["domains"].append("not a domain")
    listed.write_policy()
    done = listed.run("reload")
    assert done.returncode == 1
    said = done.stdout + done.stderr
    for word in ("modus", "nobody", "not a domain", "policy.toml:"):
        assert word in said, said
    assert code_for(listed, NEW) == 250
    assert code_for(listed, message("a@bank.example")) == 550
    assert listed.http("/readyz")[0] == 200


def test_a_bad_file_is_named_in_the_log_with_every_mistake(listed):
    replace(listed.list, "bank.example\n-bad-.example..\nanother bad@@one\n")
    wait_until(lambda: [(line["file"], line["line"]) for line in listed.events("configuration_mistake")]
               == [(str(listed.list), 2), (str(listed.list), 3)], "both mistakes in the log")
    assert code_for(listed, message("a@bank.example")) == 550
    assert listed.metric("reload.*(fail|error|refus|reject)") >= 1
    replace(listed.list, "new.example\n")
    flips(listed, NEW, 550)


def test_a_file_that_vanishes_changes_nothing(listed):
    listed.list.unlink()
    done = listed.run("reload")
    assert done.returncode == 1 and "banks.txt" in done.stdout + done.stderr
    assert code_for(listed, message("a@bank.example")) == 550


def test_the_reload_command_without_a_running_Postern_says_so(prepare):
    done = prepare().run("reload")
    assert done.returncode == 1 and done.stdout + done.stderr


@pytest.mark.parametrize("moment", ["MAIL", "RCPT", "DATA", "header"])
def test_a_transaction_keeps_the_policy_it_began_with(listed, hop, moment):
    def reload():
        replace(listed.list, "new.example\n")
        listed.reload()
    with listed.connect() as client:
        client.ehlo().command("MAIL FROM:<b@other.example>")
        if moment == "MAIL":
            reload()
        client.command("RCPT TO:<user@example.org>")
        if moment == "RCPT":
            reload()
        assert client.command("DATA").code == 354
        if moment == "DATA":
            reload()
        client.send(NEW[:30])
        if moment == "header":
            reload()
        client.send(NEW[30:] + b".\r\n")
        assert_accepted(client.reply(), hop)
        assert client.envelope().data(NEW).status == "550 5.7.10"
        assert len(hop.messages) == 1


def test_a_next_hop_that_is_replaced_gets_what_begins_after(listed, hop):
    with NextHop() as other, listed.connect() as client:
        client.ehlo().envelope()
        listed.policy["route"][0]["hosts"] = [other.address]
        listed.write_policy()
        listed.reload()
        assert_accepted(client.data(message()), hop)
        assert_accepted(client.envelope().data(message()), other)
        hop.wait_until(lambda hop: not hop.open_conversations, "conversations with the old hop end")


# The host's own file

def test_limits_are_reloaded(postern):
    postern.host["limits"] = {"recipients": 1}
    postern.write_host()
    postern.reload()
    with postern.connect() as client:
        client.ehlo().envelope()
        assert client.command("RCPT TO:<other@example.org>").status == "452 4.5.3"


def test_a_listener_is_added_and_removed_while_sessions_live(postern, hop):
    postern.host["listener"].append({"name": "second", "direction": "inbound", "address": f"127.0.0.1:{free_port()}"})
    postern.write_host()
    postern.reload()
    second = wait_until(lambda: try_connect(postern, 1), "the second listener answers")
    second.ehlo()
    with postern.connect() as first:
        first.ehlo()
        del postern.host["listener"][0]
        gone = first.socket.getpeername()
        postern.write_host()
        postern.reload()
        wait_until(lambda: not can_connect(gone), "the first listener is closed")
        assert_accepted(second.envelope().data(message()), hop)
        second.quit()


def can_connect(address):
    try:
        socket.create_connection(address, 5).close()
        return True
    except OSError:
        return False


def try_connect(postern, listener):
    try:
        return postern.connect(listener)
    except OSError:
        return None


def shown(postern):
    """The certificate that a client gets to see."""
    with postern.connect() as client:
        client.ehlo().start_tls()
        return client.socket.getpeercert(binary_form=True)


def pem_as_der(certificate):
    return ssl.PEM_cert_to_DER_cert(certificate.chain.read_text())


def test_a_certificate_is_replaced_while_sessions_live(postern, hop, authority, own_certificates):
    fresh = authority.issue("mx1.example.org", "fresh.example.org")
    with postern.connect() as client:
        client.ehlo().start_tls()
        assert shown(postern) == pem_as_der(own_certificates[0])
        postern.host["certificate"][0] = {"chain": str(fresh.chain), "key": str(fresh.key)}
        postern.write_host()
        postern.reload()
        assert shown(postern) == pem_as_der(fresh)
        assert_accepted(client.envelope().data(message("a@bank.example")), hop)


def test_a_certificate_file_replaced_in_its_place_counts_by_itself(prepare, authority, own_certificates):
    postern = prepare()
    chain, key = postern.directory / "tls.pem", postern.directory / "tls.key"
    postern.host["certificate"] = [{"chain": "tls.pem", "key": "tls.key"}]
    postern.write_host()
    for file, source in ((chain, own_certificates[0].chain), (key, own_certificates[0].key)):
        file.write_text(source.read_text())
    postern.start()
    fresh = authority.issue("mx1.example.org", "renewed.example.org")
    replace(key, fresh.key.read_text())  # for a moment the two do not match: nothing may change
    replace(chain, fresh.chain.read_text())
    wait_until(lambda: shown(postern) == pem_as_der(fresh), "the renewed certificate is shown")


def test_a_key_that_does_not_match_changes_nothing(postern, authority, own_certificates):
    other = authority.issue("mx1.example.org", "unmatched.example.org")
    postern.host["certificate"][0] = {"chain": str(other.chain), "key": str(own_certificates[0].key)}
    postern.write_host()
    done = postern.run("reload")
    assert done.returncode == 1 and "postern.toml:" in done.stdout + done.stderr
    assert shown(postern) == pem_as_der(own_certificates[0])
