"""Parts die while eight buyers order and pay: each acknowledged order is there once, and all of it comes to its end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from mestore.payments.models import Payment
from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.fire.aftermath import connected, nothing_is_wrong
from tests.fire.load import Load
from tests.fire.test_kill import becomes
from tests.make import Make
from tests.rows import Rows


@pytest.fixture
async def load(system: RunningSystem, api: Api, make: Make) -> Load:
    return await Load.of(system.api_url, api, make)


async def all_came_to_its_end(system: RunningSystem, load: Load) -> None:
    await nothing_is_wrong(system)
    buyers = [shopper.buyer.id for shopper in load.shoppers]
    async with connected(system) as connection:
        rows = await connection.fetch("SELECT id, order_number FROM orders WHERE buyer_id = ANY($1)", buyers)
        confirmed = await connection.fetchval(
            "SELECT count(*) FROM orders WHERE buyer_id = ANY($1) AND status = 'CONFIRMED'", buyers
        )
    assert sorted(row["id"] for row in rows) == load.placed, "each acknowledged order, and no other"
    assert confirmed >= load.paid
    charged = [each["reference"].rsplit("-", 1)[0] for each in system.sandbox.transactions()]
    assert all(charged.count(row["order_number"]) <= 1 for row in rows), "nobody was charged twice"


async def test_f02_postgresql_crashes(system: RunningSystem, load: Load) -> None:
    with load:
        for _ in range(2):
            load.goes_on()
            system.kill("postgres")
            system.start("postgres")
        load.goes_on()
    assert set(load.answers) <= {"200", "201", "202", "503"}, load.answers
    assert system.is_running("worker"), "it waits for its database"
    await all_came_to_its_end(system, load)


async def test_f12_valkey_forgets_everything_and_dies(system: RunningSystem, load: Load) -> None:
    with load:
        load.goes_on()
        system.kill("valkey")
        load.goes_on()
        system.start("valkey")
        load.goes_on()
    assert set(load.answers) == {"200", "201"}, load.answers
    await all_came_to_its_end(system, load)


async def test_k19_a_deploy_lets_each_request_end(system: RunningSystem, load: Load, make: Make, rows: Rows) -> None:
    """What has been begun is answered; to those that come later the door is closed."""
    system.sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=1.5, times=len(load.shoppers))
    orders = [(await make.order(buyer=shopper.buyer)).id for shopper in load.shoppers]

    async def all_are_under_way() -> bool:
        return {payment.order_id for payment in await rows.all(Payment)}.issuperset(orders)

    with load, ThreadPoolExecutor(len(orders)) as threads:
        paying = [threads.submit(shopper.pay, order) for shopper, order in zip(load.shoppers, orders, strict=True)]
        await becomes(all_are_under_way)
        system.stop("api", "worker")
        for each in paying:
            each.result()
    assert load.answers == {"200": len(orders)}
    system.start("worker", "api")
    await nothing_is_wrong(system)


async def test_k20_the_worker_dies_again_and_again(system: RunningSystem, load: Load) -> None:
    with load:
        for _ in range(3):
            load.goes_on()
            system.kill("worker")
            system.start("worker")
    assert set(load.answers) == {"200", "201"}, load.answers
    await all_came_to_its_end(system, load)
