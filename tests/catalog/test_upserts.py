"""Many products at once by SKU: each row is written wholly or not at all, and keeps no other from being written."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from mestore.catalog.models import Category, MovementKind, Product, ProductSlug, ProductStatus, StockMovement
from mestore.catalog.upserts import ProductUpserts, Upserted, UpsertOutcome
from mestore.core.database import transaction
from mestore.core.market_settings import CatalogSettings, Moderation
from mestore.core.money import Money
from mestore.core.world import World
from mestore.users.models import User
from mestore.vendors.models import Vendor
from tests.make import Make
from tests.problems import census
from tests.rows import Rows

CREATED, UPDATED, UNCHANGED, REFUSED = UpsertOutcome
COFFEE: dict[str, Any] = {
    "sku": "CAFE-500",
    "name": "Café de origen",
    "description": "De la Sierra.",
    "category": "cafe",
    "precio_venta": "32000.00",
    "stock": 40,
    "weight_kg": "0.500",
    "tags": ["café"],
}


@dataclass
class Shop:
    world: World
    vendor: Vendor
    owner: User
    category: Category

    async def upsert(
        self, *rows: dict[str, Any], rehearse: bool = False, settings: CatalogSettings | None = None
    ) -> Sequence[Upserted]:
        async with transaction(self.world.sessions) as session:
            upserts = ProductUpserts(session, settings or self.world.settings.catalog)
            return await upserts.upsert(self.vendor.id, self.owner.id, rows, rehearse=rehearse, reason="counted")


@pytest.fixture
async def shop(world: World, make: Make) -> Shop:
    vendor = await make.vendor()
    return Shop(world, vendor, await make.owner(vendor), await make.category(slug="cafe"))


def outcomes(results: Sequence[Upserted]) -> list[UpsertOutcome]:
    return [each.outcome for each in results]


def codes(result: Upserted) -> list[tuple[str, str]]:
    assert result.outcome is REFUSED
    return [(each["loc"][0], each["code"]) for each in result.problems]


async def test_what_the_shop_has_not_is_added_with_address_and_movement(shop: Shop, rows: Rows) -> None:
    assert await shop.upsert(COFFEE) == [Upserted(CREATED)]
    (made,) = await rows.all(Product)
    assert (made.sku, made.name, made.precio_venta, made.weight_kg, made.tags) == (
        *("CAFE-500", "Café de origen"),
        *(Money(32_000), Decimal("0.5"), ["café"]),
    )
    assert (made.vendedor_id, made.category_id) == (shop.vendor.id, shop.category.id)
    assert (made.status, made.stock, made.reserved, made.slug) == (ProductStatus.APPROVED, 40, 0, "cafe-de-origen")
    assert [(each.slug, each.product_id) for each in await rows.all(ProductSlug)] == [(made.slug, made.id)]
    (movement,) = await rows.all(StockMovement)
    assert (movement.kind, movement.stock_change, movement.user_id, movement.reason) == (
        *(MovementKind.IN, 40),
        *(shop.owner.id, "counted"),
    )


async def test_what_it_has_is_changed_where_the_row_says_so_and_nowhere_else(shop: Shop, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    (before,) = await rows.all(Product)
    assert await shop.upsert({"sku": "cafe-500 ", "stock": 25, "brand": "Sierra"}) == [Upserted(UPDATED)]
    (after,) = await rows.all(Product)
    assert (after.id, after.slug, after.name, after.precio_venta) == (
        *(before.id, before.slug),
        *(before.name, before.precio_venta),
    )
    assert (after.stock, after.brand) == (25, "Sierra")
    movements = [(each.kind, each.stock_change) for each in await rows.all(StockMovement)]
    assert movements == [(MovementKind.IN, 40), (MovementKind.ADJUST, -15)]


@pytest.mark.parametrize("row", [COFFEE, {"sku": "cafe-500"}, {"sku": "CAFE-500", "precio_venta": "32000"}])
async def test_what_differs_in_nothing_is_not_written(shop: Shop, rows: Rows, row: dict[str, Any]) -> None:
    await shop.upsert(COFFEE)
    before, jobs = await rows.all(Product), await census(rows)
    assert await shop.upsert(row) == [Upserted(UNCHANGED)]
    assert [each.updated_at for each in await rows.all(Product)] == [each.updated_at for each in before]
    assert await census(rows) == jobs


async def test_line_breaks_of_a_spreadsheet_alone_are_no_change(shop: Shop) -> None:
    await shop.upsert(COFFEE | {"description": "De la Sierra.\nTostado medio."})
    same = {"sku": "CAFE-500", "description": "De la Sierra.\r\nTostado medio."}
    assert outcomes(await shop.upsert(same)) == [UNCHANGED]


async def test_rows_come_back_in_their_order_and_none_keeps_another(shop: Shop, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    found = await shop.upsert(
        COFFEE | {"sku": "B-1", "precio_venta": "99.00"},
        COFFEE,
        COFFEE | {"sku": "A-1"},
        {"sku": "no!"},
        COFFEE | {"sku": "A-2", "category": "nevera"},
    )
    assert outcomes(found) == [REFUSED, UNCHANGED, CREATED, REFUSED, REFUSED]
    assert [codes(found[place])[0] for place in (0, 3, 4)] == [
        ("precio_venta", "price_range"),
        ("sku", "string_pattern_mismatch"),
        ("category", "category_not_found"),
    ]
    assert sorted(each.sku for each in await rows.all(Product)) == ["A-1", "CAFE-500"]


async def test_a_problem_never_repeats_what_was_sent(shop: Shop) -> None:
    secret = "secreto-del-cliente"
    (found,) = await shop.upsert({"sku": "A-1", "name": "x", "precio_venta": secret, "weight_kg": secret})
    assert secret not in str(found.problems)
    assert {place for place, _ in codes(found)} == {"name", "category", "precio_venta", "weight_kg"}


async def test_a_refused_change_leaves_all_of_its_row_as_it_was(shop: Shop, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    before = await census(rows)
    (found,) = await shop.upsert({"sku": "CAFE-500", "name": "Otro café", "stock": -1})
    assert codes(found) == [("stock", "greater_than_equal")]
    assert (await rows.all(Product))[0].name == "Café de origen"
    assert await census(rows) == before


async def test_somebody_elses_product_of_this_sku_is_neither_seen_nor_changed(
    shop: Shop, make: Make, rows: Rows
) -> None:
    other = await make.product(sku="CAFE-500", stock=7, price=1_000)
    assert codes((await shop.upsert({"sku": "CAFE-500", "stock": 1}))[0])[0] == ("name", "missing")
    assert outcomes(await shop.upsert(COFFEE)) == [CREATED]
    kept = await rows.get(Product, other.id)
    assert (kept.stock, kept.precio_venta, kept.updated_at) == (7, Money(1_000), other.updated_at)


async def test_a_deleted_products_sku_is_free_again(shop: Shop, make: Make, rows: Rows, world: World) -> None:
    gone = await make.product(
        vendor=shop.vendor, sku="CAFE-500", slug="cafe-de-origen", stock=3, deleted_at=world.now()
    )
    assert outcomes(await shop.upsert(COFFEE)) == [CREATED]
    old, new = sorted(await rows.all(Product), key=lambda product: product.stock)
    assert (old.id, old.stock, old.slug) == (gone.id, 3, "cafe-de-origen")
    assert new.slug.startswith("cafe-de-origen-"), "the address still leads to what was sold there"


async def test_stock_never_goes_below_what_orders_hold(shop: Shop, make: Make, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    (product,) = await rows.all(Product)
    await make.order(units={product.id: 6})
    (found,) = await shop.upsert({"sku": "CAFE-500", "stock": 5, "name": "Otro"})
    assert found.problems == [{"loc": ["stock"], "msg": "Open orders hold 6 units", "code": "stock_reserved"}]
    assert ((await rows.get(Product, product.id)).stock, (await rows.get(Product, product.id)).name) == (
        *(40, "Café de origen"),
    )
    assert outcomes(await shop.upsert({"sku": "CAFE-500", "stock": 6})) == [UPDATED]
    assert ((await rows.get(Product, product.id)).stock, (await rows.get(Product, product.id)).reserved) == (6, 6)


async def test_a_sku_that_stands_twice_is_written_once_and_told(shop: Shop, rows: Rows) -> None:
    found = await shop.upsert(COFFEE, COFFEE | {"name": "Otro café"})
    assert (found[0], codes(found[1])) == (Upserted(CREATED), [("sku", "sku_taken")])
    (made,) = await rows.all(Product)
    assert made.name == "Café de origen"
    assert (await rows.count(ProductSlug), await rows.count(StockMovement)) == (1, 1)


async def test_one_name_many_times_has_an_address_for_each(shop: Shop, rows: Rows) -> None:
    found = await shop.upsert(*(COFFEE | {"sku": f"CAFE-{number}"} for number in range(4)))
    assert outcomes(found) == [CREATED] * 4
    slugs = {each.slug: each.product_id for each in await rows.all(ProductSlug)}
    assert {
        slug: product_id for product_id, slug in ((each.id, each.slug) for each in await rows.all(Product))
    } == slugs
    assert len(slugs) == 4


async def test_a_rehearsal_says_the_same_and_writes_nothing(shop: Shop, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    before = await census(rows)
    lines = ({"sku": "CAFE-500", "stock": 1}, COFFEE | {"sku": "A-1"}, COFFEE | {"sku": "!"}, {"sku": "CAFE-501"})
    rehearsed = await shop.upsert(*lines, rehearse=True)
    assert await census(rows) == before
    assert (await rows.all(Product))[0].stock == 40
    assert rehearsed == await shop.upsert(*lines)
    assert outcomes(rehearsed) == [UPDATED, CREATED, REFUSED, REFUSED]


async def test_batches_at_once_add_each_sku_once(shop: Shop, rows: Rows) -> None:
    """The same products under the same names, from both ends: neither the rows nor the addresses make a circle."""
    lines = [COFFEE | {"sku": f"CAFE-{number}", "name": f"Café {number % 3}"} for number in range(30)]
    results = await asyncio.gather(shop.upsert(*lines), shop.upsert(*lines[::-1]))
    assert {each.outcome for result in results for each in result} <= {CREATED, UNCHANGED, REFUSED}
    assert sum(each.outcome is CREATED for result in results for each in result) == 30
    assert await rows.count(Product) == await rows.count(ProductSlug) == await rows.count(StockMovement) == 30


@pytest.mark.parametrize(
    ("judged_by", "more", "status"),
    [
        (CatalogSettings(), {}, ProductStatus.APPROVED),
        (CatalogSettings(), {"description": "Llámame al 300 123 4567"}, ProductStatus.PENDING),
        (CatalogSettings(moderation=Moderation.MANUAL), {}, ProductStatus.PENDING),
    ],
    ids=["right", "flagged", "manual"],
)
async def test_what_is_added_or_renamed_is_judged_as_if_it_came_alone(
    shop: Shop, rows: Rows, judged_by: CatalogSettings, more: dict[str, Any], status: ProductStatus
) -> None:
    await shop.upsert(COFFEE)
    await shop.upsert(COFFEE | {"name": "Café nuevo"} | more, COFFEE | {"sku": "A-1"} | more, settings=judged_by)
    assert [product.status for product in await rows.all(Product)] == [status, status]


async def test_stock_and_price_alone_are_not_judged_again(shop: Shop, rows: Rows) -> None:
    await shop.upsert(COFFEE)
    manual = CatalogSettings(moderation=Moderation.MANUAL)
    await shop.upsert({"sku": "CAFE-500", "stock": 3, "precio_venta": "33000.00"}, settings=manual)
    assert [product.status for product in await rows.all(Product)] == [ProductStatus.APPROVED]
