"""PostgreSQL: one request or one job is one transaction, and this is the only file that begins or ends one.

The session is a dependency of `scope="function"`: it commits after the answer is made and before it is sent, so a
commit that fails is never a success to the client. No transaction stays open across a call to the outside world:
`checkpoint` commits the intent first. Lock order: account → cart → order → payment → refund → shop → products
by id.
"""

import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

import asyncpg
import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from mestore.core.failpoints import failpoint
from mestore.core.freshness import CHANGED, tell_changes
from mestore.core.money import Money, MoneyColumn
from mestore.core.settings import DatabaseSettings

_GOODBYE_SECONDS = 0.5
_IDLE_SECONDS = 5
_RETURNED = "returned"
"""When a connection was last given back, in its pool's notes about it."""

Sessions = async_sessionmaker[AsyncSession]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {Money: MoneyColumn}


def driver_url(url: str) -> str:
    """`postgresql://…` as SQLAlchemy wants it for asyncpg."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """Hangs up on a server that hangs after half a second: SQLAlchemy's two would make a refusal late (fault F04)."""

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's own signature
        await super().close(timeout=min(timeout or _GOODBYE_SECONDS, _GOODBYE_SECONDS))


def create_engine(url: str, settings: DatabaseSettings, *, name: str) -> AsyncEngine:
    """A pool with a deadline on everything: connect, wait for a connection, for a lock, for a statement, idle time.

    What a statement was given never stands in an error: it may be a hash or an address.
    Connections that a restart of PostgreSQL left behind are noticed before a request meets them.
    """
    engine = create_async_engine(
        driver_url(url),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value, default=str).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": settings.pool_timeout_seconds,
            "command_timeout": settings.statement_timeout_ms / 1000,
            "connection_class": _Connection,
            "server_settings": {
                "application_name": f"mestore-{name}",
                "timezone": "UTC",
                "lock_timeout": str(settings.lock_timeout_ms),
                "statement_timeout": str(settings.statement_timeout_ms),
                "idle_in_transaction_session_timeout": str(settings.idle_in_transaction_timeout_ms),
            },
        },
    )
    event.listen(engine.sync_engine, "checkin", _note_return)
    event.listen(engine.sync_engine, "checkout", _look_at)
    return engine


def _note_return(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_RETURNED] = time.monotonic()


def _look_at(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Take no dead connection from the pool.

    Whether the server hung up is known here already; only one that lay idle is asked, whose server may have gone
    without a word. SQLAlchemy's own `pool_pre_ping` asks before every use, with three exchanges.
    """
    lively: Any = connection
    if lively.driver_connection.is_closed():
        raise InvalidatePoolError
    if time.monotonic() - record.info.get(_RETURNED, math.inf) > _IDLE_SECONDS:
        try:
            lively.ping()
        except lively.dbapi.Error as error:
            raise InvalidatePoolError from error


def session_factory(engine: AsyncEngine, info: dict[Any, Any]) -> Sessions:
    """Sessions of this engine; `info` carries what a transaction must know of the outside: who subscribes to events."""
    return async_sessionmaker(engine, expire_on_commit=False, info=info)


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: committed before the response leaves, undone if anything raised."""
    async with request.app.state.world.sessions() as session:
        yield session
        failpoint("before_request_commit")
        await session.commit()
        await tell_changes(session)
        failpoint("after_request_commit")


Session = Annotated[AsyncSession, Depends(session_of, scope="function")]


async def _adapted(session: AsyncSession) -> Any:
    """SQLAlchemy's wrapper of this session's connection."""
    connection = await session.connection()
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.dbapi_connection


async def driver_of(session: AsyncSession) -> asyncpg.Connection:
    """Asyncpg's own connection of this session, within its transaction."""
    adapted = await _adapted(session)
    driver: asyncpg.Connection = adapted.driver_connection
    if not driver.is_in_transaction():
        # SQLAlchemy begins one only with a statement of its own, and an empty one costs as much as a full one.
        try:
            await adapted._start_transaction()  # noqa: SLF001
        except adapted.dbapi.Error as error:
            raise error.__cause__ or error from error
    return driver


async def fetch(session: AsyncSession, statement: str, *values: Any) -> list[asyncpg.Record]:
    """The rows of a statement, which calls its values `$1`, `$2`, …, in this session's transaction.

    It goes past SQLAlchemy, which would cost a hot path twice as much as asking PostgreSQL itself: nothing is flushed
    before, JSON is given as text and comes as values, `numeric` is a `Decimal`, and a refusal is asyncpg's own error.
    """
    driver = await driver_of(session)
    return cast("list[asyncpg.Record]", await driver.fetch(statement, *values))


async def fetch_kept(session: AsyncSession, statement: str, *values: Any) -> list[asyncpg.Record]:
    """As `fetch`, and what the statement does is kept when this returns: it is a whole transaction, which saves the
    exchanges that begin and end one. In a transaction that has begun already it is kept with that.
    """
    driver = (await _adapted(session)).driver_connection
    return cast("list[asyncpg.Record]", await driver.fetch(statement, *values))


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One job, one transaction."""
    async with sessions() as session:
        yield session
        failpoint("before_commit")
        await session.commit()
        await tell_changes(session)


async def checkpoint(session: AsyncSession) -> None:
    """Keep what is done so far: the next line calls the outside world and may never come back."""
    failpoint("before_commit")
    await session.commit()
    await tell_changes(session)


async def keep_only(session: AsyncSession) -> None:
    """Undo everything of this transaction; what is written next is a new one: a refusal that must be remembered."""
    await session.rollback()
    session.info.pop(CHANGED, None)
