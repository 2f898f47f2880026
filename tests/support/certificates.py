"""Certificates of every kind that a scenario needs, made with the `openssl` command by a CA of our own."""

import dataclasses
import datetime
import functools
import pathlib
import subprocess

HOP_NAME = "hop.example.org"
GATEWAY_NAME = "mx1.example.org"


@dataclasses.dataclass(frozen=True)
class Certificate:
    chain: pathlib.Path
    key: pathlib.Path


class Authority:
    """A certificate authority in a directory, of its own or below `issuer`. What it issued once is not issued
    again."""

    def __init__(self, directory, name="Scenario CA", issuer=None):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.key = self.directory / "ca.key"
        self.certificate = self.directory / "ca.pem"
        (self.directory / "index.txt").touch()
        (self.directory / "index.txt.attr").write_text("unique_subject = no\n")
        (self.directory / "serial").write_text("1000\n")
        self._config = self.directory / "ca.cnf"
        self._config.write_text(f"""
[ca]
default_ca = here
[here]
dir = {self.directory}
database = {self.directory}/index.txt
new_certs_dir = {self.directory}
serial = {self.directory}/serial
certificate = {self.certificate}
private_key = {self.key}
default_md = sha256
policy = anything
copy_extensions = copy
x509_extensions = leaf
[anything]
commonName = supplied
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature,keyEncipherment
extendedKeyUsage = serverAuth
[req]
distinguished_name = nothing
[nothing]
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
""")
        if issuer is None:
            _openssl("req", "-x509", "-new", "-nodes", "-config", self._config, "-extensions", "authority",
                     *_new_key("ecdsa"), "-keyout", self.key, "-out", self.certificate,
                     "-subj", f"/CN={name}", "-days", "3650")
            return
        request = self.directory / "ca.csr"
        _openssl("req", "-new", "-nodes", "-config", self._config, *_new_key("ecdsa"), "-keyout", self.key,
                 "-out", request, "-subj", f"/CN={name}")
        begin, end = _validity("now")
        _openssl("ca", "-batch", "-notext", "-config", issuer._config, "-extensions", "authority",
                 "-startdate", begin, "-enddate", end, "-in", request, "-out", self.certificate)

    @functools.cache
    def issue(self, *names, kind="ecdsa", common_name=None, validity="now"):
        """A certificate whose SAN holds `names`; `kind` is ecdsa or rsa, `validity` now, past or future."""
        label = "-".join([kind, validity, str(common_name), *names]).replace("*", "any")
        key = self.directory / f"{label}.key"
        request = self.directory / f"{label}.csr"
        chain = self.directory / f"{label}.pem"
        extensions = []
        if names:
            alternative = ",".join(f"DNS:{name}" for name in names)
            extensions = ["-addext", f"subjectAltName={alternative}"]
        _openssl("req", "-new", "-nodes", "-config", self._config, *_new_key(kind), "-keyout", key,
                 "-out", request, "-subj", f"/CN={common_name or names[0]}", *extensions)
        begin, end = _validity(validity)
        _openssl("ca", "-batch", "-notext", "-config", self._config, "-startdate", begin, "-enddate", end,
                 "-in", request, "-out", chain)
        return Certificate(chain, key)

    @functools.cache
    def self_signed(self, name, kind="ecdsa"):
        """Signed by itself, by nobody known."""
        chain = self.directory / f"self-{kind}-{name}.pem"
        key = self.directory / f"self-{kind}-{name}.key"
        _openssl("req", "-x509", "-new", "-nodes", "-config", self._config, *_new_key(kind), "-keyout", key,
                 "-out", chain, "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-days", "30")
        return Certificate(chain, key)


def _new_key(kind):
    if kind == "rsa":
        return ["-newkey", "rsa:2048"]
    return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def _validity(word):
    days = {"now": (-1, 365), "past": (-60, -1), "future": (30, 60)}[word]
    now = datetime.datetime.now(datetime.timezone.utc)
    return [(now + datetime.timedelta(days=day)).strftime("%Y%m%d%H%M%SZ") for day in days]


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"openssl {arguments[0]}: {done.stderr}"
