"""What a cart shows: prices and stock of now, packages, shipping, and the total that an order will cost."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import uuid4

import asyncpg
import jsonschema_rs
import pytest
from sqlalchemy import event

from mestore.cart.models import CartItem
from mestore.catalog.models import IvaClass
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.shipping.models import DeliveryTime, ShippingRate
from mestore.users.models import Address
from tests.cart.shopping import CART, Shopping
from tests.document import document
from tests.make import SHIPPING, Make
from tests.rows import Rows

ABOUT_TYPES = ("typeinfo_tree", "'jit'")
"""In what asyncpg itself asks, when a connection meets a type for the first time."""


@contextmanager
def statements(world: World) -> Iterator[list[str]]:
    """What PostgreSQL is asked within."""
    asked: list[str] = []
    engine = world.sessions.kw["bind"].sync_engine

    def note(query: asyncpg.connection.LoggedQuery) -> None:
        is_about_types = any(word in query.query for word in ABOUT_TYPES)
        if not is_about_types and query.query not in {"BEGIN;", "COMMIT;", "ROLLBACK;"}:
            asked.append(query.query)

    def taken(connection: Any, *_: Any) -> None:
        connection.driver_connection.add_query_logger(note)

    def given_back(connection: Any, *_: Any) -> None:
        connection.driver_connection.remove_query_logger(note)

    event.listen(engine, "checkout", taken)
    event.listen(engine, "checkin", given_back)
    try:
        yield asked
    finally:
        event.remove(engine, "checkout", taken)
        event.remove(engine, "checkin", given_back)


def assert_fits(cart: dict[str, Any]) -> None:
    components = document()["components"]
    schema = components["schemas"]["CartOut"] | {"components": components}
    assert [error.message for error in jsonschema_rs.Draft202012Validator(schema).iter_errors(cart)] == []
    names = components["schemas"]
    assert cart.keys() == names["CartOut"]["properties"].keys()
    for item in cart["items"]:
        assert item.keys() == names["CartItemOut"]["properties"].keys()
        assert item["product"].keys() == names["ProductOut"]["properties"].keys()
    for package in cart["packages"]:
        assert package.keys() == names["CartPackageOut"]["properties"].keys()
        assert package["vendor"].keys() == names["CartShop"]["properties"].keys()
        assert package["delivery_promise"].keys() == names["PromiseOut"]["properties"].keys()


async def test_a_cart_of_two_shops_adds_up_to_the_peso(guest: Shopping, make: Make) -> None:
    sierra, costa = await make.vendor(), await make.vendor()
    coffee = await make.product(vendor=sierra, price=32_000, iva_class=IvaClass.REDUCED)
    hammock = await make.product(vendor=costa, price=199_990)
    filters = await make.product(vendor=sierra, price=5_000)
    for product, quantity in ((coffee, 3), (hammock, 1), (filters, 2)):
        await guest.add(product, quantity)
    cart = await guest.see()
    assert_fits(cart)
    one, two, three = (item["id"] for item in cart["items"])
    # Coffee 96,000 at 5 % = 4,800; filters 10,000 at 19 % = 1,900; the hammock's 37,998.10 is 37,998.
    assert [(item["unit_price"], item["total_price"], item["iva_amount"]) for item in cart["items"]] == [
        ("32000.00", "96000.00", "4800.00"),
        ("199990.00", "199990.00", "37998.00"),
        ("5000.00", "10000.00", "1900.00"),
    ]
    first, second = cart["packages"]
    assert first["vendor"] == {
        "id": str(sierra.id),
        "slug": sierra.slug,
        "business_name": sierra.business_name,
        "rating": None,
    }
    assert (first["item_ids"], second["item_ids"]) == ([one, three], [two])
    amounts = ("subtotal", "discount", "iva_amount", "shipping_cost", "total", "missing_for_free_shipping")
    # 94,000 net are missing in one, which at 19 % cost 111,860; 10 net in the other cost 11.90, so 12.
    assert [first[name] for name in amounts] == [
        "106000.00",
        "0.00",
        "6700.00",
        "15000.00",
        "127700.00",
        "111860.00",
    ]
    assert [second[name] for name in amounts] == [
        "199990.00",
        "0.00",
        "37998.00",
        "15000.00",
        "252988.00",
        "12.00",
    ]
    assert cart["totals"] == {
        "subtotal": "305990.00",
        "discount": "0.00",
        "iva_amount": "44698.00",
        "shipping_cost": "30000.00",
        "total_amount": "380688.00",
    }


@pytest.mark.parametrize("kind", IvaClass)
@pytest.mark.parametrize("price", [199_990, 123_457, 100])
async def test_what_is_missing_is_enough_whatever_is_added(
    buyer: Shopping, make: Make, rows: Rows, kind: IvaClass, price: int
) -> None:
    vendor = await make.vendor()
    await buyer.add(await make.product(vendor=vendor, price=price))
    missing = Money((await buyer.see())["packages"][0]["missing_for_free_shipping"])
    more = await make.product(vendor=vendor, price=100, iva_class=kind)

    # The dearest that shoppers see at a price with IVA of just what is missing, or the first above it.
    def shown(net: int) -> Money:
        return Money(net) + Money(net).share(kind.rate)

    net = next(net for net in range(1, 300_000) if shown(net) >= missing)
    await rows.execute("UPDATE products SET precio_venta = :net WHERE id = :id", net=max(net, 100), id=more.id)
    (package,) = (await buyer.add(more)).json()["packages"]
    assert (package["shipping_cost"], package["missing_for_free_shipping"]) == ("0.00", None)


async def test_where_nothing_makes_shipping_free_nothing_is_missing(buyer: Shopping, make: Make, world: World) -> None:
    async with transaction(world.sessions) as session:
        session.add(ShippingRate(id=uuid4(), department_code="05", cost=Money(0)))
    await buyer.add(await make.product(price=1_000))
    (package,) = (await buyer.see("?municipality_code=05001"))["packages"]
    assert (package["shipping_cost"], package["missing_for_free_shipping"]) == ("0.00", None)


async def test_shipping_is_to_the_place_asked_for_else_to_the_default_address_else_in_general(
    guest: Shopping, buyer: Shopping, make: Make, world: World
) -> None:
    product = await make.product()
    assert buyer.by is not None
    who = {"user_id": buyer.by.id, "name": "Ana Ruiz", "phone": "+573001234567", "street": "Calle 93 # 13-24"}
    async with transaction(world.sessions) as session:
        session.add(ShippingRate(id=uuid4(), department_code="05", cost=Money(9_000)))
        session.add(ShippingRate(id=uuid4(), department_code="91", cost=Money(40_000)))
        session.add(DeliveryTime(id=uuid4(), municipality_code="91001", min_days=10, max_days=15))
        session.add(Address(**who, municipality_code="91001", is_default=True))
        session.add(Address(**who, municipality_code="05001", is_default=False))
    await guest.add(product)
    await buyer.add(product)

    async def asked(shopper: Shopping, query: str = "") -> tuple[str | None, str, int]:
        cart = await shopper.see(query)
        (package,) = cart["packages"]
        assert cart["totals"]["shipping_cost"] == package["shipping_cost"]
        return cart["municipality_code"], package["shipping_cost"], package["delivery_promise"]["max_days"]

    assert await asked(guest) == (None, "15000.00", 8)
    assert await asked(buyer) == ("91001", "40000.00", 15)
    for shopper in (guest, buyer):
        assert await asked(shopper, "?municipality_code=05001") == ("05001", "9000.00", 8)


async def test_a_package_promises_when_it_comes(guest: Shopping, make: Make) -> None:
    (package,) = (await guest.add(await make.product())).json()["packages"]
    promise = package["delivery_promise"]
    assert date.fromisoformat(promise["earliest"]) <= date.fromisoformat(promise["latest"])


async def test_a_changed_price_is_shown_and_agreed_to_by_changing_the_line(
    buyer: Shopping, make: Make, rows: Rows
) -> None:
    product = await make.product(price=50_000)
    first = (await buyer.add(product, 2)).json()
    assert (first["items"][0]["price_changed"], first["items"][0]["unit_price_before"]) == (False, None)
    await rows.execute("UPDATE products SET precio_venta = 60000")
    cart = await buyer.see()
    assert_fits(cart)
    (item,) = cart["items"]
    assert (item["unit_price"], item["price_changed"], item["unit_price_before"]) == ("60000.00", True, "50000.00")
    assert cart["totals"]["subtotal"] == "120000.00"
    assert (await rows.all(CartItem))[0].unit_price == Money(50_000)
    (agreed,) = (await buyer.change(item["id"], 2)).json()["items"]
    assert (agreed["unit_price"], agreed["price_changed"], agreed["unit_price_before"]) == ("60000.00", False, None)
    await rows.execute("UPDATE products SET precio_venta = 55000")
    assert (await buyer.add(product)).json()["items"][0]["price_changed"] is False, "the new price was shown"


@pytest.mark.parametrize(
    ("change", "because", "left"),
    [
        ("UPDATE products SET status = 'INACTIVE' WHERE id = :id", "NOT_FOR_SALE", 0),
        ("UPDATE products SET deleted_at = now() WHERE id = :id", "NOT_FOR_SALE", 0),
        (
            "UPDATE vendors SET status = 'SUSPENDED' FROM products p WHERE p.id = :id AND p.vendedor_id = vendors.id",
            "NOT_FOR_SALE",
            0,
        ),
        ("UPDATE products SET stock = 1 WHERE id = :id", "TOO_FEW", 1),
        ("UPDATE products SET reserved = 9 WHERE id = :id", "TOO_FEW", 1),
    ],
)
async def test_what_can_t_be_had_stays_and_is_not_counted(
    buyer: Shopping, make: Make, rows: Rows, change: str, because: str, left: int
) -> None:
    short, other = await make.product(stock=10), await make.product(price=30_000, iva_class=IvaClass.EXEMPT)
    await buyer.add(short, 2)
    await buyer.add(other)
    await rows.execute(change, id=short.id)
    cart = await buyer.see()
    assert_fits(cart)
    item, had = cart["items"]
    assert item["product"]["name"] == short.name
    assert (item["quantity"], item["available"], item["unavailable_because"]) == (2, False, because)
    assert (item["stock_disponible"], item["total_price"], item["iva_amount"]) == (left, None, None)
    assert (had["available"], had["unavailable_because"]) == (True, None)
    assert [package["item_ids"] for package in cart["packages"]] == [[had["id"]]]
    assert (cart["totals"]["subtotal"], cart["totals"]["total_amount"]) == ("30000.00", "45000.00")


async def test_the_total_here_is_the_total_they_pay(buyer: Shopping, make: Make, world: World) -> None:
    async with transaction(world.sessions) as session:
        session.add(ShippingRate(id=uuid4(), department_code="11", up_to_kg="1", cost=Money(7_000)))
        session.add(ShippingRate(id=uuid4(), department_code="11", cost=Money(11_000)))
    for price, kind, quantity in (
        (33_333, IvaClass.GENERAL, 1),
        (7_777, IvaClass.REDUCED, 7),
        (199_999, IvaClass.EXCLUDED, 3),
    ):
        await buyer.add(await make.product(price=price, iva_class=kind), quantity)
    totals = (await buyer.see(f"?municipality_code={SHIPPING['municipality_code']}"))["totals"]
    assert totals["shipping_cost"] == "18000.00"
    order = (await buyer.check_out(totals["total_amount"])).json()
    assert {name: order[name] for name in totals} == totals


@pytest.mark.parametrize("lines", [1, 12])
async def test_a_cart_of_any_size_is_at_most_four_questions(
    guest: Shopping, buyer: Shopping, make: Make, world: World, lines: int
) -> None:
    for _ in range(lines):
        product = await make.product()
        for shopper in (guest, buyer):
            await shopper.add(product)
    with statements(world) as asked:
        await guest.see()
    assert len(asked) == 2, asked
    with statements(world) as asked:
        await buyer.see()
    assert len(asked) == 3, asked
    assert all(statement.lstrip().startswith(("SELECT", "WITH")) for statement in asked)


async def test_adding_is_four_questions_and_a_checkout_eight(buyer: Shopping, make: Make, world: World) -> None:
    first, second = await make.product(), await make.product()
    await buyer.add(first)
    with statements(world) as asked:
        total = (await buyer.add(second)).json()["totals"]["total_amount"]
    assert len(asked) == 4, asked
    with statements(world) as asked:
        assert (await buyer.check_out(total)).status_code == 201
    assert len(asked) == 8, asked


async def test_a_cart_that_has_not_changed_is_a_304(buyer: Shopping, make: Make) -> None:
    product = await make.product()
    await buyer.add(product)
    tag = (await buyer.ask("GET", CART)).headers["etag"]
    assert (await buyer.ask("GET", CART, headers={"If-None-Match": tag})).status_code == 304
    await buyer.add(product)
    assert (await buyer.ask("GET", CART, headers={"If-None-Match": tag})).status_code == 200
