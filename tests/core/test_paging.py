from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from mestore.core import paging
from mestore.core.paging import BadCursor
from tests.api import Api
from tests.make import Make

PRODUCTS = "/api/v1/products"


async def _walk(api: Api, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    pages, cursor = [], None
    while True:
        answer = await api.get(path, params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200
        page = answer.json()
        pages.append(page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            return pages


async def test_pages_show_each_row_once_and_newest_first(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    made = [str((await make.product(vendor=vendor)).id) for _ in range(7)]
    pages = await _walk(api, PRODUCTS, limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [row["id"] for page in pages for row in page] == made[::-1]


async def test_rows_of_the_same_moment_are_neither_lost_nor_doubled(api: Api, make: Make) -> None:
    vendor, moment = await make.vendor(), datetime(2026, 11, 24, tzinfo=UTC)
    made = {str((await make.product(vendor=vendor, created_at=moment)).id) for _ in range(5)}
    shown = [row["id"] for page in await _walk(api, PRODUCTS, limit=2) for row in page]
    assert len(shown) == 5
    assert set(shown) == made


async def test_a_full_last_page_has_no_next(api: Api, make: Make) -> None:
    vendor = await make.vendor()
    for _ in range(2):
        await make.product(vendor=vendor)
    assert [len(page) for page in await _walk(api, PRODUCTS, limit=2)] == [2]


async def test_the_total_is_counted_only_when_asked_for(api: Api, make: Make) -> None:
    await make.product()
    await make.product()
    assert (await api.get(PRODUCTS, params={"limit": 1})).json()["total"] is None
    assert (await api.get(PRODUCTS, params={"limit": 1, "total": "true"})).json()["total"] == 2


def test_a_cursor_gives_back_what_it_was_made_of() -> None:
    moment, row = datetime(2026, 11, 24, 15, 4, 5, 6, UTC), UUID(int=7)
    cursor = paging.encode(moment.isoformat(), row)
    assert paging.decode(cursor, paging.moment, UUID) == (moment, row)
    assert paging.decode(paging.encode(2**63 - 1), paging.row_number) == (2**63 - 1,)


@pytest.mark.parametrize(
    "key",
    [(), (1, 2), ("1",), (True,), (1.5,), (None,), (-1,), (2**63,), ([1],), ({},)],
    ids=str,
)
def test_another_key_is_no_cursor(key: tuple[Any, ...]) -> None:
    with pytest.raises(BadCursor):
        paging.decode(paging.encode(*key), paging.row_number)


@pytest.mark.parametrize("cursor", ["", "=", "A", "AAAA", "e30", "bnVsbA", "WzE", "W" * 300], ids=str)
def test_any_text_is_no_cursor(cursor: str) -> None:
    with pytest.raises(BadCursor):
        paging.decode(cursor, paging.row_number)
