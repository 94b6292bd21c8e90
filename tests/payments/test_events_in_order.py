"""Events in whatever order and number: none is lost, none counts twice, and no slow gateway holds up anybody else."""

import asyncio

from mestore.core.ids import PaymentId
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import EventOutcome, GatewayEvent, Payment, PaymentEvent
from mestore.payments.states import PaymentStatus
from tests.api import Api
from tests.fire.test_kill import becomes
from tests.make import Make
from tests.payments.bank import Bank
from tests.payments.test_unknown_outcomes import Drain
from tests.rows import Rows


async def test_f37_pending_and_then_approved(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    waiting = bank.forged(reference=payment.reference, sign=True)
    assert '"PENDING"' in waiting["body"]
    assert (await bank.post(waiting)).status_code == 200
    await drain()
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PENDING
    bank.decide(payment)
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert [event.source for event in await rows.all(PaymentEvent)] == ["start", "webhook", "webhook"]


async def test_f49_of_a_thousand_events_all_are_kept_and_the_right_one_counts(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    real = bank.sandbox.events(payment.reference)[0]
    strangers = [
        bank.forged(reference=payment.reference, sign=True, changes={"data.transaction.id": f"1-1-{number}"})
        for number in range(100)
    ]
    told = [*strangers, real] * 10
    # Sixteen at a time, as couriers of a gateway come.
    for start in range(0, len(told), 16):
        answers = await asyncio.gather(*(bank.post(event) for event in told[start : start + 16]))
        assert {answer.status_code for answer in answers} == {200}
    assert await rows.count(GatewayEvent) == 101
    await drain()
    outcomes = [event.outcome for event in await rows.all(GatewayEvent)]
    assert outcomes.count(EventOutcome.APPLIED) == 1
    assert outcomes.count(EventOutcome.NOT_CONFIRMED) == 100
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED


async def all_asked(rows: Rows, number: int) -> bool:
    return len(await rows.all(Payment)) == number


async def test_f25_who_waits_for_a_slow_gateway_holds_up_nobody(bank: Bank, api: Api, make: Make, rows: Rows) -> None:
    orders = [await make.order() for _ in range(6)]
    product = await make.product()
    bank.sandbox.control("fail_next", call="POST /transactions", mode="slow", seconds=30, times=len(orders))
    paying = [asyncio.create_task(bank.pay(order)) for order in orders]
    await becomes(lambda: all_asked(rows, len(orders)))
    for _ in range(20):
        assert (await api.get(f"/api/v1/products/{product.id}")).status_code == 200
    assert not any(task.done() for task in paying), "the others were answered while these wait"
    answers = await asyncio.gather(*paying)
    assert {(answer.status_code, answer.json()["status"]) for answer in answers} == {(202, "PROCESSING")}
    ids = [PaymentId(answer.json()["payment_id"]) for answer in answers]
    assert {(await rows.get(Payment, payment_id)).status for payment_id in ids} == {PaymentStatus.PROCESSING}
