"""Filling a cart, as a guest and signed in: whose it is, what it takes and what it refuses."""

import asyncio
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest

from mestore.app.subscriptions import PERIODIC
from mestore.cart.models import Cart, CartItem
from mestore.catalog.models import ProductStatus
from mestore.core.world import World
from mestore.users.models import UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.cart.shopping import CART, ITEMS, MERGE, Shopping
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows

NewBuyer = Callable[[], Awaitable[Shopping]]
(FORGET,) = [task for task in PERIODIC if task.name == "cart.forget_guest_carts"]


async def pass_days(rows: Rows, days: int) -> None:
    """As if all carts had last been changed so many days ago."""
    await rows.execute("UPDATE carts SET expires_at = expires_at - make_interval(days => :days)", days=days)


async def test_a_guest_gets_a_token_with_the_first_thing_it_adds(guest: Shopping, make: Make, rows: Rows) -> None:
    product = await make.product()
    answer = await guest.add(product, 2)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert guest.token is not None
    assert len(guest.token) >= 43, "256 bits"
    assert [(item["product"]["id"], item["quantity"]) for item in answer.json()["items"]] == [(str(product.id), 2)]
    assert await guest.see() == answer.json()
    (kept,) = await rows.all(Cart)
    assert kept.token_hash == sha256(guest.token.encode()).digest()
    (row,) = await rows.execute("SELECT c::text AS row FROM carts c")
    assert guest.token not in row.row


async def test_the_same_product_again_adds_to_its_line(guest: Shopping, make: Make) -> None:
    product, other = await make.product(), await make.product()
    await guest.add(product, 2)
    token = guest.token
    await guest.add(other, 1)
    await guest.add(product, 3)
    assert guest.token == token
    assert await guest.units() == [(str(product.id), 5), (str(other.id), 1)]


async def test_lines_are_changed_and_removed(buyer: Shopping, make: Make) -> None:
    first, second = await make.product(), await make.product()
    await buyer.add(first, 2)
    items = (await buyer.add(second, 1)).json()["items"]
    changed = await buyer.change(items[0]["id"], 7)
    assert [item["quantity"] for item in changed.json()["items"]] == [7, 1]
    assert await buyer.see() == changed.json()
    removed = await buyer.remove(items[0]["id"])
    assert [item["id"] for item in removed.json()["items"]] == [items[1]["id"]]
    assert_problem(await buyer.remove(items[0]["id"]), 404)
    emptied = await buyer.ask("DELETE", CART)
    assert (emptied.status_code, emptied.json()["items"]) == (200, [])
    assert (await buyer.ask("DELETE", CART)).json() == emptied.json()
    assert await buyer.see() == emptied.json()


async def test_a_guest_keeps_its_token_when_the_cart_is_emptied(guest: Shopping, make: Make) -> None:
    await guest.add(await make.product())
    token = guest.token
    assert (await guest.ask("DELETE", CART)).json()["token"] == token
    assert (await guest.see())["token"] == token
    await guest.add(await make.product())
    assert guest.token == token


@pytest.mark.parametrize("token", [None, "", "x", "n" * 43, "ñandú", "0" * 200])
async def test_seeing_a_cart_writes_nothing(guest: Shopping, buyer: Shopping, rows: Rows, token: str | None) -> None:
    before = await census(rows)
    headers = {} if token is None else {"X-Cart-Token": token.encode()}
    for shopper in (guest, buyer):
        answer = await shopper.api.get(CART, by=shopper.by, headers=headers)
        assert answer.status_code == 200
        assert answer.json() == {
            "token": None,
            "items": [],
            "packages": [],
            "totals": dict.fromkeys(("subtotal", "discount", "iva_amount", "shipping_cost", "total_amount"), "0.00"),
            "municipality_code": None,
            "coupon": None,
        }
    assert await census(rows) == before


