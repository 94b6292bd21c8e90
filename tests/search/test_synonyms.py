"""Words that mean the same: shipped, kept by staff, and seen by the next search."""

import asyncio
from collections.abc import Callable

import asyncpg
import pytest

from mestore.search.models import Synonym, SynonymWord
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

PATH = "/api/v1/admin/search-synonyms"


@pytest.fixture(name="admin")
async def _admin(make: Make) -> User:
    return await make.user(UserType.ADMIN)


async def names(api: Api, q: str) -> list[str]:
    answer = await api.get("/api/v1/products/search", params={"q": q})
    return [item["name"] for item in answer.json()["items"]]


async def test_a_change_is_seen_by_the_next_search(make: Make, api: Api, admin: User) -> None:
    await make.product(name="Nevera Andina")
    await make.product(name="Camisa")
    assert await names(api, "heladera") == []
    added = await api.post(PATH, {"words": ["nevera", "Heladera", "refri grande"]}, by=admin)
    assert added.status_code == 201
    assert await names(api, "heladeras") == ["Nevera Andina"]
    assert await names(api, "refri grande andina") == ["Nevera Andina"]
    assert await names(api, "grande") == []
    path = f"{PATH}/{added.json()['id']}"
    changed = await api.request("PATCH", path, json={"words": ["nevera", "frigo"]}, by=admin)
    assert (changed.status_code, changed.json()["words"]) == (200, ["frigo", "nevera"])
    assert (await names(api, "heladera"), await names(api, "frigo")) == ([], ["Nevera Andina"])
    assert (await api.request("DELETE", path, by=admin)).status_code == 204
    assert await names(api, "frigo") == []


async def test_a_group_finds_every_word_of_it_from_every_word(make: Make, api: Api, admin: User) -> None:
    for name in ("Disco duro 1 TB", "Almacenamiento externo", "Disco de pulir"):
        await make.product(name=name)
    await api.post(PATH, {"words": ["disco duro", "almacenamiento externo"]}, by=admin)
    assert set((await names(api, "disco duro"))[:2]) == {"Disco duro 1 TB", "Almacenamiento externo"}
    assert set((await names(api, "almacenamiento externo"))[:2]) == {"Disco duro 1 TB", "Almacenamiento externo"}


async def test_no_word_is_in_two_groups_and_a_refusal_changes_nothing(api: Api, admin: User, rows: Rows) -> None:
    first = (await api.post(PATH, {"words": ["nevera", "heladera"]}, by=admin)).json()
    second = (await api.post(PATH, {"words": ["silla", "asiento"]}, by=admin)).json()
    assert (await api.post(PATH, {"words": ["HELADÉRA", "frigo"]}, by=admin)).status_code == 409
    taken = await api.request("PATCH", f"{PATH}/{second['id']}", json={"words": ["silla", "nevera"]}, by=admin)
    assert taken.status_code == 409
    assert (await api.get(PATH, by=admin)).json()["items"] == [first, second]
    assert await rows.count(Synonym) == 2


async def test_of_many_who_add_the_same_word_at_once_one_does(api: Api, admin: User, rows: Rows) -> None:
    answers = await asyncio.gather(
        *(api.post(PATH, {"words": ["nevera", f"palabra{letter}"]}, by=admin) for letter in "abcdef")
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert await rows.count(SynonymWord) == 2


@pytest.mark.parametrize("words", [["nevera"], [], ["nevera", ""], ["nevera", "x" * 61], ["nevera", "a\nb"], "nevera"])
async def test_what_is_no_group_is_refused(words: object, api: Api, admin: User, rows: Rows) -> None:
    assert (await api.post(PATH, {"words": words}, by=admin)).status_code == 422
    assert await rows.count(Synonym) == 0


async def test_a_word_that_says_nothing_is_refused_and_named(api: Api, admin: User, rows: Rows) -> None:
    answer = await api.post(PATH, {"words": ["nevera", "de la"]}, by=admin)
    assert (answer.status_code, answer.json()["word"]) == (422, "de la")
    assert await rows.count(Synonym) == 0


async def test_only_staff_keeps_them(make: Make, api: Api, admin: User, rows: Rows) -> None:
    group = (await api.post(PATH, {"words": ["nevera", "heladera"]}, by=admin)).json()
    one = f"{PATH}/{group['id']}"
    for who, status in ((None, 401), (await make.buyer(), 403), (await make.user(UserType.VENDOR), 403)):
        assert (await api.get(PATH, by=who)).status_code == status
        assert (await api.post(PATH, {"words": ["silla", "asiento"]}, by=who)).status_code == status
        change = await api.request("PATCH", one, json={"words": ["silla", "asiento"]}, by=who)
        assert change.status_code == status
        assert (await api.request("DELETE", one, by=who)).status_code == status
    assert (await api.get(PATH, by=admin)).json()["items"] == [group]


async def test_what_is_gone_is_not_found(make: Make, api: Api, admin: User) -> None:
    group = (await api.post(PATH, {"words": ["nevera", "heladera"]}, by=admin)).json()
    one = f"{PATH}/{group['id']}"
    assert (await api.request("DELETE", one, by=admin)).status_code == 204
    assert (await api.request("DELETE", one, by=admin)).status_code == 404
    assert (await api.request("PATCH", one, json={"words": ["silla", "asiento"]}, by=admin)).status_code == 404


async def test_pages_of_groups_follow_each_other(api: Api, admin: User) -> None:
    for letter in "abc":
        await api.post(PATH, {"words": [f"uno{letter}", f"dos{letter}"]}, by=admin)
    page = (await api.get(f"{PATH}?limit=2&total=true", by=admin)).json()
    assert (len(page["items"]), page["total"]) == (2, 3)
    rest = (await api.get(PATH, params={"limit": 2, "cursor": page["next_cursor"]}, by=admin)).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)


async def test_the_market_ships_with_colombian_words(new_database: Callable[[str], str], worker_id: str) -> None:
    url = await asyncio.to_thread(new_database, f"shipped_{worker_id}")
    connection = await asyncpg.connect(url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM search_synonyms") >= 80
        assert await connection.fetchval("SELECT count(*) FROM search_synonyms WHERE numnode(alternatives) = 0") == 0
        for one, other in (("celular", "móvil"), ("nevera", "refrigerador"), ("tenis", "zapatillas")):
            together = (
                "SELECT count(DISTINCT synonym_id) FROM search_synonym_words WHERE word_key IN (fold($1), fold($2))"
            )
            assert await connection.fetchval(together, one, other) == 1
    finally:
        await connection.close()
