"""The public list of products: any filters, five orders, pages by keyset, in one statement.

Each order has an index that the statement walks from where the page before ended, so page 1,000 costs what page 1
costs. A category means its whole subtree: the first rows of each category below it, by that category's own index, and
of all these the first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from mestore.catalog.filters import EVERYTHING, Filters, Values, below, conditions, conditions_below
from mestore.catalog.models import ProductStatus
from mestore.catalog.product_json import FOR_SALE, PRODUCT
from mestore.core.paging import decode, encode, moment, row_number
from mestore.core.reads import Reads

_MOST_MATCHES = 5_000
"""Of a text filter so many products are looked at; a search that ranks is `GET /products/search`."""


class ProductSort(StrEnum):
    NEWEST = "newest"
    PRICE = "price"
    PRICE_DOWN = "-price"
    NAME = "name"
    BEST_SELLING = "best_selling"


@dataclass(frozen=True)
class _Order:
    column: str
    down: bool
    type: str
    read: Callable[[Any], Any]
    write: Callable[[Any], Any]


def _text(part: Any) -> str:
    if not isinstance(part, str):
        raise TypeError("not a name")
    return part


_ORDERS = {
    ProductSort.NEWEST: _Order("created_at", True, "timestamptz", moment, lambda value: value.isoformat()),
    ProductSort.PRICE: _Order("precio_venta", False, "numeric", Decimal, str),
    ProductSort.PRICE_DOWN: _Order("precio_venta", True, "numeric", Decimal, str),
    ProductSort.NAME: _Order("name_key", False, "text", _text, str),
    ProductSort.BEST_SELLING: _Order("units_sold", True, "int", row_number, int),
}


@dataclass(frozen=True)
class Wanted:
    """Which products, and in which order."""

    filters: Filters = EVERYTHING
    text: str | None = None
    sort: ProductSort = ProductSort.NEWEST
    status: ProductStatus = ProductStatus.APPROVED
    """Nothing but what is APPROVED is public."""


@dataclass(frozen=True)
class ListPage:
    items: str
    """A JSON array."""
    next_cursor: str | None
    total: int | None


async def list_products(
    reads: Reads, images_url: str, wanted: Wanted, limit: int, cursor: str | None, *, count: bool
) -> ListPage:
    """A page of what is for sale.

    Raises:
        BadCursor: it is not ours, or of another order.
    """
    statement, values = page_statement(images_url, wanted, limit, cursor)
    if wanted.status is not ProductStatus.APPROVED:
        return ListPage("[]", None, 0 if count else None)
    rows = await reads.fetch(statement, *values)
    shown = rows[:limit]
    order = _ORDERS[wanted.sort]
    following = (
        encode(wanted.sort.value, order.write(shown[-1][1]), shown[-1][2]) if len(rows) > limit and shown else None
    )
    total = None
    if count:
        statement, values = count_statement(wanted)
        total = (await reads.fetch(statement, *values))[0][0]
    return ListPage(f"[{','.join(row[0] for row in shown)}]", following, total)


def page_statement(images_url: str, wanted: Wanted, limit: int, cursor: str | None) -> tuple[str, list[Any]]:
    values = Values(images_url)
    order = _ORDERS[wanted.sort]
    direction, beyond = ("DESC", "<") if order.down else ("ASC", ">")
    start = _start(wanted, values)
    where = conditions(wanted.filters, values)
    if cursor is not None:
        _, key, product_id = decode(cursor, _same(wanted.sort.value), order.read, UUID)
        last = f"{values.number(key)}::{order.type}, {values.number(product_id)}::uuid"
        where += f" AND (p.{order.column}, p.id) {beyond} ({last})"
    ordered = f"ORDER BY key {direction}, id {direction} LIMIT {values.number(limit + 1)}"
    some = f"SELECT p.id, p.{order.column} AS key FROM {_products(wanted)} JOIN vendors v ON v.id = p.vendedor_id"
    if wanted.filters.category is None:
        chosen = f"{some} WHERE {where} {ordered}"
    elif wanted.text is not None:
        chosen = f"{some} WHERE {where} AND p.category_id IN (SELECT id FROM below) {ordered}"
    else:
        of_each = f"{some} WHERE p.category_id = below.id AND {where} {ordered}"
        chosen = f"SELECT first.* FROM below CROSS JOIN LATERAL ({of_each}) first {ordered}"
    statement = f"""{start} page AS MATERIALIZED ({chosen})
        SELECT {PRODUCT}, page.key, p.id
        FROM page JOIN products p ON p.id = page.id JOIN vendors v ON v.id = p.vendedor_id
        JOIN categories c ON c.id = p.category_id
        ORDER BY page.key {direction}, page.id {direction}"""
    return statement, values.all


def count_statement(wanted: Wanted) -> tuple[str, list[Any]]:
    values = Values()
    start = _start(wanted, values)
    return (
        f"""{start} counted AS (SELECT count(*) AS total FROM {_products(wanted)}
            JOIN vendors v ON v.id = p.vendedor_id WHERE {conditions_below(wanted.filters, values)})
        SELECT total FROM counted""",
        values.all,
    )


def _products(wanted: Wanted) -> str:
    """With a text, only the products that match it, which are few and were read once."""
    return "products p" if wanted.text is None else "matching p"


def _start(wanted: Wanted, values: Values) -> str:
    """What the rest of the statement is about: the categories below one, the products that match a text."""
    start = below(wanted.filters, values)
    if wanted.text is None:
        return start
    return f"""{start} matching AS MATERIALIZED (
        SELECT * FROM products p WHERE {FOR_SALE}
        AND p.search_vector @@ websearch_to_tsquery('catalogue', {values.number(wanted.text)})
        LIMIT {_MOST_MATCHES}),"""


def _same(sort: str) -> Callable[[Any], str]:
    def read(part: Any) -> str:
        if part != sort:
            raise ValueError("a cursor of another order")
        return sort

    return read
