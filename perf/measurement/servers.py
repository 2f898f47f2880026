"""The servers that can be compared, by name: NAME-WAY, see perf/compare.d/README.md."""

from . import exim, haraka, install, opensmtpd, postern, postfix

_PEERS = {"postfix": postfix.Postfix, "exim": exim.Exim, "opensmtpd": opensmtpd.OpenSmtpd, "haraka": haraka.Haraka}
NAMES = ("postern", "postfix-queue", "postfix-proxy", "exim-queue", "exim-cutthrough", "opensmtpd-queue",
         "opensmtpd-rsa", "haraka-queue", "haraka-proxy")


def install_what_is_missing(names):
    """What the peers among `names` need."""
    if any(name.startswith("postfix") for name in names):
        install.packages("postfix")
    if any(name.startswith(("exim", "opensmtpd")) for name in names):
        install.packages()
        install.unpacked()
    if any(name.startswith("haraka") for name in names):
        install.haraka()


def started(name, build, directory, cpu, certificates, next_hop):
    """A context that holds the server while it runs. `certificates`: by "ecdsa" and "rsa"."""
    if name == "postern":
        return postern.Postern(build, directory, cpu, certificates["ecdsa"], next_hop)
    peer, _, way = name.partition("-")
    return _PEERS[peer](way, directory, cpu, certificate_of(name, certificates), next_hop)


def certificate_of(name, certificates):
    """Everybody has the same, but for a way that says otherwise."""
    return certificates["rsa" if name.endswith("-rsa") else "ecdsa"]
