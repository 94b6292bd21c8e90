"""What a buyer, or an administrator, asks of an order: cancelling and receiving it; and who may ask for which move."""

import asyncio

import pytest

from mestore.catalog.models import HoldState, Product, StockHold
from mestore.core.world import World
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.states import NEXT, OrderStatus, PackageStatus
from mestore.orders.tasks import deliver_by_time
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows

ORDERS = "/api/v1/orders"


async def ask(api: Api, order: Order, by: User | None, status: str, **more: str) -> dict[str, object]:
    answer = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=by, json={"status": status, **more})
    assert answer.status_code == 200, answer.text
    said: dict[str, object] = answer.json()
    return said


async def test_an_unpaid_order_is_cancelled_and_gives_its_stock_back(api: Api, make: Make, rows: Rows) -> None:
    order = await make.order()
    buyer = await make.existing_user(order.buyer_id)
    for _ in range(2):
        answer = await api.post(f"{ORDERS}/{order.id}/cancel", {"reason": "me arrepentí"}, by=buyer)
        assert (answer.status_code, answer.json()["status"]) == (200, "CANCELLED")
    assert [each["status"] for each in answer.json()["packages"]] == ["CANCELLED"]
    assert [(each["to"], each["by"], each["reason"]) for each in answer.json()["history"]][1:] == [
        ("CANCELLED", "BUYER", "me arrepentí")
    ] * 2
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved) == (10, 0)
    assert [hold.state for hold in await rows.all(StockHold)] == [HoldState.RELEASED]


@pytest.mark.parametrize("state", [PackageStatus.PENDING, PackageStatus.PREPARING, PackageStatus.READY_TO_SHIP])
async def test_a_paid_order_is_cancelled_while_nothing_is_shipped(
    api: Api, make: Make, rows: Rows, state: PackageStatus
) -> None:
    order = await make.paid_order()
    await make.move(order, state)
    buyer = await make.existing_user(order.buyer_id)
    assert (await ask(api, order, buyer, "CANCELLED"))["status"] == "CANCELLED"
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved, product.units_sold) == (10, 0, 0)


async def test_it_is_not_cancelled_once_a_package_is_on_its_way(api: Api, make: Make, rows: Rows) -> None:
    shipped, waiting = await make.vendor(), await make.vendor()
    units = {(await make.product(vendor=vendor)).id: 1 for vendor in (shipped, waiting)}
    order = await make.paid_order(units=units)
    await make.move(order, PackageStatus.SHIPPED, vendor=shipped)
    buyer, before = await make.existing_user(order.buyer_id), await rows.count(OrderHistory)
    answer = await api.post(f"{ORDERS}/{order.id}/cancel", {}, by=buyer)
    assert assert_problem(answer, 409)["type"] == "/problems/something-shipped"
    assert {product.stock for product in await rows.all(Product)} == {9}
    await make.move(order, PackageStatus.SHIPPED, vendor=waiting)
    answer = await api.post(f"{ORDERS}/{order.id}/cancel", {}, by=buyer)
    problem = assert_problem(answer, 409)
    assert (problem["type"], problem["from_status"], problem["to_status"]) == (
        "/problems/illegal-move",
        "SHIPPED",
        "CANCELLED",
    )
    assert await rows.count(OrderHistory) == before + 2


async def test_an_administrator_cancels_anybodys(api: Api, make: Make, rows: Rows) -> None:
    order = await make.paid_order()
    admin = await make.user(UserType.ADMIN)
    said = await ask(api, order, admin, "CANCELLED", reason="fraude")
    assert said["status"] == "CANCELLED"
    assert {(row.actor, row.user_id) for row in await rows.all(OrderHistory) if row.reason == "fraude"} == {
        ("ADMIN", admin.id)
    }


