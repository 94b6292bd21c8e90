"""Commissions: one per package, of its total, seen by the vendor alone."""

import asyncio
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mestore.commissions.models import Commission, CommissionStatus
from mestore.commissions.service import CommissionService
from mestore.core.database import transaction
from mestore.core.ids import OrderId
from mestore.core.money import Money
from mestore.core.world import World
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.rows import Rows


async def charge(world: World, order_id: OrderId) -> None:
    """As when the order was just confirmed."""
    async with transaction(world.sessions) as session:
        await session.execute(text("UPDATE packages SET confirmed_at = now() WHERE order_id = :id"), {"id": order_id})
        await CommissionService(session, world.settings).charge_order(order_id)


async def test_five_percent_of_items_iva_and_shipping_of_each_package(make: Make, rows: Rows, world: World) -> None:
    first, second = await make.product(price=100_000), await make.product(price=250_010)
    order = await make.order(units={first.id: 1, second.id: 1})
    await charge(world, order.id)
    made = {(row.base, row.amount) for row in await rows.all(Commission)}
    # 100,000 + 19,000 + 15,000 shipping; 250,010 + 47,502 (47,501.9), shipped free: 14,875.6 is rounded half up.
    assert made == {(Money(134_000), Money(6_700)), (Money(297_512), Money(14_876))}
    assert {(row.rate, row.status) for row in await rows.all(Commission)} == {
        (Decimal("0.0500"), CommissionStatus.PENDING)
    }


async def test_f65_charging_many_times_at_once_makes_one(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    await asyncio.gather(*(charge(world, order.id) for _ in range(20)))
    assert await rows.count(Commission) == 1


async def test_one_connection_charges_any_number_of_packages(make: Make, rows: Rows, world: World) -> None:
    """After five runs of a statement PostgreSQL may plan it for any parameter, and must still find the unique index."""
    product = await make.product(stock=100)
    orders = [await make.order(units={product.id: 1}) for _ in range(10)]
    async with transaction(world.sessions) as session:
        await session.execute(text("UPDATE packages SET confirmed_at = now()"))
        for order in orders:
            await CommissionService(session, world.settings).charge_order(order.id)
    assert await rows.count(Commission) == 10


async def test_the_database_refuses_a_second_one(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    await charge(world, order.id)
    with pytest.raises(IntegrityError, match="uq_commissions_package_id"):
        await rows.execute(
            "INSERT INTO commissions (order_id, package_id, vendor_id, base, rate, amount, status)"
            " SELECT order_id, package_id, vendor_id, base, rate, amount, status FROM commissions"
        )


async def test_a_vendor_sees_its_own_and_nobody_elses(api: Api, make: Make, rows: Rows, world: World) -> None:
    mine, other = await make.vendor(), await make.vendor()
    product = await make.product(vendor=mine)
    await charge(world, (await make.order(units={product.id: 1})).id)
    (commission,) = await rows.all(Commission)
    owner, stranger = await make.owner(mine), await make.owner(other)
    seen = await api.get("/api/v1/commissions?total=true", by=owner)
    assert [(each["id"], each["amount"]) for each in seen.json()["items"]] == [(commission.id, str(commission.amount))]
    assert seen.json()["total"] == 1
    assert (await api.get(f"/api/v1/commissions/{commission.id}", by=owner)).json()["rate"] == "0.0500"
    assert (await api.get("/api/v1/commissions", by=stranger)).json()["items"] == []
    assert (await api.get(f"/api/v1/commissions/{commission.id}", by=stranger)).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/commissions", "/api/v1/commissions/1"])
async def test_only_vendors_have_commissions(api: Api, make: Make, path: str) -> None:
    assert (await api.get(path)).status_code == 401
    assert (await api.get(path, by=await make.buyer())).status_code == 403
    assert (await api.get(path, by=await make.user(UserType.ADMIN))).status_code == 403


async def test_commissions_come_in_pages_newest_first(api: Api, make: Make, rows: Rows, world: World) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor, stock=100)
    for _ in range(5):
        await charge(world, (await make.order(units={product.id: 1})).id)
    ids = [row.id for row in await rows.all(Commission)][::-1]
    owner = await make.owner(vendor)
    first = (await api.get("/api/v1/commissions?limit=3", by=owner)).json()
    assert [each["id"] for each in first["items"]] == ids[:3]
    rest = (await api.get(f"/api/v1/commissions?limit=3&cursor={first['next_cursor']}", by=owner)).json()
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[3:], None)
