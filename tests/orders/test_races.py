"""Two things at once: whoever comes first, an order and its payment end in a pair that the rules allow."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from mestore.catalog.models import HoldState, IvaClass, Product, StockHold
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.models import Order, OrderItem
from mestore.orders.moves import OrderMoves
from mestore.orders.states import OrderStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.gateways.base import Charge
from mestore.payments.models import CaseKind, Payment, PaymentCase
from mestore.payments.settlement import Settlement
from mestore.payments.states import PaymentMethod, PaymentStatus
from tests.api import Api
from tests.make import SHIPPING, Make
from tests.rows import Rows

ROUNDS = 500
Work = Callable[[], Awaitable[None]]


async def waiting_payment(world: World, order: Order) -> Payment:
    """An attempt at the bank, as `process` leaves it."""
    payment = Payment(
        order_id=order.id,
        buyer_id=order.buyer_id,
        gateway="wompi",
        method=PaymentMethod.PSE,
        reference=f"{order.order_number}-race",
        gateway_transaction_id=f"tx-{order.id}",
        amount=order.total_amount,
        status=PaymentStatus.PENDING,
        fraud_score=0,
        fraud_reasons=[],
        expires_at=order.expires_at,
    )
    async with transaction(world.sessions) as session:
        session.add(payment)
    return payment


def approval(world: World, payment: Payment) -> Work:
    charge = Charge(
        payment.reference, f"tx-{payment.order_id}", PaymentStatus.APPROVED, payment.amount, payment.currency
    )

    async def approve() -> None:
        async with transaction(world.sessions) as session:
            await Settlement(session, world.settings).apply(payment, charge, "webhook")

    return approve


async def at_once(first: Work, second: Work, number: int) -> None:
    """Both wait at one barrier, and then one lets the other go ahead by up to nine turns of the loop: another lead in
    each round of twenty. In one of these each is over before the other begins, so that both orders surely come.
    """
    lead = number % 20 - 10
    if lead in (-10, 0):
        for work in (first, second) if lead else (second, first):
            await work()
        return
    barrier = asyncio.Barrier(2)

    async def run(work: Work, turns: int) -> None:
        await barrier.wait()
        for _ in range(turns):
            await asyncio.sleep(0)
        await work()

    await asyncio.gather(run(first, max(0, lead)), run(second, max(0, -lead)))


async def outcome(rows: Rows, order: Order) -> tuple[str, str, str, tuple[str, ...]]:
    """Order, payment, hold and cases."""
    found = await rows.execute(
        """
        SELECT o.status, p.status, h.state, array(
            SELECT c.kind FROM payment_cases c WHERE c.payment_id = p.id ORDER BY 1
        ) FROM orders o JOIN payments p ON p.order_id = o.id JOIN stock_holds h ON h.order_id = o.id WHERE o.id = :id
        """,
        id=order.id,
    )
    ((status, payment, hold, cases),) = found
    return status, payment, hold, tuple(cases)


CANCELLED_FIRST = ("CANCELLED", "APPROVED", "RELEASED", (CaseKind.LATE,))
PAID_THEN_CANCELLED = ("CANCELLED", "APPROVED", "SOLD", ())
PAID = ("CONFIRMED", "APPROVED", "SOLD", ())


async def test_f53_cancel_against_approve(make: Make, rows: Rows, world: World) -> None:
    """Either the money comes for an order that is cancelled, and is shown to a person; or it was paid, and what is
    cancelled then is owed back: the stock is whole again both times, and never released after it was sold.
    """
    product, buyer = await make.product(stock=5), await make.buyer()
    ended: Counter[object] = Counter()
    for number in range(ROUNDS):
        order = await make.order(buyer=buyer, units={product.id: 1})
        payment = await waiting_payment(world, order)

        async def cancel(order: Order = order) -> None:
            async with transaction(world.sessions) as session:
                await OrderMoves(session, world.settings, world.now).cancel(buyer, order.id, "ya no")

        await at_once(approval(world, payment), cancel, number)
        ended[await outcome(rows, order)] += 1
    assert ended.keys() == {CANCELLED_FIRST, PAID_THEN_CANCELLED}, ended
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved, left.units_sold) == (5, 0, 0)
    owed = await rows.execute("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'payments.open_refund'")
    assert owed[0][0] == ended[PAID_THEN_CANCELLED]


async def test_f54_expiry_against_approve(make: Make, rows: Rows, world: World) -> None:
    """Whichever comes first, it is paid: what just expired is still in stock, and is taken in again."""
    product, buyer = await make.product(stock=ROUNDS), await make.buyer()
    ended: Counter[object] = Counter()
    for number in range(ROUNDS):
        order = await make.order(buyer=buyer, units={product.id: 1})
        payment = await waiting_payment(world, order)
        await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id", id=order.id)
        await at_once(approval(world, payment), lambda: expire_unpaid_orders(world), number)
        found = await outcome(rows, order)
        ended[found] += 1
        if found[0] == "PENDING":  # somebody worked on it: it was left to them, and they are done
            await expire_unpaid_orders(world)
    assert ended.keys() == {PAID}, ended
    revived = await rows.execute(
        "SELECT count(*) FROM order_history WHERE package_id IS NULL AND from_status = 'CANCELLED'"
    )
    assert 0 < revived[0][0] < ROUNDS, "both came first at times"
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved, left.units_sold) == (0, 0, ROUNDS)


async def test_f51_the_last_unit_has_one_buyer(api: Api, make: Make, rows: Rows) -> None:
    product, buyers = await make.product(stock=100), [await make.buyer() for _ in range(2)]
    for buyer in buyers:
        await api.token(buyer)
    wanted = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    for _ in range(100):
        await rows.execute("UPDATE products SET stock = reserved + 1")
        answers = await asyncio.gather(*(api.post("/api/v1/orders", wanted, by=buyer) for buyer in buyers))
        assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert {hold.state for hold in await rows.all(StockHold)} == {HoldState.OPEN}
    left = await rows.get(Product, product.id)
    assert left.stock == left.reserved == await rows.count(Order) == 100


async def test_f57_an_order_keeps_the_price_and_iva_it_was_placed_with(make: Make, rows: Rows, world: World) -> None:
    product = await make.product(price=10_000, iva_class=IvaClass.GENERAL)
    order = await make.order(units={product.id: 1})
    payment = await waiting_payment(world, order)
    await rows.execute("UPDATE products SET precio_venta = 99000, iva_class = 'REDUCED', name = 'Otro'")
    await approval(world, payment)()
    (item,) = await rows.all(OrderItem)
    assert (item.unit_price, item.iva_rate, item.iva_amount) == (Money(10_000), Decimal("0.19"), Money(1_900))
    assert (await rows.get(Order, order.id)).total_amount == Money(26_900)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED


@pytest.mark.parametrize(
    "change", ["UPDATE vendors SET status = 'SUSPENDED'", "UPDATE products SET status = 'INACTIVE', deleted_at = now()"]
)
async def test_f58_an_order_lives_though_its_shop_or_product_is_gone(
    api: Api, make: Make, rows: Rows, world: World, change: str
) -> None:
    product = await make.product()
    order = await make.order(units={product.id: 1})
    payment = await waiting_payment(world, order)
    await rows.execute(change)
    refused = await api.post(
        "/api/v1/orders",
        {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING},
        by=await make.buyer(),
    )
    assert refused.status_code == 409
    await approval(world, payment)()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert await rows.count(PaymentCase) == 0


async def test_f59_a_stock_that_is_set_against_reservations(api: Api, make: Make, rows: Rows) -> None:
    """Orders and the vendor's own adjustment at once: nothing is ever reserved beyond what there is."""
    vendor = await make.vendor()
    owner, buyer = await make.owner(vendor), await make.buyer()
    for user in (owner, buyer):
        await api.token(user)
    for _ in range(20):
        product = await make.product(vendor=vendor, stock=10)
        wanted = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
        path = f"/api/v1/products/{product.id}"
        answers = await asyncio.gather(
            *(api.post("/api/v1/orders", wanted, by=buyer) for _ in range(6)),
            api.request("PATCH", path, json={"stock": 3}, by=owner),
            *(api.post("/api/v1/orders", wanted, by=buyer) for _ in range(6)),
        )
        placed = sum(answer.status_code == 201 for answer in answers)
        set_to_three = answers[6].status_code == 200
        left = await rows.get(Product, product.id)
        assert (left.stock, left.reserved) == (3 if set_to_three else 10, placed)
        assert placed <= left.stock
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
