"""One connection as the next hop has it. See next_hop."""

import dataclasses
import re
import socket
import ssl
import struct

CLOSE = "(close the connection)"
RESET = "(reset the connection)"
SILENCE = "(never answer)"

USUAL = {
    "GREETING": "220 hop.example.org ESMTP",
    "HELO": "250 hop.example.org",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go ahead",
    "BDAT": "250 2.0.0 chunk ok",  # a chunk that is not the last
    "CONTENT": "250 2.0.0 kept as number 1",  # the final dot, or the last chunk
    "RSET": "250 2.0.0 ok",
    "NOOP": "250 2.0.0 ok",
    "QUIT": "221 2.0.0 bye",
    "STARTTLS": "220 2.0.0 go ahead",
    "XCLIENT": "220 hop.example.org ESMTP",
}


@dataclasses.dataclass
class Message:
    """One whole message that was answered, with its envelope as it was said."""

    mail: str
    recipients: list
    content: bytes  # without stuffed dots
    accepted: bool
    conversation: "Conversation"

    @property
    def headers(self):
        return self.content.partition(b"\r\n\r\n")[0]

    @property
    def body(self):
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def received(self):
        """Our Received field, unfolded."""
        found = re.match(rb"Received:((?:.|\r\n[ \t])*)\r\n", self.content)
        assert found, f"does not begin with Received: {self.content[:200]!r}"
        return re.sub(rb"\r\n[ \t]+", b" ", found.group(1)).strip().decode()

    @property
    def original(self):
        """What stands behind our Received field."""
        found = re.match(rb"Received:(?:[^\r]|\r\n[ \t])*\r\n", self.content)
        assert found, f"does not begin with Received: {self.content[:200]!r}"
        return self.content[found.end():]


class Cut(Exception):
    """The step has come at which this hop breaks the connection."""


class Conversation:
    """One connection, from the hop's side."""

    def __init__(self, hop, connection):
        self.hop = hop
        self.socket = connection
        self.received = b""  # every byte, as it reads behind TLS
        self.commands = []
        self.proxy = None  # the PROXY header, text or bytes
        self.tls_version = None
        self.tls_resumed = None
        self.sni = None
        self.dropped = False  # by our doing, maybe in the middle of anything
        self.ended = False
        self.mail = None
        self.recipients = []
        self.content_begun = False
        self._chunks = b""
        self._unread = b""

    def run(self):
        try:
            self._converse()
        except (OSError, EOFError, Cut, ssl.SSLError):
            pass
        finally:
            self.ended = True
            if not self.dropped:
                self.drop()
            self.socket.close()

    def drop(self, how=CLOSE):
        """From any thread. Only ours closes: it may be in the middle of a call, and would go on with whatever connection
        got the number of the descriptor next."""
        self.dropped = True
        try:
            if how == RESET:  # sent by close()
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.socket.shutdown(socket.SHUT_RD)
            else:
                self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _converse(self):
        self._step()
        if self.hop.proxy:
            self.proxy = self._proxy_header()
        self._answer("GREETING", "")
        while True:
            line = self._line()
            text = line.decode("utf-8", "surrogateescape")
            self.commands.append(text)
            self.hop.changed()
            self._step()
            verb = text.split(" ")[0].upper()
            handler = getattr(self, f"_{verb.lower()}", None)
            if handler:
                handler(text)
            else:
                self._answer(verb, text)

    # Commands that mean something here

    def _ehlo(self, text):
        self._forget()
        extensions = list(self.hop.extensions)
        if self.hop.tls and not self.tls_version:
            extensions.append("STARTTLS")
        lines = ["hop.example.org", *extensions]
        usual = "\r\n".join(["250-" + line for line in lines[:-1]] + ["250 " + lines[-1]])
        self._answer("EHLO", text, usual)

    def _starttls(self, text):
        if self._answer("STARTTLS", text)[0] != "2":
            return
        if not self.hop.tls:  # it said STARTTLS and cannot
            while self._more():
                pass
            raise EOFError
        self.hop.tls.sni_callback = lambda _socket, name, _context: setattr(self, "sni", name)
        self.socket = self.hop.tls.wrap_socket(self.socket, server_side=True)
        self.tls_version = self.socket.version()
        self.tls_resumed = self.socket.session_reused
        self._forget()

    def _xclient(self, text):
        self._forget()
        self._answer("XCLIENT", text)

    def _mail(self, text):
        if self._answer("MAIL", text)[0] == "2":
            self.mail, self.recipients = text, []

    def _rcpt(self, text):
        if self._answer("RCPT", text)[0] == "2":
            self.recipients.append(text)

    def _rset(self, text):
        self._forget()
        self._answer("RSET", text)

    def _data(self, text):
        if self._answer("DATA", text)[0] != "3":
            return
        self._step()
        if self._buffered(1):
            self.content_begun = True
            self._step()
        stuffed = self._until_dot()
        self._complete(re.sub(rb"(^|\r\n)\.", rb"\1", stuffed))

    def _bdat(self, text):
        self.content_begun = True
        words = text.split()
        self._chunks += self._exactly(int(words[1]))
        self._step()
        if words[-1].upper() == "LAST":
            self._complete(self._chunks)
        else:
            self._answer("BDAT", text)

    def _quit(self, text):
        self._answer("QUIT", text)
        raise EOFError

    def _complete(self, content):
        self._step()
        envelope = (self.mail, self.recipients)
        self._forget()
        reply = self.hop.reply_to("CONTENT", content, self)
        message = Message(*envelope, content, reply[0] == "2", self)
        self.hop.keep(message)  # before anybody can learn of it
        self._say("CONTENT", reply)
        self._step()

    def _forget(self):
        self.mail, self.recipients, self._chunks = None, [], b""

    # Bytes

    def _answer(self, key, text, usual=None):
        reply = self.hop.reply_to(key, text, self, usual)
        self._say(key, reply)
        self._step()
        return reply

    def _say(self, key, reply):
        pause = self.hop.delays.get(key)
        if pause:
            self.hop.stopping.wait(pause)
        if reply == SILENCE:
            while self._more():
                pass
            raise EOFError
        if reply in (CLOSE, RESET):
            self.drop(reply)
            raise EOFError
        if self.dropped:
            raise EOFError
        self.socket.sendall(reply.encode() + b"\r\n")

    def _step(self):
        if self.hop.take_step():
            self.drop(self.hop.cut_how)
            raise Cut

    def _more(self):
        chunk = self.socket.recv(262144)
        if self.dropped:
            raise EOFError
        self.received += chunk
        self._unread += chunk
        return chunk

    def _buffered(self, size):
        while len(self._unread) < size:
            if not self._more():
                raise EOFError
        return True

    def _take(self, size):
        taken, self._unread = self._unread[:size], self._unread[size:]
        return taken

    def _exactly(self, size):
        self._buffered(size)
        return self._take(size)

    def _line(self):
        while b"\r\n" not in self._unread:
            if not self._more():
                raise EOFError
        return self._take(self._unread.index(b"\r\n") + 2)[:-2]

    def _until_dot(self):
        if self._unread.startswith(b".\r\n"):
            self._take(3)
            return b""
        while True:
            end = self._unread.find(b"\r\n.\r\n")
            if end >= 0:
                content = self._take(end + 2)
                self._take(3)
                return content
            if not self._more():
                raise EOFError

    def _proxy_header(self):
        self._buffered(12)
        if self._unread.startswith(b"\r\n\r\n\0\r\nQUIT\n"):
            self._buffered(16)
            return self._exactly(16 + int.from_bytes(self._unread[14:16], "big"))
        return self._line().decode()
