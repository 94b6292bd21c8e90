"""What lies outside of this process, opened once and handed to who needs it: settings, clock, database, HTTP, mail,
Redis.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from redis.asyncio import Redis

from mestore.core.clock import Now
from mestore.core.database import Sessions, create_engine, session_factory
from mestore.core.freshness import FRESHNESS, Freshness
from mestore.core.hot_reads import Store
from mestore.core.jobs import SUBSCRIPTIONS, Task, by_event
from mestore.core.reads import Reads
from mestore.core.settings import Settings
from mestore.core.smtp import SmtpConnections


@dataclass(frozen=True)
class World:
    settings: Settings
    now: Now
    sessions: Sessions
    intake_sessions: Sessions
    """A small pool of its own for webhooks: a gateway is heard even when shoppers use up the other (fault F05)."""
    reads: Reads
    """Public reads, past the sessions."""
    http: httpx.AsyncClient
    gateways_http: aiohttp.ClientSession
    """To payment gateways, which each purchase asks several times: it costs an eighth of what httpx does."""
    smtp: SmtpConnections
    redis: Redis
    hot: Store
    """Public answers that are kept ready, and what has changed since they were made."""


def gateways_client() -> aiohttp.ClientSession:
    """Each call is made once: what to do when a kept connection turns out to be dead is for whoever calls."""
    client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    client._retry_connection = False  # noqa: SLF001 - a GET would be repeated unseen, and this has no other name
    return client


@asynccontextmanager
async def open_world(settings: Settings, now: Now, tasks: Sequence[Task], *, name: str) -> AsyncIterator[World]:
    """Open everything lazily: nothing is connected to yet, so that a process starts while a part is away."""
    if settings.database.url is None or settings.redis.url is None:
        raise ValueError("set MESTORE_DATABASE_URL and MESTORE_REDIS_URL, or start everything with `make up`")
    info: dict[Any, Any] = {SUBSCRIPTIONS: by_event(tasks)}
    async with AsyncExitStack() as stack:
        engine = create_engine(settings.database.url, settings.database, name=name)
        stack.push_async_callback(engine.dispose)
        intake = create_engine(
            settings.database.url, settings.database.model_copy(update={"pool_size": 2}), name=f"{name}-intake"
        )
        stack.push_async_callback(intake.dispose)
        reads = Reads(settings.database.url, settings.database, name=name)
        stack.push_async_callback(reads.close)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        gateways_http = await stack.enter_async_context(gateways_client())
        smtp = SmtpConnections()
        stack.push_async_callback(smtp.close)
        redis = Redis.from_url(
            settings.redis.url,
            socket_timeout=settings.redis.timeout_seconds,
            socket_connect_timeout=settings.redis.timeout_seconds,
            decode_responses=True,
        )
        stack.push_async_callback(redis.aclose)
        hot = await stack.enter_async_context(_hot_answers(settings))
        info[FRESHNESS] = hot.freshness
        yield World(
            settings,
            now,
            session_factory(engine, info),
            session_factory(intake, info),
            reads,
            http,
            gateways_http,
            smtp,
            redis,
            hot,
        )


@asynccontextmanager
async def _hot_answers(settings: Settings) -> AsyncIterator[Store]:
    """With a connection of its own to Redis: answers are bytes."""
    assert settings.redis.url is not None
    wait = settings.redis.timeout_seconds
    redis = Redis.from_url(settings.redis.url, socket_timeout=wait, socket_connect_timeout=wait)
    freshness = Freshness(settings.data_dir, redis)
    listening = asyncio.create_task(freshness.listen())
    try:
        yield Store(freshness, redis, seconds=settings.cache.seconds, max_bytes=settings.cache.max_bytes)
    finally:
        while not listening.done():
            # Python 3.11 loses a cancellation that comes together with an answer.
            listening.cancel()
            await asyncio.wait({listening}, timeout=0.5)
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await redis.aclose()
        freshness.close()
