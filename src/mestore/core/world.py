"""What lies outside of this process, opened once and handed to who needs it: settings, clock, database, HTTP, Redis."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
from redis.asyncio import Redis

from mestore.core.clock import Now
from mestore.core.database import Sessions, create_engine, session_factory
from mestore.core.jobs import SUBSCRIPTIONS, Task, by_event
from mestore.core.settings import Settings


@dataclass(frozen=True)
class World:
    settings: Settings
    now: Now
    sessions: Sessions
    intake_sessions: Sessions
    """A small pool of its own for webhooks: a gateway is heard even when shoppers use up the other (fault F05)."""
    http: httpx.AsyncClient
    redis: Redis


@asynccontextmanager
async def open_world(settings: Settings, now: Now, tasks: Sequence[Task], *, name: str) -> AsyncIterator[World]:
    """Open everything lazily: nothing is connected to yet, so that a process starts while a part is away."""
    if settings.database.url is None or settings.redis.url is None:
        raise ValueError("set MESTORE_DATABASE_URL and MESTORE_REDIS_URL, or start everything with `make up`")
    info = {SUBSCRIPTIONS: by_event(tasks)}
    async with AsyncExitStack() as stack:
        engine = create_engine(settings.database.url, settings.database, name=name)
        stack.push_async_callback(engine.dispose)
        intake = create_engine(
            settings.database.url, settings.database.model_copy(update={"pool_size": 2}), name=f"{name}-intake"
        )
        stack.push_async_callback(intake.dispose)
        http = await stack.enter_async_context(httpx.AsyncClient(follow_redirects=False, trust_env=False))
        redis = Redis.from_url(
            settings.redis.url,
            socket_timeout=settings.redis.timeout_seconds,
            socket_connect_timeout=settings.redis.timeout_seconds,
            decode_responses=True,
        )
        stack.push_async_callback(redis.aclose)
        yield World(settings, now, session_factory(engine, info), session_factory(intake, info), http, redis)
