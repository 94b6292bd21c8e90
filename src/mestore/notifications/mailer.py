"""Letters over SMTP."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from mestore.core.ids import MessageId
from mestore.core.settings import MailSettings
from mestore.notifications.letters import Letter

_FINAL = range(500, 600)


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
    def __init__(self, settings: MailSettings) -> None:
        self._settings = settings
        name, address = parseaddr(settings.sender)
        self._sender = Address(name, addr_spec=address)

    async def send(self, letter: Letter, envelope: Envelope) -> None:
        """Hand a letter to the server; when this returns, the server has taken it.

        Raises:
            ReceiverRefused: it never will.
            aiosmtplib.SMTPException, OSError, TimeoutError: not now, or nobody knows; worth trying again.
        """
        receiver = _deliverable(envelope.address)
        try:
            await aiosmtplib.send(
                self._message(letter, envelope, receiver),
                sender=self._sender.addr_spec,
                recipients=[receiver],
                hostname=self._settings.host,
                port=self._settings.port,
                username=self._settings.username,
                password=self._settings.password.get_secret_value() if self._settings.password else None,
                use_tls=self._settings.use_tls,
                local_hostname=self._sender.domain,
                timeout=self._settings.timeout_seconds,
            )
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

    def _message(self, letter: Letter, envelope: Envelope, receiver: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        local_part, _, domain = receiver.rpartition("@")
        message["To"] = Address(envelope.name, local_part, domain)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(envelope.written_at)
        message["Message-ID"] = f"<mestore-{envelope.message_id}@{self._sender.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        message.add_alternative(letter.html, subtype="html")
        return message


def _deliverable(address: str) -> str:
    """In ASCII where there is such a spelling (`ana@café.co` is `ana@xn--caf-dma.co` to servers)."""
    try:
        return validate_email(address, check_deliverability=False).ascii_email or address
    except EmailNotValidError as invalid:
        raise ReceiverRefused("not an e-mail address") from invalid
