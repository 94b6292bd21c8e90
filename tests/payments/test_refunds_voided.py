"""F30: a gateway, or the buyer's bank, takes an approved payment back."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mestore.commissions.models import Commission, CommissionStatus
from mestore.core.database import transaction
from mestore.core.money import Money, total
from mestore.core.world import World
from mestore.orders.events import RefundDue
from mestore.orders.models import Order, Package
from mestore.orders.state_service import OrderStateService
from mestore.orders.states import OrderStatus, PackageStatus
from mestore.payments.gateways.base import Charge
from mestore.payments.models import CaseKind, Payment, PaymentCase, Refund
from mestore.payments.refunds.tasks import open_refund
from mestore.payments.refunds.voided import VoidedPayments
from mestore.payments.repository import PaymentRepository
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus
from mestore.vendors.models import Vendor
from tests.make import Make
from tests.payments.card_bank import CardBank
from tests.payments.settled import settle
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]


@pytest.fixture(name="payment")
async def _payment(make: Make, rows: Rows, world: World, drain: Drain) -> Payment:
    """Of two packages."""
    products = [await make.product(price=price) for price in (50_000, 80_000)]
    order = await rows.get(Order, (await make.order(units={product.id: 1 for product in products})).id)
    payment = await settle(world, order)
    await drain()
    return payment


async def go_back(world: World, payment: Payment, status: PaymentStatus = PaymentStatus.VOIDED) -> None:
    async with transaction(world.sessions) as session:
        order = await OrderStateService(session).locked(payment.order_id)
        locked = await PaymentRepository(session).locked(payment.id)
        charge = Charge(locked.reference, "tx-void", status, locked.amount, "COP")
        await VoidedPayments(session).went_back(order, locked, charge)


async def test_what_is_not_shipped_is_called_off_and_all_counts_as_sent_back(
    rows: Rows, world: World, drain: Drain, payment: Payment
) -> None:
    await go_back(world, payment)
    await drain()
    assert (await rows.all(Order))[0].status is OrderStatus.CANCELLED
    packages, refunds = await rows.all(Package), await rows.all(Refund)
    assert {package.status for package in packages} == {PackageStatus.CANCELLED}
    assert sorted((each.cause, each.amount) for each in refunds) == sorted(
        (f"package:{package.id}:cancelled", package.total) for package in packages
    )
    assert {(each.status, each.reference) for each in refunds} == {(RefundStatus.MADE, "tx-void")}
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED
    assert {row.status for row in await rows.all(Commission)} == {CommissionStatus.REVERSED}
    assert await rows.count(PaymentCase) == 0
    (stock,) = {tuple(row) for row in await rows.execute("SELECT stock, reserved FROM products")}
    assert stock == (10, 0), "the stock is back"


@pytest.mark.parametrize("there", [PackageStatus.SHIPPED, PackageStatus.DELIVERED])
async def test_what_is_on_its_way_stays_there_and_its_money_is_gone(
    make: Make, rows: Rows, world: World, drain: Drain, payment: Payment, there: PackageStatus
) -> None:
    gone, kept = await rows.all(Package)
    order = await rows.get(Order, payment.order_id)
    await make.move(order, there, vendor=await rows.get(Vendor, kept.vendor_id))
    await go_back(world, payment)
    await drain()
    assert [package.status for package in await rows.all(Package)] == [PackageStatus.CANCELLED, there]
    refunds = await rows.all(Refund)
    assert {each.cause: each.amount for each in refunds} == {
        f"package:{gone.id}:cancelled": gone.total,
        f"voided:{payment.id}:{kept.id}": kept.total,
    }
    assert {row.status for row in await rows.all(Commission)} == {CommissionStatus.REVERSED}
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED


async def test_many_at_once_and_again_it_counts_once(rows: Rows, world: World, drain: Drain, payment: Payment) -> None:
    await asyncio.gather(*(go_back(world, payment) for _ in range(5)))
    await go_back(world, payment, PaymentStatus.REFUNDED)
    await drain()
    refunds = await rows.all(Refund)
    assert (len(refunds), total([each.amount for each in refunds])) == (2, payment.amount)
    assert await rows.execute("SELECT 1 FROM pgqueuer WHERE status = 'failed'") == []


async def test_what_was_owed_before_is_made_by_it_and_only_the_rest_is_added(
    rows: Rows, world: World, drain: Drain, payment: Payment
) -> None:
    package = (await rows.all(Package))[0]
    cause = f"package:{package.id}:came-back"
    await open_refund(world, RefundDue(payment.order_id, package.id, cause, "10000.00"))
    await go_back(world, payment)
    await drain()
    refunds = await rows.all(Refund)
    assert (refunds[0].cause, refunds[0].status, refunds[0].amount) == (cause, RefundStatus.MADE, Money(10_000))
    assert total([each.amount for each in refunds]) == payment.amount
    assert {each.status for each in refunds} == {RefundStatus.MADE}
    assert await rows.count(PaymentCase) == 0


async def test_a_void_of_ours_makes_the_refund_that_is_on_record(cards: CardBank, rows: Rows, world: World) -> None:
    order = await cards.order()
    payment = await cards.paid(order)
    await cards.cancel(order)
    cards.sandbox.control("advance_clock", seconds=3_600)
    await asyncio.gather(go_back(world, payment), cards.sweep())
    refund = await cards.refund()
    assert (refund.status, refund.amount) == (RefundStatus.MADE, payment.amount)
    assert (await rows.all(Payment))[0].status is PaymentStatus.REFUNDED


async def test_what_wompi_takes_back_after_a_part_was_refunded_is_the_rest(
    cards: CardBank, rows: Rows, world: World, drain: Drain
) -> None:
    order = await cards.order(50_000, 80_000)
    payment = await cards.paid(order)
    package = (await rows.all(Package))[0]
    await open_refund(world, RefundDue(order.id, package.id, f"package:{package.id}:came-back", "10000.00"))
    await drain()
    cards.sandbox.control("decide_refund", reference=f"refund-{(await cards.refund()).id}", status="APPROVED")
    await cards.sweep()
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.PARTIALLY_REFUNDED
    cards.bank.decide(payment, "VOIDED")
    for _ in range(2):
        await cards.bank.deliver(payment)
        await drain()
    refunds = await rows.all(Refund)
    assert (len(refunds), total([each.amount for each in refunds])) == (3, payment.amount)
    assert {each.status for each in refunds} == {RefundStatus.MADE}
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.REFUNDED
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert {row.status for row in await rows.all(Commission)} == {CommissionStatus.REVERSED}


async def test_a_payment_that_waits_for_a_review_cancels_its_order(
    make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    order = await rows.get(Order, (await make.order()).id)
    payment = await settle(world, order, confirmed=False)
    await go_back(world, payment)
    await drain()
    assert (await rows.all(Order))[0].status is OrderStatus.CANCELLED
    (refund,) = await rows.all(Refund)
    assert (refund.cause, refund.amount, refund.package_id) == (f"voided:{payment.id}", payment.amount, None)
    assert await rows.count(Commission) == 0


async def test_money_that_pays_no_order_touches_none(
    make: Make, rows: Rows, world: World, drain: Drain, payment: Payment
) -> None:
    order = await rows.get(Order, payment.order_id)
    ids = {"reference": "second", "gateway_transaction_id": "tx-second"}
    second = await settle(world, order, PaymentMethod.PSE, confirmed=False, settles_order=False, **ids)
    await go_back(world, second)
    await drain()
    assert (await rows.all(Order))[0].status is OrderStatus.CONFIRMED
    (refund,) = await rows.all(Refund)
    assert (refund.payment_id, refund.amount) == (second.id, second.amount)
    assert {row.status for row in await rows.all(Commission)} == {CommissionStatus.PENDING}


async def test_a_part_that_we_asked_for_is_asked_about_and_another_is_shown(
    cards: CardBank, rows: Rows, world: World
) -> None:
    order = await cards.order()
    payment = await cards.paid(order)
    await go_back(world, payment, PaymentStatus.PARTIALLY_REFUNDED)
    (case,) = await rows.all(PaymentCase)
    assert (case.kind, case.detail["transaction"]) == (CaseKind.REFUND, "tx-void")
    assert (await rows.get(Payment, payment.id)).status is PaymentStatus.APPROVED
    other = await cards.paid(await cards.order())
    package = (await rows.all(Package))[-1]
    await open_refund(world, RefundDue(other.order_id, package.id, f"package:{package.id}:came-back", "10000.00"))
    await rows.execute("UPDATE refunds SET status = 'PROCESSING', ask_after = now() + interval '1 day'")
    await go_back(world, other, PaymentStatus.PARTIALLY_REFUNDED)
    assert (await rows.execute("SELECT ask_after <= now() FROM refunds"))[0][0]
    assert await rows.count(PaymentCase) == 1
    assert other.method is PaymentMethod.CARD
