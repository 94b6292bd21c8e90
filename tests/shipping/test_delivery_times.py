"""How long shops, and staff for all of them, say that delivery takes."""

import asyncio
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.shipping.models import DeliveryTime
from mestore.users.models import User, UserType
from mestore.vendors.models import Vendor
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.rows import Rows

MINE, GENERAL = "/api/v1/vendor/delivery-times", "/api/v1/admin/delivery-times"
TOWN: dict[str, Any] = {"municipality_code": "11001", "min_days": 1, "max_days": 3}


@pytest.fixture(name="shop")
async def _shop(make: Make) -> Vendor:
    return await make.vendor()


@pytest.fixture(name="owner")
async def _owner(make: Make, shop: Vendor) -> User:
    return await make.owner(shop)


@pytest.fixture(name="admin")
async def _admin(make: Make) -> User:
    return await make.user(UserType.ADMIN)


async def add(api: Api, path: str, by: User, body: dict[str, Any] | None = None) -> dict[str, Any]:
    answer = await api.post(path, TOWN if body is None else body, by=by)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


async def listed(api: Api, path: str, by: User) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get(path, by=by)).json()["items"]
    return items


async def told(api: Api, shop: Vendor) -> tuple[int, int]:
    wanted = {"vendor_id": str(shop.id), "subtotal": "1000", "weight_kg": "1", "municipality_code": "11001"}
    promise = (await api.get("/api/v1/shipping/quote", params=wanted)).json()["promise"]
    return promise["min_days"], promise["max_days"]


async def test_what_is_said_is_told_by_the_next_quote(
    api: Api, make: Make, shop: Vendor, owner: User, admin: User
) -> None:
    other = await make.vendor()
    assert await told(api, shop) == (2, 8)
    general = await add(api, GENERAL, admin, {"department_code": "11", "min_days": 4, "max_days": 9})
    assert (general["department_code"], general["municipality_code"]) == ("11", None)
    assert await told(api, shop) == (4, 9)
    kept = await add(api, MINE, owner)
    assert {name: kept[name] for name in TOWN} == TOWN
    assert (await told(api, shop), await told(api, other)) == ((1, 3), (4, 9))
    assert (await listed(api, MINE, owner), await listed(api, GENERAL, admin)) == ([kept], [general])
    assert (await api.request("DELETE", f"{MINE}/{kept['id']}", by=owner)).status_code == 204
    assert_problem(await api.request("DELETE", f"{MINE}/{kept['id']}", by=owner), 404)
    assert await told(api, shop) == (4, 9)
    assert (await api.request("DELETE", f"{GENERAL}/{general['id']}", by=admin)).status_code == 204
    assert_problem(await api.request("DELETE", f"{GENERAL}/{general['id']}", by=admin), 404)
    assert await told(api, shop) == (2, 8)


