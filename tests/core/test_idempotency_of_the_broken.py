"""A request with an `Idempotency-Key` that breaks on its way: the same one goes on at once and charges nobody twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from mestore.app.subscriptions import TASKS
from mestore.core import failpoints
from mestore.core.clock import utc_now
from mestore.core.idempotency import IdempotencyKey
from mestore.core.world import World, open_world
from mestore.orders.models import Order
from mestore.payments.models import Payment
from mestore.payments.states import PaymentStatus
from tests.api import Api
from tests.core.conftest import Serve
from tests.make import PSE, SHIPPING, Make
from tests.problems import assert_problem
from tests.proxy import PostgresProxy
from tests.rows import Rows
from tests.sandbox.running import RunningSandbox

ORDERS, PROCESS = "/api/v1/orders", "/api/v1/payments/process"
KEY = {"Idempotency-Key": "una-vez"}


class Payer:
    def __init__(self, api: Api, make: Make, order: Order) -> None:
        self._api = api
        self._make = make
        self._order = order

    async def pay(self) -> httpx.Response:
        body = {"order_id": self._order.id, "payment_method": "PSE", "payment_data": PSE}
        buyer = await self._make.existing_user(self._order.buyer_id)
        return await self._api.post(PROCESS, body, by=buyer, headers=KEY)


@pytest.fixture
def broken() -> Iterator[None]:
    """Disarms what a test armed."""
    yield
    failpoints.arm({})


@pytest.fixture
async def quiet(world: World, app: FastAPI, serve: Serve) -> AsyncIterator[Api]:
    """Answers 500 where the test's own client would raise what broke."""
    async with serve(app, world) as api:
        yield api


@asynccontextmanager
async def behind_proxy(app: FastAPI, world: World, serve: Serve) -> AsyncIterator[tuple[PostgresProxy, Api]]:
    async with PostgresProxy(str(world.settings.database.url)) as proxy:
        database = world.settings.database.model_copy(update={"url": proxy.url, "pool_size": 2})
        settings = world.settings.model_copy(update={"database": database})
        async with open_world(settings, utc_now, TASKS, name="test-proxy") as behind, serve(app, behind) as api:
            yield proxy, api


async def until_wompi_has_it(sandbox: RunningSandbox) -> None:
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(sandbox.transactions):
            pass


@pytest.mark.usefixtures("broken")
async def test_a_bug_after_the_charge_is_gone_on_from_and_nobody_is_charged_twice(
    quiet: Api, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    payer = Payer(quiet, make, await make.order())
    failpoints.arm({"after_gateway_answer": "raise"})
    assert_problem(await payer.pay(), 500)
    assert len(sandbox.transactions()) == 1
    failpoints.arm({})
    again = await payer.pay()
    assert (again.status_code, again.json()["status"]) == (200, "PENDING")
    assert again.json()["payment_url"]
    replayed = await payer.pay()
    assert (replayed.content, replayed.headers["idempotent-replayed"]) == (again.content, "true")
    assert await rows.count(Payment) == len(sandbox.transactions()) == 1


@pytest.mark.usefixtures("broken")
async def test_a_bug_before_the_charge_is_never_charged_by_the_repetition(
    quiet: Api, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    """Who repeats can't know whether Wompi was asked: the sweeper finds out, and another key pays."""
    payer = Payer(quiet, make, await make.order())
    failpoints.arm({"after_payment_row": "raise"})
    assert_problem(await payer.pay(), 500)
    failpoints.arm({})
    again = await payer.pay()
    assert (again.status_code, again.json()["status"]) == (202, "PROCESSING")
    assert sandbox.transactions() == []
    assert [payment.status for payment in await rows.all(Payment)] == [PaymentStatus.PROCESSING]


@pytest.mark.usefixtures("broken")
async def test_a_bug_in_a_single_transaction_leaves_the_key_free(quiet: Api, make: Make, rows: Rows) -> None:
    buyer, product = await make.buyer(), await make.product(stock=3)
    body = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    failpoints.arm({"before_request_commit": "raise"})
    assert_problem(await quiet.post(ORDERS, body, by=buyer, headers=KEY), 500)
    failpoints.arm({})
    assert await rows.count(IdempotencyKey) == 0
    assert (await quiet.post(ORDERS, body, by=buyer, headers=KEY)).status_code == 201
    assert await rows.count(Order) == 1


async def test_postgresql_gone_while_the_gateway_is_asked_and_back_before_its_answer(
    app: FastAPI, world: World, serve: Serve, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    order = await make.order()
    sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=1, times=1)
    async with behind_proxy(app, world, serve) as (proxy, api):
        payer = Payer(api, make, order)
        paying = asyncio.create_task(payer.pay())
        await until_wompi_has_it(sandbox)
        await proxy.close()
        await proxy.open()
        answer = await paying
    assert (answer.status_code, answer.json()["status"]) == (200, "PENDING"), "no connection waits for a gateway"
    assert await rows.count(Payment) == len(sandbox.transactions()) == 1


async def test_postgresql_gone_until_after_the_answer(
    app: FastAPI, world: World, serve: Serve, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    """The claim can't be given back then, and is soon after PostgreSQL is there again."""
    order = await make.order()
    sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=1, times=1)
    async with behind_proxy(app, world, serve) as (proxy, api):
        payer = Payer(api, make, order)
        paying = asyncio.create_task(payer.pay())
        await until_wompi_has_it(sandbox)
        await proxy.close()
        assert_problem(await paying, 503)
        await proxy.open()
        deadline = time.monotonic() + 10
        while (again := await payer.pay()).status_code == 409:
            assert again.json()["type"] == "/problems/idempotency-key-in-use"
            assert time.monotonic() < deadline
    assert (again.status_code, again.json()["status"]) == (200, "PENDING")
    assert await rows.count(Payment) == len(sandbox.transactions()) == 1


@pytest.mark.usefixtures("broken")
async def test_a_claim_that_another_took_over_is_not_given_back(
    quiet: Api, make: Make, rows: Rows, sandbox: RunningSandbox
) -> None:
    """The first request broke after its lease was over, while the second was on its way."""
    payer = Payer(quiet, make, await make.order())
    sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=1, times=1)
    failpoints.arm({"after_gateway_answer": "raise"})
    first = asyncio.create_task(payer.pay())
    await until_wompi_has_it(sandbox)
    await rows.execute("UPDATE idempotency_keys SET leased_until = now() + interval '30 seconds'")
    assert_problem(await first, 500)
    assert assert_problem(await payer.pay(), 409)["type"] == "/problems/idempotency-key-in-use"
