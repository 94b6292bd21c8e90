"""Connections that died in the pool are noticed before somebody's request meets them."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from mestore.core import database
from mestore.core.database import create_engine
from mestore.core.world import World

_END_THEM = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'mestore-pool'"


async def end_them(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetch(_END_THEM)
    finally:
        await connection.close()


async def ending(connection: AsyncConnection) -> asyncio.Event:
    """When this process hears that the server hung up."""
    ended = asyncio.Event()
    driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    driver.add_termination_listener(lambda _: ended.set())
    return ended


async def test_connections_that_the_server_closed_are_not_used(world: World) -> None:
    settings = world.settings.database
    assert settings.url is not None
    engine = create_engine(settings.url, settings, name="pool")
    try:
        async with engine.connect() as one, engine.connect() as other:
            await one.execute(text("SELECT 1"))
            await other.execute(text("SELECT 1"))
            ended = [await ending(each) for each in (one, other)]
        await end_them(settings.url)
        async with asyncio.timeout(5):
            await asyncio.gather(*(each.wait() for each in ended))
        async with engine.connect() as one, engine.connect() as other:
            assert [await each.scalar(text("SELECT 1")) for each in (one, other)] == [1, 1]
    finally:
        await engine.dispose()


async def test_one_that_lay_idle_is_asked_whether_its_server_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_IDLE_SECONDS", 0)
    settings = world.settings.database
    assert settings.url is not None
    engine = create_engine(settings.url, settings, name="pool")
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        # This loop hears nothing of it before it takes the connection from the pool, as when a network goes silent.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, end_them(settings.url)).result()
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT 1")) == 1
    finally:
        await engine.dispose()
