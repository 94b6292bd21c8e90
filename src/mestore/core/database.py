"""PostgreSQL: one request or one job is one transaction, and this is the only file that begins or ends one.

The session is a dependency of `scope="function"`: it commits after the answer is made and before it is sent, so a
commit that fails is never a success to the client. No transaction stays open across a call to the outside world:
`checkpoint` commits the intent first. Lock order everywhere: order → payment → products by id.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Request
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from mestore.core.failpoints import failpoint
from mestore.core.money import Money, MoneyColumn
from mestore.core.settings import DatabaseSettings

_GOODBYE_SECONDS = 0.5
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
    `pool_pre_ping` notices connections that a restart of PostgreSQL left behind before a request meets them.
    """
    return create_async_engine(
        driver_url(url),
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_timeout_seconds,
        pool_pre_ping=True,
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


def session_factory(engine: AsyncEngine, info: dict[Any, Any]) -> Sessions:
    """Sessions of this engine; `info` carries what a transaction must know of the outside: who subscribes to events."""
    return async_sessionmaker(engine, expire_on_commit=False, info=info)


async def session_of(request: Request) -> AsyncIterator[AsyncSession]:
    """One request, one transaction: committed before the response leaves, undone if anything raised."""
    async with request.app.state.world.sessions() as session:
        yield session
        failpoint("before_request_commit")
        await session.commit()
        failpoint("after_request_commit")


Session = Annotated[AsyncSession, Depends(session_of, scope="function")]


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One job, one transaction."""
    async with sessions() as session:
        yield session
        failpoint("before_commit")
        await session.commit()


async def checkpoint(session: AsyncSession) -> None:
    """Keep what is done so far: the next line calls the outside world and may never come back."""
    failpoint("before_commit")
    await session.commit()


async def keep_only(session: AsyncSession) -> None:
    """Undo everything of this transaction; what is written next is a new one: a refusal that must be remembered."""
    await session.rollback()
