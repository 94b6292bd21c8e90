"""What is suggested while somebody types."""

from collections.abc import Awaitable, Callable

from mestore.catalog.models import ProductStatus
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

Index = Callable[[], Awaitable[None]]


async def suggested(api: Api, q: str) -> list[tuple[str, str]]:
    answer = await api.get("/api/v1/products/suggest", params={"q": q})
    assert answer.status_code == 200, answer.text
    return [(each["kind"], each["text"]) for each in answer.json()["items"]]


async def test_names_brands_and_categories_that_begin_so_are_suggested_without_accents(make: Make, api: Api) -> None:
    await make.category(name="Lámparas", slug="lamparas")
    await make.product(name="Lámpara de pie", brand="Lamperia")
    await make.product(name="Mesa", brand="Lámpsa")
    await make.product(name="Silla")
    assert await suggested(api, "LAMP") == [
        ("category", "Lámparas"),
        ("brand", "Lamperia"),
        ("brand", "Lámpsa"),
        ("product", "Lámpara de pie"),
    ]


async def test_a_name_or_brand_is_suggested_once_and_of_each_kind_at_most_five(make: Make, api: Api) -> None:
    shop = await make.vendor()
    for number in range(8):
        await make.product(name=f"Silla {number % 7}", brand="Sillón", vendor=shop)
    found = await suggested(api, "sill")
    assert [kind for kind, _ in found] == ["brand"] + ["product"] * 5
    assert len(set(found)) == len(found)


async def test_what_is_hidden_is_not_suggested(make: Make, rows: Rows, api: Api) -> None:
    await make.product(name="Silla", brand="Sentar", status=ProductStatus.DRAFT)
    shop = await make.vendor()
    await make.product(name="Silla dos", vendor=shop)
    await rows.execute("UPDATE vendors SET status = 'SUSPENDED' WHERE id = :id", id=shop.id)
    assert await suggested(api, "s") == []


async def test_letters_with_a_meaning_to_patterns_are_letters(make: Make, api: Api) -> None:
    await make.product(name="100% algodón")
    assert await suggested(api, "100%") == [("product", "100% algodón")]
    assert await suggested(api, "%") == []
    assert await suggested(api, "_") == []


async def test_a_query_that_found_something_is_suggested_from_the_third_time_on(
    make: Make, index: Index, api: Api
) -> None:
    await make.product(name="Mesa redonda")
    await index()
    for times in (1, 2, 3):
        assert ("query", "redonda mesa") not in await suggested(api, "red")
        assert (await api.get("/api/v1/products/search?q=Redonda  mesa")).json()["total"] == 1, times
    assert ("query", "redonda mesa") in await suggested(api, "red")


async def test_what_finds_nothing_or_has_words_of_nobodys_catalogue_is_never_suggested(
    make: Make, index: Index, api: Api
) -> None:
    await make.product(name="Mesa redonda")
    await index()
    for _ in range(4):
        for q in ("mesa xanthippe", "mesa 3001234567", "xanthippe"):
            await api.get("/api/v1/products/search", params={"q": q})
    assert [text for kind, text in await suggested(api, "m") + await suggested(api, "x") if kind == "query"] == []
