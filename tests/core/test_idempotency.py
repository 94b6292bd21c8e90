"""`Idempotency-Key` on `POST /orders`: one effect and one answer, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from mestore.app.subscriptions import TASKS
from mestore.catalog.models import Product
from mestore.core.clock import utc_now
from mestore.core.database import transaction
from mestore.core.idempotency import KEPT, LEASE, IdempotencyKey, forget_old_keys
from mestore.core.world import World, open_world
from mestore.orders.models import Order
from mestore.users.models import User, UserType
from tests.api import Api
from tests.core.conftest import Serve
from tests.make import SHIPPING, Make
from tests.problems import assert_problem, census
from tests.proxy import PostgresProxy
from tests.rows import Rows

ORDERS = "/api/v1/orders"
KEY = {"Idempotency-Key": "carrito-71"}


def order_of(product: Product, quantity: int = 1) -> dict[str, Any]:
    return {"items": [{"product_id": str(product.id), "quantity": quantity}], "shipping_info": SHIPPING}


def assert_replayed(answer: httpx.Response, first: httpx.Response) -> None:
    assert answer.headers["idempotent-replayed"] == "true"
    assert (answer.status_code, answer.content) == (first.status_code, first.content)
    assert answer.headers["content-type"] == first.headers["content-type"]


@pytest.fixture
async def buyer(make: Make) -> User:
    return await make.buyer()


@pytest.fixture
async def product(make: Make) -> Product:
    return await make.product(stock=10)


async def test_the_same_request_gives_the_first_answer(api: Api, buyer: User, product: Product, rows: Rows) -> None:
    first = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    assert first.status_code == 201
    assert "idempotent-replayed" not in first.headers
    before = await census(rows)
    for path in (ORDERS, f"{ORDERS}/"):
        assert_replayed(await api.post(path, order_of(product), by=buyer, headers=KEY), first)
    assert await census(rows) == before
    assert (await rows.get(Product, product.id)).reserved == 1


async def test_without_a_key_each_request_is_its_own(api: Api, buyer: User, product: Product, rows: Rows) -> None:
    for _ in range(2):
        assert (await api.post(ORDERS, order_of(product), by=buyer)).status_code == 201
    assert await rows.count(Order) == 2


async def test_another_body_is_refused(api: Api, buyer: User, product: Product, rows: Rows) -> None:
    first = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    before = await census(rows)
    refused = await api.post(ORDERS, order_of(product, 2), by=buyer, headers=KEY)
    assert assert_problem(refused, 422)["type"] == "/problems/idempotency-key-reused"
    assert await census(rows) == before
    assert_replayed(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), first)


async def test_a_key_belongs_to_its_caller(api: Api, buyer: User, make: Make, product: Product, rows: Rows) -> None:
    mine = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    theirs = await api.post(ORDERS, order_of(product), by=await make.buyer(), headers=KEY)
    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert await rows.count(Order) == 2


async def test_while_the_first_runs_the_second_is_told_so(
    api: Api, buyer: User, product: Product, rows: Rows, world: World
) -> None:
    await api.token(buyer)
    async with transaction(world.sessions) as session:
        await session.execute(text("SELECT 1 FROM products WHERE id = :id FOR UPDATE"), {"id": product.id})
        running = asyncio.create_task(api.post(ORDERS, order_of(product), by=buyer, headers=KEY))
        await _somebody_waits_for_a_lock(rows)
        second = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
        assert assert_problem(second, 409)["type"] == "/problems/idempotency-key-in-use"
        assert not running.done()
    first = await running
    assert first.status_code == 201
    assert_replayed(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), first)
    assert await rows.count(Order) == 1


async def test_F55_ten_at_once_make_one_order(api: Api, buyer: User, product: Product, rows: Rows) -> None:
    await api.token(buyer)
    answers = await asyncio.gather(*(api.post(ORDERS, order_of(product), by=buyer, headers=KEY) for _ in range(10)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert await rows.count(Order) == 1


async def test_a_refusal_by_a_rule_is_kept(api: Api, buyer: User, make: Make, rows: Rows) -> None:
    product = await make.product(stock=1)
    first = await api.post(ORDERS, order_of(product, 2), by=buyer, headers=KEY)
    assert assert_problem(first, 409)["type"] == "/problems/out-of-stock"
    await rows.execute("UPDATE products SET stock = 10 WHERE id = :id", id=product.id)
    assert_replayed(await api.post(ORDERS, order_of(product, 2), by=buyer, headers=KEY), first)
    assert await rows.count(Order) == 0
    other = {"Idempotency-Key": "carrito-72"}
    assert (await api.post(ORDERS, order_of(product, 2), by=buyer, headers=other)).status_code == 201


async def test_a_refusal_before_the_work_leaves_the_key_free(
    api: Api, buyer: User, make: Make, product: Product, rows: Rows
) -> None:
    assert_problem(await api.post(ORDERS, order_of(product), headers=KEY), 401)
    assert_problem(await api.post(ORDERS, order_of(product), by=await make.user(UserType.ADMIN), headers=KEY), 403)
    assert_problem(await api.post(ORDERS, order_of(product, 0), by=buyer, headers=KEY), 422)
    assert_problem(
        await api.post(ORDERS, content=b"{", by=buyer, headers=KEY | {"Content-Type": "application/json"}), 400
    )
    assert await rows.count(IdempotencyKey) == 0
    assert (await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", "with space", "k" * 256, "tab\tbed"])
async def test_a_key_that_is_none(key: str, api: Api, buyer: User, product: Product, rows: Rows) -> None:
    answer = await api.post(ORDERS, order_of(product), by=buyer, headers={"Idempotency-Key": key})
    assert assert_problem(answer, 422)["errors"][0]["loc"] == ["header", "Idempotency-Key"]
    assert await rows.count(Order) == 0


async def test_a_key_is_forgotten_after_a_day(
    api: Api, buyer: User, product: Product, rows: Rows, world: World
) -> None:
    first = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    await forget_old_keys(world)
    assert_replayed(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), first)
    await _make_older(rows, KEPT)
    assert (await api.post(ORDERS, order_of(product, 2), by=buyer, headers=KEY)).status_code == 201
    assert await rows.count(Order) == 2
    await _make_older(rows, KEPT)
    await forget_old_keys(world)
    assert await rows.count(IdempotencyKey) == 0


async def test_a_claim_whose_process_died_is_taken_over_after_its_lease(
    api: Api, buyer: User, product: Product, rows: Rows
) -> None:
    await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    await rows.execute(
        "UPDATE idempotency_keys SET status = NULL, body = NULL, leased_until = now() + :lease", lease=LEASE
    )
    assert_problem(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), 409)
    await rows.execute("UPDATE idempotency_keys SET leased_until = now()")
    again = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
    assert again.status_code == 201
    assert_replayed(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), again)


async def test_F03_the_reply_of_commit_is_lost(
    app: FastAPI, world: World, serve: Serve, buyer: User, product: Product, rows: Rows
) -> None:
    async with _behind_proxy(app, world, serve) as (proxy, api):
        await api.token(buyer)
        proxy.lose_the_reply_of_the_next_commit()
        lost = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
        assert proxy.lost == 1
        assert_problem(lost, 503)
        assert lost.headers["retry-after"]
        assert await rows.count(Order) == 1
        first = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
        assert first.status_code == 201
        assert first.headers["idempotent-replayed"] == "true"
        assert_replayed(await api.post(ORDERS, order_of(product), by=buyer, headers=KEY), first)
    order = (await rows.all(Order))[0]
    assert first.json()["id"] == order.id
    assert await rows.count(Order) == 1
    assert (await rows.get(Product, product.id)).reserved == 1


async def test_F01_the_database_comes_back(
    app: FastAPI, world: World, serve: Serve, buyer: User, product: Product, rows: Rows
) -> None:
    """Connections that it cut are noticed before a request meets them."""
    async with _behind_proxy(app, world, serve) as (proxy, api):
        await api.token(buyer)
        assert (await api.get(ORDERS, by=buyer)).status_code == 200
        await proxy.close()
        away = await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)
        assert_problem(away, 503)
        assert await rows.count(Order) == 0
        await proxy.open()
        assert (await api.post(ORDERS, order_of(product), by=buyer, headers=KEY)).status_code == 201
    assert await rows.count(Order) == 1


@asynccontextmanager
async def _behind_proxy(app: FastAPI, world: World, serve: Serve) -> AsyncIterator[tuple[PostgresProxy, Api]]:
    async with PostgresProxy(str(world.settings.database.url)) as proxy:
        database = world.settings.database.model_copy(update={"url": proxy.url, "pool_size": 2})
        settings = world.settings.model_copy(update={"database": database})
        async with open_world(settings, utc_now, TASKS, name="test-proxy") as behind, serve(app, behind) as api:
            yield proxy, api


async def _somebody_waits_for_a_lock(rows: Rows) -> None:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(5):
        while True:
            if await rows.execute(waiting):
                return
            await asyncio.sleep(0.01)


async def _make_older(rows: Rows, by: timedelta) -> None:
    await rows.execute(
        "UPDATE idempotency_keys SET created_at = created_at - CAST(:by AS interval) - interval '1 second'", by=by
    )
