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
        self.answer_to_data = "250 OK"
        self.resets_after_data = False
        self.taken: list[EmailMessage] = []
        self.receivers: list[str] = []

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.answer_to_receiver is not None:
            return self.answer_to_receiver
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