async def test_a_token_of_nobody_is_answered_with_a_new_one(guest: Shopping, make: Make, rows: Rows) -> None:
    product = await make.product()
    guest.token = "n" * 43
    assert_problem(await guest.change(1, 1), 404)
    assert_problem(await guest.remove(1), 404)
    assert (await guest.ask("DELETE", CART)).json()["token"] is None
    assert await rows.count(Cart) == 0
    await guest.add(product)
    assert guest.token != "n" * 43, "nobody chooses another's token"
    assert await guest.units() == [(str(product.id), 1)]


async def test_a_guest_s_cart_is_over_30_days_after_its_last_change(
    guest: Shopping, buyer: Shopping, make: Make, rows: Rows, world: World
) -> None:
    product = await make.product()
    item_id = (await guest.add(product)).json()["items"][0]["id"]
    await buyer.add(product)
    await pass_days(rows, 29)
    await guest.change(item_id, 2)
    await pass_days(rows, 29)
    await FORGET.handle(world)
    assert await guest.units() == [(str(product.id), 2)]
    await pass_days(rows, 1)
    assert await guest.see() == await Shopping(guest.api).see()
    assert_problem(await guest.change(item_id, 3), 404)
    assert_problem(await guest.remove(item_id), 404)
    assert (await buyer.merge(guest.token)).json()["items"][0]["quantity"] == 1
    await FORGET.handle(world)
    assert (await rows.count(Cart), await rows.count(CartItem)) == (1, 1)
    assert await buyer.units() == [(str(product.id), 1)]


async def test_nobody_reaches_another_s_lines(api: Api, make: Make, new_buyer: NewBuyer, rows: Rows) -> None:
    product = await make.product()
    owners = [Shopping(api), await new_buyer()]
    strangers = [Shopping(api), await new_buyer(), Shopping(api)]
    for shopper in (*owners, *strangers[:2]):
        await shopper.add(product, 2)
    for owner in owners:
        seen = await owner.see()
        (item,) = seen["items"]
        for stranger in strangers:
            assert_problem(await stranger.change(item["id"], 1), 404)
            assert_problem(await stranger.remove(item["id"]), 404)
        assert await owner.see() == seen
    assert (await strangers[2].see())["items"] == []
    assert await rows.count(CartItem) == 4


async def test_signed_in_it_is_the_account_s_cart_whatever_token_comes_along(
    guest: Shopping, buyer: Shopping, make: Make
) -> None:
    guests, own = await make.product(), await make.product()
    await guest.add(guests)
    both = Shopping(buyer.api, by=buyer.by, token=guest.token)
    answer = await both.add(own)
    assert answer.json()["token"] is None
    assert await both.units() == await buyer.units() == [(str(own.id), 1)]
    assert await guest.units() == [(str(guests.id), 1)]


async def test_staff_has_no_cart_and_a_bad_token_is_refused(api: Api, make: Make, rows: Rows) -> None:
    product, before = await make.product(), await rows.count(Cart)
    staff = Shopping(api, by=await make.user(UserType.ADMIN))
    assert_problem(await staff.ask("GET", CART), 403)
    assert_problem(await staff.add(product), 403)
    assert_problem(await staff.ask("POST", MERGE), 403)
    bad = await api.get(CART, headers={"Authorization": "Bearer nonsense"})
    assert_problem(bad, 401)
    assert_problem(await api.post(MERGE), 401)
    assert_problem(await api.post(f"{CART}/checkout", {}), 401)
    assert await rows.count(Cart) == before


@pytest.mark.parametrize("signed_in", [True, False])
@pytest.mark.parametrize("unsellable", [ProductStatus.DRAFT, ProductStatus.INACTIVE, VendorStatus.SUSPENDED])
async def test_what_is_not_for_sale_is_not_added(
    guest: Shopping, buyer: Shopping, make: Make, rows: Rows, unsellable: Any, *, signed_in: bool
) -> None:
    if isinstance(unsellable, VendorStatus):
        product = await make.product(vendor=await make.vendor(status=unsellable))
    else:
        product = await make.product(status=unsellable)
    before = await census(rows)
    problem = assert_problem(await (buyer if signed_in else guest).add(product), 409)
    assert (problem["type"], problem["product_id"]) == ("/problems/product-unavailable", str(product.id))
    assert await census(rows) == before


