import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from mestore.app.api import behind_gate, create_app
from mestore.auth.models import RefreshToken
from mestore.core.world import World
from mestore.users.models import User, UserSession
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.rows import Rows

REFUSED = (401, "/problems/invalid-credentials")


async def refresh(api: Api, token: str) -> tuple[int, dict[str, Any]]:
    response = await api.post("/api/v1/auth/refresh-token", {"refresh_token": token})
    return response.status_code, response.json()


async def test_signing_in_gives_tokens_and_the_user(api: Api, rows: Rows, world: World) -> None:
    user = await register(api)
    response = await api.post(
        "/api/v1/auth/login",
        {"email": " ANA.ruiz@example.co ", "password": PASSWORD},
        headers={"User-Agent": "x" * 400},
    )
    assert response.status_code == 200
    tokens = response.json()
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
    assert (tokens["token_type"], tokens["expires_in"], tokens["user"]) == ("bearer", 3600, user)
    (session,) = await rows.all(UserSession)
    assert (str(session.user_id), str(session.ip)) == (user["id"], "127.0.0.1")
    key = f"session:{user['id']}:{session.id}"
    cached = await world.redis.hgetall(key)
    assert cached.keys() == {"ip", "user_agent", "last_seen"}
    assert session.user_agent == cached["user_agent"] == "x" * 300
    assert 0 < await world.redis.ttl(key) <= 7 * 86_400
    (stored,) = await rows.all(RefreshToken)
    assert tokens["refresh_token"].encode() not in stored.token_hash


@pytest.mark.parametrize(
    "body",
    [
        {"email": ANA["email"], "password": PASSWORD + "x"},
        {"email": ANA["email"], "password": PASSWORD.upper()},
        {"email": ANA["email"], "password": f" {PASSWORD}"},
        {"email": "nadie@example.co", "password": PASSWORD},
        {"email": "no es un correo", "password": PASSWORD},
    ],
)
async def test_whoever_is_not_let_in_hears_the_same(api: Api, rows: Rows, body: dict[str, str]) -> None:
    await register(api)
    response = await api.post("/api/v1/auth/login", body)
    assert (response.status_code, response.json()["type"]) == REFUSED
    assert await rows.count(UserSession) == 0


async def test_an_inactive_account_is_not_let_in_and_its_sessions_end(api: Api, rows: Rows) -> None:
    await register(api)
    tokens = await sign_in(api)
    await rows.execute("UPDATE users SET is_active = false")
    response = await api.post("/api/v1/auth/login", {"email": ANA["email"], "password": PASSWORD})
    assert (response.status_code, response.json()["type"]) == REFUSED
    assert (await api.get("/api/v1/auth/me", headers=bearer(tokens))).status_code == 401
    assert (await refresh(api, tokens["refresh_token"]))[0] == 401