@pytest.mark.parametrize("place", [{"municipality_code": "11001"}, {"department_code": "11"}, {}], ids=str)
async def test_of_a_place_each_says_one(
    api: Api, make: Make, owner: User, admin: User, rows: Rows, place: dict[str, Any]
) -> None:
    days = {"min_days": 1, "max_days": 3}
    for path, by in ((MINE, owner), (MINE, await make.owner(await make.vendor())), (GENERAL, admin)):
        answers = await asyncio.gather(*(api.post(path, place | days, by=by) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    assert await rows.count(DeliveryTime) == 3
    await add(api, MINE, owner, {"department_code": "05"} | days)
    assert await rows.count(DeliveryTime) == 4


@pytest.mark.parametrize(
    "bad",
    [
        {"max_days": 21},
        {"max_days": 0, "min_days": 0},
        {"min_days": 4},
        {"min_days": -1},
        {"min_days": 21, "max_days": 21},
        {"min_days": "1"},
        {"max_days": 2.5},
        {"max_days": None},
        {"municipality_code": "11999"},
        {"municipality_code": "1101"},
        {"department_code": "11"},
        {"department_code": "12", "municipality_code": None},
        {"vendor_id": "01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10"},
    ],
    ids=str,
)
async def test_what_is_no_time_is_refused(api: Api, owner: User, admin: User, rows: Rows, bad: dict[str, Any]) -> None:
    for by in (owner, admin):
        await api.token(by)
    before = await census(rows)
    for path, by in ((MINE, owner), (GENERAL, admin)):
        assert assert_problem(await api.post(path, TOWN | bad, by=by), 422)["errors"]
    assert await census(rows) == before


async def test_another_s_time_is_absent(api: Api, make: Make, owner: User, admin: User) -> None:
    mine, general = await add(api, MINE, owner), await add(api, GENERAL, admin)
    stranger = await make.owner(await make.vendor())
    assert await listed(api, MINE, stranger) == []
    for path, by, kept in (
        (MINE, stranger, mine),
        (MINE, owner, general),  # what holds for all shops is not a shop's to remove
        (GENERAL, admin, mine),
    ):
        assert_problem(await api.request("DELETE", f"{path}/{kept['id']}", by=by), 404)
    assert (await listed(api, MINE, owner), await listed(api, GENERAL, admin)) == ([mine], [general])


async def test_who_may_not_say(api: Api, make: Make, owner: User, admin: User) -> None:
    mine, general = await add(api, MINE, owner), await add(api, GENERAL, admin)
    buyer = await make.buyer()
    for path, kept, others in (
        (MINE, mine, ((None, 401), (buyer, 403), (admin, 403))),
        (GENERAL, general, ((None, 401), (buyer, 403), (owner, 403))),
    ):
        for who, status in others:
            assert_problem(await api.get(path, by=who), status)
            assert_problem(await api.post(path, TOWN | {"municipality_code": "05001"}, by=who), status)
            assert_problem(await api.request("DELETE", f"{path}/{kept['id']}", by=who), status)
    assert (await listed(api, MINE, owner), await listed(api, GENERAL, admin)) == ([mine], [general])


async def test_a_vendor_without_a_shop_has_none(api: Api, make: Make) -> None:
    nobody = await make.user(UserType.VENDOR)
    assert_problem(await api.get(MINE, by=nobody), 404)
    assert_problem(await api.post(MINE, TOWN, by=nobody), 404)
    assert_problem(await api.request("DELETE", f"{MINE}/01935b1e-7c4a-7d3e-9a52-6f1c2b8d4e10", by=nobody), 404)


async def test_pages_of_times_follow_each_other(api: Api, make: Make, owner: User) -> None:
    await add(api, MINE, await make.owner(await make.vendor()))
    for code in ("05", "08", "11"):
        await add(api, MINE, owner, {"department_code": code, "min_days": 1, "max_days": 3})
    page = (await api.get(f"{MINE}?limit=2&total=true", by=owner)).json()
    assert ([each["department_code"] for each in page["items"]], page["total"]) == (["05", "08"], 3)
    rest = (await api.get(MINE, params={"limit": 2, "cursor": page["next_cursor"]}, by=owner)).json()
    assert ([each["department_code"] for each in rest["items"]], rest["next_cursor"]) == (["11"], None)
    assert_problem(await api.get(f"{MINE}?cursor=abc", by=owner), 422)


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("max_days = 21", "days"),
        ("min_days = 4", "days"),
        ("min_days = -1", "days"),
        ("min_days = 0, max_days = 0", "days"),
        ("department_code = '11'", "one_place"),
        ("municipality_code = '1101'", "municipality_code"),
    ],
)
async def test_the_database_refuses_what_is_no_time(
    api: Api, owner: User, rows: Rows, change: str, constraint: str
) -> None:
    await add(api, MINE, owner)
    with pytest.raises(IntegrityError, match=f"ck_delivery_times_{constraint}"):
        await rows.execute(f"UPDATE delivery_times SET {change}")