async def test_a_vendor_starts_its_package_by_the_orders_status_too(api: Api, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    order = await make.paid_order(units={(await make.product(vendor=vendor)).id: 1})
    said = await ask(api, order, await make.owner(vendor), "PROCESSING")
    assert said["status"] == "PROCESSING"
    assert not said.keys() & {"items", "packages", "shipping_info", "history"}, "a vendor sees its own part elsewhere"
    assert [package.status for package in await rows.all(Package)] == [PackageStatus.PREPARING]


async def test_a_buyer_receives_what_was_shipped(api: Api, make: Make, rows: Rows, world: World) -> None:
    order = await make.paid_order()
    buyer = await make.existing_user(order.buyer_id)
    await make.move(order, PackageStatus.SHIPPED)
    said = await ask(api, order, buyer, "DELIVERED")
    assert said["status"] == "DELIVERED"
    (package,) = await rows.all(Package)
    assert package.delivered_at is not None
    assert package.returnable_until is not None
    assert package.returnable_until > world.now()
    assert (await ask(api, order, buyer, "DELIVERED"))["history"] == said["history"]


async def test_a_buyer_receives_one_package_while_others_are_prepared(api: Api, make: Make, rows: Rows) -> None:
    quick, slow = await make.vendor(), await make.vendor()
    units = {(await make.product(vendor=vendor)).id: 1 for vendor in (quick, slow)}
    order = await make.paid_order(units=units)
    await make.move(order, PackageStatus.SHIPPED, vendor=quick)
    buyer = await make.existing_user(order.buyer_id)
    package, waiting = sorted(await rows.all(Package), key=lambda each: each.vendor_id != quick.id)
    path = f"{ORDERS}/{order.id}/packages"
    for _ in range(2):
        answer = await api.post(f"{path}/{package.id}/receive", by=buyer)
        assert (answer.status_code, answer.json()["status"]) == (200, "PROCESSING")
    assert_problem(await api.post(f"{path}/{waiting.id}/receive", by=buyer), 409)
    assert_problem(await api.post(f"{path}/{2**40}/receive", by=buyer), 404)
    assert_problem(await api.post(f"{path}/{package.id}/receive", by=await make.buyer()), 404)
    assert_problem(await api.post(f"{path}/{package.id}/receive"), 401)
    assert {each.vendor_id: each.status for each in await rows.all(Package)} == {
        quick.id: PackageStatus.DELIVERED,
        slow.id: PackageStatus.PENDING,
    }


@pytest.mark.parametrize("who", ["buyer", "vendor", "admin", "other buyer", "other vendor", "nobody"])
@pytest.mark.parametrize("to", list(OrderStatus))
async def test_every_move_is_only_theirs_who_may_ask_for_it(
    api: Api, make: Make, rows: Rows, who: str, to: OrderStatus
) -> None:
    """Out of CONFIRMED, by everybody."""
    vendor = await make.vendor()
    order = await make.paid_order(units={(await make.product(vendor=vendor)).id: 1})
    callers = {
        "buyer": await make.existing_user(order.buyer_id),
        "vendor": await make.owner(vendor),
        "admin": await make.user(UserType.ADMIN),
        "other buyer": await make.buyer(),
        "other vendor": await make.owner(await make.vendor()),
        "nobody": None,
    }
    if who in ("other buyer", "other vendor", "nobody"):
        expected = 401 if who == "nobody" else 404
    elif to is OrderStatus.CONFIRMED:
        expected = 200
    elif to not in NEXT[OrderStatus.CONFIRMED]:
        expected = 409
    else:
        asked = {OrderStatus.CANCELLED: {"buyer", "admin"}, OrderStatus.PROCESSING: {"vendor"}}
        expected = 200 if who in asked.get(to, set()) else 403
    before = await rows.count(OrderHistory)
    answer = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=callers[who], json={"status": to})
    assert answer.status_code == expected, answer.text
    moved = (await rows.get(Order, order.id)).status
    assert moved is (to if expected == 200 else OrderStatus.CONFIRMED)
    assert (await rows.count(OrderHistory) > before) is (moved is not OrderStatus.CONFIRMED)


async def test_nobody_confirms_an_order_by_asking(api: Api, make: Make, rows: Rows) -> None:
    order = await make.order()
    for user in (await make.existing_user(order.buyer_id), await make.user(UserType.SUPERUSER)):
        answer = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=user, json={"status": "CONFIRMED"})
        assert assert_problem(answer, 403)["type"] == "/problems/not-your-move"
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING


async def test_a_vendor_has_no_part_in_an_order_that_is_not_paid(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    order = await make.order(units={(await make.product(vendor=vendor)).id: 1})
    answer = await api.request(
        "PATCH", f"{ORDERS}/{order.id}/status", by=await make.owner(vendor), json={"status": "PROCESSING"}
    )
    assert_problem(answer, 404)


async def test_time_delivers_what_was_shipped_15_days_ago(make: Make, rows: Rows, world: World) -> None:
    old, young, failed = [await make.paid_order() for _ in range(3)]
    for order in (old, young, failed):
        await make.move(order, PackageStatus.SHIPPED)
    age = "UPDATE packages SET shipped_at = now() - interval '15 days 1 minute' WHERE order_id = :id"
    await rows.execute(age, id=old.id)
    await rows.execute(age, id=failed.id)
    await rows.execute("UPDATE packages SET delivery_failed_at = now() WHERE order_id = :id", id=failed.id)
    await asyncio.gather(*(deliver_by_time(world) for _ in range(3)))
    assert {order.id: order.status for order in await rows.all(Order)} == {
        old.id: OrderStatus.DELIVERED,
        young.id: OrderStatus.SHIPPED,
        failed.id: OrderStatus.SHIPPED,
    }
    delivered = [row for row in await rows.all(OrderHistory) if row.to_status == "DELIVERED"]
    assert [(row.actor, row.order_id) for row in delivered] == [("SYSTEM", old.id)] * 2


async def test_cancelling_and_shipping_at_once_leaves_one_of_both(api: Api, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    product, owner = await make.product(vendor=vendor, stock=500), await make.owner(vendor)
    await api.token(owner)
    for number in range(25):
        order = await make.paid_order(units={product.id: 1})
        buyer = await make.existing_user(order.buyer_id)
        await api.token(buyer)
        shipment = {"carrier": "Coordinadora", "guide_number": f"CARRERA-{number}"}
        cancelled, shipped = await asyncio.gather(
            api.post(f"{ORDERS}/{order.id}/cancel", {}, by=buyer),
            api.post(f"/api/v1/vendor/orders/{order.id}/shipment", shipment, by=owner),
        )
        assert sorted((cancelled.status_code, shipped.status_code)) == [200, 409]
        expected = OrderStatus.CANCELLED if cancelled.status_code == 200 else OrderStatus.SHIPPED
        assert (await rows.get(Order, order.id)).status is expected
    gone = sum(order.status is OrderStatus.SHIPPED for order in await rows.all(Order))
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved, left.units_sold) == (500 - gone, 0, gone)
