"""The refresh token as a cookie: out of reach of scripts, and of the pages of others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie

import httpx
import pytest

from mestore.app.api import behind_gate, create_app
from mestore.core.world import World
from tests.api import Api
from tests.auth.people import ANA, PASSWORD, bearer, register
from tests.problems import assert_problem

LOGIN, REFRESH, LOGOUT = (f"/api/v1/auth/{name}" for name in ("login", "refresh-token", "logout"))
SHOP = "https://tienda.example"
BODY = {"email": ANA["email"], "password": PASSWORD, "transport": "cookie"}


@pytest.fixture
async def shop(world: World) -> AsyncIterator[Api]:
    """The API as it runs behind the pages of a shop."""
    origins = world.settings.api.model_copy(update={"cors_origins": [SHOP]})
    behind = replace(world, settings=world.settings.model_copy(update={"api": origins}))
    app = create_app(behind.settings)
    app.state.world = behind
    transport = httpx.ASGITransport(behind_gate(app, behind.settings))
    async with httpx.AsyncClient(transport=transport, base_url="https://testserver") as http:
        yield Api(http, behind)


def cookie_of(response: httpx.Response) -> str:
    """The token in the cookie that was set, which is out of everybody's reach but ours."""
    cookie = SimpleCookie(response.headers["set-cookie"])["mestore_refresh"]
    assert cookie["path"] == REFRESH
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "strict")
    assert cookie["max-age"] == "604800"
    return cookie.value


async def signed_in(api: Api) -> httpx.Response:
    await register(api)
    response = await api.post(LOGIN, BODY)
    assert response.status_code == 200
    return response


async def test_a_browser_keeps_the_access_token_only(shop: Api) -> None:
    response = await signed_in(shop)
    assert response.json()["refresh_token"] is None
    token = cookie_of(response)
    assert token not in response.text
    refreshed = await shop.post(REFRESH, {}, headers={"Origin": SHOP})
    assert refreshed.status_code == 200
    assert refreshed.json()["refresh_token"] is None
    assert cookie_of(refreshed) != token
    assert (await shop.get("/api/v1/auth/me", headers=bearer(refreshed.json()))).status_code == 200


async def test_pages_of_the_same_host_may_refresh(shop: Api) -> None:
    await signed_in(shop)
    assert (await shop.post(REFRESH, {}, headers={"Origin": "https://testserver"})).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://tienda.example.evil.example", "http://tienda.example", "null", "", None]
)
async def test_pages_of_others_may_not_use_the_cookie(shop: Api, origin: str | None) -> None:
    await signed_in(shop)
    refused = await shop.post(REFRESH, {}, headers={} if origin is None else {"Origin": origin})
    assert assert_problem(refused, 403)["type"] == "/problems/origin-refused"
    assert "set-cookie" not in refused.headers
    assert (await shop.post(REFRESH, {}, headers={"Origin": SHOP})).status_code == 200, "and it is good still"


async def test_signing_out_takes_the_cookie_back(shop: Api) -> None:
    response = await signed_in(shop)
    ended = await shop.post(LOGOUT, headers=bearer(response.json()))
    assert ended.status_code == 204
    cookie = SimpleCookie(ended.headers["set-cookie"])["mestore_refresh"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", REFRESH)
    headers = {"Origin": SHOP, "Cookie": f"mestore_refresh={cookie_of(response)}"}
    assert_problem(await shop.post(REFRESH, {}, headers=headers), 401)


async def test_without_cookie_and_token_nobody_is_refreshed(shop: Api) -> None:
    assert_problem(await shop.post(REFRESH, {}, headers={"Origin": SHOP}), 401)


async def test_others_get_the_token_in_the_body_and_no_cookie(shop: Api) -> None:
    await register(shop)
    for transport in ({}, {"transport": "body"}):
        response = await shop.post(LOGIN, {"email": ANA["email"], "password": PASSWORD} | transport)
        assert response.json()["refresh_token"]
        assert "set-cookie" not in response.headers
    assert_problem(await shop.post(LOGIN, BODY | {"transport": "pigeon"}), 422)
