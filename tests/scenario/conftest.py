"""Fixtures of all scenarios."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.certificates import GATEWAY_NAME, HOP_NAME, Authority  # noqa: E402
from support.name_server import NameServer  # noqa: E402
from support.next_hop import NextHop  # noqa: E402
from support.outside import ZONES, Outside, outbound_host, outside_policy  # noqa: E402
from support.postern import BINARY, Postern, usual_host, usual_policy  # noqa: E402
from support.supervisor import Supervisor  # noqa: E402


def pytest_configure():
    if not pathlib.Path(BINARY).exists():
        raise pytest.UsageError(f"{BINARY} is not there: build it, or set POSTERN_BINARY")


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """The CA that the scenarios' certificates come from."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def own_certificates(authority):
    """What Postern shows its clients: one ECDSA, one RSA."""
    return [authority.issue(GATEWAY_NAME, kind=kind) for kind in ("ecdsa", "rsa")]


@pytest.fixture
def hop():
    """A next hop that takes everything, in clear."""
    with NextHop() as made:
        yield made


@pytest.fixture
def hop_certificate(authority):
    return authority.issue(HOP_NAME)


@pytest.fixture(scope="session")
def leaving():
    """Every Postern that was told to end after its test. Each must have ended well by the end of the session."""
    made = []
    yield made
    while made:
        made.pop().finish()


LEAVING_MAX = 8


@pytest.fixture
def prepare(tmp_path, own_certificates, hop, leaving):
    """Makes a Postern that is not started: prepare(change) calls change(host, policy) before the files are
    written."""
    made = []

    def make(change=None, **keys):
        host, policy = usual_host(own_certificates), usual_policy(hop.address)
        for name, value in keys.items():  # prepare(limits={...}, listener={...})
            if name == "listener":
                host["listener"][0].update(value)
            elif isinstance(host.get(name), dict):
                host[name].update(value)
            else:
                host[name] = value
        if change:
            change(host, policy)
        postern = Postern(tmp_path / f"postern{len(made)}", host, policy).write()
        made.append(postern)
        return postern

    yield make
    for one in made:
        one.leave()
    leaving.extend(made)
    while len(leaving) > LEAVING_MAX:
        leaving.pop(0).finish()


@pytest.fixture
def start(prepare):
    """As prepare, and started."""
    return lambda change=None, **keys: prepare(change, **keys).start()


@pytest.fixture
def postern(start):
    """The usual one, running."""
    return start()


@pytest.fixture
def supervisor(tmp_path, monkeypatch):
    """Whoever is started during the test is looked after by it."""
    made = Supervisor(tmp_path)
    monkeypatch.setenv("NOTIFY_SOCKET", made.path)
    yield made
    made.close()


@pytest.fixture
def client(postern):
    """Connected to the usual Postern, greeted, EHLO said."""
    with postern.connect() as made:
        yield made.ehlo()


@pytest.fixture
def tls_client(client):
    return client.start_tls()


# Mail to outside

@pytest.fixture(scope="session")
def usual_name_server(tmp_path_factory):
    """Knows the domains of support/outside. Nobody changes it."""
    with NameServer(tmp_path_factory.mktemp("dns"), ZONES) as made:
        yield made


@pytest.fixture
def outside():
    """The mail hosts of a test."""
    made = Outside()
    yield made
    made.stop()


@pytest.fixture
def prepare_sender(prepare, usual_name_server, outside, authority):
    """Makes a Postern that takes mail to outside, not started. `demand` is that of the one setting; `delivery` and
    all else as for prepare."""
    def make(change=None, demand=None, name_server=usual_name_server, delivery=None, **keys):
        def outbound(host, policy):
            outbound_host(host, outside.port, name_server, authority.certificate)
            host["delivery"].update(delivery or {})
            policy.clear()
            policy.update(outside_policy(outside.home.address, demand))
            if change:
                change(host, policy)
        return prepare(outbound, **keys)

    return make


@pytest.fixture
def sender(prepare_sender):
    """As prepare_sender, and started."""
    return lambda change=None, **keys: prepare_sender(change, **keys).start()
