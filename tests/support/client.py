"""A raw SMTP client: sends exactly the bytes it is given and shows exactly what came back."""

import dataclasses
import re
import socket
import ssl
import warnings

TIMEOUT_SECONDS = 10.0

VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}


class Closed(Exception):
    """The server closed the connection, in whatever manner, where more was expected."""


@dataclasses.dataclass(frozen=True)
class Reply:
    """`lines` are what stands behind the codes; `raw` is what came, byte for byte."""

    code: int
    lines: tuple
    raw: bytes

    @property
    def enhanced(self):
        """The enhanced code of the first line, or an empty string."""
        found = re.match(r"[245]\.\d{1,3}\.\d{1,3}(?= |$)", self.lines[0])
        return found.group() if found else ""

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def status(self):
        """`550 5.7.10`, or `220` where there is no enhanced code."""
        return f"{self.code} {self.enhanced}".strip()

    def __repr__(self):
        return f"<{self.raw!r}>"


class Client:
    """One connection. Made by `connect` in most tests; closes at the end of a `with`."""

    def __init__(self, address, timeout=TIMEOUT_SECONDS, source=None):
        self.socket = socket.create_connection(address, timeout, source_address=source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.extensions = {}
        self.greeting = None
        self._received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What goes out

    def send(self, data):
        """Exactly these bytes. A server that has closed already shows when its reply is read."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            pass

    def send_bytewise(self, data):
        """One segment for each byte."""
        for byte in data:
            self.send(bytes([byte]))

    # What comes in

    def reply(self):
        """The next whole reply."""
        lines = []
        raw = b""
        while True:
            line = self._line()
            raw += line
            found = re.fullmatch(rb"([2345]\d\d)(?:([ -])(.*))?\r\n", line, re.DOTALL)
            assert found, f"not a reply line: {line!r}"
            lines.append((found.group(3) or b"").decode("utf-8", "replace"))
            if found.group(2) != b"-":
                return Reply(int(found.group(1)), tuple(lines), raw)

    def _line(self):
        while b"\n" not in self._received:
            self._receive()
        line, _, self._received = self._received.partition(b"\n")
        return line + b"\n"

    def _receive(self):
        try:
            chunk = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError, ssl.SSLEOFError) as broken:
            raise Closed(str(broken)) from broken
        if not chunk:
            raise Closed("end of stream")
        self._received += chunk

    def is_closed_now(self):
        """Waits until the server has closed; any byte before that is an error."""
        try:
            self._receive()
        except Closed:
            return True
        except (TimeoutError, socket.timeout):
            return False
        raise AssertionError(f"instead of the end came {self._received!r}")

    def rest(self):
        """Everything until the server closes."""
        try:
            while True:
                self._receive()
        except Closed:
            rest, self._received = self._received, b""
            return rest

    def has_reply(self, seconds):
        """Whether a byte comes within this time."""
        if self._received:
            return True
        self.socket.settimeout(seconds)
        try:
            self._receive()
            return True
        except (TimeoutError, socket.timeout):
            return False
        finally:
            self.socket.settimeout(TIMEOUT_SECONDS)

    # Conversation

    def command(self, line):
        """Sends one line and returns its reply."""
        if isinstance(line, str):
            line = line.encode()
        self.send(line + b"\r\n")
        return self.reply()

    def greet(self):
        self.greeting = self.reply()
        assert self.greeting.code == 220, self.greeting
        return self

    def ehlo(self, name="client.example.net"):
        reply = self.command(f"EHLO {name}")
        assert reply.code == 250, reply
        self.extensions = {}
        for line in reply.lines[1:]:
            keyword, _, parameters = line.partition(" ")
            self.extensions[keyword.upper()] = parameters
        return self

    def start_tls(self, version=None, sni="mx1.example.org", **options):
        """STARTTLS, the handshake, EHLO again."""
        reply = self.command("STARTTLS")
        assert reply.status == "220 2.0.0", reply
        self.handshake(version, sni, **options)
        return self.ehlo()

    def handshake(self, version=None, sni="mx1.example.org", **options):
        assert not self._received, f"bytes between STARTTLS and TLS: {self._received!r}"
        self.socket = context(version, **options).wrap_socket(self.socket, server_hostname=sni)
        return self

    @property
    def tls_version(self):
        return self.socket.version()

    @property
    def tls_cipher(self):
        return self.socket.cipher()[0]

    def envelope(self, sender="someone@sender.example", *recipients, parameters=""):
        """MAIL and every RCPT (postmaster of ours by default), each accepted."""
        reply = self.command(f"MAIL FROM:<{sender}>{parameters}")
        assert reply.status == "250 2.1.0", reply
        for recipient in recipients or ("user@example.org",):
            reply = self.command(f"RCPT TO:<{recipient}>")
            assert reply.code == 250, reply
        return self

    def data(self, content):
        """DATA and the message, whose lines are stuffed here; returns the reply to the final dot."""
        reply = self.command("DATA")
        assert reply.code == 354, reply
        self.send(stuffed(content) + b".\r\n")
        return self.reply()

    def bdat(self, content, last=True):
        self.send(b"BDAT %d%s\r\n" % (len(content), b" LAST" if last else b"") + content)
        return self.reply()

    def quit(self):
        reply = self.command("QUIT")
        assert reply.status == "221 2.0.0", reply
        assert self.is_closed_now()

    def abort(self):
        """Ends with a reset instead of the usual close."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.close()

    def close(self):
        self.socket.close()


def connect(address, **options):
    """Connected and greeted."""
    return Client(address, **options).greet()


def context(version=None, ciphers=None, trusted=None, maximum=None, groups=None):
    """What the client is willing to speak: exactly `version`, or from it to `maximum`. `trusted` is a CA file;
    without one any certificate will do."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if trusted:
        made.load_verify_locations(trusted)
    else:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        if version:
            made.minimum_version = VERSIONS[version]
            made.maximum_version = VERSIONS[maximum or version]
    if version in ("1.0", "1.1"):
        made.set_ciphers("DEFAULT:@SECLEVEL=0")
    if ciphers:
        made.set_ciphers(ciphers)
    if groups:
        made.set_ecdh_curve(groups)
    return made


def stuffed(content):
    """With dots doubled at line starts (RFC 5321 4.5.2), and CRLF at the end."""
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    return re.sub(rb"(^|\r\n)\.", rb"\1..", content)


def message(sender="someone@sender.example", subject="a test", body="Hello.\r\n", extra=""):
    """A plain message. `sender` is what stands in From:; None leaves the field out."""
    origin = f"From: {sender}\r\n" if sender is not None else ""
    return (f"{origin}To: user@example.org\r\nSubject: {subject}\r\n{extra}\r\n{body}").encode()
