"""Where somebody is signed in, and ending that."""

from collections.abc import Awaitable, Callable
from typing import Any

from mestore.core.world import World
from mestore.users.models import UserSession
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register, sign_in
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

Drain = Callable[[], Awaitable[None]]
SESSIONS, ME, LOGIN = (f"/api/v1/auth/{name}" for name in ("sessions", "me", "login"))
OTHER = "otra@example.co"


async def sign_in_on(api: Api, device: str) -> dict[str, Any]:
    body = {"email": ANA["email"], "password": PASSWORD}
    response = await api.post(LOGIN, body, headers={"User-Agent": device})
    assert response.status_code == 200
    tokens: dict[str, Any] = response.json()
    return tokens


async def listed(api: Api, tokens: dict[str, Any]) -> list[dict[str, Any]]:
    response = await api.get(SESSIONS, headers=bearer(tokens))
    assert response.status_code == 200
    assert response.json().keys() == {"items", "next_cursor", "total"}
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def is_in(api: Api, tokens: dict[str, Any]) -> bool:
    return (await api.get(ME, headers=bearer(tokens))).status_code == 200


async def test_the_sessions_of_somebody_and_no_others(api: Api) -> None:
    await register(api)
    await register(api, email=OTHER)
    await sign_in(api, OTHER)
    phone, laptop = await sign_in_on(api, "Phone/1"), await sign_in_on(api, "Laptop/1")
    ended = await sign_in(api)
    await api.post("/api/v1/auth/logout", headers=bearer(ended))
    items = await listed(api, phone)
    assert [item.keys() for item in items] == [
        {"id", "ip", "user_agent", "created_at", "last_seen_at", "current"} for _ in items
    ]
    assert [(item["ip"], item["current"]) for item in items] == [("127.0.0.1", False), ("127.0.0.1", True)]
    assert [item["current"] for item in await listed(api, laptop)] == [True, False]


async def test_a_session_that_ran_out_is_not_listed(api: Api, rows: Rows) -> None:
    await register(api)
    await sign_in(api)
    await rows.execute("UPDATE refresh_tokens SET expires_at = now()")
    assert len(await listed(api, await sign_in(api))) == 1


async def test_signing_out_one_device(api: Api, world: World) -> None:
    await register(api)
    here, lost = await sign_in(api), await sign_in(api)
    (lost_id,) = [item["id"] for item in await listed(api, here) if not item["current"]]
    response = await api.request("DELETE", f"{SESSIONS}/{lost_id}", headers=bearer(here))
    assert (response.status_code, response.content) == (204, b"")
    assert (await is_in(api, lost), await is_in(api, here)) == (False, True)
    assert len(await world.redis.keys("session:*")) == 1
    again = await api.request("DELETE", f"{SESSIONS}/{lost_id}", headers=bearer(here))
    assert assert_problem(again, 404)["type"] == "/problems/session-not-found"


async def test_somebody_else_s_session_is_not_there(api: Api, rows: Rows) -> None:
    await register(api)
    await register(api, email=OTHER)
    mine, theirs = await sign_in(api), await sign_in(api, OTHER)
    ((their_id,),) = [[item["id"] for item in await listed(api, theirs)]]
    before = await census(rows)
    assert_problem(await api.request("DELETE", f"{SESSIONS}/{their_id}", headers=bearer(mine)), 404)
    assert await census(rows) == before
    assert await is_in(api, theirs)


async def test_signing_out_everywhere_else(api: Api) -> None:
    await register(api)
    await register(api, email=OTHER)
    here, there, stranger = await sign_in(api), await sign_in(api), await sign_in(api, OTHER)
    for _ in range(2):
        response = await api.request("DELETE", SESSIONS, headers=bearer(here))
        assert (response.status_code, response.content) == (204, b"")
    assert [await is_in(api, tokens) for tokens in (here, there, stranger)] == [True, False, True]


async def test_nobody_has_no_sessions(api: Api, rows: Rows) -> None:
    await register(api)
    await sign_in(api)
    (session,) = await rows.all(UserSession)
    for method, path in (("GET", SESSIONS), ("DELETE", SESSIONS), ("DELETE", f"{SESSIONS}/{session.id}")):
        assert_problem(await api.request(method, path), 401)
    assert [session.revoked_at for session in await rows.all(UserSession)] == [None]


async def test_a_new_device_is_told_of_and_an_update_is_no_new_device(
    api: Api, drain: Drain, sandbox: RunningSandbox
) -> None:
    await register(api)
    for device in ("Mozilla/5.0 Chrome/131.0.1", "Mozilla/5.0 Chrome/132.0.7", "Mozilla/5.0 Firefox/130.1"):
        await sign_in_on(api, device)
    await drain()
    (mail,) = [mail for mail in sandbox.mails(ANA["email"]) if "dispositivo nuevo" in mail["subject"]]
    assert "Mozilla/5.0 Firefox/130.1" in mail["text"]
    assert "127.0.0.1" in mail["text"]


async def test_F15_an_old_snapshot_of_redis_lets_nobody_back_in(api: Api, world: World) -> None:
    """Whatever Redis remembers of a session: it is not asked who is signed in."""
    await register(api)
    tokens = await sign_in(api)
    (key,) = await world.redis.keys("session:*")
    snapshot = await world.redis.dump(key)
    assert snapshot
    await api.post("/api/v1/auth/logout", headers=bearer(tokens))
    await world.redis.restore(key, 0, snapshot)
    assert not await is_in(api, tokens)
    refused = await api.post("/api/v1/auth/refresh-token", {"refresh_token": tokens["refresh_token"]})
    assert_problem(refused, 401)
