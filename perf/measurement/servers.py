"""The servers that can be compared, by name: NAME-WAY, see perf/compare.d/README.md."""

from . import exim, haraka, install, opensmtpd, postern, postfix

_PEERS = {"postfix": postfix.Postfix, "exim": exim.Exim, "opensmtpd": opensmtpd.OpenSmtpd, "haraka": haraka.Haraka}
NAMES = ("postern", "postfix-queue", "postfix-proxy", "exim-queue", "exim-cutthrough", "opensmtpd-queue",
         "haraka-queue", "haraka-proxy")


def install_what_is_missing(names):
    """What the peers among `names` need."""
    if any(name.startswith("postfix") for name in names):
        install.packages("postfix")
    if any(name.startswith(("exim", "opensmtpd")) for name in names):
        install.packages()
        install.unpacked()
    if any(name.startswith("haraka") for name in names):
        install.haraka()


def started(name, build, directory, cpu, certificate, next_hop, direction=postern.Direction.INBOUND):
    """A context that holds the server while it runs."""
    if name == "postern":
        return postern.Postern(build, directory, cpu, certificate, next_hop, direction)
    peer, _, way = name.partition("-")
    return _PEERS[peer](way, directory, cpu, certificate, next_hop)
