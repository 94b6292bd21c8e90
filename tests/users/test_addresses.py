"""The addresses somebody keeps."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from mestore.users.models import Address, User
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows

MINE = "/api/v1/auth/me/addresses"
HOME: dict[str, Any] = {
    "name": "Ana Ruiz",
    "phone": "300 123 4567",
    "street": "Cra 7 # 71-21 Apto 301",
    "department_code": "11",
    "municipality_code": "11001",
    "notes": "Portería",
}


async def keep(api: Api, by: User, **more: Any) -> dict[str, Any]:
    answer = await api.post(MINE, HOME | more, by=by)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


async def mine(api: Api, by: User) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(MINE, by=by)).json()["items"]
    return items


async def test_an_address_is_kept_with_its_place_by_name(api: Api, make: Make) -> None:
    buyer = await make.buyer()
    kept = await keep(api, buyer)
    assert {name: kept[name] for name in HOME} == HOME | {"phone": "+573001234567"}
    assert (kept["municipality"], kept["department"], kept["is_default"]) == ("Bogotá, D.C.", "Bogotá, D.C.", True)
    assert await mine(api, buyer) == [kept]


async def test_one_is_the_default(api: Api, make: Make, rows: Rows) -> None:
    buyer = await make.buyer()
    first, second = await keep(api, buyer), await keep(api, buyer, street="Calle 93 # 13-24")
    third = await keep(api, buyer, street="Calle 10 # 5-51", is_default=True)
    assert [(each["id"], each["is_default"]) for each in await mine(api, buyer)] == [
        (third["id"], True),
        (second["id"], False),
        (first["id"], False),
    ]
    changed = await api.request("PATCH", f"{MINE}/{first['id']}", by=buyer, json={"is_default": True})
    assert changed.json()["is_default"]
    again = await api.request("PATCH", f"{MINE}/{first['id']}", by=buyer, json={"is_default": False})
    assert again.json()["is_default"], "a default that ceases must be another's"
    assert (await api.request("DELETE", f"{MINE}/{first['id']}", by=buyer)).status_code == 204
    assert [(each["id"], each["is_default"]) for each in await mine(api, buyer)] == [
        (third["id"], True),
        (second["id"], False),
    ]
    for each in (second, third):
        await api.request("DELETE", f"{MINE}/{each['id']}", by=buyer)
    assert await rows.count(Address) == 0


async def test_what_is_left_out_stays(api: Api, make: Make) -> None:
    buyer = await make.buyer()
    kept = await keep(api, buyer)
    path = f"{MINE}/{kept['id']}"
    moved = await api.request(
        "PATCH", path, by=buyer, json={"department_code": "05", "municipality_code": "05001", "notes": None}
    )
    assert moved.status_code == 200
    assert moved.json() | {"updated_at": None} == kept | {
        "updated_at": None,
        "department_code": "05",
        "department": "Antioquia",
        "municipality_code": "05001",
        "municipality": "Medellín",
        "notes": None,
    }
    assert (await api.request("PATCH", path, by=buyer, json={})).json() == moved.json()


@pytest.mark.parametrize(
    "bad",
    [
        {"department_code": "05"},
        {"department_code": "05", "municipality_code": "11001"},
        {"municipality_code": "11999"},
        {"department_code": "00", "municipality_code": "00001"},
        {"municipality_code": "1101"},
        {"phone": "123"},
        {"name": ""},
        {"street": "x"},
        {"street": "Cra 7\n# 71-21"},
        {"notes": "x" * 301},
        {"is_default": "yes"},
        {"user_id": "01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10"},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(api: Api, make: Make, rows: Rows, bad: dict[str, Any]) -> None:
    buyer = await make.buyer()
    kept = await keep(api, buyer)
    before = await census(rows)
    assert_problem(await api.post(MINE, HOME | bad, by=buyer), 422)
    assert_problem(await api.request("PATCH", f"{MINE}/{kept['id']}", by=buyer, json=bad), 422)
    assert await census(rows) == before
    assert await mine(api, buyer) == [kept]


async def test_null_is_only_for_notes(api: Api, make: Make) -> None:
    buyer = await make.buyer()
    path = f"{MINE}/{(await keep(api, buyer))['id']}"
    for name in ("name", "phone", "street", "department_code", "municipality_code", "is_default"):
        assert_problem(await api.request("PATCH", path, by=buyer, json={name: None}), 422)


async def test_another_s_address_is_absent(api: Api, make: Make) -> None:
    buyer, stranger = await make.buyer(), await make.buyer()
    kept = await keep(api, buyer)
    path = f"{MINE}/{kept['id']}"
    assert await mine(api, stranger) == []
    assert_problem(await api.request("PATCH", path, by=stranger, json={"name": "Otro"}), 404)
    assert_problem(await api.request("DELETE", path, by=stranger), 404)
    assert_problem(await api.request("DELETE", f"{MINE}/{UUID(int=7)}", by=buyer), 404)
    assert await mine(api, buyer) == [kept]


async def test_nobody_has_no_addresses(api: Api) -> None:
    assert_problem(await api.get(MINE), 401)
    assert_problem(await api.post(MINE, HOME), 401)
    assert_problem(await api.request("PATCH", f"{MINE}/{UUID(int=7)}", json={}), 401)
    assert_problem(await api.request("DELETE", f"{MINE}/{UUID(int=7)}"), 401)


async def test_twenty_are_enough_also_when_all_come_at_once(api: Api, make: Make, rows: Rows) -> None:
    buyer = await make.buyer()
    await api.token(buyer)
    answers = await asyncio.gather(*(api.post(MINE, HOME | {"is_default": True}, by=buyer) for _ in range(25)))
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [409] * 5
    kept = await rows.all(Address)
    assert (len(kept), sum(each.is_default for each in kept)) == (20, 1)
