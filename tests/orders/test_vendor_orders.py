"""The vendors' side of orders: they see and move their own packages, once these are paid."""

import asyncio
from typing import Any

import pytest

from mestore.catalog.models import Product, StockHold, StockMovement
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows

ORDERS = "/api/v1/vendor/orders"
SHIPMENT = {"carrier": "Servientrega", "guide_number": "2259637412"}


class Shop:
    def __init__(self, vendor: Vendor, owner: User, product: Product) -> None:
        self.vendor, self.owner, self.product = vendor, owner, product


async def shop(make: Make, **more: Any) -> Shop:
    vendor = await make.vendor()
    return Shop(vendor, await make.owner(vendor), await make.product(vendor=vendor, **more))


async def package_of(rows: Rows, order: Order, of: Shop) -> Package:
    return next(each for each in await rows.all(Package) if (each.order_id, each.vendor_id) == (order.id, of.vendor.id))


async def test_a_vendor_sees_its_own_part_of_what_was_paid(api: Api, make: Make) -> None:
    coffee, chairs = await shop(make, name="Café"), await shop(make, name="Silla")
    await make.order(units={coffee.product.id: 1})
    order = await make.paid_order(units={coffee.product.id: 2, chairs.product.id: 1})
    page = (await api.get(f"{ORDERS}?total=true", by=coffee.owner)).json()
    assert (page["total"], [each["order_number"] for each in page["items"]]) == (1, [order.order_number])
    for part in (page["items"][0], (await api.get(f"{ORDERS}/{order.id}", by=coffee.owner)).json()):
        assert [(item["name"], item["quantity"]) for item in part["items"]] == [("Café", 2)]
        assert part["package"]["vendor_id"] == str(coffee.vendor.id)
        assert (part["package"]["status"], part["order_status"]) == ("PENDING", "CONFIRMED")
    assert part["shipping_info"]["name"] == "Ana Ruiz"
    assert "Silla" not in (await api.get(f"{ORDERS}/{order.id}", by=coffee.owner)).text


async def test_lists_are_filtered_and_come_in_pages(api: Api, make: Make, rows: Rows) -> None:
    mine = await shop(make, stock=50)
    orders = [await make.paid_order(units={mine.product.id: 1}) for _ in range(3)]
    await make.move(orders[1], PackageStatus.SHIPPED)

    async def listed(query: str) -> list[int]:
        answer = await api.get(f"{ORDERS}?{query}", by=mine.owner)
        assert answer.status_code == 200
        return [each["order_id"] for each in answer.json()["items"]]

    assert await listed("") == [order.id for order in reversed(orders)]
    assert await listed("status=SHIPPED") == [orders[1].id]
    assert await listed("status=PENDING") == [orders[2].id, orders[0].id]
    await rows.execute("UPDATE packages SET confirmed_at = '2026-03-10 23:30-05' WHERE order_id = :id", id=orders[0].id)
    assert await listed("since=2026-03-10&until=2026-03-10") == [orders[0].id]
    assert await listed("until=2026-03-09") == []
    first = (await api.get(f"{ORDERS}?limit=2", by=mine.owner)).json()
    rest = (await api.get(f"{ORDERS}?limit=2&cursor={first['next_cursor']}", by=mine.owner)).json()
    assert [each["order_id"] for each in (*first["items"], *rest["items"])] == [order.id for order in reversed(orders)]
    assert rest["next_cursor"] is None
    assert_problem(await api.get(f"{ORDERS}?cursor=bad", by=mine.owner), 422)
    assert_problem(await api.get(f"{ORDERS}?status=LOST", by=mine.owner), 422)


async def test_packages_drive_the_order(api: Api, make: Make, rows: Rows) -> None:
    coffee, chairs = await shop(make), await shop(make)
    order = await make.paid_order(units={coffee.product.id: 1, chairs.product.id: 1})
    path = f"{ORDERS}/{order.id}"

    async def status() -> OrderStatus:
        return (await rows.get(Order, order.id)).status

    answer = await api.request("PATCH", f"{path}/status", by=coffee.owner, json={"status": "PREPARING"})
    assert (answer.status_code, answer.json()["package"]["status"]) == (200, "PREPARING")
    assert answer.json()["order_status"] == await status() == OrderStatus.PROCESSING
    await api.request("PATCH", f"{path}/status", by=coffee.owner, json={"status": "READY_TO_SHIP"})
    shipped = await api.post(f"{path}/shipment", SHIPMENT, by=coffee.owner)
    package = shipped.json()["package"]
    assert (package["status"], package["carrier"], package["guide_number"]) == ("SHIPPED", *SHIPMENT.values())
    assert package["shipped_at"] is not None
    assert await status() is OrderStatus.PROCESSING, "the other vendor has not shipped yet"
    await api.post(f"{path}/shipment", SHIPMENT | {"guide_number": "77-OTRA"}, by=chairs.owner)
    assert await status() is OrderStatus.SHIPPED
    assert [(each["from"], each["to"], each["by"]) for each in shipped.json()["history"]] == [
        ("PENDING", "PREPARING", "VENDOR"),
        ("PREPARING", "READY_TO_SHIP", "VENDOR"),
        ("READY_TO_SHIP", "SHIPPED", "VENDOR"),
    ]
    moves = [row.to_status for row in await rows.all(OrderHistory) if row.package_id is None]
    assert moves == ["PENDING", "CONFIRMED", "PROCESSING", "SHIPPED"]


