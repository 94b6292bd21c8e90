"""Money that a gateway announced and nobody here knows: it moves nothing, and a person sees it until it is placed."""

from collections.abc import Awaitable, Callable

from mestore.commissions.models import Commission
from mestore.core.world import World
from mestore.orders.models import Order
from mestore.orders.states import OrderStatus
from mestore.payments.models import CaseKind, CaseResolution, EventOutcome, GatewayEvent, PaymentCase
from mestore.payments.sweeper import match_unknown_money
from tests.make import Make
from tests.payments.bank import Bank
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]


async def paid_for(rows: Rows, order: Order) -> bool:
    return (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED


async def test_f41_an_unknown_reference_is_kept_for_a_person(bank: Bank, make: Make, rows: Rows, drain: Drain) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await rows.execute("UPDATE payments SET reference = 'somebody-elses'")
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    assert not await paid_for(rows, order)
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.detail["reference"]) == (CaseKind.UNMATCHED, payment.reference)


async def test_f41_is_placed_once_its_attempt_is_known(
    bank: Bank, make: Make, rows: Rows, drain: Drain, world: World
) -> None:
    order = await make.order()
    payment = await bank.begun(order)
    bank.decide(payment)
    await rows.execute("UPDATE payments SET reference = 'somebody-elses'")
    assert (await bank.deliver(payment)).status_code == 200
    await drain()
    await match_unknown_money(world)
    assert (await rows.all(PaymentCase))[0].closed_at is None
    await rows.execute("UPDATE payments SET reference = :reference", reference=payment.reference)
    for _ in range(2):
        await match_unknown_money(world)
        await drain()
    assert await paid_for(rows, order)
    (case,) = await rows.all(PaymentCase)
    assert (case.resolution, case.closed_by) == (CaseResolution.PLACED, None)
    assert case.note == f"its attempt is payment {payment.id}"
    assert await rows.count(Commission) == 1


async def test_f41_a_signed_event_about_no_transaction_moves_nothing(
    bank: Bank, make: Make, rows: Rows, drain: Drain
) -> None:
    await make.order()
    assert (await bank.post(bank.forged(sign=True))).status_code == 200
    await drain()
    assert [event.outcome for event in await rows.all(GatewayEvent)] == [EventOutcome.NOT_CONFIRMED]
    assert await rows.count(PaymentCase) == 0
