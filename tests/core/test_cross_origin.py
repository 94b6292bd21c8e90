"""What a browser needs to let a page of ours call, and nobody else's; and what keeps answers from being misused."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from mestore.app.api import create_app
from mestore.core.settings import ApiSettings, Environment, Settings
from mestore.core.world import World
from tests.api import Api
from tests.core.conftest import Serve
from tests.document import operations
from tests.problems import assert_problem

SHOP, STRANGER = "https://shop.example", "https://evil.example"
PRODUCTS = "/api/v1/products"


def opened(world: World, **more: object) -> World:
    api = world.settings.api.model_copy(update=more)
    return replace(world, settings=world.settings.model_copy(update={"api": api}))


@pytest.fixture(name="shop_api")
async def _shop_api(world: World, serve: Serve) -> AsyncIterator[Api]:
    listed = opened(world, cors_origins=[SHOP])
    async with serve(create_app(listed.settings), listed) as api:
        yield api


async def preflight(
    api: Api, origin: str, method: str, wanted: str = "authorization,idempotency-key"
) -> dict[str, str]:
    headers = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": wanted}
    answer = await api.request("OPTIONS", PRODUCTS, headers=headers)
    assert "x-request-id" in answer.headers
    return {"status": str(answer.status_code), **answer.headers}


async def test_a_listed_page_may_use_every_method_the_api_has(shop_api: Api) -> None:
    for method in sorted({operation.method for operation in operations()}):
        answer = await preflight(shop_api, SHOP, method)
        assert (answer["status"], answer["access-control-allow-origin"]) == ("200", SHOP), method
        assert method in answer["access-control-allow-methods"]
        assert answer["access-control-allow-credentials"] == "true"
        assert answer["access-control-allow-headers"] == "authorization,idempotency-key"


async def test_a_listed_page_may_read_answers_and_their_headers(shop_api: Api) -> None:
    for path in (PRODUCTS, "/nowhere", "/api/v1/orders"):
        answer = await shop_api.get(path, headers={"Origin": SHOP})
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert answer.headers["access-control-allow-credentials"] == "true"
        exposed = set(answer.headers["access-control-expose-headers"].split(", "))
        assert exposed >= {"ETag", "X-Request-ID", "RateLimit", "Retry-After", "Idempotent-Replayed"}


@pytest.mark.parametrize("origin", [STRANGER, "null", f"{SHOP}.evil.example", "http://shop.example", f"{SHOP}:444"])
async def test_another_page_may_not(shop_api: Api, origin: str) -> None:
    asked = await preflight(shop_api, origin, "GET")
    answer = await shop_api.get(PRODUCTS, headers={"Origin": origin})
    assert asked["status"] == "405"
    assert not [name for name in (*asked, *answer.headers) if name.startswith("access-control")]


async def test_without_listed_origins_no_page_may(api: Api) -> None:
    answer = await api.get(PRODUCTS, headers={"Origin": SHOP})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_caches_know_that_answers_differ_by_origin(shop_api: Api) -> None:
    assert "Origin" in (await shop_api.get(PRODUCTS)).headers["vary"]


async def test_a_preflight_of_another_host_is_refused(shop_api: Api) -> None:
    headers = {"Origin": SHOP, "Access-Control-Request-Method": "GET", "Host": "evil.example"}
    assert_problem(await shop_api.request("OPTIONS", PRODUCTS, headers=headers), 400)


async def test_everybody_only_without_credentials(world: World, serve: Serve) -> None:
    anybody = opened(world, cors_origins=["*"], cors_credentials=False)
    async with serve(create_app(anybody.settings), anybody) as api:
        answer = await api.get(PRODUCTS, headers={"Origin": STRANGER})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_everybody_with_credentials_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MESTORE_API_CORS_ORIGINS", '["*"]')
    with pytest.raises(ValidationError, match="MESTORE_API_CORS_ORIGINS"):
        Settings()
    monkeypatch.setenv("MESTORE_API_CORS_CREDENTIALS", "false")
    assert Settings().api.cors_origins == ["*"]


@pytest.mark.parametrize("origin", ["shop.example", "https://shop.example/", "null", "https://*.example", ""])
def test_an_origin_that_no_browser_sends_refuses_to_start(origin: str) -> None:
    with pytest.raises(ValidationError):
        ApiSettings(cors_origins=[origin])


async def test_every_answer_says_what_browsers_may_do_with_it(api: Api) -> None:
    for path in (PRODUCTS, "/nowhere", "/health/live"):
        headers = (await api.get(path)).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert "camera=()" in headers["permissions-policy"]
        assert headers["cross-origin-resource-policy"] == "same-origin"
        assert "strict-transport-security" not in headers, "a laptop has no https"


async def test_production_is_reached_by_https_only(world: World, serve: Serve) -> None:
    live = world.settings.model_copy(update={"environment": Environment.PRODUCTION})
    async with serve(create_app(live), replace(world, settings=live)) as api:
        assert (await api.get(PRODUCTS)).headers["strict-transport-security"].startswith("max-age=31536000")
