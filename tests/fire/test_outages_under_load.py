"""Parts die while eight buyers order and pay: each acknowledged order is there once, and all of it comes to its end."""

import pytest

from tests.api import Api
from tests.app.running_system import RunningSystem
from tests.fire.aftermath import connected, nothing_is_wrong
from tests.fire.load import Load
from tests.make import Make


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


async def test_k19_a_deploy_loses_no_request(system: RunningSystem, load: Load) -> None:
    with load:
        for name in ("api", "worker"):
            load.goes_on()
            system.restart(name)
        load.goes_on()
    assert set(load.answers) <= {"200", "201", "ConnectError"}, load.answers
    await all_came_to_its_end(system, load)


async def test_k20_the_worker_dies_again_and_again(system: RunningSystem, load: Load) -> None:
    with load:
        for _ in range(3):
            load.goes_on()
            system.kill("worker")
            system.start("worker")
    assert set(load.answers) == {"200", "201"}, load.answers
    await all_came_to_its_end(system, load)
