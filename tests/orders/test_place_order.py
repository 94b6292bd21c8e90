"""Placing an order: what it costs, what it holds, whom it is refused to."""

import asyncio

import pytest

from mestore.catalog.models import IvaClass, Product, ProductStatus, StockHold
from mestore.core.idempotency import IdempotencyKey
from mestore.orders.models import Order, OrderHistory, OrderItem, Package
from mestore.users.models import UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import SHIPPING, Make
from tests.rows import Rows


def body(*lines: tuple[Product, int]) -> dict[str, object]:
    return {
        "items": [{"product_id": str(product.id), "quantity": quantity} for product, quantity in lines],
        "shipping_info": SHIPPING,
    }


async def test_an_order_of_two_vendors_adds_up_to_the_peso(api: Api, make: Make) -> None:
    buyer = await make.buyer()
    coffee = await make.product(price=32_000, iva_class=IvaClass.REDUCED)
    hammock = await make.product(price=199_990)
    answer = await api.post("/api/v1/orders/", body((coffee, 3), (hammock, 1)), by=buyer)
    assert answer.status_code == 201
    order = answer.json()
    # 96,000 net at 5 %; 199,990 net at 19 % is 37,998.10, rounded to 37,998; neither shop reaches 200,000.
    assert {
        "subtotal": "295990.00",
        "discount": "0.00",
        "iva_amount": "42798.00",
        "shipping_cost": "30000.00",
        "total_amount": "368788.00",
        "status": "PENDING",
        "buyer_id": str(buyer.id),
    }.items() <= order.items()
    assert [(each["subtotal"], each["iva_amount"], each["total"]) for each in order["packages"]] in (
        [("96000.00", "4800.00", "115800.00"), ("199990.00", "37998.00", "252988.00")],
        [("199990.00", "37998.00", "252988.00"), ("96000.00", "4800.00", "115800.00")],
    )
    assert [(each["from"], each["to"], each["by"]) for each in order["history"]] == [(None, "PENDING", "BUYER")]


async def test_what_is_answered_is_what_is_read_afterwards(api: Api, make: Make) -> None:
    buyer = await make.buyer()
    lines = [
        (await make.product(price=price, iva_class=iva), 2)
        for price, iva in ((5_000, IvaClass.EXEMPT), (9_000, IvaClass.GENERAL))
    ]
    placed = await api.post("/api/v1/orders", body(*lines), by=buyer)
    assert placed.status_code == 201
    read = await api.get(f"/api/v1/orders/{placed.json()['id']}", by=buyer)
    assert placed.json() == read.json()


async def test_shipping_is_free_from_200000_net_of_one_vendor(api: Api, make: Make) -> None:
    product = await make.product(price=200_000)
    answer = await api.post("/api/v1/orders", body((product, 1)), by=await make.buyer())
    assert (answer.json()["shipping_cost"], answer.json()["total_amount"]) == ("0.00", "238000.00")


async def test_an_order_holds_its_units(api: Api, make: Make, rows: Rows) -> None:
    product = await make.product(stock=5)
    await api.post("/api/v1/orders", body((product, 2)), by=await make.buyer())
    held = await rows.get(Product, product.id)
    assert (held.stock, held.reserved, held.get_stock_disponible()) == (5, 2, 3)
    assert [hold.quantity for hold in await rows.all(StockHold)] == [2]


async def test_f52_two_lines_of_one_product_count_together(api: Api, make: Make, rows: Rows) -> None:
    product = await make.product(stock=3)
    answer = await api.post("/api/v1/orders", body((product, 2), (product, 2)), by=await make.buyer())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/out-of-stock")
    answer = await api.post("/api/v1/orders", body((product, 2), (product, 1)), by=await make.buyer())
    assert [item["quantity"] for item in answer.json()["items"]] == [3]
    assert (await rows.get(Product, product.id)).reserved == 3


async def test_f51_of_60_buyers_at_once_10_get_the_last_10_units(api: Api, make: Make, rows: Rows) -> None:
    product = await make.product(stock=10)
    buyers = [await make.buyer() for _ in range(60)]
    for buyer in buyers:
        await api.token(buyer)
    answers = await asyncio.gather(*(api.post("/api/v1/orders", body((product, 1)), by=buyer) for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 50
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} == {"/problems/out-of-stock"}
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved) == (10, 10)
    assert await rows.count(Order) == await rows.count(StockHold) == await rows.count(OrderItem) == 10


