"""A vendor's figures come from what was paid and kept, of its own shop and of the days it asks for."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.state_service import OrderStateService
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

ANALYTICS = "/api/v1/products/analytics"
DAY = "?from=2026-03-10&to=2026-03-10"


async def paid(world: World, make: Make, rows: Rows, at: str, units: dict[Any, int]) -> int:
    """A confirmed order of a moment; `at` as PostgreSQL reads it."""
    order = await make.order(units=units)
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        await states.confirm(await states.locked(order.id), "test")
    await rows.execute(
        "UPDATE orders SET created_at = CAST(:at AS text)::timestamptz WHERE id = :id", at=at, id=order.id
    )
    return order.id


async def test_figures_are_of_what_was_sold(api: Api, world: World, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    coffee = await make.product(vendor=vendor, name="Café", price=1_000, stock=50)
    cup = await make.product(vendor=vendor, name="Taza", price=500, stock=4)
    foreign = await make.product(price=9_000)
    noon = "2026-03-10 12:00-05"
    await paid(world, make, rows, noon, {coffee.id: 3, cup.id: 1, foreign.id: 1})
    await paid(world, make, rows, noon, {coffee.id: 1})
    figures = (await api.get(f"{ANALYTICS}{DAY}", by=await make.owner(vendor))).json()
    assert (figures["orders"], figures["units"], figures["revenue"], figures["average_price"]) == (
        2,
        5,
        "4500.00",
        "900.00",
    )
    assert [(each["name"], each["units"], each["revenue"]) for each in figures["top_products"]] == [
        ("Café", 4, "4000.00"),
        ("Taza", 1, "500.00"),
    ]
    assert [each["units"] for each in figures["top_categories"]] == [4, 1]
    assert [(each["name"], each["stock_disponible"]) for each in figures["low_stock"]] == [("Taza", 3)]


async def test_units_that_were_returned_do_not_count(api: Api, world: World, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor, price=1_000)
    await paid(world, make, rows, "2026-03-10 12:00-05", {product.id: 3})
    await rows.execute("UPDATE order_items SET returned_units = 2, refunded_units = 1")
    figures = (await api.get(f"{ANALYTICS}{DAY}", by=await make.owner(vendor))).json()
    assert (figures["units"], figures["revenue"], figures["average_price"]) == (2, "2000.00", "1000.00")


@pytest.mark.parametrize("status", ["PENDING", "CANCELLED", "REFUNDED"])
async def test_what_was_not_paid_or_was_given_back_does_not_count(
    api: Api, world: World, make: Make, rows: Rows, status: str
) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor)
    order_id = await paid(world, make, rows, "2026-03-10 12:00-05", {product.id: 1})
    async with transaction(world.sessions) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        await session.execute(text(f"UPDATE orders SET status = '{status}' WHERE id = {order_id}"))
    figures = (await api.get(f"{ANALYTICS}{DAY}", by=await make.owner(vendor))).json()
    assert (figures["orders"], figures["revenue"], figures["average_price"]) == (0, "0.00", None)
    assert (figures["top_products"], figures["top_categories"]) == ([], [])


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2026-03-10 00:00-05", True),
        ("2026-03-10 23:30-05", True),
        ("2026-03-11 00:00-05", False),
        ("2026-03-09 23:30-05", False),
    ],
)
async def test_F67_a_day_is_colombias(api: Api, world: World, make: Make, rows: Rows, at: str, counts: bool) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor)
    await paid(world, make, rows, at, {product.id: 1})
    figures = (await api.get(f"{ANALYTICS}{DAY}", by=await make.owner(vendor))).json()
    assert figures["orders"] == int(counts)


async def test_without_days_it_is_the_last_thirty(api: Api, world: World, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    product = await make.product(vendor=vendor)
    today = world.now().astimezone(ZoneInfo("America/Bogota")).date()
    for days, counts in ((0, 1), (29, 2), (30, 2)):
        await paid(world, make, rows, f"{today - timedelta(days=days)} 12:00-05", {product.id: 1})
        figures = (await api.get(ANALYTICS, by=await make.owner(vendor))).json()
        assert figures["orders"] == counts, days
    assert (figures["since"], figures["until"]) == (str(today - timedelta(days=29)), str(today))


@pytest.mark.parametrize("days", ["?from=2026-03-10&to=2026-03-09", "?from=2024-01-01&to=2026-01-01", "?from=ayer"])
async def test_a_period_that_is_none_is_refused(api: Api, make: Make, days: str) -> None:
    owner = await make.owner(await make.vendor())
    assert (await api.get(f"{ANALYTICS}{days}", by=owner)).status_code == 422


async def test_a_shops_figures_are_its_owners_and_staffs(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    path = f"{ANALYTICS}{DAY}&vendor_id={vendor.id}"
    other = await make.owner(await make.vendor())
    expected = [
        (None, 401),
        (await make.buyer(), 403),
        (other, 404),
        (await make.owner(vendor), 200),
        (await make.user(UserType.ADMIN), 200),
    ]
    for by, status in expected:
        assert (await api.get(path, by=by)).status_code == status
    assert (await api.get(ANALYTICS, by=await make.user(UserType.ADMIN))).status_code == 403