async def test_one_vendor_calling_off_its_package_leaves_the_others_alone(api: Api, make: Make, rows: Rows) -> None:
    coffee, chairs = await shop(make, stock=5), await shop(make, stock=5)
    order = await make.paid_order(units={coffee.product.id: 2, chairs.product.id: 1})
    wanted = {"status": "CANCELLED", "reason": "se dañó la máquina"}
    for _ in range(2):
        answer = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=coffee.owner, json=wanted)
        assert (answer.status_code, answer.json()["package"]["status"]) == (200, "CANCELLED")
    assert answer.json()["history"][-1]["reason"] == "se dañó la máquina"
    back, sold = await rows.get(Product, coffee.product.id), await rows.get(Product, chairs.product.id)
    assert (back.stock, back.reserved, back.units_sold) == (5, 0, 0)
    assert (sold.stock, sold.reserved, sold.units_sold) == (4, 0, 1)
    assert [(row.kind, row.stock_change) for row in await rows.all(StockMovement)][-1] == ("RETURN", 2)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    await make.move(order, PackageStatus.DELIVERED, vendor=chairs.vendor)
    assert (await rows.get(Order, order.id)).status is OrderStatus.DELIVERED
    assert {row.state for row in await rows.all(StockHold)} == {"SOLD"}


async def test_the_last_vendor_calling_off_its_package_cancels_the_order(api: Api, make: Make, rows: Rows) -> None:
    coffee, chairs = await shop(make), await shop(make)
    order = await make.paid_order(units={coffee.product.id: 1, chairs.product.id: 1})
    answers = await asyncio.gather(
        *(
            api.request("PATCH", f"{ORDERS}/{order.id}/status", by=each.owner, json={"status": "CANCELLED"})
            for each in (coffee, chairs)
        )
    )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert {product.stock for product in await rows.all(Product)} == {10}


@pytest.mark.parametrize(
    ("state", "asked"),
    [
        (PackageStatus.SHIPPED, "PREPARING"),
        (PackageStatus.SHIPPED, "CANCELLED"),
        (PackageStatus.READY_TO_SHIP, "PREPARING"),
        (PackageStatus.DELIVERED, "CANCELLED"),
    ],
)
async def test_a_move_that_the_table_has_not_names_both_states(
    api: Api, make: Make, rows: Rows, state: PackageStatus, asked: str
) -> None:
    mine = await shop(make)
    order = await make.paid_order(units={mine.product.id: 1})
    await make.move(order, state)
    before = await rows.count(OrderHistory)
    answer = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=mine.owner, json={"status": asked})
    problem = assert_problem(answer, 409)
    assert (problem["type"], problem["from_status"], problem["to_status"]) == (
        "/problems/illegal-package-move",
        state,
        asked,
    )
    assert (await package_of(rows, order, mine)).status is state
    assert await rows.count(OrderHistory) == before


async def test_a_package_is_shipped_by_its_guide_number_only(api: Api, make: Make, rows: Rows) -> None:
    mine = await shop(make)
    order = await make.paid_order(units={mine.product.id: 1})
    asked = await api.request("PATCH", f"{ORDERS}/{order.id}/status", by=mine.owner, json={"status": "SHIPPED"})
    assert assert_problem(asked, 422)["type"] == "/problems/shipment-needed"
    for wrong in ({"carrier": "", "guide_number": "123456"}, {"carrier": "X", "guide_number": "1"}, {"carrier": "X"}):
        assert_problem(await api.post(f"{ORDERS}/{order.id}/shipment", wrong, by=mine.owner), 422)
    assert (await package_of(rows, order, mine)).status is PackageStatus.PENDING


async def test_a_guide_number_is_one_packages_and_can_be_corrected(api: Api, make: Make, rows: Rows) -> None:
    mine = await shop(make)
    first = await make.paid_order(units={mine.product.id: 1})
    second = await make.paid_order(units={mine.product.id: 1})
    for _ in range(2):
        assert (await api.post(f"{ORDERS}/{first.id}/shipment", SHIPMENT, by=mine.owner)).status_code == 200
    taken = await api.post(f"{ORDERS}/{second.id}/shipment", SHIPMENT, by=mine.owner)
    assert assert_problem(taken, 409)["type"] == "/problems/guide-number-taken"
    assert (await package_of(rows, second, mine)).status is PackageStatus.PENDING
    corrected = SHIPMENT | {"guide_number": "2259637413"}
    answer = await api.post(f"{ORDERS}/{first.id}/shipment", corrected, by=mine.owner)
    assert answer.json()["package"]["guide_number"] == "2259637413"
    assert len([row for row in await rows.all(OrderHistory) if row.to_status == "SHIPPED"]) == 2, "package and order"
    assert (await api.post(f"{ORDERS}/{second.id}/shipment", SHIPMENT, by=mine.owner)).status_code == 200


async def test_what_is_not_paid_or_somebody_elses_is_absent(api: Api, make: Make, rows: Rows) -> None:
    mine, other = await shop(make), await shop(make)
    unpaid = await make.order(units={mine.product.id: 1})
    paid = await make.paid_order(units={mine.product.id: 1})
    before = await rows.count(OrderHistory)
    for order, by in ((unpaid, mine.owner), (paid, other.owner)):
        path = f"{ORDERS}/{order.id}"
        assert_problem(await api.get(path, by=by), 404)
        assert_problem(await api.request("PATCH", f"{path}/status", by=by, json={"status": "PREPARING"}), 404)
        assert_problem(await api.post(f"{path}/shipment", SHIPMENT, by=by), 404)
    for nobody, status in ((None, 401), (await make.buyer(), 403), (await make.user(UserType.ADMIN), 403)):
        assert_problem(await api.get(ORDERS, by=nobody), status)
        assert_problem(await api.post(f"{ORDERS}/{paid.id}/shipment", SHIPMENT, by=nobody), status)
    assert await rows.count(OrderHistory) == before
