"""A Postfix of our own: its files in a temporary directory, high ports, never the system's service."""

import grp
import os
import pathlib
import pwd
import re
import subprocess

from .waiting import free_port, wait_until

_SERVICES = """
{port}    inet  n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
smtp      unix  - - n - - smtp
relay     unix  - - n - - smtp
showq     unix  n - n - - showq
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
local     unix  - n n - - local
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Takes mail from 127.0.0.1 and hands all of it to `relay_to` (host, port). `settings` are lines of main.cf."""

    def __init__(self, directory, relay_to, port=None, **settings):
        self.directory = pathlib.Path(directory)
        self.port = port or free_port()
        self.log = self.directory / "log" / "maillog"
        self.etc = self.directory / "etc"
        for name in ("etc", "spool", "data", "log"):
            (self.directory / name).mkdir(parents=True)
        # Its processes run as the user postfix, and must be able to walk here.
        for parent in [self.directory, *self.directory.parents]:
            if parent.stat().st_uid == os.getuid() and parent != pathlib.Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        (self.etc / "master.cf").write_text(_SERVICES.format(port=f"127.0.0.1:{self.port}"))
        main = {
            "compatibility_level": "3.6",
            "queue_directory": self.directory / "spool",
            "data_directory": self.directory / "data",
            "maillog_file": self.log,
            "maillog_file_prefixes": self.directory,
            "maillog_file_compressor": "gzip",
            "myhostname": "client.postfix.example",
            "mydestination": "",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "local_recipient_maps": "",
            "relayhost": f"[{relay_to[0]}]:{relay_to[1]}",
            "smtpd_recipient_restrictions": "permit_mynetworks, reject",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtp_tls_loglevel": "1",
            "notify_classes": "",
            **settings,
        }
        (self.etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in main.items()))
        owner = pwd.getpwnam("postfix").pw_uid
        os.chown(self.directory / "data", owner, -1)
        self._make_queue(owner)

    def _make_queue(self, owner):
        """What `postfix check` would make, in several seconds; `quick-start` tells it not to."""
        spool = self.directory / "spool"
        for name in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private",
                     "saved", "trace"):
            (spool / name).mkdir(mode=0o700)
            os.chown(spool / name, owner, -1)
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            (spool / name).mkdir()
            os.chown(spool / name, owner, grp.getgrnam("postdrop").gr_gid)
            (spool / name).chmod(mode)
        (spool / "pid").mkdir()
        (spool / "quick-start").touch()


    @property
    def address(self):
        return "127.0.0.1", self.port

    def __enter__(self):
        self.command("start")
        return self

    def __exit__(self, *_):
        self.command("stop")

    def command(self, verb):
        done = subprocess.run(["postfix", "-c", str(self.etc), verb], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"postfix {verb}: {done.stdout}{done.stderr}{self.log_text}"

    @property
    def log_text(self):
        return self.log.read_text() if self.log.exists() else ""

    def wait_for_log(self, pattern, count=1, seconds=20):
        wait_until(lambda: len(re.findall(pattern, self.log_text)) >= count, f"Postfix logs {pattern}", seconds)
        return re.findall(pattern, self.log_text)
