"""Prices that are far from those of their category wait for an administrator, however they come in."""

from typing import Any

import pytest

from mestore.catalog.models import Category, Product, ProductStatus
from mestore.catalog.moderation import reasons_of_price
from mestore.catalog.upserts import ProductUpserts
from mestore.core.database import transaction
from mestore.core.market_settings import CatalogSettings, Moderation
from mestore.core.money import Money
from mestore.core.world import World
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

PRODUCTS = "/api/v1/products"
USUAL = 50_000


@pytest.mark.parametrize(
    ("price", "typical", "reasons"),
    [
        (50_000, 50_000, []),
        (2_500, 50_000, []),
        (2_499, 50_000, ["price-far-off"]),
        (1_000_000, 50_000, []),
        (1_000_001, 50_000, ["price-far-off"]),
        (100_000_000, None, []),
    ],
)
def test_a_price_far_from_the_usual_is_a_reason_to_look(price: int, typical: int | None, reasons: list[str]) -> None:
    assert reasons_of_price(Money(price), None if typical is None else Money(typical), 20) == reasons


class Shelf:
    """A category with things in it, and a shop that brings another."""

    def __init__(self, api: Api, vendor: Vendor, owner: User, category: Category) -> None:
        self._api = api
        self.vendor = vendor
        self.owner = owner
        self.category = category
        self._number = 0

    async def publish(self, price: int, **more: Any) -> dict[str, Any]:
        self._number += 1
        body = {
            "sku": f"TAZA-{self._number}",
            "name": "Taza de barro",
            "category_id": str(self.category.id),
            "precio_venta": f"{price}.00",
            "weight_kg": "0.300",
        }
        answer = await self._api.post(PRODUCTS, body | more, by=self.owner)
        assert answer.status_code == 201, answer.text
        published: dict[str, Any] = answer.json()
        return published

    async def patch(self, product: dict[str, Any], **changes: Any) -> str:
        answer = await self._api.request("PATCH", f"{PRODUCTS}/{product['id']}", by=self.owner, json=changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["status"])


@pytest.fixture
async def empty(api: Api, make: Make) -> Shelf:
    vendor = await make.vendor()
    return Shelf(api, vendor, await make.owner(vendor), await make.category(slug="tazas"))


@pytest.fixture
async def shelf(make: Make, empty: Shelf) -> Shelf:
    """Twenty, of which the median is the usual price, whatever the dearest cost."""
    other = await make.vendor()
    for number in range(20):
        price = USUAL if number < 12 else 90_000_000
        await make.product(vendor=other, category_id=empty.category.id, price=price)
    return empty


@pytest.mark.parametrize(
    ("price", "status"),
    [(2_499, "PENDING"), (2_500, "APPROVED"), (USUAL, "APPROVED"), (1_000_000, "APPROVED"), (1_000_001, "PENDING")],
)
async def test_what_is_published_far_off_waits(shelf: Shelf, price: int, status: str) -> None:
    assert (await shelf.publish(price))["status"] == status


@pytest.mark.parametrize("hide", ["one is no more for sale", "one is deleted", "it is another category"])
async def test_few_products_tell_nothing_of_a_price(make: Make, rows: Rows, shelf: Shelf, hide: str) -> None:
    one = "WHERE id = (SELECT id FROM products LIMIT 1)"
    if hide == "one is no more for sale":
        await rows.execute(f"UPDATE products SET status = 'INACTIVE' {one}")
    elif hide == "one is deleted":
        await rows.execute(f"UPDATE products SET deleted_at = now() {one}")
    else:
        shelf.category = await make.category()
    assert (await shelf.publish(100))["status"] == "APPROVED"


async def test_a_price_that_is_changed_is_looked_at_too(api: Api, make: Make, shelf: Shelf) -> None:
    product = await shelf.publish(USUAL)
    assert await shelf.patch(product, precio_venta="60000.00") == "APPROVED"
    assert await shelf.patch(product, precio_venta="100.00") == "PENDING"
    assert (await api.get(f"{PRODUCTS}/{product['id']}")).status_code == 404
    admin = await make.user(UserType.ADMIN)
    assert (await api.post(f"{PRODUCTS}/{product['id']}/approve", by=admin)).json()["status"] == "APPROVED"
    assert await shelf.patch(product, stock=7) == "APPROVED", "what was approved is sold on"
    assert await shelf.patch(product, precio_venta="110.00") == "PENDING"
    change = {"product_id": product["id"], "precio_venta": "60000.00", "status": "INACTIVE"}
    await api.request("PUT", f"{PRODUCTS}/bulk-update", by=shelf.owner, json={"products": [change]})
    assert (await api.post(f"{PRODUCTS}/{product['id']}/submit", by=shelf.owner)).json()["status"] == "APPROVED"
    change = {"product_id": product["id"], "precio_venta": "9000000.00"}
    await api.request("PUT", f"{PRODUCTS}/bulk-update", by=shelf.owner, json={"products": [change]})
    assert (await api.get(f"{PRODUCTS}/{product['id']}", by=shelf.owner)).json()["status"] == "PENDING"


async def test_words_that_were_approved_are_not_judged_for_a_new_price(api: Api, make: Make, shelf: Shelf) -> None:
    product = await shelf.publish(USUAL, description="Más en www.ejemplo.example")
    assert product["status"] == "PENDING"
    await api.post(f"{PRODUCTS}/{product['id']}/approve", by=await make.user(UserType.ADMIN))
    assert await shelf.patch(product, precio_venta="60000.00") == "APPROVED"


async def test_in_another_category_a_price_may_be_far_off(make: Make, shelf: Shelf) -> None:
    tazas = shelf.category
    shelf.category = await make.category()
    product = await shelf.publish(100)
    assert product["status"] == "APPROVED"
    assert await shelf.patch(product, category_id=str(tazas.id)) == "PENDING"


@pytest.mark.parametrize(
    ("moderation", "expected"),
    [(Moderation.AUTO, [ProductStatus.PENDING] * 2), (Moderation.MANUAL, [ProductStatus.APPROVED] * 2)],
)
async def test_a_file_brings_in_no_price_that_a_request_would_not(
    world: World, rows: Rows, shelf: Shelf, moderation: Moderation, expected: list[ProductStatus]
) -> None:
    """Where an administrator looks at all that is new, what is for sale may cost what its vendor says."""
    known = [(await shelf.publish(USUAL))["sku"] for _ in range(2)]
    changes = [{"sku": known[0], "precio_venta": "100.00"}, {"sku": known[1], "precio_venta": "9000000.00"}]
    new = {"sku": "NUEVA-1", "name": "Taza", "category": "tazas", "precio_venta": "100.00", "weight_kg": "1"}
    settings = CatalogSettings(moderation=moderation)
    async with transaction(world.sessions) as session:
        upserts = ProductUpserts(session, settings)
        for lines in (changes, [new]):  # one names its category, the others have it already
            await upserts.upsert(shelf.vendor.id, shelf.owner.id, lines, rehearse=False, reason="")
    found = {each.sku: each.status for each in await rows.all(Product) if each.vendedor_id == shelf.vendor.id}
    assert found == dict(zip(known, expected, strict=True)) | {"NUEVA-1": ProductStatus.PENDING}
