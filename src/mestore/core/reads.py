"""Public reads: one statement, one round trip, the answer's JSON as PostgreSQL writes it.

Each statement stands alone, so there is no transaction to begin or end; rows are never locked. What a page shows is
from one snapshot because it is one statement.
"""

import json
from typing import Annotated, Any, cast

import asyncpg
from fastapi import Depends, Request, Response

from mestore.core.settings import DatabaseSettings


class Reads:
    """A pool of asyncpg's own connections, made when the first read comes."""

    def __init__(self, url: str, settings: DatabaseSettings, *, name: str) -> None:
        self._url = url
        self._settings = settings
        self._name = name
        self._pool: asyncpg.Pool | None = None

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """Rows of a read.

        Asked once more when the connection turns out to be one that a restart of PostgreSQL left behind.
        """
        pool = await self._open()
        try:
            return cast("list[asyncpg.Record]", await self._fetch(pool, statement, values))
        except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError, ConnectionError):
            return cast("list[asyncpg.Record]", await self._fetch(pool, statement, values))

    async def text(self, statement: str, *values: Any) -> str | None:
        """The first column of the first row: JSON that PostgreSQL has made."""
        rows = await self.fetch(statement, *values)
        return cast("str", rows[0][0]) if rows else None

    async def _fetch(self, pool: asyncpg.Pool, statement: str, values: tuple[Any, ...]) -> Any:
        async with pool.acquire(timeout=self._settings.pool_timeout_seconds) as connection:
            return await connection.fetch(statement, *values)

    async def _open(self) -> asyncpg.Pool:
        if self._pool is None:
            self._pool = asyncpg.create_pool(
                self._url,
                min_size=0,
                max_size=self._settings.pool_size,
                timeout=self._settings.pool_timeout_seconds,
                command_timeout=self._settings.statement_timeout_ms / 1000,
                server_settings={
                    "application_name": f"mestore-{self._name}-reads",
                    "timezone": "UTC",
                    "statement_timeout": str(self._settings.statement_timeout_ms),
                    "default_transaction_read_only": "on",
                    "jit": "off",  # compiling costs more than any of these statements
                },
                reset=_nothing,
            )
            await self._pool
        return self._pool

    async def close(self) -> None:
        if self._pool is not None:
            self._pool.terminate()


async def _nothing(_connection: Any) -> None:
    """Asyncpg would ask the server to forget settings that a statement made; none of ours makes any."""


async def reads_of(request: Request) -> Reads:
    reads: Reads = request.app.state.world.reads
    return reads


TheReads = Annotated[Reads, Depends(reads_of)]


class ReadyJson(Response):
    """JSON that is written already."""

    media_type = "application/json"


def page(items: str, next_cursor: str | None, total: int | None) -> ReadyJson:
    """A `Page` whose items PostgreSQL has written."""
    cursor = json.dumps(next_cursor)
    return ReadyJson(f'{{"items":{items},"next_cursor":{cursor},"total":{"null" if total is None else total}}}')