async def test_F12_without_redis_people_sign_in_and_out(world: World) -> None:
    away = replace(world, redis=Redis.from_url("unix:///nonexistent/valkey.sock", decode_responses=True))
    app = create_app(world.settings)
    app.state.world = away
    transport = httpx.ASGITransport(behind_gate(app, world.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        api = Api(http, away)
        await register(api)
        tokens = await sign_in(api)
        assert (await refresh(api, tokens["refresh_token"]))[0] == 200
        assert (await api.post("/api/v1/auth/logout", headers=bearer(tokens))).status_code == 204
        assert (await api.get("/api/v1/auth/me", headers=bearer(tokens))).status_code == 401
    await away.redis.aclose()


async def test_F13_losing_redis_signs_nobody_in_or_out(api: Api, world: World) -> None:
    await register(api)
    ended, going_on = await sign_in(api), await sign_in(api)
    await api.post("/api/v1/auth/logout", headers=bearer(ended))
    await world.redis.flushdb()
    assert (await api.get("/api/v1/auth/me", headers=bearer(ended))).status_code == 401
    assert (await api.get("/api/v1/auth/me", headers=bearer(going_on))).status_code == 200


async def test_signing_out_ends_this_session_at_once_and_no_other(api: Api, world: World) -> None:
    await register(api)
    one, other = await sign_in(api), await sign_in(api)
    response = await api.post("/api/v1/auth/logout", headers=bearer(one))
    assert (response.status_code, response.content) == (204, b"")
    assert (await api.get("/api/v1/auth/me", headers=bearer(one))).status_code == 401
    assert (await refresh(api, one["refresh_token"]))[0] == 401
    assert (await api.post("/api/v1/auth/logout", headers=bearer(one))).status_code == 401
    assert (await api.get("/api/v1/auth/me", headers=bearer(other))).status_code == 200
    assert len(await world.redis.keys("session:*")) == 1


async def test_signing_out_needs_a_session(api: Api) -> None:
    assert (await api.post("/api/v1/auth/logout")).status_code == 401


async def test_a_refresh_token_gives_its_successor(api: Api, rows: Rows) -> None:
    user = await register(api)
    tokens = await sign_in(api)
    status, fresh = await refresh(api, tokens["refresh_token"])
    assert status == 200
    assert fresh["user"] == user
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert (await api.get("/api/v1/auth/me", headers=bearer(fresh))).status_code == 200
    assert (await refresh(api, fresh["refresh_token"]))[0] == 200
    assert [token.used_at is None for token in await rows.all(RefreshToken)] == [False, False, True]
    assert await rows.count(UserSession) == 1


async def test_F62_ten_refreshes_at_once_have_one_successor(api: Api, rows: Rows) -> None:
    await register(api)
    tokens = await sign_in(api)
    answers = await asyncio.gather(*(refresh(api, tokens["refresh_token"]) for _ in range(10)))
    assert {status for status, _ in answers} == {200}
    assert len({answer["refresh_token"] for _, answer in answers}) == 1
    assert await rows.count(RefreshToken) == 2


async def test_F62_an_old_token_used_again_ends_the_whole_session(api: Api, rows: Rows) -> None:
    await register(api)
    tokens, other = await sign_in(api), await sign_in(api)
    _, fresh = await refresh(api, tokens["refresh_token"])
    await rows.execute("UPDATE refresh_tokens SET used_at = used_at - interval '31 seconds'")
    status, problem = await refresh(api, tokens["refresh_token"])
    assert (status, problem["type"]) == (401, "/problems/invalid-refresh-token")
    assert (await refresh(api, fresh["refresh_token"]))[0] == 401
    assert (await api.get("/api/v1/auth/me", headers=bearer(fresh))).status_code == 401
    assert (await api.get("/api/v1/auth/me", headers=bearer(other))).status_code == 200


async def test_an_expired_refresh_token_is_refused(api: Api, rows: Rows) -> None:
    await register(api)
    tokens = await sign_in(api)
    await rows.execute("UPDATE refresh_tokens SET expires_at = now()")
    assert (await refresh(api, tokens["refresh_token"]))[0] == 401
    assert await rows.count(RefreshToken) == 1


@pytest.mark.parametrize("token", ["x", "a" * 43, "ñandú"])
async def test_an_unknown_refresh_token_is_refused(api: Api, rows: Rows, token: str) -> None:
    await register(api)
    await sign_in(api)
    assert (await refresh(api, token))[0] == 401
    assert [session.revoked_at for session in await rows.all(UserSession)] == [None]
    assert [user.is_active for user in await rows.all(User)] == [True]


async def test_F62_a_lost_answer_is_given_again_after_the_key_was_changed(api: Api, rows: Rows, world: World) -> None:
    await register(api)
    tokens = await sign_in(api)
    _, fresh = await refresh(api, tokens["refresh_token"])
    old = world.settings.auth
    auth = old.model_copy(update={"secret": SecretStr("n" * 32), "previous_secrets": [old.secret]})
    changed = replace(world, settings=world.settings.model_copy(update={"auth": auth}))
    app = create_app(changed.settings)
    app.state.world = changed
    transport = httpx.ASGITransport(behind_gate(app, changed.settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        status, again = await refresh(Api(http, changed), tokens["refresh_token"])
        assert (status, again["refresh_token"]) == (200, fresh["refresh_token"])
        assert (await refresh(Api(http, changed), fresh["refresh_token"]))[0] == 200
    assert await rows.count(RefreshToken) == 3
