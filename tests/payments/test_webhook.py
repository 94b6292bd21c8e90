"""Wompi's events: believed only when signed, stored once, and never taken at their word."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mestore.catalog.models import Product
from mestore.commissions.models import Commission
from mestore.core.database import transaction
from mestore.core.market_settings import WompiSettings
from mestore.core.money import Money
from mestore.core.world import World
from mestore.notifications.models import Message
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.states import OrderStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.events import GatewayEventReceived
from mestore.payments.gateways.routes import gateway_named
from mestore.payments.models import (
    CaseKind,
    EventOutcome,
    GatewayEvent,
    Payment,
    PaymentCase,
    PaymentEvent,
    Refund,
)
from mestore.payments.settlement import Settlement
from mestore.payments.states import PaymentStatus
from mestore.payments.webhooks.service import handle
from mestore.users.models import UserType
from tests.api import Api
from tests.make import Make
from tests.payments.bank import Bank
from tests.problems import census
from tests.rows import Rows
from tests.sandbox.running import eventually

Drain = Callable[[], Awaitable[None]]


async def paid_for(rows: Rows, order: Order) -> bool:
    return (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED


async def test_an_approved_payment_confirms_the_order(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    first, second = await make.product(price=100_000, stock=5), await make.product(price=40_000, stock=5)
    order = await make.order(units={first.id: 2, second.id: 1})
    payment = await bank.begun(order)
    bank.decide(payment)
    assert (await bank.deliver(payment)).status_code == 200
    assert not await paid_for(rows, order)
    await drain()
    assert await paid_for(rows, order)
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    left = {product.id: (product.stock, product.reserved) for product in await rows.all(Product)}
    assert left == {first.id: (3, 0), second.id: (4, 0)}
    # 5 % of each package: (200,000 + 38,000 IVA, no shipping) and (40,000 + 7,600 IVA + 15,000 shipping).
    assert sorted(commission.amount for commission in await rows.all(Commission)) == [Money(3_130), Money(11_900)]
    assert [row.to_status for row in await rows.all(OrderHistory)] == ["PENDING", "CONFIRMED"]
    assert [event.outcome for event in await rows.all(GatewayEvent)] == [EventOutcome.APPLIED]


async def test_buyer_and_vendors_get_one_mail_each(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    vendors = [await make.vendor(), await make.vendor()]
    products = [await make.product(vendor=vendor) for vendor in vendors]
    order = await make.order(units={product.id: 1 for product in products})
    payment = await bank.begun(order)
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    receivers = [(await make.existing_user(order.buyer_id)).email]
    receivers += [(await make.owner(vendor)).email for vendor in vendors]
    for receiver in receivers:
        confirmed = [mail for mail in bank.sandbox.mails(receiver) if order.order_number in mail["subject"]]
        assert len(confirmed) == 1, receiver


async def test_f34_twenty_copies_at_once_have_one_effect(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    order = await make.order(units={(await make.product()).id: 1, (await make.product()).id: 1})
    payment = await bank.begun(order)
    bank.decide(payment)
    answers = await asyncio.gather(*(bank.deliver(payment) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    await asyncio.gather(*(drain() for _ in range(4)))
    assert await paid_for(rows, order)
    assert await rows.count(GatewayEvent) == 1
    assert await rows.count(Commission) == await rows.count(Package) == 2
    assert [row.to_status for row in await rows.all(OrderHistory)] == ["PENDING", "CONFIRMED"]
    messages = [message.receiver_id for message in await rows.all(Message) if "confirmed" in message.template]
    assert len(messages) == len(set(messages)) == 3


async def test_f34_the_same_answer_applied_by_many_at_once_has_one_effect(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    """Webhook job, sweeper and our own request may all learn of an approval in the same instant."""
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    charge = await gateway_named("wompi", world).find(payment.reference)
    assert charge is not None

    async def settle(source: str) -> None:
        async with transaction(world.sessions) as session:
            await Settlement(session, world.settings).apply(payment, charge, source)

    await asyncio.gather(*(settle(source) for source in ("webhook", "sweep", "start") * 5))
    await drain()
    assert await rows.count(PaymentCase) == 0
    assert (await rows.get(Payment, payment.id)).settles_order
    assert [row.to_status for row in await rows.all(OrderHistory)] == ["PENDING", "CONFIRMED"]
    assert await rows.count(Commission) == 1
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved) == (9, 0)


async def test_f17_two_workers_that_have_the_same_job_apply_its_event_once(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    """One that hung longer than its heartbeat may goes on beside the other that took its job over."""
    payment = await bank.begun(await make.order())
    bank.decide(payment)
    await bank.deliver(payment)
    (event,) = await rows.all(GatewayEvent)
    await asyncio.gather(*(handle(world, GatewayEventReceived(event.id)) for _ in range(4)))
    assert [told.source for told in await rows.all(PaymentEvent)] == ["start", "webhook"]


async def test_f33_a_late_copy_changes_nothing(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert await rows.count(GatewayEvent) == await rows.count(Commission) == 1


@pytest.mark.parametrize("inbox_is_lost", [False, True])
async def test_f44_a_genuine_event_replayed_after_months_changes_nothing(
    bank: Bank, api: Api, make: Make, rows: Rows, drain: Drain, inbox_is_lost: bool
) -> None:
    """Its signature is right for ever. Where a backup lost that it came before, the states refuse it."""
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    (event, *_) = bank.sandbox.events(payment.reference)
    await bank.post(event)
    await drain()
    admin = await make.user(UserType.ADMIN)
    (package,) = await rows.all(Package)
    wanted = {"reason": "se dañó", "package_id": package.id, "amount": str(package.total)}
    asked = await api.post(f"/api/v1/payments/{payment.id}/refunds", wanted, by=admin)
    sent = {"reference": "BCO-417"}
    assert (await api.post(f"/api/v1/admin/refunds/{asked.json()['id']}/complete", sent, by=admin)).is_success
    await drain()
    if inbox_is_lost:
        await rows.execute("DELETE FROM gateway_events")
    before = await census(rows)
    bank.sandbox.control("advance_clock", seconds=90 * 86_400)
    assert (await bank.post(event)).status_code == 200
    await drain()
    noted = {"gateway_events", "payment_events"}
    assert {table: count for table, count in (await census(rows)).items() if before[table] != count}.keys() <= noted
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.REFUNDED


async def test_f35_declined_after_approved_is_stored_and_undoes_nothing(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    late = bank.forged(reference=payment.reference, changes={"data.transaction.status": "DECLINED"}, sign=True)
    assert (await bank.post(late)).status_code == 200
    await drain()
    assert await paid_for(rows, order)
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    assert await rows.count(GatewayEvent) == 2


@pytest.mark.parametrize("stale", [PaymentStatus.PENDING, PaymentStatus.DECLINED, PaymentStatus.ERROR])
async def test_f35_an_older_answer_of_the_gateway_undoes_nothing(
    bank: Bank, make: Make, rows: Rows, world: World, drain: Drain, stale: PaymentStatus
) -> None:
    """A question that was asked before the approval, and answered after it was applied."""
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    charge = await gateway_named("wompi", world).find(payment.reference)
    assert charge is not None
    async with transaction(world.sessions) as session:
        await Settlement(session, world.settings).apply(payment, replace(charge, status=stale), "sweep")
    settled = await rows.get(Payment, payment.id)
    assert (settled.status, settled.settles_order) == (PaymentStatus.APPROVED, True)
    assert await paid_for(rows, order)
    assert await rows.count(PaymentCase) == 0


async def test_f38_approved_before_the_answer_of_process_is_stored(
    bank: Bank, api: Api, make: Make, rows: Rows, drain: Drain
) -> None:
    """The bank is quicker than our own request: Wompi tells the event while `process` still waits for an answer."""
    order = await make.order()
    await api.token(await make.existing_user(order.buyer_id))
    bank.sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=1, times=1)
    paying = asyncio.create_task(bank.pay(order))
    at_wompi = await asyncio.to_thread(eventually, bank.sandbox.transactions)
    bank.sandbox.control("force_outcome", reference=at_wompi[0]["reference"], status="APPROVED")
    assert (await bank.post(bank.sandbox.events(at_wompi[0]["reference"])[0])).status_code == 200
    await drain()
    confirmed_before = await paid_for(rows, order)
    answer = await paying
    assert confirmed_before
    assert (answer.status_code, answer.json()["status"]) == (200, "APPROVED")
    assert answer.json()["transaction_id"] == at_wompi[0]["id"]
    assert await rows.count(Commission) == 1


UNSIGNED: dict[str, dict[str, Any]] = {
    "wrong secret": {"sign": False},
    "F45 another status under a real checksum": {"sign": "keep", "changes": {"data.transaction.status": "DECLINED"}},
    "F45 another amount under a real checksum": {"sign": "keep", "changes": {"data.transaction.amount_in_cents": 150}},
    "F45 a list of properties of its own": {"sign": "property_substitution", "changes": {}},
}


@pytest.mark.parametrize("how", UNSIGNED.values(), ids=UNSIGNED)
async def test_f42_a_forged_event_is_refused_and_leaves_no_trace(
    bank: Bank, make: Make, rows: Rows, drain: Drain, how: dict[str, Any]
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    if how["sign"] == "keep":
        bank.decide(payment)
        how = how | {"event_id": bank.sandbox.events(payment.reference)[0]["id"]}
    else:
        how = how | {"reference": payment.reference}
    answer = await bank.post(bank.forged(**how))
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/wrong-signature")
    await drain()
    assert not await paid_for(rows, order)
    assert await rows.count(GatewayEvent) == await rows.count(PaymentCase) == 0


async def test_f43_a_forgery_with_a_real_events_id_does_not_shut_out_the_real_one(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    real = bank.sandbox.events(payment.reference)[0]
    forged = bank.forged(event_id=real["id"], sign=False)
    assert (await bank.post(forged)).status_code == 401
    assert (await bank.post(real)).status_code == 200
    await drain()
    assert await paid_for(rows, order)


CLAIMS: dict[str, dict[str, Any]] = {
    "F45 another reference": {"data.transaction.reference": "ORD-20261124-ANOTHER1-1"},
    "F40 another currency": {"data.transaction.currency": "USD"},
}


@pytest.mark.parametrize("changes", CLAIMS.values(), ids=CLAIMS)
async def test_f45_what_an_event_claims_beyond_its_checksum_is_not_believed(
    bank: Bank, make: Make, rows: Rows, drain: Drain, changes: dict[str, Any]
) -> None:
    """The checksum holds, since these values are not signed; the gateway is asked, and says PENDING."""
    order = await make.order()
    payment = await bank.begun(order)
    forged = bank.forged(
        reference=payment.reference, changes={"data.transaction.status": "APPROVED", **changes}, sign=True
    )
    assert (await bank.post(forged)).status_code == 200
    await drain()
    assert not await paid_for(rows, order)
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PENDING


@pytest.mark.parametrize(
    "charged",
    [
        {"amount_in_cents": 100},
        {"amount_in_cents": 10_000_000_000},
        {"currency": "USD"},
    ],
)
async def test_f40_another_amount_or_currency_pays_nothing_and_is_shown_to_a_person(
    bank: Bank, make: Make, rows: Rows, drain: Drain, charged: dict[str, Any]
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment, **charged)
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert not await paid_for(rows, order)
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.ERROR
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.payment_id, case.closed_at) == (CaseKind.MISMATCH, payment.id, None)
    assert await rows.count(Commission) == 0


async def test_f39_money_for_an_order_that_expired_and_was_sold_out_is_owed_back_and_shown(
    bank: Bank, make: Make, rows: Rows, drain: Drain, world: World
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    await expire_unpaid_orders(world)
    await rows.execute("UPDATE products SET stock = 0")
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.LATE]
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved) == (0, 0)
    assert [refund.amount for refund in await rows.all(Refund)] == [order.total_amount]
    assert await rows.count(Commission) == 0


async def test_a_suspicious_payment_waits_for_an_administrator(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    await rows.execute("UPDATE payments SET fraud_score = 65")
    bank.decide(payment)
    await bank.deliver(payment)
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.FRAUD_REVIEW]


def signed(event: dict[str, Any]) -> dict[str, Any]:
    secret = WompiSettings().events_secret.get_secret_value()
    transaction = event["data"]["transaction"]
    glued = f"{transaction['id']}{transaction['status']}{transaction['amount_in_cents']}{event['timestamp']}{secret}"
    properties = ["transaction.id", "transaction.status", "transaction.amount_in_cents"]
    checksum = hashlib.sha256(glued.encode()).hexdigest()
    return event | {"signature": {"properties": properties, "checksum": checksum}}


EVENT: dict[str, Any] = {
    "event": "transaction.updated",
    "data": {"transaction": {"id": "1-2-3", "status": "APPROVED", "amount_in_cents": 150_000}},
    "environment": "test",
    "timestamp": 1791226115,
}


async def post(api: Api, event: Any) -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return await api.request("POST", "/api/v1/payments/webhook", content=body)


async def test_f46_an_event_of_the_other_environment_is_ignored(api: Api, rows: Rows) -> None:
    assert (await post(api, signed(EVENT | {"environment": "prod"}))).status_code == 200
    assert await rows.count(GatewayEvent) == 0


@pytest.mark.parametrize(
    "odd",
    [
        EVENT | {"event": "nequi_token.updated"},
        EVENT | {"more": None, "sent_at": 7},
        EVENT | {f"key{number}": number for number in range(2_000)},
    ],
    ids=["another type", "more fields", "many fields"],
)
async def test_f47_odd_but_signed_events_are_answered_200(api: Api, odd: dict[str, Any]) -> None:
    assert (await post(api, signed(odd))).status_code == 200


@pytest.mark.parametrize(
    "strange",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"data": null, "signature": null}',
        b'{"data": {"transaction": null}, "timestamp": "1", "signature": {"properties": [null], "checksum": 1}}',
        json.dumps(signed(EVENT) | {"timestamp": "1791226115"}).encode(),
        json.dumps(signed(EVENT) | {"timestamp": 1.5}).encode(),
        '{"signature": {"checksum": "ñ", "properties": []}, "data": {}, "timestamp": 1}'.encode(),
    ],
)
async def test_f47_what_is_no_event_is_refused_quietly(api: Api, rows: Rows, strange: bytes) -> None:
    assert (await post(api, strange)).status_code == 401
    assert await rows.count(GatewayEvent) == 0


async def test_f47_a_body_above_64_kib_is_too_large(api: Api) -> None:
    assert (await post(api, b" " * 65_537)).status_code == 413
