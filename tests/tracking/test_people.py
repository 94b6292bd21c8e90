"""What vendors and administrators tell of packages: a vendor what moves no money, of its own package only."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest

from mestore.orders.models import OrderHistory
from mestore.orders.states import PackageStatus
from mestore.tracking.models import TrackingEvent
from mestore.tracking.states import Source
from mestore.users.models import User, UserType
from tests.problems import assert_problem, census
from tests.rows import Rows
from tests.tracking.scene import Scene, ago


async def vendor_tells(scene: Scene, status: str, *, by: User | None = None, **more: Any) -> httpx.Response:
    headers = more.pop("headers", None)
    path = f"/api/v1/vendor/orders/{scene.order.id}/tracking"
    return await scene.api.post(path, {"status": status} | more, by=by or await scene.owner(), headers=headers)


async def admin_tells(scene: Scene, status: str, *, package_id: int | None = None, **more: Any) -> httpx.Response:
    path = f"/api/v1/admin/orders/{scene.order.id}/packages/{package_id or scene.package_id}/tracking"
    return await scene.api.post(path, {"status": status} | more, by=await scene.make.user(UserType.ADMIN))


@pytest.mark.parametrize("status", ["IN_TRANSIT", "AT_WAREHOUSE", "OUT_FOR_DELIVERY", "FAILED"])
async def test_a_vendor_tells_where_its_package_is(status: str, scene: Scene, rows: Rows) -> None:
    answer = await vendor_tells(scene, status, at=scene.now(), place="Cali", message="Llega mañana")
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert (shown["package_id"], shown["status"]) == (scene.package_id, "SHIPPED")
    (event,) = shown["events"]
    told = {"status": status, "place": "Cali", "message": "Llega mañana", "source": "VENDOR"}
    assert {name: event[name] for name in told} == told
    (row,) = await rows.all(TrackingEvent)
    assert (row.source, row.carrier, row.carrier_event_id) == (Source.VENDOR, None, None)
    assert ((await scene.package()).delivery_failed_at is not None) is (status == "FAILED")


@pytest.mark.parametrize("status", ["DELIVERED", "RETURNED"])
async def test_what_moves_money_is_not_the_vendor_s_to_tell(status: str, scene: Scene, rows: Rows) -> None:
    await scene.api.token(await scene.owner())
    before = await census(rows)
    problem = assert_problem(await vendor_tells(scene, status), 403)
    assert problem["type"] == "/problems/not-the-vendors-to-tell"
    assert await census(rows) == before
    assert (await scene.package()).status is PackageStatus.SHIPPED


async def test_another_vendor_has_no_such_order(scene: Scene, rows: Rows) -> None:
    stranger = await scene.make.owner(await scene.make.vendor())
    before = await census(rows)
    for status in ("IN_TRANSIT", "DELIVERED"):
        assert_problem(await vendor_tells(scene, status, by=stranger), 404)
    assert await census(rows) == before | {"user_sessions": before["user_sessions"] + 1}


async def test_an_order_that_is_not_paid_has_no_vendor_yet(scene: Scene) -> None:
    unpaid = await scene.make.order(units={(await scene.make.product(vendor=scene.vendor)).id: 1})
    answer = await scene.api.post(
        f"/api/v1/vendor/orders/{unpaid.id}/tracking", {"status": "IN_TRANSIT"}, by=await scene.owner()
    )
    assert_problem(answer, 404)


async def test_of_what_was_not_shipped_there_is_nothing_to_tell(paid: Scene, rows: Rows) -> None:
    for answer in (await vendor_tells(paid, "IN_TRANSIT"), await admin_tells(paid, "DELIVERED")):
        problem = assert_problem(answer, 409)
        assert (problem["type"], problem["status_of_package"]) == ("/problems/not-shipped", "PENDING")
    await paid.make.move(paid.order, PackageStatus.CANCELLED)
    assert assert_problem(await admin_tells(paid, "DELIVERED"), 409)["status_of_package"] == "CANCELLED"
    assert await rows.count(TrackingEvent) == 0


async def test_told_again_it_is_there_once(scene: Scene, rows: Rows) -> None:
    at = ago(scene.world, 3).isoformat()
    answers = await asyncio.gather(*(vendor_tells(scene, "IN_TRANSIT", at=at) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert {len(answer.json()["events"]) for answer in answers} == {1}
    assert await rows.count(TrackingEvent) == 1
    await vendor_tells(scene, "IN_TRANSIT", at=ago(scene.world, 2).isoformat())
    assert await rows.count(TrackingEvent) == 2


async def test_a_request_that_is_repeated_with_its_key_tells_once(scene: Scene, rows: Rows) -> None:
    first, again = [await vendor_tells(scene, "AT_WAREHOUSE", headers={"Idempotency-Key": "t-1"}) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotent-replayed"] == "true"
    assert await rows.count(TrackingEvent) == 1


async def test_an_administrator_tells_everything(scene: Scene, rows: Rows) -> None:
    assert (await admin_tells(scene, "FAILED", message="Nadie en casa")).status_code == 201
    delivered = await admin_tells(scene, "DELIVERED")
    assert delivered.status_code == 201
    assert (delivered.json()["status"], delivered.json()["timeline"][-1]["done"]) == ("DELIVERED", True)
    again = await admin_tells(scene, "DELIVERED")
    assert again.status_code == 201
    (move,) = [row for row in await rows.all(OrderHistory) if row.to_status == "DELIVERED" and row.package_id]
    assert (move.actor, move.reason) == ("ADMIN", "delivered")
    assert move.user_id is not None


async def test_an_administrator_tells_that_it_came_back(scene: Scene) -> None:
    shown = (await admin_tells(scene, "RETURNED")).json()
    assert shown["status"] == "RETURNED"
    assert [each["step"] for each in shown["timeline"]] == ["PLACED", "PAID", "SHIPPED", "RETURNED"]


async def test_a_package_of_another_order_is_none_of_this_one(scene: Scene, rows: Rows) -> None:
    other = await scene.make.order()
    for package_id in (other.packages[0].id, 9_999_999):
        answer = await admin_tells(scene, "DELIVERED", package_id=package_id)
        assert assert_problem(answer, 404)["type"] == "/problems/package-not-found"
    assert await rows.count(TrackingEvent) == 0


@pytest.mark.parametrize(
    "bad",
    [
        {"status": "LOST"},
        {"at": "2026-11-24"},
        {"at": 5},
        {"place": ""},
        {"message": "m" * 301},
        {"source": "CARRIER"},
        {"carrier_event_id": "ev-1"},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_not_kept(bad: dict[str, Any], scene: Scene, rows: Rows) -> None:
    sender = await scene.owner()
    await scene.api.token(sender)
    before = await census(rows)
    body = {"status": "IN_TRANSIT"} | bad
    assert_problem(await scene.api.post(f"/api/v1/vendor/orders/{scene.order.id}/tracking", body, by=sender), 422)
    assert await census(rows) == before


async def test_nobody_tells_of_what_is_still_to_happen(scene: Scene, rows: Rows) -> None:
    ahead = (scene.world.now() + timedelta(hours=1)).isoformat()
    for answer in (await vendor_tells(scene, "IN_TRANSIT", at=ahead), await admin_tells(scene, "DELIVERED", at=ahead)):
        assert assert_problem(answer, 422)["type"] == "/problems/moment-in-the-future"
    assert await rows.count(TrackingEvent) == 0
