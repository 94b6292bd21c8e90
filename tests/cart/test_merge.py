"""A guest's cart becomes part of the buyer's at sign-in: once, and no more than there is."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mestore.cart.models import Cart, CartItem
from tests.cart.shopping import Shopping
from tests.make import Make
from tests.problems import census
from tests.rows import Rows

NewBuyer = Callable[[], Awaitable[Shopping]]
ROUNDS = 100


async def test_quantities_are_added_and_the_guest_s_cart_is_gone(
    guest: Shopping, buyer: Shopping, make: Make, rows: Rows
) -> None:
    both, guests, own = [await make.product() for _ in range(3)]
    for shopper, product, quantity in ((guest, guests, 1), (guest, both, 2), (buyer, both, 3), (buyer, own, 4)):
        await shopper.add(product, quantity)
    answer = await buyer.merge(guest.token)
    assert (answer.status_code, answer.json()["token"]) == (200, None)
    assert await buyer.units() == [(str(both.id), 5), (str(own.id), 4), (str(guests.id), 1)]
    assert (await guest.see())["items"] == []
    assert (await buyer.merge(guest.token)).json() == answer.json()
    assert (await rows.count(Cart), await rows.count(CartItem)) == (1, 3)


async def test_a_buyer_without_a_cart_gets_the_guest_s(guest: Shopping, buyer: Shopping, make: Make) -> None:
    product = await make.product()
    await guest.add(product, 2)
    await buyer.merge(guest.token)
    assert await buyer.units() == [(str(product.id), 2)]


@pytest.mark.parametrize("token", [None, "", "n" * 43])
async def test_without_a_guest_s_cart_nothing_changes(
    buyer: Shopping, make: Make, rows: Rows, token: str | None
) -> None:
    await buyer.add(await make.product())
    seen, before = await buyer.see(), await census(rows)
    answer = await buyer.merge(token)
    assert (answer.status_code, answer.json()) == (200, seen)
    assert await census(rows) == before


async def test_no_more_than_there_is_or_than_999(guest: Shopping, buyer: Shopping, make: Make, rows: Rows) -> None:
    few, many, fell, gone = [await make.product(stock=stock) for stock in (5, 5_000, 10, 10)]
    for product, guests, own in ((few, 4, 3), (many, 600, 600), (fell, 6, 8)):
        await guest.add(product, guests)
        await buyer.add(product, own)
    await guest.add(gone, 3)
    await rows.execute("UPDATE products SET stock = 2 WHERE id = :id", id=fell.id)
    await rows.execute("UPDATE products SET status = 'INACTIVE' WHERE id = :id", id=gone.id)
    items = (await buyer.merge(guest.token)).json()["items"]
    assert [(item["quantity"], item["available"]) for item in items] == [
        (5, True),
        (999, True),
        (8, False),
        (1, False),
    ]


async def test_a_price_that_changed_says_so_after_the_merge(
    guest: Shopping, buyer: Shopping, make: Make, rows: Rows
) -> None:
    await guest.add(await make.product(price=50_000))
    await rows.execute("UPDATE products SET precio_venta = 60000")
    (item,) = (await buyer.merge(guest.token)).json()["items"]
    assert (item["price_changed"], item["unit_price_before"]) == (True, "50000.00")


async def test_no_more_than_100_lines(guest: Shopping, buyer: Shopping, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    products = [await make.product(vendor=vendor) for _ in range(103)]
    await buyer.add(products[0])
    await guest.add(products[99])
    await rows.execute(
        "INSERT INTO cart_items (cart_id, product_id, quantity, unit_price) SELECT c.id, p.id, 1, p.precio_venta"
        " FROM carts c, (SELECT * FROM products ORDER BY id OFFSET 1 LIMIT 97) p WHERE c.user_id IS NOT NULL"
    )
    await guest.add(products[0])
    for product in products[100:]:
        await guest.add(product)
    items = (await buyer.merge(guest.token)).json()["items"]
    assert len(items) == 100
    assert (items[0]["product"]["id"], items[0]["quantity"]) == (str(products[0].id), 2)
    assert [item["product"]["id"] for item in items[98:]] == [str(products[99].id), str(products[100].id)]


async def test_two_merges_at_once_add_once(new_buyer: NewBuyer, make: Make, rows: Rows) -> None:
    product, buyer = await make.product(stock=999), await new_buyer()
    for done in range(ROUNDS):
        guest = Shopping(buyer.api)
        await guest.add(product, 2)
        answers = await asyncio.gather(*(buyer.merge(guest.token) for _ in range(2)))
        assert {answer.status_code for answer in answers} == {200}
        assert await buyer.units() == [(str(product.id), 2 * (done + 1))]
    assert await rows.count(Cart) == 1


async def test_two_accounts_merge_one_guest_once(new_buyer: NewBuyer, make: Make) -> None:
    product = await make.product(stock=999)
    for _ in range(10):
        guest, buyers = Shopping((await new_buyer()).api), [await new_buyer() for _ in range(3)]
        await guest.add(product, 2)
        await asyncio.gather(*(buyer.merge(guest.token) for buyer in buyers))
        assert sorted([len(await buyer.units()) for buyer in buyers]) == [0, 0, 1]


async def test_what_is_added_while_a_cart_is_merged_is_in_one_of_the_two(new_buyer: NewBuyer, make: Make) -> None:
    product = await make.product(stock=999)
    for _ in range(30):
        buyer = await new_buyer()
        guest = Shopping(buyer.api)
        await guest.add(product, 2)
        token = guest.token
        await asyncio.gather(buyer.merge(token), guest.add(product, 3))
        ((_, merged),) = await buyer.units()
        left = sum(quantity for _, quantity in await guest.units())
        assert (merged, left, guest.token == token) in {(5, 0, True), (2, 3, False)}
