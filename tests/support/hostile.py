"""What clients send that break the rules, for those who play one."""

BARE = {
    "LF . LF": b"\n.\n",
    "LF . CRLF": b"\n.\r\n",
    "CRLF . LF": b"\r\n.\n",
    "CR . CR": b"\r.\r",
    "CRLF . CR": b"\r\n.\r",
    "CR . CRLF": b"\r.\r\n",
    "CR . LF": b"\r.\n",
    "LF . CR": b"\n.\r",
    "LF LF . CRLF": b"\n\n.\r\n",
    "CR CRLF . CRLF": b"\r\r\n.\r\n",
    "CRLF LF . CRLF": b"\r\n\n.\r\n",
    "CRLF . CR CRLF": b"\r\n.\r\r\n",
    "CRLF . LF CR": b"\r\n.\n\r",
    "LF CR . LF CR": b"\n\r.\n\r",
    "LF": b"\n",
    "CR": b"\r",
}
"""Ends of a message that are none."""

WORDS = [b"EHLO x.example\r\n", b"MAIL FROM:<any-order@other.example>\r\n", b"RCPT TO:<user@example.org>\r\n",
         b"DATA\r\n", b".\r\n", b"BDAT 5\r\nabcde", b"BDAT 0 LAST\r\n", b"RSET\r\n", b"\r\n", b"From: a@bank.example\r\n",
         b"\r\n.\r\n", b"NOOP\r\n",
         b"\n", b"\r", b"HELO x\r\n", b"STARTTLS x\r\n", b"QUIT x\r\n", b"VRFY\r\n", b"BDAT 3 LAST\r\n"]
"""Commands, and pieces of content. Mail that comes of them has no other sender than this one."""

STEPS = [b"EHLO x.example\r\n", b"MAIL FROM:<b@other.example>\r\n", b"RCPT TO:<user@example.org>\r\n", b"DATA\r\n",
         b"From: b@other.example\r\n", b"Subject: x\r\n\r\n", b"body\r\n" * 100, b"body\r\n."]
"""A message from the greeting to right before its end."""


def walk(client, steps):
    """Says the first steps, reading the replies to commands."""
    for step in STEPS[:steps]:
        client.send(step)
        if step.split(b" ")[0].strip() in (b"EHLO", b"MAIL", b"RCPT", b"DATA"):
            assert client.reply().code in (250, 354)
