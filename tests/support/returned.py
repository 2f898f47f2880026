"""A delivery report as its reader has it: taken apart by Python's own parser, and whole or an AssertionError."""

import email
import email.policy

from .next_hop import NextHop


class Report:
    """`text` is what people read, `message` and `recipients` what programs read, `returned` the last part."""

    def __init__(self, kept):
        self.kept = kept
        self.content = kept.content
        mail = email.message_from_bytes(kept.content, policy=email.policy.SMTP)
        self.mail = mail
        assert kept.mail.upper().startswith("MAIL FROM:<>"), kept.mail
        assert mail.get_content_type() == "multipart/report", mail.as_string()
        assert mail.get_param("report-type") == "delivery-status"
        assert not mail.defects, mail.defects
        parts = mail.get_payload()
        assert [part.get_content_type() for part in parts[:2]] == ["text/plain", "message/delivery-status"]
        assert len(parts) == 3
        self.text = parts[0].get_content()
        self.message, *self.recipients = parts[1].get_payload()
        self.returned = parts[2]

    def recipient(self, address):
        """The fields about this one."""
        found = [one for one in self.recipients if one["Final-Recipient"] == f"rfc822; {address}"]
        assert len(found) == 1, self.content.decode()
        return found[0]


def reports(home: NextHop, count=1):
    """What came back to the senders whose mail host this is."""
    return [Report(kept) for kept in home.wait_for_messages(count, seconds=30)]