async def test_f52_orders_of_the_same_products_in_opposite_order_do_not_deadlock(
    api: Api, make: Make, rows: Rows
) -> None:
    first, second = await make.product(stock=100), await make.product(stock=100)
    buyer = await make.buyer()
    await api.token(buyer)
    lines = [((first, 1), (second, 1)), ((second, 1), (first, 1))] * 20
    answers = await asyncio.gather(*(api.post("/api/v1/orders", body(*pair), by=buyer) for pair in lines))
    assert {answer.status_code for answer in answers} == {201}
    assert {product.reserved for product in await rows.all(Product)} == {40}


async def test_f55_ten_clicks_with_one_key_make_one_order(api: Api, make: Make, rows: Rows) -> None:
    product, buyer = await make.product(stock=100), await make.buyer()
    await api.token(buyer)
    key = {"Idempotency-Key": "click-1"}
    answers = await asyncio.gather(
        *(api.post("/api/v1/orders", body((product, 1)), by=buyer, headers=key) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert {answer.json()["type"] for answer in answers if answer.status_code == 409} <= {
        "/problems/idempotency-key-in-use"
    }
    assert await rows.count(Order) == 1
    again = await api.post("/api/v1/orders", body((product, 1)), by=buyer, headers=key)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.content in {answer.content for answer in answers}


@pytest.mark.parametrize(
    "unsellable",
    [
        {"status": ProductStatus.DRAFT},
        {"status": ProductStatus.INACTIVE},
    ],
)
async def test_only_approved_products_can_be_ordered(
    api: Api, make: Make, rows: Rows, unsellable: dict[str, object]
) -> None:
    product = await make.product(**unsellable)  # type: ignore[arg-type]
    answer = await api.post("/api/v1/orders", body((product, 1)), by=await make.buyer())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/product-unavailable")
    assert answer.json()["product_id"] == str(product.id)
    await nothing_was_written(rows)


async def test_f58_a_suspended_vendor_sells_nothing(api: Api, make: Make, rows: Rows) -> None:
    product = await make.product(vendor=await make.vendor(status=VendorStatus.SUSPENDED))
    answer = await api.post("/api/v1/orders", body((product, 1)), by=await make.buyer())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/product-unavailable")
    await nothing_was_written(rows)


async def test_one_missing_product_refuses_the_whole_order(api: Api, make: Make, rows: Rows) -> None:
    there, gone = await make.product(), await make.product(stock=0)
    answer = await api.post("/api/v1/orders", body((there, 1), (gone, 1)), by=await make.buyer())
    assert (answer.status_code, answer.json()["type"], answer.json()["available"]) == (409, "/problems/out-of-stock", 0)
    await nothing_was_written(rows)


async def test_a_visitor_and_an_administrator_may_not_order(api: Api, make: Make, rows: Rows) -> None:
    wanted = body((await make.product(), 1))
    assert (await api.post("/api/v1/orders", wanted)).status_code == 401
    administrator = await make.user(UserType.ADMIN)
    assert (await api.post("/api/v1/orders", wanted, by=administrator)).status_code == 403
    await nothing_was_written(rows)


async def test_a_vendor_is_also_a_buyer(api: Api, make: Make) -> None:
    answer = await api.post("/api/v1/orders", body((await make.product(), 1)), by=await make.user(UserType.VENDOR))
    assert answer.status_code == 201


async def test_somebody_elses_order_is_absent(api: Api, make: Make) -> None:
    order = await make.order()
    stranger, owner = await make.buyer(), await make.existing_user(order.buyer_id)
    assert (await api.get(f"/api/v1/orders/{order.id}", by=stranger)).status_code == 404
    assert (await api.get(f"/api/v1/orders/{order.id}", by=owner)).status_code == 200
    assert (await api.get("/api/v1/orders", by=stranger)).json()["items"] == []


async def test_my_orders_come_in_pages_newest_first(api: Api, make: Make) -> None:
    buyer, product = await make.buyer(), await make.product(stock=100)
    placed = [(await make.order(buyer=buyer, units={product.id: 1})).id for _ in range(5)]
    first = (await api.get("/api/v1/orders?limit=3&total=true", by=buyer)).json()
    assert ([order["id"] for order in first["items"]], first["total"]) == (placed[:1:-1], 5)
    rest = (await api.get(f"/api/v1/orders?limit=3&cursor={first['next_cursor']}", by=buyer)).json()
    assert ([order["id"] for order in rest["items"]], rest["next_cursor"]) == (placed[1::-1], None)


async def nothing_was_written(rows: Rows) -> None:
    for table in (Order, OrderItem, Package, OrderHistory, StockHold, IdempotencyKey):
        assert await rows.count(table) == 0
    assert {product.reserved for product in await rows.all(Product)} == {0}
