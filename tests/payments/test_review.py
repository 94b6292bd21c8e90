"""Payments under review: shown with their reasons, and decided once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from mestore.catalog.models import Product
from mestore.commissions.models import Commission
from mestore.core.world import World
from mestore.orders.models import Order, OrderHistory
from mestore.orders.states import OrderStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.models import CaseKind, CaseResolution, Payment, PaymentCase, Refund
from mestore.payments.states import PaymentStatus, RefundStatus
from mestore.users.models import User, UserType
from tests.api import Api
from tests.make import PSE, Make
from tests.payments.attempts import approve, tell, waiting
from tests.payments.refused import assert_refused
from tests.problems import assert_problem, census
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]
ALL = "/api/v1/admin/payments"
WHY = {"reason": "La tarjeta es de otra persona."}


@pytest.fixture(name="admin")
async def _admin(make: Make, api: Api) -> User:
    admin = await make.user(UserType.ADMIN)
    await api.token(admin)
    return admin


@pytest.fixture(name="held")
async def _held(make: Make, world: World) -> Payment:
    """Approved by its gateway, and held by the rules of fraud."""
    payment = await waiting(world, await make.order(), fraud_score=65, fraud_reasons=["many_cards", "new_account"])
    await approve(world, payment)
    return payment


async def decide(api: Api, payment: Payment, how: str, admin: User | None, **more: Any) -> httpx.Response:
    return await api.post(f"{ALL}/{payment.id}/{how}", WHY if how == "reject" else None, by=admin, **more)


async def test_a_payment_is_shown_with_its_reasons_events_and_case(api: Api, admin: User, held: Payment) -> None:
    seen = (await api.get(f"{ALL}/{held.id}", by=admin)).json()
    assert (seen["payment"]["fraud_score"], seen["payment"]["fraud_reasons"]) == (65, ["many_cards", "new_account"])
    assert seen["order_status"] == "PENDING"
    assert [(event["source"], event["status"]) for event in seen["events"]] == [("sweep", "APPROVED")]
    assert [(case["kind"], case["closed_at"]) for case in seen["cases"]] == [("FRAUD_REVIEW", None)]
    assert_refused(await api.get(f"{ALL}/999999", by=admin), 404, "payment-not-found")


async def test_a_payment_under_review_is_not_paid_back_in_part(
    api: Api, rows: Rows, admin: User, held: Payment
) -> None:
    """It would be a sale with a commission, before anybody has decided that it is one."""
    before = await census(rows)
    wanted = {"amount": "1000.00", "reason": "otro valor"}
    answer = await api.post(f"/api/v1/payments/{held.id}/refunds", wanted, by=admin)
    assert_refused(answer, 409, "payment-under-review")
    assert await census(rows) == before
    assert (await decide(api, held, "reject", admin)).status_code == 200
    assert [refund.amount for refund in await rows.all(Refund)] == [held.amount]


@pytest.mark.parametrize("status", ["APPROVED", "PARTIALLY_REFUNDED"])
async def test_an_order_is_not_paid_again_while_something_of_its_payment_is_here(
    api: Api, make: Make, rows: Rows, held: Payment, status: str
) -> None:
    await rows.execute(f"UPDATE payments SET status = '{status}'")
    order = await rows.get(Order, held.order_id)
    wanted = {"order_id": order.id, "payment_method": "PSE", "payment_data": PSE}
    buyer = await make.existing_user(order.buyer_id)
    assert_refused(await api.post("/api/v1/payments/process", wanted, by=buyer), 409, "payment-in-progress")


async def test_the_list_is_filtered_and_comes_in_pages(
    api: Api, make: Make, world: World, admin: User, held: Payment
) -> None:
    declined = await waiting(world, await make.order(), status=PaymentStatus.DECLINED, fraud_score=85)
    paid = await waiting(world, await make.order())
    await approve(world, paid)

    async def ids(query: str) -> list[int]:
        answer = await api.get(f"{ALL}?{query}", by=admin)
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["items"]]

    assert await ids("") == [paid.id, declined.id, held.id]
    assert await ids("under_review=true") == [held.id]
    assert await ids("under_review=false") == [paid.id, declined.id]
    assert await ids("fraud_score_from=65") == [declined.id, held.id]
    assert await ids("fraud_score_from=66&status=APPROVED") == []
    assert await ids("status=APPROVED") == [paid.id, held.id]
    assert await ids(f"order_id={declined.order_id}") == [declined.id]
    first = (await api.get(f"{ALL}?limit=2&total=true", by=admin)).json()
    assert ([each["id"] for each in first["items"]], first["total"]) == ([paid.id, declined.id], 3)
    assert await ids(f"limit=2&cursor={first['next_cursor']}") == [held.id]
    for bad in ("fraud_score_from=101", "under_review=perhaps", "status=PAID"):
        assert_refused(await api.get(f"{ALL}?{bad}", by=admin), 422, "validation-failed")
    assert_refused(await api.get(f"{ALL}?cursor=bad", by=admin), 422, "bad-cursor")


async def test_what_is_approved_confirms_its_order(
    api: Api, rows: Rows, drain: Drain, admin: User, held: Payment
) -> None:
    answer = await decide(api, held, "approve", admin)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["order_status"], answer.json()["payment"]["status"]) == ("CONFIRMED", "APPROVED")
    await drain()
    (case,) = await rows.all(PaymentCase)
    assert (case.resolution, case.closed_by) == (CaseResolution.APPROVED, admin.id)
    assert case.closed_at is not None
    assert (await rows.all(Product))[0].units_sold == 1
    assert await rows.count(Commission) == 1
    assert (await rows.all(OrderHistory))[-1].reason == f"payment {held.id} was reviewed and approved"
    before = await census(rows)
    again = await decide(api, held, "approve", admin)
    assert (again.status_code, again.json()) == (200, answer.json())
    assert_refused(await decide(api, held, "reject", admin), 409, "payment-not-under-review")
    assert await census(rows) == before


async def test_what_is_rejected_cancels_its_order_and_is_owed_back(
    api: Api, rows: Rows, drain: Drain, admin: User, held: Payment
) -> None:
    answer = await decide(api, held, "reject", admin)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["order_status"], answer.json()["payment"]["status"]) == ("CANCELLED", "APPROVED")
    await drain()
    (refund,) = await rows.all(Refund)
    assert (refund.cause, refund.amount, refund.status) == (f"rejected:{held.id}", held.amount, RefundStatus.MANUAL)
    (case,) = await rows.all(PaymentCase)
    assert (case.resolution, case.closed_by, case.note) == (CaseResolution.REJECTED, admin.id, WHY["reason"])
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved) == (10, 0)
    assert await rows.count(Commission) == 0
    before = await census(rows)
    assert (await decide(api, held, "reject", admin)).status_code == 200
    assert_refused(await decide(api, held, "approve", admin), 409, "payment-not-under-review")
    assert await census(rows) == before
    sent = {"reference": "BCO-417"}
    assert (await api.post(f"/api/v1/admin/refunds/{refund.id}/complete", sent, by=admin)).status_code == 200
    assert (await rows.get(Payment, held.id)).status is PaymentStatus.REFUNDED
    assert (await rows.get(Order, held.order_id)).status is OrderStatus.CANCELLED


async def test_while_it_is_reviewed_nobody_pays_once_more(api: Api, make: Make, rows: Rows, held: Payment) -> None:
    buyer = await make.existing_user(held.buyer_id)
    before = await census(rows)
    wanted = {"order_id": held.order_id, "payment_method": "BANCOLOMBIA"}
    answer = await api.post("/api/v1/payments/process", wanted, by=buyer)
    assert assert_refused(answer, 409, "payment-in-progress")["payment_id"] == held.id
    assert await census(rows) == {**before, "user_sessions": before["user_sessions"] + 1}


async def test_a_review_that_took_too_long_is_taken_in_if_the_stock_allows(
    api: Api, make: Make, rows: Rows, world: World, admin: User, held: Payment
) -> None:
    other = await waiting(world, await make.order(), fraud_score=65)
    await approve(world, other)
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    await expire_unpaid_orders(world)
    assert {order.status for order in await rows.all(Order)} == {OrderStatus.CANCELLED}
    assert (await decide(api, held, "approve", admin)).json()["order_status"] == "CONFIRMED"
    await rows.execute("UPDATE products SET stock = reserved")
    refused = await decide(api, other, "approve", admin, headers={"Idempotency-Key": "approve-once"})
    assert assert_refused(refused, 409, "order-not-confirmable")["order_status"] == "CANCELLED"
    assert [case.closed_at is None for case in await rows.all(PaymentCase)] == [False, True], "it still waits"
    assert (await decide(api, other, "reject", admin)).status_code == 200
    assert [refund.cause for refund in await rows.all(Refund)] == [f"rejected:{other.id}"]


async def test_what_the_buyer_cancelled_can_only_be_rejected(
    api: Api, make: Make, rows: Rows, admin: User, held: Payment
) -> None:
    buyer = await make.existing_user(held.buyer_id)
    path = f"/api/v1/orders/{held.order_id}/cancel"
    assert (await api.post(path, {"reason": "ya no"}, by=buyer)).status_code == 200
    assert_refused(await decide(api, held, "approve", admin), 409, "order-not-confirmable")
    assert (await decide(api, held, "reject", admin)).json()["order_status"] == "CANCELLED"
    assert [refund.amount for refund in await rows.all(Refund)] == [held.amount]


async def test_money_that_its_gateway_took_back_is_not_owed_once_more(
    api: Api, make: Make, rows: Rows, world: World, admin: User, held: Payment
) -> None:
    await tell(world, held, PaymentStatus.VOIDED)
    again = await waiting(world, await rows.get(Order, held.order_id))
    await approve(world, again)
    assert (await rows.get(Order, held.order_id)).status is OrderStatus.CONFIRMED
    assert_refused(await decide(api, held, "approve", admin), 409, "payment-not-under-review")
    assert (await decide(api, held, "reject", admin)).json()["order_status"] == "CONFIRMED", "it was paid otherwise"
    (went_back,) = await rows.all(Refund)
    assert (went_back.cause, went_back.status) == (f"voided:{held.id}", RefundStatus.MADE)


async def test_what_is_under_no_review_is_not_decided(
    api: Api, make: Make, rows: Rows, world: World, admin: User
) -> None:
    payment = await waiting(world, await make.order())
    await approve(world, payment)
    before = await census(rows)
    for how in ("approve", "reject"):
        assert_refused(await decide(api, payment, how, admin), 409, "payment-not-under-review")
        assert_problem(await api.post(f"{ALL}/999999/{how}", WHY if how == "reject" else None, by=admin), 404)
    assert_refused(await api.post(f"{ALL}/{payment.id}/reject", {"reason": " "}, by=admin), 422, "validation-failed")
    assert await census(rows) == before


@pytest.mark.parametrize("how", ["approve", "reject"])
async def test_only_staff_decides_and_sees(api: Api, make: Make, rows: Rows, held: Payment, how: str) -> None:
    buyer = await make.existing_user(held.buyer_id)
    vendor = await make.user(UserType.VENDOR)
    for somebody, status in ((None, 401), (buyer, 403), (vendor, 403)):
        for answer in (
            await decide(api, held, how, somebody),
            await api.get(f"{ALL}/{held.id}", by=somebody),
            await api.get(ALL, by=somebody),
        ):
            assert_problem(answer, status)
    assert [case.closed_at for case in await rows.all(PaymentCase)] == [None]
    assert (await rows.get(Order, held.order_id)).status is OrderStatus.PENDING


async def test_the_same_request_is_answered_once_for_its_key(api: Api, rows: Rows, admin: User, held: Payment) -> None:
    headers = {"Idempotency-Key": "reject-55"}
    first = await decide(api, held, "reject", admin, headers=headers)
    again = await decide(api, held, "reject", admin, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content
    assert await rows.count(Refund) == 1


async def test_of_two_who_decide_at_once_one_wins(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain, admin: User
) -> None:
    product = await make.product(stock=100)
    won = {"approve": 0, "reject": 0}
    for number in range(30):
        payment = await waiting(world, await make.order(units={product.id: 1}), fraud_score=65)
        await approve(world, payment)
        ways = ["approve", "reject"] if number % 2 else ["reject", "approve"]
        answers = await asyncio.gather(*(decide(api, payment, how, admin) for how in ways * 2))
        good = {how for how, answer in zip(ways * 2, answers, strict=True) if answer.status_code == 200}
        assert {answer.status_code for answer in answers} == {200, 409}
        (winner,) = good
        won[winner] += 1
        status = (await rows.get(Order, payment.order_id)).status
        assert status is (OrderStatus.CONFIRMED if winner == "approve" else OrderStatus.CANCELLED)
    await drain()
    assert all(won.values()), won
    left = await rows.get(Product, product.id)
    assert (left.units_sold, left.reserved) == (won["approve"], 0)
    assert await rows.count(Refund) == won["reject"]
    assert await rows.count(Commission) == won["approve"]
    assert {case.kind for case in await rows.all(PaymentCase)} == {CaseKind.FRAUD_REVIEW}
