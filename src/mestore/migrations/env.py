"""Alembic's entry: the models of every room on one side, the database on the other."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool
from sqlalchemy.ext.asyncio import create_async_engine

from mestore.app.models import metadata
from mestore.core.database import driver_url


def _not_of_the_queue(name: str | None, kind: str, _parents: object) -> bool:
    """PgQueuer's tables are its own, made by its own statements; the tables of edges are data, not models."""
    return not (
        kind == "table"
        and name is not None
        and name.startswith(("pgqueuer", "order_edges", "package_edges", "return_edges"))
    )


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, include_name=_not_of_the_queue, compare_server_default=True
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect() -> None:
    url = driver_url(context.config.attributes["url"])
    # A table somebody holds makes the migration give up, not the site wait (fault F09).
    engine = create_async_engine(
        url, poolclass=pool.NullPool, connect_args={"server_settings": {"lock_timeout": "5000"}}
    )
    async with engine.connect() as connection:
        await connection.run_sync(_run)
        await connection.commit()
    await engine.dispose()


asyncio.run(_connect())
