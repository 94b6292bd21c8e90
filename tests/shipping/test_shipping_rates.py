"""What staff says shipping costs."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.shipping.models import ShippingRate
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows

PATH = "/api/v1/admin/shipping-rates"
LIGHT: dict[str, Any] = {"department_code": "11", "up_to_kg": "1.000", "cost": "6000.00", "free_from": "90000.00"}


@pytest.fixture(name="admin")
async def _admin(make: Make) -> User:
    return await make.user(UserType.ADMIN)


async def add(api: Api, by: User, **more: Any) -> dict[str, Any]:
    answer = await api.post(PATH, LIGHT | more, by=by)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


async def quoted(api: Api, make: Make) -> str:
    wanted = {"vendor_id": str((await make.vendor()).id), "subtotal": "1000", "weight_kg": "1"}
    answer = await api.get("/api/v1/shipping/quote", params=wanted | {"municipality_code": "11001"})
    cost: str = answer.json()["cost"]
    return cost


async def test_a_rate_is_seen_by_the_next_quote(api: Api, make: Make, admin: User) -> None:
    assert await quoted(api, make) == "15000.00"
    kept = await add(api, admin)
    assert {name: kept[name] for name in LIGHT} == LIGHT
    assert await quoted(api, make) == "6000.00"
    path = f"{PATH}/{kept['id']}"
    changed = await api.request("PATCH", path, json={"cost": "7000.00"}, by=admin)
    assert changed.status_code == 200
    assert changed.json() == kept | {"cost": "7000.00", "updated_at": changed.json()["updated_at"]}
    assert changed.json()["updated_at"] > kept["updated_at"]
    assert await quoted(api, make) == "7000.00"
    assert (await api.request("PATCH", path, json={"free_from": None}, by=admin)).json()["free_from"] is None
    again = await api.request("PATCH", path, json={}, by=admin)
    assert (again.status_code, again.json()["cost"], again.json()["free_from"]) == (200, "7000.00", None)
    assert (await api.request("DELETE", path, by=admin)).status_code == 204
    assert await quoted(api, make) == "15000.00"
    for method, body in (("DELETE", None), ("PATCH", {"cost": "1.00"}), ("PATCH", {})):
        assert_problem(await api.request(method, path, json=body, by=admin), 404)


async def test_a_rate_of_everything_and_a_free_one(api: Api, make: Make, admin: User) -> None:
    kept = await add(api, admin, department_code=None, up_to_kg=None, cost="0.00", free_from=None)
    assert (kept["department_code"], kept["up_to_kg"], kept["free_from"]) == (None, None, None)
    assert await quoted(api, make) == "0.00"


@pytest.mark.parametrize(
    "same", [{}, {"up_to_kg": None}, {"department_code": None}, {"department_code": None, "up_to_kg": None}], ids=str
)
async def test_of_a_department_and_weight_there_is_one(api: Api, admin: User, rows: Rows, same: dict[str, Any]) -> None:
    answers = await asyncio.gather(*(api.post(PATH, LIGHT | same | {"cost": f"{n}000"}, by=admin) for n in range(1, 7)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert_problem(next(answer for answer in answers if answer.status_code == 409), 409)
    assert await rows.count(ShippingRate) == 1
    await add(api, admin, department_code="05", up_to_kg="9")
    assert await rows.count(ShippingRate) == 2


@pytest.mark.parametrize(
    "bad",
    [
        {"department_code": "12"},
        {"department_code": "1"},
        {"department_code": 11},
        {"up_to_kg": "0"},
        {"up_to_kg": "-1"},
        {"up_to_kg": "1.0001"},
        {"up_to_kg": 5},
        {"up_to_kg": "NaN"},
        {"cost": "-1"},
        {"cost": "6000.50"},
        {"cost": 6000},
        {"cost": None},
        {"free_from": "-1"},
        {"free_from": "0.01"},
        {"vendor_id": None},
    ],
    ids=str,
)
async def test_what_is_no_rate_is_refused(api: Api, admin: User, rows: Rows, bad: dict[str, Any]) -> None:
    kept = await add(api, admin, department_code="05")
    before = await census(rows)
    assert_problem(await api.post(PATH, LIGHT | bad, by=admin), 422)
    assert_problem(await api.request("PATCH", f"{PATH}/{kept['id']}", json=bad, by=admin), 422)
    assert await census(rows) == before
    assert (await api.get(PATH, by=admin)).json()["items"] == [kept]


async def test_only_staff_keeps_them(api: Api, make: Make, admin: User) -> None:
    kept = await add(api, admin)
    one = f"{PATH}/{kept['id']}"
    for who, status in ((None, 401), (await make.buyer(), 403), (await make.owner(await make.vendor()), 403)):
        assert_problem(await api.get(PATH, by=who), status)
        assert_problem(await api.post(PATH, LIGHT | {"department_code": "05"}, by=who), status)
        assert_problem(await api.request("PATCH", one, json={"cost": "1.00"}, by=who), status)
        assert_problem(await api.request("DELETE", one, by=who), status)
    assert (await api.get(PATH, by=await make.user(UserType.SUPERUSER))).json()["items"] == [kept]


async def test_pages_of_rates_follow_each_other(api: Api, admin: User) -> None:
    for code in ("05", "08", "11"):
        await add(api, admin, department_code=code)
    page = (await api.get(f"{PATH}?limit=2&total=true", by=admin)).json()
    assert ([each["department_code"] for each in page["items"]], page["total"]) == (["05", "08"], 3)
    rest = (await api.get(PATH, params={"limit": 2, "cursor": page["next_cursor"]}, by=admin)).json()
    assert ([each["department_code"] for each in rest["items"]], rest["next_cursor"]) == (["11"], None)
    assert_problem(await api.get(f"{PATH}?cursor=abc", by=admin), 422)


@pytest.mark.parametrize(
    ("column", "value"), [("cost", -1), ("cost", 0.5), ("free_from", -1), ("free_from", 0.5), ("up_to_kg", 0)]
)
async def test_the_database_refuses_what_is_no_rate(api: Api, admin: User, rows: Rows, column: str, value: Any) -> None:
    await add(api, admin)
    with pytest.raises(IntegrityError, match=f"ck_shipping_rates_{column}"):
        await rows.execute(f"UPDATE shipping_rates SET {column} = {value}")
