"""What a search finds, filters, counts and pages through."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from mestore.catalog.models import Product, ProductStatus
from mestore.core.ids import new_uuid
from mestore.core.world import World
from mestore.search.indexer import Indexer
from mestore.search.vector_index import VectorIndex
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

Index = Callable[[], Awaitable[None]]


async def search(api: Api, q: str, **more: Any) -> dict[str, Any]:
    answer = await api.get("/api/v1/products/search", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def names(api: Api, q: str, **more: Any) -> list[str]:
    return [item["name"] for item in (await search(api, q, **more))["items"]]


async def first(api: Api, q: str) -> str | None:
    found = await names(api, q)
    return found[0] if found else None


@pytest.fixture(name="shelf")
async def _shelf(make: Make, index: Index, api: Api) -> dict[str, Product]:
    """A few products that have nothing in common."""
    wanted = {
        "nevera": {
            "name": "Nevera Andina 300 litros",
            "sku": "NEV-300",
            "description": "Sin escarcha, con congelador arriba para conservar la comida fría.",
        },
        "audifonos": {
            "name": "Audífonos inalámbricos Trueno",
            "sku": "AUD-07-NEGRO",
            "description": "Para oír música con bluetooth.",
        },
        "cafe": {"name": "Café de la Sierra 500 g", "sku": "CAFE-500", "description": "Tostado medio, de altura."},
        "tenis": {"name": "Tenis para correr Liebre", "sku": "TEN-40", "description": "Suela ligera."},
    }
    shelf = {name: await make.product(**values) for name, values in wanted.items()}  # type: ignore[arg-type]
    await index()
    return shelf


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("nevera", "nevera"),
        ("NEVERAS", "nevera"),
        ("cafe", "cafe"),
        ("Café de la Sierra", "cafe"),
        ("audifonos inalambricos", "audifonos"),
        ("nebera", "nevera"),
        ("audiofnos", "audifonos"),
        ("correr", "tenis"),
        ("aud-07-negro", "audifonos"),
        ("AUD 07", "audifonos"),
        ("ten40", "tenis"),
        ("wireless earphones", "audifonos"),
        ("algo para enfriar la comida", "nevera"),
    ],
)
async def test_words_typos_skus_english_and_needs_find_it(
    q: str, found: str, shelf: dict[str, Product], api: Api
) -> None:
    assert await first(api, q) == shelf[found].name


async def test_both_sources_answer_and_what_was_looked_for_is_said(shelf: dict[str, Product], api: Api) -> None:
    answer = await search(api, "nebera andina")
    assert (answer["mode"], answer["searched_for"]) == ("hybrid", "nevera andina")


async def test_a_found_product_is_shown_as_its_own_page_shows_it(shelf: dict[str, Product], api: Api) -> None:
    (item, *_) = (await search(api, "nevera andina"))["items"]
    assert item == (await api.get(f"/api/v1/products/{shelf['nevera'].id}")).json()


@pytest.mark.parametrize("q", ["'; DROP TABLE products; --", "a & | ! <-> b", '"', "de la", "%_\\", "((", "🎧", "!!!"])
async def test_whatever_is_typed_is_no_error(q: str, shelf: dict[str, Product], api: Api) -> None:
    await search(api, q)


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": " "}, {"q": "x" * 201}, {"q": "a", "min_price": "-1"}])
async def test_what_is_no_search_is_refused(params: dict[str, str], api: Api) -> None:
    assert (await api.get("/api/v1/products/search", params=params)).status_code == 422


async def test_a_word_with_a_minus_is_left_out_by_words(make: Make, api: Api) -> None:
    await make.product(name="Mesa de roble")
    await make.product(name="Mesa de pino")
    assert await names(api, "mesa -roble") == ["Mesa de pino"]


async def test_the_filters_of_the_list_apply(make: Make, index: Index, api: Api) -> None:
    above = await make.category(slug="muebles")
    below = await make.category(slug="sillas", parent_id=above.id)
    shop = await make.vendor()
    await make.product(name="Silla roja", category_id=below.id, vendor=shop, price=50_000)
    await make.product(name="Silla azul", price=90_000, stock=0)
    await make.product(name="Silla verde", price=200_000)
    await index()
    assert set(await names(api, "silla")) == {"Silla roja", "Silla azul", "Silla verde"}
    assert await names(api, "silla", category="muebles") == ["Silla roja"]
    assert await names(api, "silla", vendor_id=str(shop.id)) == ["Silla roja"]
    assert await names(api, "silla", min_price="90000", max_price="90000.00") == ["Silla azul"]
    assert set(await names(api, "silla", in_stock="true")) == {"Silla roja", "Silla verde"}
    assert await names(api, "silla", category="nada") == []


async def test_facets_count_what_was_found(make: Make, rows: Rows, api: Api) -> None:
    shelf = await make.category(slug="sillas", name="Sillas")
    shop = await make.vendor()
    await make.product(name="Silla uno", category_id=shelf.id, vendor=shop, price=30_000)
    await make.product(name="Silla dos", category_id=shelf.id, vendor=shop, price=60_000, stock=0)
    await make.product(name="Silla tres", category_id=shelf.id, price=70_000)
    await make.product(name="Lámpara")
    await rows.execute("UPDATE products SET reviews_count = 2, rating_sum = 9 WHERE name = 'Silla uno'")
    facets = (await search(api, "silla"))["facets"]
    assert facets["categories"] == [{"slug": "sillas", "name": "Sillas", "count": 3}]
    assert facets["vendors"][0] == {
        "id": str(shop.id),
        "slug": shop.slug,
        "business_name": shop.business_name,
        "count": 2,
    }
    assert facets["prices"] == [
        {"min_price": "20000.00", "max_price": "50000.00", "count": 1},
        {"min_price": "50000.00", "max_price": "100000.00", "count": 2},
    ]
    assert facets["in_stock"] == 2
    assert facets["ratings"] == [{"at_least": stars, "count": 1} for stars in (4, 3, 2, 1)]


async def test_pages_follow_each_other_and_a_cursor_belongs_to_its_search(make: Make, api: Api) -> None:
    shop = await make.vendor()
    for number in range(7):
        await make.product(name=f"Silla {number}", vendor=shop)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await search(api, "silla", limit=3, **cursor)
        seen += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(seen) == [f"Silla {number}" for number in range(7)]
    first_page = await search(api, "silla", limit=3)
    other = {"q": "mesa", "cursor": first_page["next_cursor"]}
    assert (await api.get("/api/v1/products/search", params=other)).status_code == 422


@pytest.mark.parametrize(
    "hide",
    [
        "UPDATE products SET status = 'INACTIVE'",
        "UPDATE products SET deleted_at = now()",
        "UPDATE vendors SET status = 'SUSPENDED'",
        "UPDATE vendors SET deleted_at = now()",
    ],
)
async def test_what_was_hidden_is_found_no_more_though_the_index_still_has_it(
    hide: str, shelf: dict[str, Product], rows: Rows, api: Api
) -> None:
    assert await names(api, "nevera") != []
    await rows.execute(hide)
    answer = await search(api, "algo para enfriar la comida")
    assert (answer["mode"], answer["items"], answer["total"]) == ("hybrid", [], 0)
    assert await names(api, "NEV-300") == []


async def test_what_only_the_index_knows_is_never_shown_and_prices_are_postgresqls(
    shelf: dict[str, Product], world: World, rows: Rows, api: Api
) -> None:
    """Fault F20: an index that names products that never were, or a draft, only ranks."""
    draft = shelf["tenis"]
    await rows.execute("UPDATE products SET status = 'DRAFT' WHERE id = :id", id=draft.id)
    await rows.execute("UPDATE products SET precio_venta = 77000 WHERE id = :id", id=shelf["nevera"].id)
    index = VectorIndex(world.http, world.settings.chroma)
    ((name,),) = await rows.execute("SELECT name FROM search_collections WHERE live")
    vector = await index.vector_of(name, shelf["nevera"].id)
    assert vector is not None
    strangers = [new_uuid() for _ in range(3)]
    await index.upsert(name, dict.fromkeys([*strangers, draft.id], vector), dict.fromkeys([*strangers, draft.id], ""))
    answer = await search(api, "algo para enfriar la comida")
    shown = {item["id"]: item["precio_venta"] for item in answer["items"]}
    assert shown[str(shelf["nevera"].id)] == "77000.00"
    assert not set(shown) & {str(each) for each in (*strangers, draft.id)}


async def test_a_draft_is_not_indexed_and_an_approved_one_is(
    make: Make, index: Index, world: World, rows: Rows
) -> None:
    product = await make.product(name="Silla", status=ProductStatus.DRAFT)
    await index()
    assert await rows.execute("SELECT * FROM search_documents") == []
    await rows.execute("UPDATE products SET status = 'APPROVED'")
    await index()
    assert [row.product_id for row in await rows.execute("SELECT product_id FROM search_documents")] == [product.id]
    assert not (await Indexer(world).differences()).any()