async def test_no_more_than_there_is(buyer: Shopping, make: Make, rows: Rows) -> None:
    product = await make.product(stock=5)
    problem = assert_problem(await buyer.add(product, 6), 409)
    assert (problem["type"], problem["available"]) == ("/problems/out-of-stock", 5)
    assert await rows.count(Cart) == 0
    item_id = (await buyer.add(product, 4)).json()["items"][0]["id"]
    assert assert_problem(await buyer.add(product, 2), 409)["available"] == 5
    assert assert_problem(await buyer.change(item_id, 6), 409)["available"] == 5
    await rows.execute("UPDATE products SET status = 'INACTIVE'")
    assert assert_problem(await buyer.change(item_id, 1), 409)["type"] == "/problems/product-unavailable"
    assert await buyer.units() == [(str(product.id), 4)]


async def test_no_more_than_999_units(buyer: Shopping, make: Make) -> None:
    product = await make.product(stock=5_000)
    item_id = (await buyer.add(product, 999)).json()["items"][0]["id"]
    assert assert_problem(await buyer.add(product, 1), 422)["type"] == "/problems/too-many-units"
    assert_problem(await buyer.change(item_id, 1_000), 422)
    assert_problem(await buyer.change(item_id, 0), 422)
    assert await buyer.units() == [(str(product.id), 999)]


async def test_no_more_than_100_lines_also_when_two_come_at_once(buyer: Shopping, make: Make, rows: Rows) -> None:
    vendor = await make.vendor()
    products = [await make.product(vendor=vendor) for _ in range(103)]
    await buyer.add(products[0])
    await rows.execute(
        "INSERT INTO cart_items (cart_id, product_id, quantity, unit_price) SELECT c.id, p.id, 1, p.precio_venta"
        " FROM carts c, (SELECT * FROM products ORDER BY id OFFSET 1 LIMIT 98) p"
    )
    answers = await asyncio.gather(*(buyer.add(product) for product in products[99:]))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    (problem, *_) = [answer.json() for answer in answers if answer.status_code == 409]
    assert (problem["type"], problem["most"]) == ("/problems/cart-full", 100)
    assert (await buyer.add(products[0])).status_code == 200, "what is in it already takes no room"
    assert await rows.count(CartItem) == 100


@pytest.mark.parametrize(
    "bad",
    [
        {"quantity": 0},
        {"quantity": 1_000},
        {"quantity": "2"},
        {"product_id": "x"},
        {"unit_price": "1.00"},
        {"coupon": "GRATIS"},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(buyer: Shopping, make: Make, rows: Rows, bad: dict[str, Any]) -> None:
    product = await make.product()
    before = await census(rows)
    body = {"product_id": str(product.id), "quantity": 1} | bad
    assert_problem(await buyer.ask("POST", ITEMS, json=body), 422)
    assert await census(rows) == before


async def test_a_place_that_there_is_none_changes_nothing(guest: Shopping, make: Make, rows: Rows) -> None:
    product = await make.product()
    await guest.add(product)
    assert_problem(await guest.add(product, 1, "?municipality_code=11999"), 422)
    assert_problem(await guest.ask("GET", f"{CART}?municipality_code=11999"), 422)
    assert_problem(await guest.ask("DELETE", f"{CART}?municipality_code=11999"), 422)
    assert await guest.units() == [(str(product.id), 1)]


async def test_adds_at_once_all_count(guest: Shopping, new_buyer: NewBuyer, make: Make, rows: Rows) -> None:
    product, other = await make.product(stock=999), await make.product()
    await guest.add(other)
    for shopper in (guest, await new_buyer()):
        for _ in range(10):
            answers = await asyncio.gather(*(shopper.add(product) for _ in range(10)))
            assert {answer.status_code for answer in answers} == {200}
        assert (await shopper.units())[-1] == (str(product.id), 100)
    assert await rows.count(Cart) == 2


async def test_adds_at_once_stop_at_what_there_is(buyer: Shopping, make: Make) -> None:
    product = await make.product(stock=10)
    answers = await asyncio.gather(*(buyer.add(product) for _ in range(15)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [409] * 5
    assert await buyer.units() == [(str(product.id), 10)]
