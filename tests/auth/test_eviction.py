"""A Redis that is full and forgets what it likes (maxmemory with allkeys-lru): nothing depends on what it forgot."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import httpx
import pytest
from redis.asyncio import Redis

from mestore.app.api import behind_gate, create_app
from mestore.app.embedded import EmbeddedValkey
from mestore.core.settings import LimitSettings
from mestore.core.world import World
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
ROOM = 1_500_000
"""Bytes, beyond what an empty server takes."""
MOST = 20_000
ANA_IN = {"email": ANA["email"], "password": PASSWORD}


class Full:
    """A Valkey of its own with little room."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis

    async def forgets(self, *patterns: str) -> None:
        """Others write until all keys like these, which there were, are evicted."""
        for pattern in patterns:
            assert await self.redis.keys(pattern), pattern
        for number in range(MOST):
            await self.redis.set(f"others:{number}", "x" * 5_000)
            if number % 20 == 0 and not [key for pattern in patterns for key in await self.redis.keys(pattern)]:
                return
        raise AssertionError(f"it did not forget {patterns}")


@pytest.fixture(scope="module")
def small_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    valkey = EmbeddedValkey(tmp_path_factory.mktemp("small"))
    valkey.start()
    yield valkey.url
    valkey.stop()


@pytest.fixture
async def full(small_valkey: str) -> AsyncIterator[Full]:
    async with Redis.from_url(small_valkey, decode_responses=True) as redis:
        await redis.flushall()
        used = (await redis.info("memory"))["used_memory"]
        await redis.config_set("maxmemory", used + ROOM)
        assert (await redis.config_get("maxmemory-policy"))["maxmemory-policy"] == "allkeys-lru"
        yield Full(redis)


@pytest.fixture
async def shop(world: World, full: Full) -> AsyncIterator[Api]:
    """The API on it, where one address has few requests a minute."""
    limits = LimitSettings(
        everything="1000/minute", search="1000/minute", login="1000/minute", register_account="2/hour"
    )
    own = replace(world, redis=full.redis, settings=world.settings.model_copy(update={"limits": limits}))
    app = create_app(own.settings)
    app.state.world = own
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(behind_gate(app, own.settings)), base_url="http://testserver"
    ) as http:
        yield Api(http, own)


async def statuses(api: Api, tokens: dict[str, str]) -> tuple[int, int]:
    """Of the access token, and of the refresh token."""
    me = await api.get("/api/v1/auth/me", headers=bearer(tokens))
    fresh = await api.post("/api/v1/auth/refresh-token", {"refresh_token": tokens["refresh_token"]})
    return me.status_code, fresh.status_code


async def test_F16_whoever_is_signed_in_stays_so_and_whoever_is_out_stays_out(shop: Api, full: Full) -> None:
    await register(shop)
    ended, going_on = await sign_in(shop), await sign_in(shop)
    assert (await shop.post("/api/v1/auth/logout", headers=bearer(ended))).status_code == 204
    await full.forgets("session:*", "limit:*")
    assert await statuses(shop, going_on) == (200, 200)
    assert await statuses(shop, ended) == (401, 401)
    assert (await shop.post("/api/v1/auth/login", ANA_IN)).status_code == 200


async def test_F16_no_job_is_lost(shop: Api, full: Full, rows: Rows, drain: Drain, sandbox: RunningSandbox) -> None:
    await register(shop)
    waiting = await rows.execute("SELECT id FROM pgqueuer ORDER BY id")
    assert waiting
    await sign_in(shop)
    await full.forgets("session:*", "limit:*")
    assert await rows.execute("SELECT id FROM pgqueuer ORDER BY id") == waiting
    await drain()
    assert len(sandbox.mails(ANA["email"])) == 1


async def test_F16_limits_and_locks_begin_anew_at_worst(shop: Api, full: Full) -> None:
    async def wrong(number: int) -> int:
        answer = await shop.post("/api/v1/auth/login", ANA_IN | {"password": f"no-es-la-clave-{number}"})
        return answer.status_code

    async def locked() -> bool:
        assert [await wrong(number) for number in range(5)] == [401] * 5
        return (await shop.post("/api/v1/auth/login", ANA_IN)).status_code == 401

    async def registering() -> list[int]:
        taken = [await shop.post("/api/v1/auth/register", ANA | {"email": "otra@example.co"}) for _ in range(3)]
        return [answer.status_code for answer in taken]

    await register(shop)
    assert await registering() == [201, 429, 429]
    assert await locked()
    await full.forgets("limit:*", "login:*")
    assert await registering() == [201, 201, 429]
    assert await locked()


async def test_F16_a_crowd_is_served_while_it_forgets(shop: Api, full: Full) -> None:
    """Under pressure each key lives a moment: counting, signing in and asking go on, and nothing is a 500."""
    await register(shop)
    tokens = await sign_in(shop)

    async def others() -> None:
        for number in range(2_000):
            await full.redis.set(f"crowd:{number}", "x" * 5_000)

    async def ask() -> set[int]:
        return {(await shop.get("/api/v1/auth/me", headers=bearer(tokens))).status_code for _ in range(20)}

    async def come_in() -> set[int]:
        return {(await shop.post("/api/v1/auth/login", ANA_IN)).status_code for _ in range(3)}

    writing, *answers = await asyncio.gather(others(), ask(), ask(), come_in())
    assert writing is None
    assert answers == [{200}] * 3
    assert (await full.redis.info("stats"))["evicted_keys"] > 0
