"""Certificates that certbot and acme.sh renew are taken over by themselves, however these write them."""

import os
import shutil
import ssl
import subprocess

import pytest

from support.certificates import GATEWAY_NAME
from support.postern import ROOT
from support.waiting import wait_until

HOOK = ROOT / "deploy" / "certificates" / "certbot-hook"


@pytest.fixture
def first(authority):
    return authority.issue(GATEWAY_NAME, common_name="first")


@pytest.fixture
def second(authority):
    return authority.issue(GATEWAY_NAME, common_name="second")


class Lineage:
    """/etc/letsencrypt as certbot lays it out: archive/ has every version, live/ links to the newest."""

    def __init__(self, directory, certificate):
        self.archive = directory / "archive" / GATEWAY_NAME
        self.live = directory / "live" / GATEWAY_NAME
        self.archive.mkdir(parents=True)
        self.live.mkdir(parents=True)
        self.chain, self.key = self.live / "fullchain.pem", self.live / "privkey.pem"
        self.version = 0
        for _ in self.renewing(certificate):
            pass

    def renewing(self, certificate):
        """certbot writes the new files first and then moves one link after the other; stops before each."""
        self.version += 1
        links = {"cert": certificate.chain, "privkey": certificate.key, "fullchain": certificate.chain}
        for kind, file in links.items():
            shutil.copy(file, self.archive / f"{kind}{self.version}.pem")
        for kind in links:
            yield kind
            link = self.live / f"{kind}.pem"
            link.unlink(missing_ok=True)
            link.symlink_to(f"../../archive/{GATEWAY_NAME}/{kind}{self.version}.pem")

    def renew(self, certificate):
        for _ in self.renewing(certificate):
            pass


def with_files(start, chain, key):
    return start(certificate=[{"chain": str(chain), "key": str(key)}])


def shown(postern):
    """The certificate that a client gets."""
    with postern.connect() as client:
        client.ehlo().start_tls()
        return client.socket.getpeercert(binary_form=True)


def der(certificate):
    return ssl.PEM_cert_to_DER_cert(certificate.chain.read_text())


def wait_until_shown(postern, certificate):
    wait_until(lambda: shown(postern) == der(certificate), "the new certificate is shown")


def test_links_that_certbot_moves_are_followed(start, tmp_path, first, second):
    lineage = Lineage(tmp_path / "letsencrypt", first)
    postern = with_files(start, lineage.chain, lineage.key)
    assert shown(postern) == der(first)
    lineage.renew(second)
    wait_until_shown(postern, second)
    lineage.renew(first)
    wait_until_shown(postern, first)


def test_halfway_through_a_renewal_the_former_pair_stays_in_use(start, tmp_path, first, second):
    lineage = Lineage(tmp_path / "letsencrypt", first)
    postern = with_files(start, lineage.chain, lineage.key)
    for kind in lineage.renewing(second):
        if kind == "fullchain":  # the key is new, the certificate is not
            postern.wait_for_event("reload_refused")
            assert shown(postern) == der(first)
    wait_until_shown(postern, second)


def test_files_that_acme_sh_writes_in_place_are_read_anew(start, tmp_path, first, second):
    chain, key = tmp_path / "mx1.pem", tmp_path / "mx1.key"
    shutil.copy(first.chain, chain)
    shutil.copy(first.key, key)
    postern = with_files(start, chain, key)
    key.write_text(second.key.read_text())
    chain.write_text(second.chain.read_text())
    wait_until_shown(postern, second)


def test_the_deploy_hook_hands_over_what_certbot_renewed(start, tmp_path, first, second):
    lineage = Lineage(tmp_path / "letsencrypt", first)
    ours = tmp_path / "tls"
    ours.mkdir()

    def hook():
        environment = {"PATH": os.environ["PATH"], "RENEWED_LINEAGE": str(lineage.live), "POSTERN_TLS": str(ours),
                       "POSTERN_USER": str(os.geteuid())}
        subprocess.run([HOOK], env=environment, check=True, timeout=60)

    hook()
    chain, key = ours / f"{GATEWAY_NAME}.pem", ours / f"{GATEWAY_NAME}.key"
    assert key.stat().st_mode & 0o777 == 0o600 and not key.is_symlink()
    postern = with_files(start, chain, key)
    lineage.renew(second)
    hook()
    wait_until_shown(postern, second)
    assert not postern.events("configuration_mistake", level="warning")


def test_a_key_that_everybody_can_read_is_warned_of_when_it_comes_to_be(start, tmp_path, first):
    key = tmp_path / "mx1.key"
    shutil.copy(first.key, key)
    key.chmod(0o600)
    postern = with_files(start, first.chain, key)
    assert not postern.events("configuration_mistake")
    key.chmod(0o644)
    assert "everybody" in postern.wait_for_event("configuration_mistake", level="warning")["text"]
    assert postern.run("check").returncode == 0
