"""A cart becomes one order, at the total that was shown, whoever comes at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.cart.models import CartItem
from mestore.catalog.models import Product
from mestore.orders.models import Order, OrderItem
from tests.api import Api
from tests.cart.shopping import CHECKOUT, Shopping
from tests.make import SHIPPING, Make
from tests.problems import assert_problem, census
from tests.rows import Rows

NewBuyer = Callable[[], Awaitable[Shopping]]
ROUNDS = 100


async def test_the_cart_becomes_an_order_and_is_empty(buyer: Shopping, make: Make, rows: Rows) -> None:
    first, second = await make.product(stock=5), await make.product()
    await buyer.add(first, 2)
    await buyer.add(second, 1)
    answer = await buyer.check_out()
    assert answer.status_code == 201
    order = answer.json()
    assert buyer.by is not None
    assert (order["status"], order["buyer_id"]) == ("PENDING", str(buyer.by.id))
    assert {item["product_id"]: item["quantity"] for item in order["items"]} == {str(first.id): 2, str(second.id): 1}
    assert order["shipping_info"]["address"] == SHIPPING["address"]
    assert (await buyer.api.get(f"/api/v1/orders/{order['id']}", by=buyer.by)).json() == order
    assert (await buyer.see())["items"] == []
    assert (await rows.get(Product, first.id)).reserved == 2


async def test_an_empty_cart_is_no_order(buyer: Shopping, guest: Shopping, make: Make, rows: Rows) -> None:
    problem = assert_problem(await buyer.check_out("15000.00"), 409)
    assert problem["type"] == "/problems/cart-empty"
    await buyer.add(await make.product())
    assert (await buyer.check_out()).status_code == 201
    assert assert_problem(await buyer.check_out("15000.00"), 409)["type"] == "/problems/cart-empty"
    assert await rows.count(Order) == 1


async def test_a_guest_signs_in_first(guest: Shopping, buyer: Shopping, make: Make, rows: Rows) -> None:
    product = await make.product()
    await guest.add(product)
    before = await census(rows)
    assert_problem(await guest.check_out(), 401)
    assert await census(rows) == before
    await buyer.merge(guest.token)
    assert (await buyer.check_out()).status_code == 201


@pytest.mark.parametrize(
    "bad",
    [
        {"expected_total": 74500},
        {"coupon": "GRATIS"},
        {"items": []},
        {"shipping_info": SHIPPING | {"municipality_code": "11999"}},
        {"shipping_info": {}},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(buyer: Shopping, make: Make, rows: Rows, bad: dict[str, Any]) -> None:
    await buyer.add(await make.product())
    seen, before = await buyer.see(), await census(rows)
    assert_problem(await buyer.check_out("74500.00", **bad), 422)
    assert await census(rows) == before
    assert await buyer.see() == seen


async def test_a_coupon_of_null_is_none(buyer: Shopping, make: Make) -> None:
    await buyer.add(await make.product())
    assert (await buyer.check_out(coupon=None)).status_code == 201


async def test_f57_a_price_that_changed_since_the_cart_was_seen(buyer: Shopping, make: Make, rows: Rows) -> None:
    await buyer.add(await make.product(price=50_000))
    shown = (await buyer.see())["totals"]["total_amount"]
    await rows.execute("UPDATE products SET precio_venta = 60000")
    before = await census(rows)
    problem = assert_problem(await buyer.check_out(shown), 409)
    assert (problem["type"], problem["total_amount"]) == ("/problems/total-changed", "86400.00")
    assert await census(rows) == before
    assert {product.reserved for product in await rows.all(Product)} == {0}
    assert (await buyer.see())["totals"]["total_amount"] == "86400.00"
    assert (await buyer.check_out("86400.00")).json()["total_amount"] == "86400.00"


async def test_f57_a_price_that_changes_meanwhile_is_never_paid_unseen(
    new_buyer: NewBuyer, make: Make, rows: Rows
) -> None:
    product, buyer = await make.product(price=50_000, stock=ROUNDS), await new_buyer()
    for _ in range(ROUNDS):
        await rows.execute("UPDATE products SET precio_venta = 50000")
        await buyer.ask("DELETE", "/api/v1/cart")
        await buyer.add(product)
        answer, _ = await asyncio.gather(
            buyer.check_out("74500.00"), rows.execute("UPDATE products SET precio_venta = 60000")
        )
        assert answer.json().get("total_amount") == ("74500.00" if answer.status_code == 201 else "86400.00")
        assert len(await buyer.units()) == (answer.status_code == 409)
    assert {order.total_amount.amount for order in await rows.all(Order)} <= {74_500}


async def test_lines_that_can_t_be_had_are_named(buyer: Shopping, make: Make, rows: Rows) -> None:
    fine, few, gone = [await make.product() for _ in range(3)]
    for product in (fine, few, gone):
        await buyer.add(product, 2)
    ids = [item["id"] for item in (await buyer.see())["items"]]
    await rows.execute("UPDATE products SET stock = 1 WHERE id = :id", id=few.id)
    await rows.execute("UPDATE products SET status = 'INACTIVE' WHERE id = :id", id=gone.id)
    before = await census(rows)
    problem = assert_problem(await buyer.check_out(), 409)
    assert (problem["type"], problem["item_ids"]) == ("/problems/cart-items-unavailable", ids[1:])
    assert await census(rows) == before
    assert {product.reserved for product in await rows.all(Product)} == {0}
    await buyer.change(ids[1], 1)
    await buyer.remove(ids[2])
    assert (await buyer.check_out()).status_code == 201


async def test_a_repeated_checkout_with_its_key_is_the_same_order(buyer: Shopping, make: Make, rows: Rows) -> None:
    await buyer.add(await make.product())
    first = await buyer.check_out("74500.00", key="click-1")
    again = await buyer.check_out("74500.00", key="click-1")
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await rows.count(Order) == 1


@pytest.mark.parametrize("keys", [("a", "a"), ("a", "b"), (None, None)], ids=str)
async def test_f55_two_checkouts_at_once_make_one_order(
    new_buyer: NewBuyer, make: Make, rows: Rows, keys: tuple[str | None, ...]
) -> None:
    product, buyer = await make.product(stock=999), await new_buyer()
    for done in range(ROUNDS):
        await buyer.add(product)
        answers = await asyncio.gather(*(buyer.check_out("74500.00", key=key and f"{key}{done}") for key in keys))
        refused = [answer for answer in answers if answer.status_code != 201]
        if keys[0] is not None and keys[0] == keys[1]:
            assert {answer.content for answer in answers} - {each.content for each in refused}
            assert {each.json()["type"] for each in refused} <= {"/problems/idempotency-key-in-use"}
        else:
            assert [each.json()["type"] for each in refused] == ["/problems/cart-empty"]
        assert await rows.count(Order) == done + 1
    assert (await rows.get(Product, product.id)).reserved == ROUNDS
    assert await rows.count(CartItem) == 0


async def test_what_is_added_during_a_checkout_is_ordered_or_still_there(
    new_buyer: NewBuyer, make: Make, rows: Rows
) -> None:
    product, buyer = await make.product(stock=999, price=50_000), await new_buyer()
    for done in range(ROUNDS):
        await buyer.ask("DELETE", "/api/v1/cart")
        await buyer.add(product)
        checked, _ = await asyncio.gather(buyer.check_out("74500.00"), buyer.add(product, 1))
        left = sum(quantity for _, quantity in await buyer.units())
        if checked.status_code == 201:
            assert ([item["quantity"] for item in checked.json()["items"]], left) == ([1], 1), done
        else:
            assert (checked.json()["type"], left) == ("/problems/total-changed", 2), done
    assert {item.quantity for item in await rows.all(OrderItem)} <= {1}


async def test_f51_the_last_units_go_to_as_many_as_there_are(new_buyer: NewBuyer, make: Make, rows: Rows) -> None:
    product, buyers = await make.product(stock=3), [await new_buyer() for _ in range(12)]
    for buyer in buyers:
        await buyer.add(product)
    answers = await asyncio.gather(*(buyer.check_out("74500.00") for buyer in buyers))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 9
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {problem["type"] for problem in refused} == {"/problems/cart-items-unavailable"}
    kept = {item.id for item in await rows.all(CartItem)}
    assert sorted(item_id for problem in refused for item_id in problem["item_ids"]) == sorted(kept)
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved) == (3, 3)


async def test_f51_two_buyers_of_one_last_unit(new_buyer: NewBuyer, make: Make, rows: Rows) -> None:
    product, buyers = await make.product(stock=1), [await new_buyer() for _ in range(2)]
    for done in range(ROUNDS):
        for buyer in buyers:
            await buyer.ask("DELETE", "/api/v1/cart")
            await buyer.add(product)
        answers = await asyncio.gather(*(buyer.check_out("74500.00") for buyer in buyers))
        assert sorted(answer.status_code for answer in answers) == [201, 409], done
        await rows.execute("UPDATE products SET stock = stock + 1")


async def test_an_account_without_a_body_is_refused(api: Api, make: Make) -> None:
    assert_problem(await api.post(CHECKOUT, {}, by=await make.buyer()), 422)
