"""The public list: every order walks all products once, and each filter leaves what it should."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mestore.catalog.filters import Filters
from mestore.catalog.models import IvaClass, Product, ProductStatus
from mestore.catalog.public_list import ProductSort, Wanted, list_products
from mestore.catalog.schemas import ProductOut
from mestore.core.ids import new_uuid
from mestore.core.money import Money
from mestore.core.paging import BadCursor
from mestore.core.world import World
from mestore.users.models import UserType
from mestore.vendors.models import VendorStatus
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem

IMAGES = "http://images.example"


async def names(world: World, wanted: Wanted, *, limit: int = 2) -> list[str]:
    """Of all pages, one after another."""
    found: list[str] = []
    cursor = None
    while True:
        page = await list_products(world.reads, IMAGES, wanted, limit, cursor, count=True)
        items = json.loads(page.items)
        assert len(items) <= limit
        found += [item["name"] for item in items]
        cursor = page.next_cursor
        if cursor is None:
            assert page.total == len(found)
            return found


@pytest.fixture
async def five(make: Make) -> list[Product]:
    vendor = await make.vendor()
    rows = [("Ábaco", 500, 0), ("banano", 300, 9), ("Cafetera", 300, 4), ("dado", 900, 4), ("Ñame", 100, 1)]
    return [
        await make.product(vendor=vendor, name=name, price=price, units_sold=sold, stock=5)
        for name, price, sold in rows
    ]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        (ProductSort.NEWEST, ["Ñame", "dado", "Cafetera", "banano", "Ábaco"]),
        (ProductSort.PRICE, ["Ñame", "banano", "Cafetera", "Ábaco", "dado"]),
        (ProductSort.PRICE_DOWN, ["dado", "Ábaco", "Cafetera", "banano", "Ñame"]),
        (ProductSort.NAME, ["Ábaco", "banano", "Cafetera", "dado", "Ñame"]),
        (ProductSort.BEST_SELLING, ["banano", "dado", "Cafetera", "Ñame", "Ábaco"]),
    ],
)
@pytest.mark.usefixtures("five")
async def test_each_order_shows_all_products_once(world: World, sort: ProductSort, expected: list[str]) -> None:
    assert await names(world, Wanted(sort=sort)) == expected


@pytest.mark.parametrize("sort", list(ProductSort))
async def test_a_category_is_its_whole_subtree_in_every_order(world: World, make: Make, sort: ProductSort) -> None:
    root = await make.category(slug="hogar")
    child = await make.category(parent_id=root.id)
    leaf = await make.category(parent_id=child.id)
    inside = [await make.product(category_id=each.id) for each in (root, child, leaf, leaf)]
    await make.product()
    found = await names(world, Wanted(Filters(category="hogar"), sort=sort))
    assert sorted(found) == sorted(product.name for product in inside)
    assert await names(world, Wanted(Filters(category="no-existe"), sort=sort)) == []


async def test_filters_leave_what_they_should(world: World, make: Make) -> None:
    vendor = await make.vendor()
    cheap = await make.product(vendor=vendor, price=1_000, name="Taza de barro")
    await make.product(price=2_000, name="Plato", stock=0)
    dear = await make.product(price=3_000, name="Jarra")
    for wanted, expected in [
        (Wanted(Filters(vendor_id=vendor.id)), [cheap.name]),
        (Wanted(Filters(min_price=Money(1_001))), [dear.name, "Plato"]),
        (Wanted(Filters(max_price=Money(1_000))), [cheap.name]),
        (Wanted(Filters(min_price=Money(1_000), max_price=Money(2_000), in_stock=True)), [cheap.name]),
        (Wanted(text="tazas"), [cheap.name]),
        (Wanted(text="nada de esto"), []),
    ]:
        assert await names(world, wanted) == expected, wanted


@pytest.mark.parametrize("hide", ["draft", "deleted", "suspended", "closed"])
async def test_what_is_not_for_sale_is_in_no_list(world: World, make: Make, hide: str) -> None:
    now = world.now()
    vendors: dict[str, dict[str, Any]] = {
        "suspended": {"status": VendorStatus.SUSPENDED},
        "closed": {"deleted_at": now},
    }
    products: dict[str, dict[str, Any]] = {"draft": {"status": ProductStatus.DRAFT}, "deleted": {"deleted_at": now}}
    await make.product(vendor=await make.vendor(**vendors.get(hide, {})), **products.get(hide, {}))
    assert await names(world, Wanted()) == []


@pytest.mark.parametrize(
    "spoil", [lambda cursor: cursor[:-2] + "xx", lambda _: "WzFd", lambda _: "WyJwcmljZSIsIk5hTiIsMV0"]
)
@pytest.mark.usefixtures("five")
async def test_a_cursor_that_is_not_of_this_order_is_refused(world: World, spoil: Callable[[str], str]) -> None:
    page = await list_products(world.reads, IMAGES, Wanted(), 2, None, count=False)
    assert page.next_cursor is not None
    for cursor, sort in [(page.next_cursor, ProductSort.PRICE), (spoil(page.next_cursor), ProductSort.NEWEST)]:
        with pytest.raises(BadCursor):
            await list_products(world.reads, IMAGES, Wanted(sort=sort), 2, cursor, count=False)


@pytest.mark.parametrize("iva", list(IvaClass))
async def test_what_postgresql_writes_is_what_the_model_says(world: World, make: Make, iva: IvaClass) -> None:
    product = await make.product(
        price=33_333,
        iva_class=iva,
        attributes={"origen": 'Sierra "Nevada" ñ'},
        rating_sum=14,
        reviews_count=3,
        brand=None,
        id=new_uuid(),
    )
    page = await list_products(world.reads, IMAGES, Wanted(), 20, None, count=False)
    (shown,) = json.loads(page.items)
    prices = {name: Money(shown[name]) for name in ("precio_venta", "precio_con_iva")}
    read = ProductOut.model_validate(shown | prices)
    assert set(shown) >= set(ProductOut.model_fields)
    assert shown["precio_con_iva"] == str(product.precio_venta + product.precio_venta.share(iva.rate))
    assert (shown["iva_rate"], shown["rating"]) == (str(iva.rate), "4.7")
    assert (read.created_at, read.stock_disponible) == (product.created_at, 10)


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/products/search"])
async def test_a_range_of_prices_that_is_none_is_refused(api: Api, path: str) -> None:
    answer = await api.get(f"{path}?q=taza&min_price=2000.00&max_price=1999.00")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/bad-price-range")
    assert (await api.get(f"{path}?q=taza&min_price=2000.00&max_price=2000.00")).status_code == 200


@pytest.mark.parametrize("status", list(ProductStatus))
async def test_a_status_that_is_not_public_shows_nothing_to_anybody(
    api: Api, make: Make, status: ProductStatus
) -> None:
    vendor = await make.vendor()
    for each in ProductStatus:
        await make.product(vendor=vendor, status=each, name=each.value)
    expected = ["APPROVED"] if status is ProductStatus.APPROVED else []
    for by in (None, await make.buyer(), await make.owner(vendor), await make.user(UserType.ADMIN)):
        answer = await api.get("/api/v1/products", params={"status": status.value, "total": True}, by=by)
        assert answer.status_code == 200
        shown = answer.json()
        assert [product["name"] for product in shown["items"]] == expected
        assert (shown["next_cursor"], shown["total"]) == (None, len(expected))


@pytest.mark.parametrize("query", ["status=SOLD", "status=", "status=approved", "status=DRAFT&cursor=WzFd"])
async def test_a_status_that_is_none_or_a_bad_cursor_beside_it_is_refused(api: Api, query: str) -> None:
    assert_problem(await api.get(f"/api/v1/products?{query}"), 422)
