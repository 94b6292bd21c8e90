"""What MeStore sends to people: mails over SMTP, SMS over Twilio's interface. Kept, never passed on.

A number that ends in one of Twilio's error codes gets that error: `+57300 00 21614` is refused at once as no mobile,
`+57300 00 30007` is taken and then kept back by the carrier. So do the numbers that Twilio itself has for tests.
"""

import asyncio
import base64
import binascii
import email
import email.policy
import re
import secrets
import socket
import sqlite3
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mestore.sandbox.faults import Faults
from mestore.sandbox.store import Store

LARGEST_MAIL = 10 * 1_048_576
PHONE = re.compile(r"\+[1-9]\d{7,14}")
LONGEST_SMS = 1_600
SEGMENT = 160
REFUSED = {
    21211: "The 'To' number is not a valid phone number.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number.",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "The 'To' phone number is not currently reachable via SMS or MMS",
    21614: "'To' number is not a valid mobile number",
}
UNDELIVERED = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
}
MAGIC = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
LETTERS = "SELECT id, recipient, sender, raw, received_at FROM letters"


class Inbox:
    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._hostname = socket.getfqdn()

    def smtp_protocol(self) -> SMTP:
        # Its own name is told to it, because it asks the resolver for it at every connection.
        return SMTP(
            self,
            data_size_limit=LARGEST_MAIL,
            enable_SMTPUTF8=True,
            hostname=self._hostname,
            ident="MeStore sandbox",
            loop=asyncio.get_running_loop(),
        )

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        content = envelope.content or b""
        raw = content if isinstance(content, bytes) else content.encode()
        now = datetime.now(UTC).isoformat()
        with self._store.transaction():
            for recipient in envelope.rcpt_tos:
                self._store.execute(
                    "INSERT INTO letters (recipient, sender, raw, received_at) VALUES (?, ?, ?, ?)",
                    *(recipient, envelope.mail_from or "", raw, now),
                )
        return "250 OK"

    def routes(self) -> list[Route]:
        return [
            Route("/inbox/mails", self.list_mails),
            Route("/inbox/sms", self.list_sms),
            Route(
                "/twilio/2010-04-01/Accounts/{sid}/Messages.json",
                self._faults.guard("send_sms", self.send_sms),
                methods=["POST"],
            ),
            Route(
                "/twilio/2010-04-01/Accounts/{sid}/Messages/{message}.json",
                self._faults.guard("get_sms", self.get_sms),
            ),
        ]

    def mails(self, recipient: str | None = None, limit: int = -1) -> list[dict[str, Any]]:
        """Newest first, one per addressee."""
        condition = "" if recipient is None else "WHERE recipient = ?1 COLLATE NOCASE"
        query = f"{LETTERS} {condition} ORDER BY id DESC LIMIT ?2"
        return [_mail(row) for row in self._store.rows(query, recipient, limit)]

    def mail(self, mail_id: int) -> dict[str, Any] | None:
        row = self._store.row(f"{LETTERS} WHERE id = ?", mail_id)
        return _mail(row) if row else None

    def sms(self, recipient: str | None = None, limit: int = -1) -> list[dict[str, Any]]:
        """Newest first."""
        query = (
            "SELECT id, sid, recipient AS 'to', sender AS 'from', body, received_at FROM sms"
            " WHERE ?1 IS NULL OR recipient = ?1 ORDER BY id DESC LIMIT ?2"
        )
        return [dict(row) for row in self._store.rows(query, recipient, limit)]

    def counts(self) -> dict[str, int]:
        tables = {"mails": "letters", "sms": "sms"}
        return {name: self._store.number(f"SELECT count(*) FROM {table}") for name, table in tables.items()}  # noqa: S608

    async def list_mails(self, request: Request) -> Response:
        return JSONResponse(self.mails(request.query_params.get("to")))

    async def list_sms(self, request: Request) -> Response:
        # An unencoded plus sign in a query is a space.
        recipient = request.query_params.get("to")
        return JSONResponse(self.sms(recipient.replace(" ", "+") if recipient else None))

    async def send_sms(self, request: Request) -> Response:
        account = request.path_params["sid"]
        if not _has_credentials(request, account):
            return _twilio_error(401, 20003, "Authenticate")
        form = {
            field: values[0] for field, values in parse_qs((await request.body()).decode("utf-8", "replace")).items()
        }
        recipient, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        if complaint := _complaint(recipient, sender, body):
            return _twilio_error(400, *complaint)
        if refused := _error_of(recipient, REFUSED):
            return _twilio_error(400, refused, REFUSED[refused])
        sid, now = f"SM{secrets.token_hex(16)}", datetime.now(UTC)
        self._store.execute(
            "INSERT INTO sms (sid, recipient, sender, body, received_at) VALUES (?, ?, ?, ?, ?)",
            *(sid, recipient, sender, body, now.isoformat()),
        )
        return JSONResponse(_message(account, sid, recipient, sender, body, now), 201)

    async def get_sms(self, request: Request) -> Response:
        account = request.path_params["sid"]
        if not _has_credentials(request, account):
            return _twilio_error(401, 20003, "Authenticate")
        row = self._store.row("SELECT * FROM sms WHERE sid = ?", request.path_params["message"])
        if row is None:
            return _twilio_error(404, 20404, "The requested resource was not found")
        received = datetime.fromisoformat(row["received_at"])
        message = _message(account, row["sid"], row["recipient"], row["sender"], row["body"], received)
        error = _error_of(row["recipient"], UNDELIVERED)
        message |= {"date_sent": format_datetime(received), "status": "undelivered" if error else "delivered"}
        if error:
            message |= {"error_code": error, "error_message": UNDELIVERED[error]}
        return JSONResponse(message)


