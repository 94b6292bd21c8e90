"""Asking to return: one's own, of one delivered package, in time, and each unit once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from mestore.core.clock import COLOMBIA
from mestore.core.world import World
from mestore.orders.models import Package
from mestore.returns.models import Return, ReturnHistory
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.problems import assert_problem, census
from tests.returns.case import UNITS, Case
from tests.rows import Rows


async def test_a_buyer_asks_and_sees_it(case: Case, world: World) -> None:
    answer = await case.asks({case.chairs.id: 2, case.lamp.id: 1})
    assert answer.status_code == 201
    told = answer.json()
    assert (told["status"], told["reason"], told["refund_amount"]) == ("REQUESTED", "No me sirve", None)
    assert (told["package_id"], told["vendor_id"]) == (case.chairs.package_id, str(case.shop.id))
    assert told["items"] == [
        {"item_id": item_id, "quantity": count} for item_id, count in sorted([(case.chairs.id, 2), (case.lamp.id, 1)])
    ]
    assert [(move["from"], move["to"], move["by"]) for move in told["history"]] == [(None, "REQUESTED", "BUYER")]
    due = datetime.fromisoformat(told["refund_due_at"]).astimezone(COLOMBIA)
    assert due.date() == world.now().astimezone(COLOMBIA).date() + timedelta(days=15)
    assert (due.hour, due.minute) == (23, 59)
    assert await case.units_of(case.chairs) == (2, 0)
    seen = await case.api.get(case.path, by=case.buyer)
    assert seen.json() == {"order_id": case.order.id, "returns": [told]}


async def test_no_reason_is_needed(case: Case) -> None:
    answer = await case.api.post(case.path, {"items": [{"item_id": case.chairs.id, "quantity": 1}]}, by=case.buyer)
    assert (answer.status_code, answer.json()["reason"]) == (201, "")


async def test_an_item_named_twice_counts_together(case: Case) -> None:
    items = [{"item_id": case.chairs.id, "quantity": 2}, {"item_id": case.chairs.id, "quantity": 1}]
    answer = await case.api.post(case.path, {"items": items}, by=case.buyer)
    assert answer.json()["items"] == [{"item_id": case.chairs.id, "quantity": 3}]
    again = await case.asks()
    assert assert_problem(again, 409)["type"] == "/problems/too-many-units-to-return"


async def refuses(case: Case, rows: Rows, status: int, kind: str, units: dict[Any, int]) -> dict[str, Any]:
    """In Spanish, and nothing is written."""
    before = await census(rows)
    problem = assert_problem(await case.asks(units, headers={"Accept-Language": "es"}), status)
    assert problem["type"] == f"/problems/{kind}"
    assert await census(rows) == before
    assert [await case.units_of(item) for item in (case.chairs, case.lamp, case.other)] == [(0, 0)] * 3
    return problem


async def test_items_of_two_packages_are_two_returns(case: Case, rows: Rows) -> None:
    problem = await refuses(case, rows, 422, "several-packages", {case.chairs.id: 1, case.other.id: 1})
    assert "Pide una devolución por cada paquete" in problem["detail"]


async def test_an_item_of_another_order_is_none_of_this(case: Case, rows: Rows, make: Make) -> None:
    (item,) = (await make.order(buyer=case.buyer)).items
    problem = await refuses(case, rows, 422, "item-not-in-order", {case.chairs.id: 1, item.id: 1})
    assert problem["item_id"] == item.id


async def test_more_than_was_bought_does_not_come_back(case: Case, rows: Rows) -> None:
    units = {case.lamp.id: 1, case.chairs.id: UNITS + 1}
    problem = await refuses(case, rows, 409, "too-many-units-to-return", units)
    assert problem["item_id"] == case.chairs.id


@pytest.mark.parametrize("status", ["PENDING", "SHIPPED", "RETURNED", "CANCELLED"])
async def test_only_what_was_delivered_comes_back(case: Case, rows: Rows, status: str) -> None:
    await rows.execute("ALTER TABLE packages DISABLE TRIGGER package_edge")
    try:
        await rows.execute(f"UPDATE packages SET status = '{status}'")
    finally:
        await rows.execute("ALTER TABLE packages ENABLE TRIGGER package_edge")
    problem = await refuses(case, rows, 409, "package-not-delivered", {case.chairs.id: 1})
    assert problem["package_status"] == status


async def test_after_five_working_days_it_is_over(case: Case, rows: Rows, world: World) -> None:
    """The service's clock is that of the world; the package's term is moved, not the clock."""
    await rows.execute("UPDATE packages SET returnable_until = '2026-11-20T04:59:59.999999Z'")
    problem = await refuses(case, rows, 409, "return-period-over", {case.chairs.id: 1})
    assert problem["returnable_until"].startswith("2026-11-20T04:59:59")
    assert "19 de noviembre de 2026" in problem["detail"]
    await rows.execute("UPDATE packages SET returnable_until = :soon", soon=world.now() + timedelta(minutes=5))
    assert (await case.asks()).status_code == 201


async def test_what_retracto_leaves_out_stays(case: Case, rows: Rows) -> None:
    await rows.execute("UPDATE order_items SET return_excluded_reason = 'Perecedero' WHERE id = :id", id=case.lamp.id)
    problem = await refuses(case, rows, 409, "item-not-returnable", {case.chairs.id: 1, case.lamp.id: 1})
    assert (problem["item_id"], problem["reason"]) == (case.lamp.id, "Perecedero")


@pytest.mark.parametrize(
    "body",
    [
        {"items": []},
        {"items": [{"item_id": 1, "quantity": 0}]},
        {"items": [{"item_id": 1, "quantity": 1000}]},
        {"items": [{"item_id": "1", "quantity": 1}]},
        {"items": [{"item_id": 1, "quantity": 1}], "reason": "x" * 301},
        {"items": [{"item_id": 1, "quantity": 1}], "refund_amount": "1.00"},
        {},
    ],
    ids=str,
)
async def test_what_does_not_fit_is_refused(case: Case, rows: Rows, body: dict[str, Any]) -> None:
    before = await census(rows)
    assert_problem(await case.api.post(case.path, body, by=case.buyer), 422)
    assert await census(rows) == before


async def test_somebody_elses_order_is_absent(case: Case, make: Make) -> None:
    return_id = await case.approved()
    admin = await make.user(UserType.ADMIN)
    for who, status in ((None, 401), (case.stranger, 404), (case.seller, 404), (admin, 403)):
        assert_problem(await case.asks(by=who), status)
        assert_problem(await case.api.get(case.path, by=who), status)
        assert_problem(await case.sends(return_id, by=who), status)


async def test_a_repeated_key_makes_one_return(case: Case, rows: Rows) -> None:
    first, second = [await case.asks(headers={"Idempotency-Key": "vuelta"}) for _ in range(2)]
    assert (first.content, second.headers["Idempotent-Replayed"]) == (second.content, "true")
    assert await rows.count(Return) == 1
    assert await case.units_of(case.chairs) == (1, 0)


async def test_of_many_requests_for_the_last_units_as_many_win(case: Case, rows: Rows) -> None:
    answers = await asyncio.gather(*(case.asks({case.chairs.id: 2}) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert await case.units_of(case.chairs) == (2, 0)
    assert (await rows.count(Return), await rows.count(ReturnHistory)) == (1, 1)


async def test_an_approved_return_is_sent_and_its_number_corrected(case: Case, rows: Rows) -> None:
    return_id = await case.approved()
    sent = await case.sends(return_id)
    assert (sent.status_code, sent.json()["status"]) == (200, "IN_TRANSIT")
    corrected = await case.sends(return_id, "VUELTA-2")
    assert (corrected.json()["guide_number"], len(corrected.json()["history"])) == ("VUELTA-2", 3)
    assert (await case.does(return_id, "receive", condition="GOOD")).status_code == 200
    late = assert_problem(await case.sends(return_id, "VUELTA-3"), 409)
    assert late["from_status"] == "RECEIVED"
    (row,) = await rows.all(Return)
    assert row.guide_number == "VUELTA-2"


async def test_what_was_not_approved_is_not_sent(case: Case, make: Make, rows: Rows) -> None:
    return_id = await case.requested()
    assert assert_problem(await case.sends(return_id), 409)["type"] == "/problems/illegal-return-move"
    other = await make.order(buyer=case.buyer)
    body = {"carrier": "TCC", "guide_number": "1234"}
    path = f"/api/v1/orders/{other.id}/returns/{return_id}/shipment"
    assert_problem(await case.api.post(path, body, by=case.buyer), 404)
    assert (await rows.get(Return, return_id)).carrier is None


async def test_what_is_in_another_package_stays_untouched(case: Case, rows: Rows) -> None:
    before = [package.status for package in await rows.all(Package)]
    await case.requested({case.other.id: 1})
    assert [package.status for package in await rows.all(Package)] == before


async def test_an_unknown_order_is_absent(api: Api, make: Make) -> None:
    assert_problem(await api.get("/api/v1/orders/999999/returns", by=await make.buyer()), 404)
