"""Fixtures of all scenarios."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.certificates import GATEWAY_NAME, HOP_NAME, Authority  # noqa: E402
from support.next_hop import NextHop  # noqa: E402
from support.postern import BINARY, Postern, usual_host, usual_policy  # noqa: E402


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
def client(postern):
    """Connected to the usual Postern, greeted, EHLO said."""
    with postern.connect() as made:
        yield made.ehlo()


@pytest.fixture
def tls_client(client):
    return client.start_tls()