def _message(account: str, sid: str, recipient: str, sender: str, body: str, now: datetime) -> dict[str, Any]:
    """As it is answered when it was just taken."""
    uri = f"/2010-04-01/Accounts/{account}/Messages/{sid}"
    return {
        "sid": sid,
        "date_created": format_datetime(now),
        "date_updated": format_datetime(now),
        "date_sent": None,
        "account_sid": account,
        "to": recipient,
        "from": sender,
        "messaging_service_sid": None,
        "body": body,
        "status": "queued",
        "num_segments": str(-(-len(body) // SEGMENT)),
        "num_media": "0",
        "direction": "outbound-api",
        "api_version": "2010-04-01",
        "price": None,
        "price_unit": "USD",
        "error_code": None,
        "error_message": None,
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json"},
    }


def _error_of(recipient: str, codes: dict[int, str]) -> int | None:
    code = MAGIC.get(recipient) or int(recipient[-5:])
    return code if code in codes else None


def _has_credentials(request: Request, account: str) -> bool:
    """Any password: the account's own name, or that of an API key."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return False
    return scheme.lower() == "basic" and bool(password) and (user == account or user.startswith("SK"))


def _complaint(recipient: str, sender: str, body: str) -> tuple[int, str] | None:
    if not recipient:
        return 21604, "A 'To' phone number is required."
    if not PHONE.fullmatch(recipient):
        return 21211, f"The 'To' number {recipient} is not a valid phone number."
    if not sender:
        return 21603, "A 'From' phone number is required."
    if not body:
        return 21602, "Message body is required."
    if len(body) > LONGEST_SMS:
        return 21617, "The concatenated message body exceeds the 1600 character limit."
    return None


def _twilio_error(status: int, code: int, message: str) -> Response:
    link = f"https://www.twilio.com/docs/errors/{code}"
    return JSONResponse({"code": code, "message": message, "more_info": link, "status": status}, status)


def _mail(row: sqlite3.Row) -> dict[str, Any]:
    """As it is shown. A mail is taken apart only when somebody reads it: that costs more than taking it."""
    read = _read(row["raw"])
    told = {"to": row["recipient"], "from": read["from"] or row["sender"], "received_at": row["received_at"]}
    return {"id": row["id"], **read, **told}


@lru_cache(maxsize=2_000)
def _read(raw: bytes) -> dict[str, str]:
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return {
        "from": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "message_id": str(message["Message-ID"] or ""),
    }


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError as error:
        return f"({error})"
