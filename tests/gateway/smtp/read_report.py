"""Reads a message with Python's email package and prints what it found, one fact a line.

The package shares no code with the program, so it reads a report as somebody else's software would.
"""

import email
import email.policy
import sys


def fact(*words):
    print(" ".join(str(word) for word in words).replace("\r", "").replace("\n", "\\n"))


def show_fields(kind, message):
    for name, value in message.items():
        fact(kind, name + ":", " ".join(value.split()))


def show_part(part):
    fact("part", part.get_content_type(), part.get("Content-Transfer-Encoding"),
         part.get_content_charset() or "-", part.get("Content-Language", "-"))
    if part.get_content_type() == "message/delivery-status":
        for number, group in enumerate(part.get_payload()):
            show_fields(f"status{number}", group)
    elif part.get_content_maintype() == "message":
        inner = part.get_payload(0)
        show_fields("original", inner)
        fact("body", inner.get_payload(decode=True).decode("utf-8"))
    elif part.get_content_type() == "text/rfc822-headers":
        charset = part.get_content_charset()
        text = part.get_payload(decode=True)
        if charset == "unknown-8bit":
            charset = "latin-1"
        show_fields("original", email.message_from_string(text.decode(charset or "us-ascii")))
    else:
        for line in part.get_content().splitlines():
            fact("text", line)


with open(sys.argv[1], "rb") as file:
    report = email.message_from_binary_file(file, policy=email.policy.SMTPUTF8)
show_fields("header", report)
fact("type", report.get_content_type(), report.get_param("report-type"))
for part in report.iter_parts():
    show_part(part)
for part in report.walk():
    for defect in part.defects:
        fact("defect", part.get_content_type(), type(defect).__name__)
fact("preamble", repr(report.preamble), "epilogue", repr(report.epilogue))
