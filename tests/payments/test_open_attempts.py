"""What is open is asked about until it is not; and it keeps stock no longer than its way of paying needs."""

from datetime import timedelta

import pytest

from mestore.core.world import World
from mestore.orders.models import Order
from mestore.payments.models import CaseKind, Payment, PaymentCase
from mestore.payments.states import ASK_AGAIN, PaymentStatus
from mestore.payments.sweeper import ask_about_open_payments
from tests.make import Make
from tests.payments.attempts import tell, waiting
from tests.payments.bank import Bank
from tests.payments.counter import Counter
from tests.rows import Rows

A_MINUTE = timedelta(minutes=1)


async def asked(world: World, rows: Rows, payment: Payment) -> timedelta:
    """Asks now; how long it waits then until it asks again."""
    await rows.execute("UPDATE payments SET ask_after = now() - interval '1 second' WHERE id = :id", id=payment.id)
    await ask_about_open_payments(world)
    (row,) = await rows.execute("SELECT ask_after - now() FROM payments WHERE id = :id", id=payment.id)
    wait: timedelta = row[0]
    return wait


async def test_an_attempt_that_stays_open_is_asked_about_for_ever(
    bank: Bank, make: Make, rows: Rows, world: World
) -> None:
    payment = await bank.begun(await make.order())
    await rows.execute("UPDATE payments SET asks = 20")
    for _ in range(3):
        assert abs(await asked(world, rows, payment) - ASK_AGAIN[-1]) < A_MINUTE


async def test_a_slip_is_asked_about_once_a_counter_has_had_time_to_tell(
    counter: Counter, make: Make, rows: Rows, world: World
) -> None:
    """What was paid in its last minutes is found while its order is still kept, though nobody told us."""
    payment = await counter.slip(await make.order())
    await rows.execute("UPDATE payments SET asks = 20, code_expires_at = now() + interval '2 hours'")
    assert abs(await asked(world, rows, payment) - timedelta(hours=2, minutes=20)) < A_MINUTE
    await rows.execute("UPDATE payments SET code_expires_at = now() - interval '1 hour'")
    assert abs(await asked(world, rows, payment) - timedelta(minutes=10)) < A_MINUTE


async def test_one_that_was_given_up_and_still_waits_there_is_asked_about(make: Make, rows: Rows, world: World) -> None:
    payment = await waiting(world, await make.order(), status=PaymentStatus.ERROR)
    await tell(world, payment, PaymentStatus.PENDING)
    payment = await rows.get(Payment, payment.id)
    assert payment.status is PaymentStatus.ERROR
    assert payment.ask_after is not None
    await tell(world, payment, PaymentStatus.DECLINED)
    assert (await rows.get(Payment, payment.id)).ask_after is None


@pytest.mark.parametrize("price", [8_000_000, 100])
async def test_cash_that_no_counter_takes_keeps_no_stock_for_days(
    bank: Bank, make: Make, rows: Rows, world: World, price: int
) -> None:
    order = await make.order(units={(await make.product(price=price)).id: 1})
    answer = await bank.pay(order, method="EFECTY")
    assert answer.json().get("instructions") is None
    held = (await rows.get(Order, order.id)).expires_at
    assert held is not None
    assert held - world.now() < timedelta(hours=2)


async def test_a_slip_keeps_its_order_until_it_ends(counter: Counter, make: Make, rows: Rows) -> None:
    order = await make.order()
    payment = await counter.slip(order)
    held = (await rows.get(Order, order.id)).expires_at
    assert payment.code_expires_at is not None
    assert held == payment.expires_at == payment.code_expires_at + timedelta(hours=1)


async def test_f30_what_payu_took_is_looked_after_for_half_a_year(make: Make, rows: Rows, world: World) -> None:
    """No announcement tells of its chargebacks."""
    payment = await waiting(world, await make.order(), gateway="payu")
    await tell(world, payment, PaymentStatus.APPROVED)
    weeks = 0
    while (waits := (await rows.get(Payment, payment.id)).ask_after) is not None:
        assert abs(waits - world.now() - timedelta(weeks=1)) < A_MINUTE
        await tell(world, payment, PaymentStatus.APPROVED)
        weeks += 1
    assert 26 <= weeks <= 30


@pytest.mark.parametrize("gateway", ["payu", "wompi"])
async def test_what_went_back_is_asked_about_no_more(make: Make, rows: Rows, world: World, gateway: str) -> None:
    payment = await waiting(world, await make.order(), gateway=gateway)
    for status in (PaymentStatus.APPROVED, PaymentStatus.VOIDED):
        await tell(world, payment, status)
    payment = await rows.get(Payment, payment.id)
    assert (payment.status, payment.ask_after) == (PaymentStatus.REFUNDED, None)


async def test_what_tells_of_another_transaction_only_is_no_reason_to_ask_each_minute(
    make: Make, rows: Rows, world: World
) -> None:
    payment = await waiting(world, await make.order(), gateway_transaction_id="tx-another", status="APPROVED")
    await rows.execute("UPDATE payments SET ask_after = now()")
    await tell(world, payment, PaymentStatus.APPROVED)
    assert (await rows.get(Payment, payment.id)).ask_after is None
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.SECOND_PAYMENT]
