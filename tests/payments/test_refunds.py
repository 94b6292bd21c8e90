"""Refunds: one for each cause, never more than was paid, sent once, and told of to whom it concerns."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from mestore.core.clock import COLOMBIA
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.events import RefundDue
from mestore.orders.models import Order, Package
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, OrderStatus, PackageStatus
from mestore.payments.models import CaseKind, Payment, PaymentCase, Refund
from mestore.payments.refunds.service import RefundService
from mestore.payments.refunds.tasks import open_refund
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import Make
from tests.payments.settled import settle
from tests.problems import assert_problem, census
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
ALL = "/api/v1/admin/refunds"


@pytest.fixture(name="order")
async def _order(make: Make, world: World) -> Order:
    """Paid, of two shops."""
    products = [await make.product(price=price) for price in (50_000, 80_000)]
    order = await make.order(units={product.id: 1 for product in products})
    await settle(world, order)
    return order


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


async def due(world: World, package: Package, cause: str, amount: str) -> None:
    await open_refund(world, RefundDue(package.order_id, package.id, cause, amount))


async def complete(
    api: Api, admin: User | None, refund: Refund, reference: str = "BCO-417", **more: Any
) -> httpx.Response:
    return await api.post(f"{ALL}/{refund.id}/complete", {"reference": reference}, by=admin, **more)


async def cancel(api: Api, make: Make, order: Order, drain: Drain) -> None:
    buyer = await make.existing_user(order.buyer_id)
    assert (await api.post(f"/api/v1/orders/{order.id}/cancel", {"reason": "no"}, by=buyer)).status_code == 200
    await drain()


async def test_a_cancelled_order_is_owed_back_package_by_package(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, order: Order
) -> None:
    await cancel(api, make, order, drain)
    packages = await rows.all(Package)
    refunds = await rows.all(Refund)
    assert sorted((each.cause, each.amount) for each in refunds) == sorted(
        (f"package:{package.id}:cancelled", package.total) for package in packages
    )
    assert {each.status for each in refunds} == {RefundStatus.MANUAL}, "no gateway takes a PSE payment back"
    last_day = world.now().astimezone(COLOMBIA).date() + timedelta(days=15)
    assert {each.due_at.astimezone(COLOMBIA).date() for each in refunds} == {last_day}
    buyer = await make.existing_user(order.buyer_id)
    seen = (await api.get(f"/api/v1/orders/{order.id}/refunds", by=buyer)).json()
    assert [(each["amount"], each["status"], each["reason"]) for each in seen["refunds"]] == [
        (str(refund.amount), "MANUAL", "Se canceló el paquete") for refund in refunds
    ]
    assert not {"reference", "made_by", "payment_id"} & seen["refunds"][0].keys()


async def test_a_card_payment_waits_for_its_gateway(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    await settle(world, order, PaymentMethod.CARD)
    (package,) = await rows.all(Package)
    await due(world, package, "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    assert (refund.status, refund.reason) == (RefundStatus.REQUESTED, "Devolviste productos (retracto)")


async def test_a_refund_keeps_the_term_that_it_brings(make: Make, rows: Rows, world: World, order: Order) -> None:
    term = datetime(2026, 12, 1, 4, 59, 59, tzinfo=COLOMBIA)
    package = (await rows.all(Package))[0]
    await open_refund(world, RefundDue.of_payload(RefundDue(order.id, package.id, "return:1", "5.00", term).payload()))
    assert [refund.due_at for refund in await rows.all(Refund)] == [term]


async def test_the_same_cause_many_times_at_once_is_owed_once(rows: Rows, world: World, order: Order) -> None:
    package = (await rows.all(Package))[0]
    await asyncio.gather(*(due(world, package, "return:7", str(order.total_amount)) for _ in range(8)))
    assert await rows.count(Refund) == 1
    assert await rows.count(PaymentCase) == 0


async def test_of_many_at_once_that_are_too_much_one_wins_and_the_rest_are_cases(
    rows: Rows, world: World, order: Order
) -> None:
    package = (await rows.all(Package))[0]
    amount = str(order.total_amount)
    await asyncio.gather(*(due(world, package, f"return:{number}", amount) for number in range(1, 7)))
    assert await rows.count(Refund) == 1
    cases = await rows.all(PaymentCase)
    assert len(cases) == 5
    assert {(case.kind, case.detail["reason"]) for case in cases} == {(CaseKind.REFUND, "more than was paid")}
    for number in range(1, 7):
        await due(world, package, f"return:{number}", amount)
    assert (await rows.count(Refund), await rows.count(PaymentCase)) == (1, 5)


async def test_the_database_itself_lets_no_more_go_back(rows: Rows, world: World, order: Order) -> None:
    package = (await rows.all(Package))[0]
    await due(world, package, "return:1", "100.00")
    with pytest.raises(IntegrityError, match="of less than would go back"):
        await rows.execute("UPDATE refunds SET amount = :much", much=order.total_amount.amount + 1)


@pytest.mark.parametrize("status", ["VOIDED", "DECLINED"])
async def test_without_a_payment_that_settled_it_there_is_a_case(
    rows: Rows, world: World, order: Order, status: str
) -> None:
    await rows.execute(f"UPDATE payments SET status = '{status}'")
    package = (await rows.all(Package))[0]
    for _ in range(2):
        await due(world, package, "return:1", "100.00")
    assert await rows.count(Refund) == 0
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.gateway_transaction_id, case.payment_id) == (CaseKind.REFUND, "return:1", None)


async def test_money_that_was_sent_is_said_once(
    api: Api, make: Make, rows: Rows, drain: Drain, order: Order, admin: User
) -> None:
    await cancel(api, make, order, drain)
    first, second = await rows.all(Refund)
    done = await complete(api, admin, first)
    assert (done.status_code, done.json()["status"], done.json()["made_by"]) == (200, "MADE", str(admin.id))
    assert (await rows.all(Payment))[0].status is PaymentStatus.PARTIALLY_REFUNDED
    jobs = await census(rows)
    again = await complete(api, admin, first)
    assert again.json() == done.json()
    refused = assert_problem(await complete(api, admin, first, "BCO-418"), 409)
    assert (refused["type"], refused["refund_status"]) == ("/problems/refund-not-open", "MADE")
    assert await census(rows) == jobs
    assert (await complete(api, admin, second)).status_code == 200
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED
    assert (await rows.all(Order))[0].status is OrderStatus.CANCELLED


async def test_said_many_times_at_once_it_is_made_once(
    api: Api, rows: Rows, world: World, order: Order, admin: User
) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    before = await rows.execute("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'returns.mark_refunded'")
    answers = await asyncio.gather(*(complete(api, admin, refund, f"BCO-{number:04}") for number in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    after = await rows.execute("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'returns.mark_refunded'")
    assert after[0][0] == before[0][0] + 1


async def test_a_repeated_key_is_answered_from_the_first(
    api: Api, rows: Rows, world: World, order: Order, admin: User
) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    answers = [await complete(api, admin, refund, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert (answers[0].content, answers[1].headers["Idempotent-Replayed"]) == (answers[1].content, "true")


async def test_what_never_arrived_and_was_paid_back_closes_the_order(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    order = await make.order()
    await settle(world, order)
    await make.move(order, PackageStatus.SHIPPED)
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        locked = await states.locked(order.id)
        (package,) = await states.packages(locked)
        await states.take_back(locked, package, By(Actor.SYSTEM, None, "came back"))
    await drain()
    (refund,) = await rows.all(Refund)
    assert refund.reason == "El paquete no se pudo entregar y volvió a la tienda"
    assert (await complete(api, admin, refund)).status_code == 200
    assert (await rows.get(Order, order.id)).status is OrderStatus.REFUNDED


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ("UPDATE payments SET status = 'VOIDED'", "payment-not-refundable"),
        ("UPDATE refunds SET status = 'PROCESSING', ask_after = now()", "refund-not-open"),
    ],
)
async def test_what_is_sent_otherwise_is_not_sent_by_hand(
    api: Api, rows: Rows, world: World, order: Order, admin: User, change: str, kind: str
) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    await rows.execute(change)
    (refund,) = await rows.all(Refund)
    before = await census(rows)
    assert assert_problem(await complete(api, admin, refund), 409)["type"] == f"/problems/{kind}"
    assert (await census(rows), (await rows.all(Refund))[0].made_at) == (before, None)


async def test_what_failed_is_sent_by_hand_unless_others_took_its_place(
    api: Api, rows: Rows, world: World, order: Order, admin: User
) -> None:
    package = (await rows.all(Package))[0]
    await due(world, package, "return:1", str(order.total_amount))
    await rows.execute("UPDATE refunds SET status = 'FAILED'")
    await due(world, package, "return:2", "100.00")
    failed, other = await rows.all(Refund)
    assert assert_problem(await complete(api, admin, failed), 409)["type"] == "/problems/refund-beyond-payment"
    await rows.execute("DELETE FROM refunds WHERE id = :id", id=other.id)
    assert (await complete(api, admin, failed)).status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"reference": ""}, {"reference": "a b c d"}, {"reference": "BCO-1", "amount": "1"}]
)
async def test_what_does_not_fit_is_refused(
    api: Api, rows: Rows, world: World, order: Order, admin: User, body: dict[str, str]
) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    before = await census(rows)
    assert_problem(await api.post(f"{ALL}/{refund.id}/complete", body, by=admin), 422)
    assert await census(rows) == before


async def test_the_list_is_filtered_and_comes_in_pages(
    api: Api, make: Make, rows: Rows, world: World, order: Order, admin: User
) -> None:
    other = await make.order()
    await settle(world, other, PaymentMethod.CARD)
    packages = await rows.all(Package)
    package, of_other = (next(each for each in packages if each.order_id == mine) for mine in (order.id, other.id))
    for number in range(1, 4):
        await due(world, package, f"return:{number}", "100.00")
    await due(world, of_other, "return:9", "100.00")
    ids = [refund.id for refund in await rows.all(Refund)][::-1]
    await rows.execute("UPDATE refunds SET due_at = now() - interval '1 day' WHERE id <= :id", id=ids[2])
    assert (await api.post(f"{ALL}/{ids[3]}/complete", {"reference": "BCO-1"}, by=admin)).status_code == 200

    async def listed(query: str) -> Any:
        answer = await api.get(f"{ALL}?{query}", by=admin)
        assert answer.status_code == 200, answer.text
        return answer.json()

    first = await listed("limit=3&total=true")
    assert ([each["id"] for each in first["items"]], first["total"]) == (ids[:3], 4)
    rest = await listed(f"limit=3&cursor={first['next_cursor']}")
    assert ([each["id"] for each in rest["items"]], rest["next_cursor"]) == (ids[3:], None)
    assert [each["id"] for each in (await listed("overdue=true"))["items"]] == [ids[2]], "what was sent is late no more"
    assert [each["id"] for each in (await listed("status=REQUESTED"))["items"]] == [ids[0]]
    assert [each["id"] for each in (await listed(f"order_id={other.id}"))["items"]] == [ids[0]]
    seen = await api.get(f"{ALL}/{ids[0]}", by=admin)
    assert (seen.json()["cause"], seen.json()["order_id"]) == ("return:9", other.id)
    assert_problem(await api.get(f"{ALL}?cursor=abc", by=admin), 422)
    assert_problem(await api.get(f"{ALL}/999999", by=admin), 404)


async def test_only_staff_sends_money_and_only_the_buyer_sees_its_own(
    api: Api, make: Make, rows: Rows, world: World, order: Order, admin: User
) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    buyer, stranger, shop = await make.existing_user(order.buyer_id), await make.buyer(), await make.vendor()
    for who, status in ((None, 401), (buyer, 403), (await make.owner(shop), 403)):
        assert_problem(await complete(api, who, refund), status)
        assert_problem(await api.get(ALL, by=who), status)
        assert_problem(await api.get(f"{ALL}/{refund.id}", by=who), status)
    for who, status in ((None, 401), (stranger, 404), (admin, 403)):
        assert_problem(await api.get(f"/api/v1/orders/{order.id}/refunds", by=who), status)
    assert (await rows.get(Refund, refund.id)).status is RefundStatus.MANUAL


async def test_opened_and_sent_at_once_both_stand(
    api: Api, rows: Rows, world: World, order: Order, admin: User
) -> None:
    package = (await rows.all(Package))[0]
    await due(world, package, "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    rest = order.total_amount - Money(100)
    done, _ = await asyncio.gather(complete(api, admin, refund), due(world, package, "return:2", str(rest)))
    assert done.status_code == 200
    assert [each.status for each in await rows.all(Refund)] == [RefundStatus.MADE, RefundStatus.MANUAL]
    assert (await rows.all(Payment))[0].status is PaymentStatus.PARTIALLY_REFUNDED


async def test_what_was_made_never_changes(rows: Rows, api: Api, world: World, order: Order, admin: User) -> None:
    await due(world, (await rows.all(Package))[0], "return:1", "100.00")
    (refund,) = await rows.all(Refund)
    await complete(api, admin, refund)
    with pytest.raises(IntegrityError, match="only ever added"):
        await rows.execute("UPDATE refunds SET status = 'MANUAL', made_at = NULL")
    async with transaction(world.sessions) as session:
        assert (await RefundService(session, world.settings, world.now).get(refund.id)).reference == "BCO-417"
