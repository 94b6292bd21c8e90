"""A cart is kept about somebody: it is handed out, and goes when they are erased."""

import asyncio
from collections.abc import Awaitable, Callable

from mestore.cart.models import Cart, CartItem
from mestore.orders.models import Order
from tests.cart.shopping import Shopping
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows

NewBuyer = Callable[[], Awaitable[Shopping]]
ME, EXPORT = "/api/v1/auth/me", "/api/v1/auth/me/data-export"


async def test_a_cart_is_handed_out_and_erased(
    guest: Shopping, buyer: Shopping, new_buyer: NewBuyer, make: Make, rows: Rows
) -> None:
    product, other = await make.product(), await new_buyer()
    for shopper in (guest, other):
        await shopper.add(product)
    await buyer.add(product, 3)
    records = (await buyer.ask("GET", EXPORT)).json()["records"]
    assert [(each["product_id"], each["quantity"]) for each in records["cart_items"]] == [(str(product.id), 3)]
    assert [each["user_id"] for each in records["cart"]] == [records["sessions"][0]["user_id"]]
    assert "token_hash" not in records["cart"][0]
    assert (await buyer.ask("DELETE", ME)).status_code == 204
    assert (await rows.count(Cart), await rows.count(CartItem)) == (2, 2)
    assert await guest.units() == await other.units() == [(str(product.id), 1)]


async def test_nothing_is_put_into_the_cart_of_an_account_that_is_being_erased(
    new_buyer: NewBuyer, make: Make, rows: Rows
) -> None:
    product = await make.product()
    for _ in range(30):
        buyer, guest = await new_buyer(), Shopping((await new_buyer()).api)
        await guest.add(product)
        erased, added, merged = await asyncio.gather(
            buyer.ask("DELETE", ME), buyer.add(product), buyer.merge(guest.token)
        )
        assert erased.status_code == 204
        assert {added.status_code, merged.status_code} <= {200, 401}
        assert buyer.by is not None
        assert await rows.execute("SELECT 1 FROM carts WHERE user_id = :id", id=buyer.by.id) == []


async def test_an_account_that_checks_out_is_not_erased_and_one_that_is_erased_does_not_check_out(
    new_buyer: NewBuyer, make: Make, rows: Rows
) -> None:
    product = await make.product(stock=100)
    for _ in range(30):
        buyer, before = await new_buyer(), await rows.count(Order)
        await buyer.add(product)
        erased, ordered = await asyncio.gather(buyer.ask("DELETE", ME), buyer.check_out("74500.00"))
        if ordered.status_code == 201:
            assert assert_problem(erased, 409)["type"] == "/problems/account-in-use"
        else:
            assert (erased.status_code, ordered.status_code) == (204, 401)
        assert await rows.count(Order) == before + (ordered.status_code == 201)
