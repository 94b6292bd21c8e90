"""Stands between a client and PostgreSQL, passes everything on, and loses what a test wants lost."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import parse_qs, quote, urlsplit

_SOCKET = ".s.PGSQL.5432"
_COMMIT = (b"COMMIT\x00", b"COMMIT;\x00")
_QUERY = b"Q"


class PostgresProxy:
    """`async with PostgresProxy(url) as proxy:` and connect to `proxy.url`, which has the database of `url`."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._behind = Path(parse_qs(address.query)["host"][0]) / _SOCKET
        self._folder = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.url = address._replace(query=f"host={quote(str(self._folder))}&port=5432").geturl()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._lose_reply = False
        self.lost = 0
        """How many replies of a COMMIT went lost."""

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
        shutil.rmtree(self._folder)

    async def open(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self._folder / _SOCKET))

    async def close(self) -> None:
        """Nobody gets in, and who is in is cut off: as while PostgreSQL restarts."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.transport.abort()
        (self._folder / _SOCKET).unlink(missing_ok=True)

    def lose_the_reply_of_the_next_commit(self) -> None:
        """PostgreSQL commits, and the connection breaks before it can say so (fault F03)."""
        self._lose_reply = True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_unix_connection(str(self._behind))
        both = {writer, behind_writer}
        self._connections |= both
        losing = asyncio.Event()

        def notice(chunk: bytes) -> None:
            if self._lose_reply and chunk[:1] == _QUERY and chunk.endswith(_COMMIT):
                self._lose_reply = False
                losing.set()

        answers = asyncio.create_task(self._answers(behind_reader, writer, losing))
        try:
            await _pass_on(reader, behind_writer, notice)
        finally:
            self._connections -= both
            for connection in both:
                connection.close()
            await answers

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        def lose(_chunk: bytes) -> None:
            if losing.is_set():
                self.lost += 1
                writer.transport.abort()
                raise ConnectionResetError

        await _pass_on(reader, writer, lose)
        writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, see: Callable[[bytes], None]) -> None:
    """Each piece is seen before it goes on; a connection that breaks on either side is the end."""
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            see(chunk)
            writer.write(chunk)
            await writer.drain()
