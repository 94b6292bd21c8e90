"""How PostgreSQL finds what lists and details show, at 100,000 products: by an index, never by reading them all."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from mestore.catalog.filters import Filters
from mestore.catalog.moderation_repository import _MEDIANS
from mestore.catalog.product_json import _BY_ID, _BY_IDS, _BY_SLUG
from mestore.catalog.public_list import ProductSort, Wanted, list_products, page_statement
from mestore.core.ids import VendorId
from mestore.core.money import Money
from mestore.core.reads import Reads
from mestore.core.settings import DatabaseSettings
from tests.bench import catalogue

PRODUCTS = 100_000
IMAGES = "/media"
_PICTURES = """
    INSERT INTO product_images (id, product_id, position, width, height, color, folder)
    SELECT gen_random_uuid(), id, 1, 900, 900, '#aabbcc', md5(id::text) FROM products"""


@pytest.fixture(scope="module")
def url(new_database: Callable[[str], str], worker_id: str) -> str:
    made = new_database(f"plans_{worker_id}")
    asyncio.run(_fill(made))
    return made


async def _fill(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await catalogue.fill(connection, 1, PRODUCTS)
        await connection.execute("INSERT INTO product_slugs SELECT slug, id FROM products")
        await connection.execute(_PICTURES)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


@pytest.fixture
async def connection(url: str) -> Any:
    opened = await asyncpg.connect(url, server_settings={"jit": "off"})
    yield opened
    await opened.close()


def scans(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        yield from scans(inner)


async def read_whole(connection: asyncpg.Connection, statement: str, values: list[Any]) -> set[str]:
    plan = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *values)
    return set(scans(json.loads(plan)[0]["Plan"]))


_A_SHOP = """
    SELECT p.vendedor_id FROM products p JOIN categories c ON c.id = p.category_id
    JOIN categories above ON above.id = c.parent_id WHERE above.slug = 'sala-1' LIMIT 1"""
FILTERS: dict[str, dict[str, Any]] = {
    "all": {},
    "a category": {"category": "sala-1"},
    "a leaf": {"category": "estante-7"},
    "a shop": {"vendor_id": None},
    "prices": {"min_price": Money(50_000), "max_price": Money(60_000)},
    "in stock": {"in_stock": True},
    "a text": {"text": "cafetera"},
    "everything": {"category": "sala-1", "vendor_id": None, "min_price": Money(200), "in_stock": True},
}


@pytest.mark.parametrize(("sort", "filters"), [*itertools.product(ProductSort, FILTERS)])
async def test_no_list_reads_all_products(connection: asyncpg.Connection, url: str, sort: str, filters: str) -> None:
    chosen = dict(FILTERS[filters])
    if "vendor_id" in chosen:
        chosen["vendor_id"] = VendorId(await connection.fetchval(_A_SHOP))
    text = chosen.pop("text", None)
    wanted = Wanted(Filters(**chosen), text, ProductSort(sort))
    first = page_statement(IMAGES, wanted, 20, None)
    reads = Reads(url, DatabaseSettings(), name="plans")
    page = await list_products(reads, IMAGES, wanted, 20, None, count=False)
    await reads.close()
    assert page.next_cursor is not None
    for statement, values in (first, page_statement(IMAGES, wanted, 20, page.next_cursor)):
        assert "products" not in await read_whole(connection, statement, values)


@pytest.mark.parametrize("statement", [_BY_ID, _BY_IDS, _BY_SLUG])
async def test_no_detail_reads_all_products(connection: asyncpg.Connection, statement: str) -> None:
    row = await connection.fetchrow("SELECT id, slug FROM products LIMIT 1")
    key: UUID | list[UUID] | str = row["id"]
    if statement == _BY_IDS:
        key = [row["id"]]
    if statement == _BY_SLUG:
        key = row["slug"]
    assert not {"products", "product_slugs", "product_images"} & await read_whole(connection, statement, [IMAGES, key])


async def test_usual_prices_are_read_from_some_products_of_each_category(connection: asyncpg.Connection) -> None:
    categories = [row["id"] for row in await connection.fetch("SELECT id FROM categories")]
    statement = str(_MEDIANS).replace(":categories", "$1::uuid[]").replace(":enough", "$2")
    assert "products" not in await read_whole(connection, statement, [categories, 20])
    assert len(await connection.fetch(statement, categories, 20)) == 60, "each shelf, and no room of shelves"


async def test_reading_all_products_would_be_seen(connection: asyncpg.Connection) -> None:
    assert await read_whole(connection, "SELECT * FROM products WHERE description LIKE $1", ["%x%"]) == {"products"}
