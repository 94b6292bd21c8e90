"""Guessing is slow, and nobody is locked out for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import httpx
import pytest
from redis.asyncio import Redis

from mestore.app.api import behind_gate, create_app
from mestore.auth import login_guard
from mestore.core.world import World
from mestore.users.models import UserSession
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, mailed_token, register, sign_in
from tests.problems import assert_problem
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
LOGIN = "/api/v1/auth/login"
NEW = "la-iguana-baila-a-las-7"


async def attempt(api: Api, password: str, email: str = ANA["email"]) -> tuple[int, str]:
    """The status and what the answer says, without what is new in each."""
    response = await api.post(LOGIN, {"email": email, "password": password})
    if response.status_code == 200:
        return 200, ""
    problem = assert_problem(response, 401, 429)
    return response.status_code, str({name: value for name, value in problem.items() if name != "request_id"})


async def fail(api: Api, times: int, email: str = ANA["email"]) -> list[tuple[int, str]]:
    return [await attempt(api, f"no-es-la-clave-{number}", email) for number in range(times)]


def forget() -> None:
    """What this process counted by itself."""
    login_guard._memory.failures.clear()
    login_guard._memory.until.clear()


@pytest.fixture
async def without_redis(world: World) -> AsyncIterator[Api]:
    forget()
    away = replace(world, redis=Redis.from_url("unix:///nonexistent/valkey.sock", decode_responses=True))
    app = create_app(world.settings)
    app.state.world = away
    transport = httpx.ASGITransport(behind_gate(app, world.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        yield Api(http, away)
    await away.redis.aclose()
    forget()


async def locks_after_five(api: Api) -> None:
    await register(api)
    assert {status for status, _ in await fail(api, 5)} == {401}
    assert (await attempt(api, PASSWORD))[0] == 401, "locked: the right password is refused too"
    await register(api, email="otra@example.co")
    assert (await attempt(api, PASSWORD, "otra@example.co"))[0] == 200, "nobody else is locked"


async def test_five_failures_lock_the_account_and_no_other(api: Api) -> None:
    await locks_after_five(api)


async def test_F12_without_redis_five_failures_lock_too(without_redis: Api) -> None:
    await locks_after_five(without_redis)


async def test_a_lock_lasts_a_quarter_of_an_hour(api: Api, world: World) -> None:
    await register(api)
    await fail(api, 5)
    (lock,) = await world.redis.keys("login:*:lock")
    assert 14 * 60_000 < await world.redis.pttl(lock) <= 15 * 60_000
    await fail(api, 3)
    left = await world.redis.pttl(lock)
    assert left < 15 * 60_000, "trying on does not make it longer"
    await world.redis.pexpire(lock, 1)
    while await world.redis.exists(lock):
        pass
    assert (await attempt(api, PASSWORD))[0] == 200


async def test_whoever_gets_in_begins_anew(api: Api) -> None:
    await register(api)
    for _ in range(3):
        await fail(api, 4)
        assert (await attempt(api, PASSWORD))[0] == 200


async def test_failures_are_counted_for_a_quarter_of_an_hour(api: Api, world: World) -> None:
    await register(api)
    await fail(api, 4)
    (failures,) = await world.redis.keys("login:*:failures")
    for failure in await world.redis.zrange(failures, 0, -1):
        await world.redis.zincrby(failures, -15 * 60_000, str(failure))
    await fail(api, 4)
    assert (await attempt(api, PASSWORD))[0] == 200


@pytest.mark.parametrize("spelling", ["ANA.Ruiz@example.co", " ana.ruiz@example.co ", "\uff41na.ruiz@example.co"])
async def test_every_spelling_of_an_address_is_one_account(api: Api, spelling: str) -> None:
    await register(api)
    await fail(api, 3)
    await fail(api, 2, spelling)
    assert (await attempt(api, PASSWORD))[0] == 401


async def test_fifty_guesses_at_once_are_each_counted(api: Api, rows: Rows, world: World) -> None:
    await register(api)
    await world.redis.flushdb()
    wrong = [attempt(api, f"no-es-la-clave-{number}") for number in range(15)]
    assert {status for status, _ in await asyncio.gather(*wrong)} == {401}
    assert (await attempt(api, PASSWORD))[0] == 401
    assert await world.redis.keys("login:*:failures") == [], "the lock stands in their place"
    assert await rows.count(UserSession) == 0


async def test_locked_wrong_and_unknown_hear_the_same(api: Api) -> None:
    await register(api)
    heard = await fail(api, 1) + await fail(api, 6, "nadie@example.co")
    await fail(api, 5)
    heard += [await attempt(api, PASSWORD), await attempt(api, "otra-clave-larga")]
    assert len(set(heard)) == 1, heard


async def test_the_owner_of_a_locked_account_is_told_once_and_gets_in_by_a_reset(
    api: Api, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    await fail(api, 5)
    await fail(api, 5, "nadie@example.co")
    await drain()
    subjects = [mail["subject"] for mail in sandbox.mails(ANA["email"])]
    assert subjects.count("Bloqueamos tu cuenta por unos minutos") == 1
    assert sandbox.mails("nadie@example.co") == []
    token = await mailed_token(api, drain, sandbox)
    done = await api.post("/api/v1/auth/reset-password", {"token": token, "new_password": NEW})
    assert done.status_code == 204
    assert (await attempt(api, NEW))[0] == 200


async def test_F13_losing_redis_forgets_a_lock_at_worst_once(api: Api, world: World) -> None:
    await register(api)
    await fail(api, 5)
    await world.redis.flushdb()
    assert {status for status, _ in await fail(api, 5)} == {401}
    assert (await attempt(api, PASSWORD))[0] == 401


async def slows_after_twenty(api: Api) -> None:
    await register(api)
    for number in range(5):
        await fail(api, 4, f"nadie{number}@example.co")
    assert (await attempt(api, PASSWORD))[0] == 200, "slow, not shut out"
    status, said = await attempt(api, PASSWORD)
    assert status == 429
    assert "too-many-failures" in said
    refused = await api.post(LOGIN, {"email": ANA["email"], "password": PASSWORD})
    assert 1 <= int(refused.headers["retry-after"]) <= 15


async def test_twenty_failures_slow_an_address(api: Api, world: World) -> None:
    await slows_after_twenty(api)
    await world.redis.delete("login:from:127.0.0.1:pause")
    assert (await attempt(api, PASSWORD))[0] == 200


async def test_F12_without_redis_twenty_failures_slow_an_address_too(without_redis: Api) -> None:
    await slows_after_twenty(without_redis)


async def test_a_stolen_session_is_no_way_around_the_limits(api: Api) -> None:
    await register(api)
    stolen = bearer(await sign_in(api))
    for number in range(5):
        body = {"current_password": f"no-es-la-clave-{number}", "new_password": NEW}
        assert_problem(await api.post("/api/v1/auth/change-password", body, headers=stolen), 422)
    body = {"current_password": PASSWORD, "new_password": NEW}
    assert_problem(await api.post("/api/v1/auth/change-password", body, headers=stolen), 422)
    assert (await attempt(api, PASSWORD))[0] == 401
