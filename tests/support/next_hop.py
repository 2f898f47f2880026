"""The site's mail server, played: it notes every byte it was sent and does to each command what the test says.

    with NextHop() as hop:
        hop.answers["RCPT"] = "550 5.1.1 no such user"
        ...
        assert hop.messages[0].content == b"..."

Run as a program it keeps messages in a file, so that it can be killed: next_hop.py PORT FILE.
"""

import dataclasses
import os
import pathlib
import re
import socket
import ssl
import struct
import sys
import threading
import time

if __package__:
    from .waiting import PATIENCE_SECONDS, wait_until
else:  # run as a program
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
    from support.waiting import PATIENCE_SECONDS, wait_until

EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8", "DSN")
XCLIENT = "XCLIENT NAME ADDR PORT PROTO HELO"

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
        self.sni = None
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
            self.close()

    def close(self, how=CLOSE):
        try:
            if how == RESET:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            else:
                self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

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
        self.hop.tls.sni_callback = lambda _socket, name, _context: setattr(self, "sni", name)
        self.socket = self.hop.tls.wrap_socket(self.socket, server_side=True)
        self.tls_version = self.socket.version()
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
            self.close(reply)
            raise EOFError
        self.socket.sendall(reply.encode() + b"\r\n")

    def _step(self):
        if self.hop.take_step():
            self.close(self.hop.cut_how)
            raise Cut

    def _more(self):
        chunk = self.socket.recv(262144)
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


class NextHop:
    """Listens on a port of 127.0.0.1, one thread for each connection. Everything may be changed while it runs.

    answers    per verb, GREETING and CONTENT: a reply, a list of replies (the last stays), or a function of
               (text, conversation); a reply may be CLOSE, RESET or SILENCE
    delays     per verb: seconds to wait before the reply
    extensions what EHLO offers; STARTTLS comes with `tls`
    proxy      whether a PROXY header comes first
    cut_at     breaks the connection at this step, counted over all connections from 1; None: never
    """

    def __init__(self, extensions=EXTENSIONS, certificate=None, proxy=False, port=None):
        self.extensions = extensions
        self.tls = server_context(certificate) if certificate else None
        self.proxy = proxy
        self.answers = {}
        self.delays = {}
        self.cut_at = None
        self.cut_how = CLOSE
        self.steps = 0
        self.conversations = []
        self.messages = []  # those answered 2xx
        self.refused_messages = []  # those answered otherwise
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._change = threading.Condition(self._lock)
        self.port = port
        self._listener = None
        self._thread = None
        self.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def commands(self):
        """Of all conversations, in the order of these."""
        return [command for conversation in self.conversations for command in conversation.commands]

    @property
    def verbs(self):
        return [command.split(" ")[0].split(":")[0].upper() for command in self.commands]

    @property
    def received(self):
        return b"".join(conversation.received for conversation in self.conversations)

    @property
    def saw_content(self):
        """Whether a byte of a message arrived here, or was about to."""
        return any(conversation.content_begun for conversation in self.conversations) or bool(
            {"DATA", "BDAT"} & set(self.verbs))

    @property
    def open_conversations(self):
        return [conversation for conversation in self.conversations if not conversation.ended]

    def start(self):
        """Also after `stop`: the same port comes back."""
        self.stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", self.port or 0), backlog=512)
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._thread.start()

    def stop(self, how=CLOSE):
        """Nobody listens any more and every conversation ends."""
        self.stopping.set()
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._thread.join(PATIENCE_SECONDS)
        self.drop_all(how)

    def drop_all(self, how=CLOSE):
        for conversation in list(self.conversations):
            if not conversation.ended:
                conversation.close(how)

    def forget(self):
        """What was seen so far. Conversations that are open go on."""
        with self._lock:
            self.messages.clear()
            self.refused_messages.clear()
            self.conversations = [one for one in self.conversations if not one.ended]
            for conversation in self.conversations:
                conversation.received, conversation.content_begun = b"", False
                conversation.commands = []

    def cut(self, step, how=CLOSE):
        self.steps, self.cut_at, self.cut_how = 0, step, how

    def wait_until(self, condition, what, seconds=PATIENCE_SECONDS):
        """`condition` of this hop."""
        return wait_until(lambda: condition(self), what, seconds)

    def wait_for_messages(self, count, seconds=PATIENCE_SECONDS):
        self.wait_until(lambda hop: len(hop.messages) >= count, f"{count} messages at the next hop", seconds)
        return self.messages

    # For conversations

    def reply_to(self, key, text, conversation, usual=None):
        with self._lock:
            answer = self.answers.get(key)
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(text, conversation)
        return answer or usual or USUAL.get(key, "500 5.5.1 what?")

    def keep(self, message):
        with self._lock:
            (self.messages if message.accepted else self.refused_messages).append(message)

    def take_step(self):
        """Whether this is the step at which to break."""
        with self._lock:
            self.steps += 1
            return self.steps == self.cut_at

    def changed(self):
        with self._lock:
            self._change.notify_all()

    def _accept(self, listener):
        while not self.stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            conversation = Conversation(self, connection)
            with self._lock:
                self.conversations.append(conversation)
            threading.Thread(target=conversation.run, daemon=True).start()


class NextHopProcess:
    """The same as a process of its own, which can be killed at any moment. What it has answered 2xx is in its
    file before the answer goes out."""

    def __init__(self, directory, port):
        self.port = port
        self.file = pathlib.Path(directory) / "kept-messages"
        self.process = None
        self.start()

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self):
        import subprocess
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.file)],
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()

    def contents(self):
        """Every message that was kept whole."""
        found = []
        data = self.file.read_bytes() if self.file.exists() else b""
        while len(data) >= 8:
            size = int.from_bytes(data[:8], "big")
            if len(data) < 8 + size:
                break
            found.append(data[8:8 + size])
            data = data[8 + size:]
        return found


def server_context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.chain, certificate.key)
    return made


def _keep_in(file):
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def keep(message):
        if message.accepted:
            os.write(descriptor, len(message.content).to_bytes(8, "big") + message.content)

    return keep


def main(port, file):
    hop = NextHop(port=int(port))
    hop.keep = _keep_in(file)
    print("ready", flush=True)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main(*sys.argv[1:])
