"""Ready answers: everybody sees a change with the next request, nobody sees somebody else's, and many ask once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from mestore.app.api import behind_gate, create_app
from mestore.app.subscriptions import TASKS
from mestore.catalog.models import Product
from mestore.core import metrics
from mestore.core.clock import utc_now
from mestore.core.database import transaction
from mestore.core.freshness import CATALOGUE, changed, product_tag
from mestore.core.hot_reads import HotReads, Ready, Store
from mestore.core.settings import CacheSettings, LimitSettings, Settings
from mestore.core.world import World, open_world
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, PackageStatus
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make

Opened = tuple[World, httpx.AsyncClient]


async def heard(world: World) -> None:
    async with asyncio.timeout(10):
        await world.hot.freshness.hears.wait()


@asynccontextmanager
async def process_of(settings: Settings) -> AsyncIterator[Opened]:
    """One more API process on this machine, as far as memory, pools and connections go."""
    async with open_world(settings, utc_now, TASKS, name="hot") as world:
        app = create_app(settings)
        app.state.world = world
        await heard(world)
        transport = httpx.ASGITransport(behind_gate(app, settings))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            yield world, http


@pytest.fixture
def hot_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"cache": CacheSettings(seconds=60)})


@pytest.fixture
async def two(world: World, hot_settings: Settings) -> AsyncIterator[list[Opened]]:
    await world.redis.flushdb()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(process_of(hot_settings)) for _ in range(2)]


def count_of(source: str) -> float:
    return float(metrics.hot_reads.labels(source)._value.get())


async def set_price(world: World, product: Product, price: int) -> None:
    async with transaction(world.sessions) as session:
        row = await session.get_one(Product, product.id)
        row.precio_venta = type(row.precio_venta)(price)
        changed(session, product_tag(product.id), CATALOGUE)


async def test_a_change_in_one_process_is_seen_by_the_next_request_of_every_process(
    two: list[Opened], make: Make
) -> None:
    product = await make.product(price=1_000)
    (first_world, first), (_, second) = two
    paths = [f"/api/v1/products/{product.id}", "/api/v1/products"]
    for round_number in range(20):
        for path in paths:  # twice, so that it is kept and answered by the front
            await asyncio.gather(*(http.get(path) for http in (first, second, first, second)))
        price = 2_000 + round_number
        await set_price(first_world, product, price)
        for http in (second, first):
            one = (await http.get(paths[0])).json()
            listed = (await http.get(paths[1])).json()["items"][0]
            assert one["precio_venta"] == listed["precio_venta"] == f"{price}.00"


async def test_an_order_is_seen_in_the_stock_at_once(two: list[Opened], make: Make) -> None:
    product = await make.product(stock=10)
    (world, first), (_, second) = two
    path = f"/api/v1/products/{product.id}"
    for http in (first, second):
        assert (await http.get(path)).json()["stock_disponible"] == 10
    order = await Make(world).order(units={product.id: 3})
    assert [(await http.get(path)).json()["stock_disponible"] for http in (first, second)] == [7, 7]
    async with transaction(world.sessions) as session:
        orders = OrderStateService(session)
        await orders.cancel(await orders.locked(order.id), By(Actor.SYSTEM, None, "test"))
    assert [(await http.get(path)).json()["stock_disponible"] for http in (first, second)] == [10, 10]


async def test_a_shop_that_closes_is_gone_at_once(two: list[Opened], make: Make) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor)
    (world, first), (_, second) = two
    paths = [f"/api/v1/products/{product.id}", f"/api/v1/vendors/{vendor.slug}", f"/api/v1/products/{product.id}/page"]
    for path in paths:
        assert [(await http.get(path)).status_code for http in (first, second, first, second)] == [200] * 4
    assert len((await second.get("/api/v1/products")).json()["items"]) == 1
    closed = await Api(first, world).request("DELETE", "/api/v1/auth/me", by=await make.owner(vendor))
    assert closed.status_code == 204
    for path in paths:
        assert [(await http.get(path)).status_code for http in (first, second)] == [404, 404]
    assert (await second.get("/api/v1/products")).json()["items"] == []


async def test_what_buyers_say_and_shops_reply_is_seen_at_once(two: list[Opened], make: Make) -> None:
    vendor = await make.vendor()
    product, other = await make.product(vendor=vendor), await make.product(vendor=vendor)
    buyer, owner, admin = await make.buyer(), await make.owner(vendor), await make.user(UserType.ADMIN)
    (world, first), (_, second) = two
    order = await Make(world).order(buyer=buyer, units={product.id: 1})
    await Make(world).move(order, PackageStatus.DELIVERED)
    reviews, shop = f"/api/v1/products/{product.id}/reviews", f"/api/v1/vendors/{vendor.slug}"
    neighbour, page = f"/api/v1/products/{other.id}", f"/api/v1/products/{product.id}/page"
    api = Api(first, world)

    async def seen() -> tuple[Any, ...]:
        """By both processes, and kept by them."""
        found = []
        for http in (first, second, first, second):
            said, rated, beside, whole = [(await http.get(path)).json() for path in (reviews, shop, neighbour, page)]
            assert said == whole["reviews"]
            replies = [each["reply"] for each in said["items"]]
            found.append((replies, rated["rating"], rated["reviews_count"], beside["vendor"]["rating"]))
        assert found == [found[0]] * 4
        return found[0]

    assert await seen() == ([], None, 0, None)
    review = (await api.post(reviews, {"rating": 4}, by=buyer)).json()
    assert await seen() == ([None], "4.0", 1, "4.0")
    await api.post(f"{reviews}/{review['id']}/reply", {"text": "¡Gracias!"}, by=owner)
    assert await seen() == (["¡Gracias!"], "4.0", 1, "4.0")
    await api.request("PUT", f"{reviews}/{review['id']}/reply", json={"text": "¡Mil gracias!"}, by=owner)
    assert await seen() == (["¡Mil gracias!"], "4.0", 1, "4.0")
    await api.post(f"{reviews}/{review['id']}/hide", {"reason": "Insulta"}, by=admin)
    assert await seen() == ([], None, 0, None)


async def test_a_category_with_another_name_has_it_everywhere_at_once(two: list[Opened], make: Make) -> None:
    category = await make.category(slug="cocina", name="Cocina")
    product = await make.product(category_id=category.id)
    (world, first), (_, second) = two
    paths = [f"/api/v1/products/{product.id}", "/api/v1/categories/cocina"]
    for path in paths:
        await asyncio.gather(*(http.get(path) for http in (first, second)))
    admin = await make.user(UserType.ADMIN)
    await Api(first, world).request("PATCH", "/api/v1/categories/cocina", by=admin, json={"name": "Mesa"})
    assert (await second.get(paths[0])).json()["category"]["name"] == "Mesa"
    assert (await second.get(paths[1])).json()["name"] == "Mesa"


async def test_what_was_read_before_a_change_is_not_kept_after_it(two: list[Opened], make: Make) -> None:
    """The change falls between the reading and the keeping: the answer may be sent, but never again."""
    product = await make.product()
    world, _ = two[0]
    tags = (product_tag(product.id),)
    answers = iter([b"old", b"new"])

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        body = next(answers)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"etag", b'"x"')]})
        if body == b"old":
            await world.hot.freshness.mark(tags)
        await send({"type": "http.response.body", "body": body})

    hot = HotReads(application, lambda: world.hot, lambda _: tags)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(hot), base_url="http://testserver") as http:
        assert [(await http.get("/x")).content for _ in range(3)] == [b"old", b"new", b"new"]


async def test_two_hundred_at_once_make_a_missing_answer_once(two: list[Opened], make: Make) -> None:
    await make.product()
    _, http = two[0]
    before = count_of("made")
    answers = await asyncio.gather(*(http.get("/api/v1/products?limit=7") for _ in range(200)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert count_of("made") == before + 1


async def test_many_at_once_do_not_queue_for_an_answer_that_is_none_to_keep(two: list[Opened]) -> None:
    """As a search while ChromaDB is away: whoever waited for the first one is answered together with the others."""
    world, _ = two[0]
    together = asyncio.Barrier(9)
    asked = 0

    async def application(_scope: Scope, _receive: Receive, send: Send) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            await first_waits.wait()
        else:
            await together.wait()  # all the others are here at once, or nobody goes on
        await send({"type": "http.response.start", "status": 200, "headers": [(b"cache-control", b"no-store")]})
        await send({"type": "http.response.body", "body": b"alone"})

    first_waits = asyncio.Event()
    hot = HotReads(application, lambda: world.hot, lambda _: (CATALOGUE,))
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(hot), base_url="http://testserver") as http,
        asyncio.timeout(10),
    ):
        asking = [asyncio.create_task(http.get("/x")) for _ in range(10)]
        while asked == 0:  # noqa: ASYNC110 - seen from outside only
            await asyncio.sleep(0)
        first_waits.set()
        assert {answer.content for answer in await asyncio.gather(*asking)} == {b"alone"}


async def test_a_second_process_finds_in_redis_what_the_first_made(two: list[Opened], make: Make) -> None:
    await make.product()
    made, found = count_of("made"), count_of("redis")
    for _, http in two:
        await http.get("/api/v1/products?limit=9")
    assert (count_of("made") - made, count_of("redis") - found) == (1, 1)


async def test_who_says_who_it_is_neither_gets_nor_makes_a_shared_answer(two: list[Opened], make: Make) -> None:
    product = await make.product()
    _, http = two[0]
    path = f"/api/v1/products/{product.id}"
    sources = ("front", "made", "redis", "waited")
    before = [count_of(source) for source in sources]
    for _ in range(3):
        await http.get(path, headers={"Authorization": "Bearer nobody"})
        await http.get(path, headers={"Cookie": "mestore_refresh=x"})
    assert [count_of(source) for source in sources] == before


async def test_a_ready_answer_has_all_that_a_made_one_has(two: list[Opened], make: Make) -> None:
    product = await make.product()
    _, http = two[0]
    path = f"/api/v1/products/{product.id}"
    made = await http.get(path)
    before = count_of("front")
    ready = await http.get(path)
    assert count_of("front") == before + 1
    assert ready.content == made.content
    assert set(ready.headers) == set(made.headers)
    assert ready.headers["X-Request-ID"] != made.headers["X-Request-ID"]
    own = {"x-request-id", "ratelimit"}
    assert {k: v for k, v in ready.headers.items() if k not in own} == {
        k: v for k, v in made.headers.items() if k not in own
    }
    unchanged = await http.get(path, headers={"If-None-Match": ready.headers["ETag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    foreign = await http.get(path, headers={"Host": "evil.example"})
    assert foreign.status_code == 400


async def test_a_missing_answer_asked_for_with_an_old_tag_is_kept_whole(two: list[Opened], make: Make) -> None:
    product = await make.product()
    _, http = two[0]
    path = f"/api/v1/products/{product.id}"
    tag = (await http.get(path)).headers["ETag"]
    await two[0][0].hot.freshness.mark([product_tag(product.id)])
    await two[0][0].redis.flushdb()
    assert (await http.get(path, headers={"If-None-Match": tag})).status_code == 304
    assert (await http.get(path)).json()["id"] == str(product.id)


async def test_what_is_refused_is_not_kept(two: list[Opened]) -> None:
    _, http = two[0]
    made = count_of("made")
    for _ in range(2):
        assert (await http.get("/api/v1/products/00000000-0000-4000-8000-000000000000")).status_code == 404
    assert count_of("made") == made + 2
    assert two[0][0].hot.get(("/api/v1/products/00000000-0000-4000-8000-000000000000", b"")) is None


async def test_hits_are_counted_and_the_limit_holds(world: World, hot_settings: Settings, make: Make) -> None:
    product = await make.product()
    few = hot_settings.model_copy(update={"limits": LimitSettings(everything="5/minute")})
    await world.redis.flushdb()
    async with process_of(few) as (_, http):
        answers = [await http.get(f"/api/v1/products/{product.id}") for _ in range(12)]
    # One was made and counted by Redis, five came from the front; the rest took the long way, where four were left.
    assert [answer.status_code for answer in answers] == [200] * 10 + [429] * 2
    assert answers[1].headers["RateLimit"].startswith('"everything";r=4;t=')


async def test_while_redis_is_not_heard_nothing_is_shared(world: World, hot_settings: Settings, make: Make) -> None:
    away = hot_settings.model_copy(update={"redis": hot_settings.redis.model_copy(update={"url": "unix:///nowhere"})})
    product = await make.product(price=1_000)
    app = create_app(away)
    async with open_world(away, utc_now, TASKS, name="hot") as alone:
        app.state.world = alone
        transport = httpx.ASGITransport(behind_gate(app, away))
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            path = f"/api/v1/products/{product.id}"
            assert (await http.get(path)).json()["precio_venta"] == "1000.00"
            await set_price(world, product, 1_500)
            assert (await http.get(path)).json()["precio_venta"] == "1500.00"
            assert alone.hot.get((path, b"")) is None


async def test_another_machine_hears_of_a_change(
    world: World, hot_settings: Settings, make: Make, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = hot_settings.model_copy(update={"data_dir": tmp_path_factory.mktemp("elsewhere")})
    await world.redis.flushdb()
    product = await make.product(price=1_000)
    path = f"/api/v1/products/{product.id}"
    async with process_of(hot_settings) as (here, _), process_of(elsewhere) as (_, there):
        assert (await there.get(path)).json()["precio_venta"] == "1000.00"
        await set_price(here, product, 1_500)
        async with asyncio.timeout(5):
            while (await there.get(path)).json()["precio_venta"] != "1500.00":  # noqa: ASYNC110 - seen from outside only
                await asyncio.sleep(0)


async def test_a_new_epoch_makes_an_old_snapshot_of_redis_worthless(
    world: World, hot_settings: Settings, make: Make
) -> None:
    """Fault F15: Redis comes back as it was before a change; the answer of then must not come back with it."""
    product = await make.product(price=1_000)
    path = f"/api/v1/products/{product.id}"
    redis: Any = world.hot.redis
    await redis.flushdb()
    async with process_of(hot_settings) as (_, http):
        await http.get(path)
    snapshot = {key: await redis.get(key) for key in await redis.keys("hot:*") + await redis.keys("fresh:*")}
    assert any(key.startswith(b"hot:") for key in snapshot)
    async with process_of(hot_settings) as (here, _):
        await set_price(here, product, 1_500)
    for key, value in snapshot.items():
        await redis.set(key, value)
    async with process_of(hot_settings) as (_, http):
        assert (await http.get(path)).json()["precio_venta"] == "1500.00"


async def test_the_store_forgets_the_least_used_when_it_is_full(world: World) -> None:
    store = Store(world.hot.freshness, world.hot.redis, seconds=60, max_bytes=250)
    await heard(world)
    values = store.freshness.values(())
    answer = Ready([], b"x" * 100, b'"x"', (), values, float("inf"))
    for name in ("a", "b"):
        store.put((name, b""), answer)
    store.get(("a", b""))
    store.put(("c", b""), replace(answer))
    assert [store.get((name, b"")) is not None for name in ("a", "b", "c")] == [True, False, True]
