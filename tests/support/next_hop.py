"""The site's mail server, played: it notes every byte it was sent and does to each command what the test says.

    with NextHop() as hop:
        hop.answers["RCPT"] = "550 5.1.1 no such user"
        ...
        assert hop.messages[0].content == b"..."

Run as a program it keeps messages in a file, so that it can be killed: next_hop.py PORT FILE.
"""

import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading

if not __package__:  # run as a program
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from support.hop_conversation import CLOSE, RESET, SILENCE, USUAL, Conversation  # noqa: E402, F401
from support.waiting import PATIENCE_SECONDS, wait_until  # noqa: E402

EXTENSIONS = ("PIPELINING", "SIZE 104857600", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "SMTPUTF8", "DSN")
WITHOUT_CHUNKING = tuple(one for one in EXTENSIONS if one != "CHUNKING")  # all content goes behind DATA
XCLIENT = "XCLIENT NAME ADDR PORT PROTO HELO"


class NextHop:
    """Listens on a port of `host`, one thread for each connection. Everything may be changed while it runs.

    answers    per verb, GREETING and CONTENT: a reply, a list of replies (the last stays), or a function of
               (text, conversation); a reply may be CLOSE, RESET or SILENCE
    delays     per verb: seconds to wait before the reply
    extensions what EHLO offers; STARTTLS comes with `tls`
    proxy      whether a PROXY header comes first
    cut_at     breaks the connection at this step, counted over all connections from 1; None: never
    """

    def __init__(self, extensions=EXTENSIONS, certificate=None, proxy=False, port=None, host="127.0.0.1"):
        self.host = host
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
        return f"{self.host}:{self.port}"

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
        self._listener = socket.create_server((self.host, self.port or 0), backlog=512)
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
        self._thread.join(PATIENCE_SECONDS)
        self._listener.close()
        self.drop_all(how)

    def drop_all(self, how=CLOSE):
        for conversation in list(self.conversations):
            if not conversation.ended:
                conversation.drop(how)

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
        self.process = subprocess.Popen([sys.executable, __file__, str(self.port), str(self.file)],
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"ready\n"

    def kill(self):
        self.process.kill()
        self.process.wait(PATIENCE_SECONDS)
        self.process.stdout.close()

    def contents(self):
        """Every message that was kept whole."""
        return _kept_in(self.file)[0]


def server_context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.chain, certificate.key)
    return made


def _kept_in(file):
    """The whole messages, and the size of the file up to the end of the last."""
    found, at = [], 0
    data = file.read_bytes() if file.exists() else b""
    while len(data) >= at + 8:
        size = int.from_bytes(data[at:at + 8], "big")
        if len(data) < at + 8 + size:
            break
        found.append(data[at + 8:at + 8 + size])
        at += 8 + size
    return found, at


def _keep_in(file):
    """A kill may cut a write short: what it left is cut off, so that the next message does not follow half of one."""
    _, size = _kept_in(file)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.ftruncate(descriptor, size)
    one_by_one = threading.Lock()

    def keep(message):
        if message.accepted:
            data = len(message.content).to_bytes(8, "big") + message.content
            with one_by_one:
                written = os.write(descriptor, data)
            assert written == len(data), "the disk is full"

    return keep


def main(port, file):
    hop = NextHop(port=int(port))
    hop.keep = _keep_in(pathlib.Path(file))
    print("ready", flush=True)
    hop.stopping.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
