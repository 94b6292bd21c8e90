"""A mail server that a test tells how to answer."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.sandbox.running import free_port


class SmtpServer:
    def __init__(self) -> None:
        self.port = free_port()
        self.answer_to_receiver: str | None = None
        self.full: str | None = None
        """Whose mailbox is full for now."""
        self.answer_to_data = "250 OK"
        self.resets_after_data = False
        self.letters_per_connection = 100
        """After them it takes no more from the same client, as servers of the world do."""
        self.sessions: list[Session] = []
        """One for each letter that was begun."""
        self._transports: list[asyncio.Transport] = []
        self.taken: list[EmailMessage] = []
        self.receivers: list[str] = []

    def hang_up(self) -> None:
        """On everybody; they have heard it when this returns."""
        hung_up = [transport.get_extra_info("socket").dup() for transport in self._transports]
        for connection in hung_up:
            connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sessions.count(session) >= self.letters_per_connection:
            return "421 4.7.0 that was enough"
        assert isinstance(server.transport, asyncio.Transport)
        self._transports.append(server.transport)
        self.sessions.append(session)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_to_receiver is not None:
            return self.answer_to_receiver
        if address == self.full:
            return "452 4.2.2 mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if not self.answer_to_data.startswith("250"):
            return self.answer_to_data
        content = envelope.content
        assert isinstance(content, bytes)
        self.taken.append(BytesParser(EmailMessage, policy=default).parsebytes(content))
        self.receivers += envelope.rcpt_tos
        if self.resets_after_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
        return self.answer_to_data


@contextmanager
def smtp_server() -> Iterator[SmtpServer]:
    server = SmtpServer()
    controller = Controller(server, hostname="127.0.0.1", port=server.port, enable_SMTPUTF8=True)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes connections and never says a word; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]
