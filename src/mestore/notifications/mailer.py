"""Letters over SMTP."""

import functools
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import Compat32
from email.utils import format_datetime, formataddr, parseaddr

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from mestore.core.ids import MessageId
from mestore.core.settings import MailSettings
from mestore.core.smtp import SmtpConnections
from mestore.notifications.letters import Letter

_FINAL = range(500, 600)


class _AsWritten(Compat32):
    """Headers leave as they were given, in UTF-8 where they must. Python's own policies take each one apart to fold it,
    and need longer for that than for all the rest of a letter.
    """

    def fold_binary(self, name: str, value: str) -> bytes:
        return f"{name}: {value}{self.linesep}".encode()


_POLICY = _AsWritten()
_BOUNDARY = "=_part_of_a_letter"
"""Base64, in which the parts are, has no `_`. Python would look for one anew in each letter, by an expression that it
compiles for that."""


class ReceiverRefused(Exception):
    """The server said that it will never take this letter for this receiver: trying again is of no use."""


@dataclass(frozen=True)
class Envelope:
    """Of one message, the same each time that it is sent: its id tells a second copy from a second letter."""

    message_id: MessageId
    name: str
    address: str
    written_at: datetime


class Mailer:
    def __init__(self, settings: MailSettings, connections: SmtpConnections) -> None:
        self._settings = settings
        self._connections = connections
        self._sender = parseaddr(settings.sender)
        self._domain = self._sender[1].rpartition("@")[2]

    async def send(self, letter: Letter, envelope: Envelope) -> None:
        """Hand a letter to the server; when this returns, the server has taken it.

        Raises:
            ReceiverRefused: it never will.
            aiosmtplib.SMTPException, OSError, TimeoutError: not now, or nobody knows; worth trying again.
        """
        receiver = _deliverable(envelope.address)
        message = self._message(letter, envelope, receiver).as_bytes()
        try:
            await self._connections.send(self._settings, message, self._sender[1], receiver)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(each.code in _FINAL for each in refused.recipients):
                raise ReceiverRefused(
                    "; ".join(f"{each.code} {each.message}" for each in refused.recipients)
                ) from refused
            raise
        except aiosmtplib.SMTPDataError as refused:
            if refused.code in _FINAL:
                raise ReceiverRefused(f"{refused.code} {refused.message}") from refused
            raise
        except aiosmtplib.SMTPNotSupported as refused:
            raise ReceiverRefused(str(refused)) from refused

    def _message(self, letter: Letter, envelope: Envelope, receiver: str) -> Message:
        # Not `EmailMessage`, which is slower by far and takes its headers apart under any policy.
        message = MIMEMultipart("alternative", boundary=_BOUNDARY, policy=_POLICY)
        message["From"] = _named(*self._sender)
        message["To"] = _named(envelope.name, receiver)
        message["Subject"] = Header(letter.subject, header_name="Subject").encode()
        message["Date"] = format_datetime(envelope.written_at)
        message["Message-ID"] = f"<mestore-{envelope.message_id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.attach(MIMEText(letter.text, "plain", "utf-8", policy=_POLICY))
        message.attach(MIMEText(letter.html, "html", "utf-8", policy=_POLICY))
        return message


def _named(name: str, address: str) -> str:
    """Somebody as they stand in a header. An address of another alphabet goes as it is, which the server must take.

    Raises:
        ValueError: the name has a line break, and would be a header of its own.
    """
    if "\r" in name or "\n" in name:
        raise ValueError("a name is one line")
    if address.isascii():
        return formataddr((name, address))
    return f"{Header(name, 'utf-8', header_name='To').encode()} <{address}>"


@functools.lru_cache(maxsize=1000)
def _deliverable(address: str) -> str:
    """In ASCII where there is such a spelling (`ana@café.co` is `ana@xn--caf-dma.co` to servers)."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError as invalid:
        raise ReceiverRefused("not an e-mail address") from invalid
