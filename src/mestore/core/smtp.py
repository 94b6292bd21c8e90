"""Connections to the mail server that stay open from one letter to the next: to open one costs as much as a letter.

A server hangs up when it likes, and whoever meets that with a letter must know whether it was taken. Up to DATA it
surely was not, and the letter goes over a new connection; from then on only the server knows.
"""

import asyncio
import time
from typing import Any

import aiosmtplib

from mestore.core.settings import MailSettings

_KEPT = 10.0
"""Seconds; far less than servers wait for a next letter."""

_FINAL = (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPNotSupported)
"""What a new connection would say as well."""


class _Connection(aiosmtplib.SMTP):
    """Knows whether its server may have taken the letter."""

    data_begun = False
    idle_since = 0.0

    async def data(self, *args: Any, **more: Any) -> aiosmtplib.SMTPResponse:
        self.data_begun = True
        return await super().data(*args, **more)

    async def hand_over(self, message: bytes, sender: str, receiver: str) -> None:
        """If anything goes wrong, it is closed and must not be used again."""
        self.data_begun = False
        try:
            options = [] if (sender + receiver).isascii() else ["SMTPUTF8"]
            await self.sendmail(sender, [receiver], message, mail_options=options)
        except BaseException:
            self.close()
            raise


class SmtpConnections:
    """As many as letters leave at once, to one server."""

    def __init__(self) -> None:
        self._idle: list[_Connection] = []
        self._tidying: asyncio.TimerHandle | None = None

    async def send(self, settings: MailSettings, message: bytes, sender: str, receiver: str) -> None:
        """Hand one letter over; when this returns, the server has taken it.

        Raises:
            aiosmtplib.SMTPException, OSError, TimeoutError: it refused, or could not be reached, or nobody knows.
        """
        connection = self._kept(settings)
        if connection is not None:
            try:
                await connection.hand_over(message, sender, receiver)
            except _FINAL:
                raise
            except (aiosmtplib.SMTPException, OSError):
                if connection.data_begun:
                    raise
            else:
                self._keep(connection)
                return
        connection = await _opened(settings, sender.rpartition("@")[2])
        await connection.hand_over(message, sender, receiver)
        self._keep(connection)

    async def close(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        while self._idle:
            self._idle.pop().close()

    def _kept(self, settings: MailSettings) -> _Connection | None:
        """The one used last, whose server has not hung up as far as is known here."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_connected and (connection.hostname, connection.port) == (settings.host, settings.port):
                return connection
            connection.close()
        return None

    def _keep(self, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        self._idle.append(connection)
        if self._tidying is None:
            self._tidying = asyncio.get_running_loop().call_later(_KEPT, self._tidy)

    def _tidy(self) -> None:
        """Hang up on what was used by nobody for long; the list is in the order of its last use."""
        self._tidying = None
        now = time.monotonic()
        while self._idle and now - self._idle[0].idle_since >= _KEPT:
            self._idle.pop(0).close()
        if self._idle:
            wait = self._idle[0].idle_since + _KEPT - now
            self._tidying = asyncio.get_running_loop().call_later(wait, self._tidy)


async def _opened(settings: MailSettings, local_hostname: str) -> _Connection:
    connection = _Connection(
        hostname=settings.host,
        port=settings.port,
        username=settings.username,
        password=settings.password.get_secret_value() if settings.password else None,
        use_tls=settings.use_tls,
        local_hostname=local_hostname,
        timeout=settings.timeout_seconds,
    )
    await connection.connect()
    return connection
