"""A shop's products as a file: whole, harmless in a spreadsheet, and taken back by the import as they were."""

import asyncio
import csv
import io
import zipfile
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from mestore.catalog.models import IvaClass, Product, ProductStatus
from mestore.core.money import Money
from mestore.spreadsheets.cells import neutralised, restored
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem
from tests.rows import Rows
from tests.spreadsheets.conftest import Shop

EXPORT = "/api/v1/products/export"
FORMATS = pytest.mark.parametrize("kind", ["csv", "xlsx"])
DANGEROUS = ("=1+1", "+57 300", "-5", "@SUM(A1)", "'=quoted", "''@twice", "'plain", "\uff1dHYPERLINK()")


async def exported(api: Api, shop: Shop, kind: str) -> httpx.Response:
    answer = await api.get(f"{EXPORT}?format={kind}", by=shop.owner)
    assert answer.status_code == 200, answer.text
    return answer


def lines_of(answer: httpx.Response, kind: str) -> list[list[Any]]:
    if kind == "csv":
        return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    page = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    return [list(row) for row in page.iter_rows(values_only=True)]


async def varied(make: Make, shop: Shop) -> None:
    """Products that have everything in them that is hard to write into a cell."""
    for index, text in enumerate(DANGEROUS):
        await make.product(
            vendor=shop.vendor,
            category_id=shop.category.id,
            sku=f"-{index}A",
            name=f"{text} x",
            slug=f"s-{index}",
            description=f"{text}\n\n“Comillas”; comas, y\ttab",
            brand=text,
            precio_costo=Money(900),
            weight_kg=Decimal("0.125"),
            tags=[text, "café|té"] if index % 2 else [text, "[corchete"],
            attributes={text: text, "orígen": "Sierra"},
            withdrawal_excluded_reason=text,
            iva_class=IvaClass.EXEMPT,
            status=ProductStatus.DRAFT,
        )
    await make.product(vendor=shop.vendor, category_id=shop.category.id, description="con\r\nsaltos", tags=["uno"])
    await make.product(vendor=shop.vendor, category_id=shop.category.id, tags=["[", "{"], sku="007")


@FORMATS
async def test_an_export_comes_back_unchanged(kind: str, shop: Shop, make: Make, api: Api, rows: Rows) -> None:
    await varied(make, shop)
    kept = {product.id: (product.updated_at, product.tags) for product in await rows.all(Product)}
    done = await shop.imported((await exported(api, shop, kind)).content)
    assert done["outcomes"] == {"created": 0, "updated": 0, "unchanged": 10, "refused": 0}, await shop.report(done)
    assert {product.id: (product.updated_at, product.tags) for product in await rows.all(Product)} == kept


@FORMATS
async def test_an_export_makes_the_same_products_in_another_shop(
    kind: str, shop: Shop, make: Make, api: Api, rows: Rows
) -> None:
    await varied(make, shop)
    first = await exported(api, shop, kind)
    other = Shop(await make.vendor(), shop.owner, shop.category, api, shop.drain)
    other.owner = await make.owner(other.vendor)
    done = await other.imported(first.content)
    assert done["outcomes"]["created"] == 10, await other.report(done)
    again = await exported(api, other, kind)
    assert sorted(lines_of(again, kind), key=str) == sorted(lines_of(first, kind), key=str)


@FORMATS
async def test_no_cell_begins_as_a_formula(kind: str, shop: Shop, make: Make, api: Api) -> None:
    await varied(make, shop)
    answer = await exported(api, shop, kind)
    cells = [cell for line in lines_of(answer, kind) for cell in line if isinstance(cell, str)]
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\uff1d")] == []
    if kind == "xlsx":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
            assert b"<f>" not in package.read("xl/worksheets/sheet1.xml")


@given(st.text())
def test_what_was_neutralised_is_restored(text: str) -> None:
    assert restored(neutralised(text)) == text
    assert not neutralised(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@FORMATS
async def test_an_export_has_all_of_ones_own_and_nothing_else(kind: str, shop: Shop, make: Make, api: Api) -> None:
    mine = [
        await make.product(vendor=shop.vendor, status=status) for status in (*ProductStatus, ProductStatus.APPROVED)
    ]
    gone = await make.product(vendor=shop.vendor)
    assert (await api.request("DELETE", f"/api/v1/products/{gone.id}", by=shop.owner)).status_code == 204
    await make.product()
    header, *lines = lines_of(await exported(api, shop, kind), kind)
    assert [line[header.index("sku")] for line in lines] == [product.sku for product in mine]


@FORMATS
async def test_more_than_a_batch_is_whole(kind: str, shop: Shop, rows: Rows, api: Api) -> None:
    await rows.execute(
        "INSERT INTO products (id, vendedor_id, category_id, sku, name, slug, description, precio_venta, iva_class,"
        " stock, reserved, weight_kg, tags, attributes, status)"
        " SELECT gen_random_uuid(), :vendor, :category, 'SKU-' || n, 'Taza', 'taza-' || n, '', 1000, 'GENERAL', 0, 0,"
        " 1, '{}', '{}', 'APPROVED' FROM generate_series(1, 1234) n",
        vendor=shop.vendor.id,
        category=shop.category.id,
    )
    answer = await exported(api, shop, kind)
    _, *lines = lines_of(answer, kind)
    assert sorted(line[0] for line in lines) == sorted(f"SKU-{number}" for number in range(1, 1235))
    assert "etag" not in answer.headers
    assert "content-length" not in answer.headers


@FORMATS
async def test_an_empty_shop_exports_the_header(kind: str, shop: Shop, api: Api) -> None:
    answer = await exported(api, shop, kind)
    assert [line[:2] for line in lines_of(answer, kind)] == [["sku", "name"]]
    assert answer.headers["content-disposition"] == f'attachment; filename="products.{kind}"'
    assert answer.headers["cache-control"] == "no-store"


async def test_who_may_not_export(shop: Shop, make: Make, api: Api) -> None:
    assert_problem(await api.get(EXPORT), 401)
    assert_problem(await api.get(EXPORT, by=await make.buyer()), 403)
    assert_problem(await api.get(EXPORT, by=await make.user(UserType.ADMIN)), 403)
    assert_problem(await api.get(f"{EXPORT}?format=pdf", by=shop.owner), 422)


async def test_the_loop_goes_on_while_a_workbook_is_made(shop: Shop, rows: Rows, api: Api) -> None:
    await test_more_than_a_batch_is_whole("csv", shop, rows, api)
    longest, ended = 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while not ended.is_set():
            before = loop.time()
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)
            await asyncio.sleep(0.001)

    watching = asyncio.create_task(watch())
    await exported(api, shop, "xlsx")
    ended.set()
    await watching
    assert longest < 0.25
