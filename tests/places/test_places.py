"""Places: DANE's codes, found by people who type no accents."""

import re
from typing import Any

import pytest

from mestore.places.dane import departments, find_municipality, search
from tests.api import Api
from tests.problems import assert_problem

MUNICIPALITIES = "/api/v1/places/municipalities"


async def found(api: Api, query: str) -> list[dict[str, Any]]:
    answer = await api.get(f"{MUNICIPALITIES}?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_all_departments_in_one_page(api: Api) -> None:
    page = (await api.get("/api/v1/places/departments")).json()
    assert (len(page["items"]), page["next_cursor"], page["total"]) == (33, None, 33)
    assert {"code": "11", "name": "Bogotá, D.C."} in page["items"]
    assert [each["name"] for each in page["items"]][:3] == ["Amazonas", "Antioquia", "Arauca"]


def test_the_list_is_whole() -> None:
    everything = search(None, None)
    assert len(everything) == 1121
    assert len(departments()) == 33
    for each in everything:
        place = each.municipality
        assert re.fullmatch(r"[0-9]{5}", place.code)
        assert place.code.startswith(place.department.code)
        assert place.name == place.name.strip() != ""
    assert {each.municipality.department for each in everything} == set(departments())


@pytest.mark.parametrize(
    ("code", "name", "department"),
    [
        ("11001", "Bogotá, D.C.", "Bogotá, D.C."),
        ("05001", "Medellín", "Antioquia"),
        ("76001", "Cali", "Valle del Cauca"),
        ("47001", "Santa Marta", "Magdalena"),
        ("54001", "San José de Cúcuta", "Norte de Santander"),
        ("91001", "Leticia", "Amazonas"),
    ],
)
def test_official_codes(code: str, name: str, department: str) -> None:
    place = find_municipality(code)
    assert place is not None
    assert (place.name, place.department.name) == (name, department)


@pytest.mark.parametrize("code", ["00000", "11", "99999", "", "११००१"])
def test_codes_of_nothing(code: str) -> None:
    assert find_municipality(code) is None


@pytest.mark.parametrize("q", ["Bogotá", "bogota", "BOGOTA", " bogotá d.c ", "bogota%20d%20c", "Bogota%CC%81"])
async def test_accents_case_and_signs_do_not_matter(q: str, api: Api) -> None:
    assert [each["code"] for each in await found(api, f"q={q}")] == ["11001"]


async def test_names_that_begin_so_come_first(api: Api) -> None:
    names = [each["name"] for each in await found(api, "q=cali&limit=5")]
    assert names[0] == "Cali"
    assert all(name.startswith("Cali") for name in names[:2])


async def test_in_one_department(api: Api) -> None:
    assert {each["department"]["code"] for each in await found(api, "department=91&limit=100")} == {"91"}
    assert len(await found(api, "q=santa+rosa")) > len(await found(api, "q=santa+rosa&department=05")) > 0
    assert await found(api, "department=00") == []
    assert await found(api, "q=%25") == await found(api, "limit=20"), "signs are no letters"
    assert await found(api, "q=zzz") == []


async def test_pages_give_each_once(api: Api) -> None:
    seen: list[str] = []
    query = "department=05&limit=50&total=true"
    cursor = ""
    while cursor is not None:
        page = (await api.get(f"{MUNICIPALITIES}?{query}{cursor and '&cursor=' + cursor}")).json()
        seen += [each["code"] for each in page["items"]]
        assert page["total"] == 125
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 125


@pytest.mark.parametrize(
    "query", ["department=1", "department=abc", "limit=0", "limit=101", "cursor=abc", "q=", f"q={'a' * 201}", "q=a%0Ab"]
)
async def test_bad_questions(query: str, api: Api) -> None:
    assert_problem(await api.get(f"{MUNICIPALITIES}?{query}"), 422)
