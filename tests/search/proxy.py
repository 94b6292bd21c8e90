"""Stands between the API and ChromaDB, and fails as a network or a server does."""

import asyncio
import contextlib
from typing import Self


class Proxy:
    """`async with Proxy(port) as proxy:` and ask `proxy.url`."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.StreamWriter] = set()
        self._port = 0
        self._silent = False
        self.connections = 0
        """How often somebody has come."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def open(self) -> None:
        self._silent = False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """As when it was killed: nobody gets in, and who is in is cut off."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._cut()

    def be_silent(self) -> None:
        """It accepts, and says nothing (fault F19)."""
        self._silent = True
        self._cut()

    def speak(self) -> None:
        self._silent = False
        self._cut()

    def _cut(self) -> None:
        for connection in list(self._connections):
            connection.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._connections.add(writer)
        try:
            if self._silent:
                with contextlib.suppress(ConnectionError):
                    while await reader.read(65_536):
                        pass
                return
            with contextlib.suppress(ConnectionError, OSError):
                behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", self._behind)
                self._connections.add(behind_writer)
                await asyncio.gather(_pass_on(reader, behind_writer), _pass_on(behind_reader, writer))
                self._connections.discard(behind_writer)
        finally:
            self._connections.discard(writer)
            writer.close()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.close()
