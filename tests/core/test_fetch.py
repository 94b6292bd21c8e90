"""Statements that go past SQLAlchemy are part of its session's transaction all the same."""

import asyncpg
import pytest
from sqlalchemy import text

from mestore.core.database import fetch
from mestore.core.idempotency import IdempotencyKey
from mestore.core.problems import is_transient
from mestore.core.world import World
from tests.rows import Rows

_TRANSACTION = "SELECT pg_current_xact_id()::text"
_KEY = """
    INSERT INTO idempotency_keys (owner_id, route, key, fingerprint, leased_until)
    VALUES (gen_random_uuid(), '/orders', $1::text, '', now())"""


async def test_the_first_statement_of_a_session_begins_its_transaction(world: World) -> None:
    async with world.sessions() as session:
        ((first,),) = await fetch(session, _TRANSACTION)
        ((second,),) = await fetch(session, _TRANSACTION)
        assert first == second == await session.scalar(text(_TRANSACTION))


async def test_it_is_kept_and_undone_with_its_session(world: World, rows: Rows) -> None:
    async with world.sessions() as session:
        await fetch(session, _KEY, "undone")
    async with world.sessions() as session:
        await fetch(session, _KEY, "kept")
        await session.commit()
    assert [each.key for each in await rows.all(IdempotencyKey)] == ["kept"]


async def test_a_connection_that_dies_in_between_is_told_as_passing_and_not_used_again(world: World) -> None:
    async def lose() -> None:
        async with world.sessions() as session:
            ((pid,),) = await fetch(session, "SELECT pg_backend_pid()")
            other = await asyncpg.connect(world.settings.database.url)
            try:
                assert await other.fetchval("SELECT pg_terminate_backend($1, 5000)", pid)
            finally:
                await other.close()
            await fetch(session, "SELECT 1")

    with pytest.raises(Exception) as raised:  # noqa: PT011 - which of asyncpg's depends on what it hears first
        await lose()
    assert is_transient(raised.value)
    async with world.sessions() as session:
        ((one,),) = await fetch(session, "SELECT 1")
        assert one == 1
