"""Money that comes when its order is over: taken in if the stock is there, else owed back; never lost, never both."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest

from mestore.catalog.models import HoldState, Product, StockHold
from mestore.commissions.models import Commission
from mestore.core.database import transaction
from mestore.core.money import Money
from mestore.core.world import World
from mestore.orders.errors import IllegalMove, IllegalPackageMove
from mestore.orders.models import Order, OrderHistory, Package
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, OrderStatus, PackageStatus
from mestore.orders.tasks import expire_unpaid_orders
from mestore.payments.models import CaseKind, Payment, PaymentCase, Refund
from mestore.payments.states import PaymentMethod, PaymentStatus, RefundStatus
from tests.api import Api
from tests.make import SHIPPING, Make
from tests.orders.test_races import at_once
from tests.payments.attempts import approve, waiting
from tests.payments.refused import assert_refused
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]


async def expire(world: World, rows: Rows, order: Order) -> None:
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id", id=order.id)
    await expire_unpaid_orders(world)


async def sell_out(rows: Rows, product: Product, left: int = 0) -> None:
    """Others bought it meanwhile."""
    await rows.execute("UPDATE products SET stock = reserved + :left WHERE id = :id", id=product.id, left=left)


async def test_late_money_confirms_an_order_whose_stock_is_still_there(
    make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    first, second = await make.product(price=100_000, stock=5), await make.product(price=40_000, stock=5)
    order = await make.order(units={first.id: 2, second.id: 1})
    payment = await waiting(world, order)
    await expire(world, rows, order)
    # What was promised stands, whatever became of the goods and their shop (F57, F58).
    await rows.execute("UPDATE products SET precio_venta = 999000, status = 'REJECTED'")
    await rows.execute("UPDATE vendors SET status = 'SUSPENDED'")
    await approve(world, payment)
    await drain()
    found = await rows.get(Order, order.id)
    assert (found.status, found.total_amount) == (OrderStatus.CONFIRMED, order.total_amount)
    assert {package.status for package in await rows.all(Package)} == {PackageStatus.PENDING}
    assert all(package.confirmed_at for package in await rows.all(Package))
    left = {each.id: (each.stock, each.reserved, each.units_sold) for each in await rows.all(Product)}
    assert left == {first.id: (3, 0, 2), second.id: (4, 0, 1)}
    assert {hold.state for hold in await rows.all(StockHold)} == {HoldState.SOLD}
    settled = await rows.get(Payment, payment.id)
    assert (settled.status, settled.settles_order) == (PaymentStatus.APPROVED, True)
    assert await rows.count(PaymentCase) == await rows.count(Refund) == 0
    assert await rows.count(Commission) == 2
    reason = f"payment {payment.id} came late, and all of it was still in stock"
    moves = [(row.from_status, row.to_status, row.actor, row.reason) for row in await rows.all(OrderHistory)]
    assert moves[-3:] == [
        ("CANCELLED", "PENDING", Actor.SYSTEM, reason),
        ("CANCELLED", "PENDING", Actor.SYSTEM, reason),
        ("CANCELLED", "CONFIRMED", Actor.SYSTEM, reason),
    ]


async def test_a_revived_order_goes_on_as_any_other(
    make: Make, rows: Rows, world: World, drain: Drain, api: Api
) -> None:
    order = await make.order()
    payment = await waiting(world, order)
    await expire(world, rows, order)
    await drain()
    await approve(world, payment)
    buyer = await make.existing_user(order.buyer_id)
    answer = await api.post(f"/api/v1/orders/{order.id}/cancel", {"reason": "ya no"}, by=buyer)
    assert answer.status_code == 200, answer.text
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved, product.units_sold) == (10, 0, 0)
    assert [refund.cause.split(":")[0] for refund in await rows.all(Refund)] == ["package"]
    assert (await rows.all(Refund))[0].amount == payment.amount
    told = await rows.execute("SELECT fact FROM messages WHERE template = 'order_cancelled_buyer' ORDER BY fact")
    assert [fact for (fact,) in told] == [f"order_cancelled:{order.id}", f"order_cancelled:{order.id}:paid"]


@pytest.mark.parametrize(
    ("method", "status"), [(PaymentMethod.PSE, RefundStatus.MANUAL), (PaymentMethod.CARD, RefundStatus.REQUESTED)]
)
async def test_f39_late_money_without_stock_is_owed_back_and_shown(
    make: Make, rows: Rows, world: World, method: PaymentMethod, status: RefundStatus
) -> None:
    there, gone = await make.product(price=100_000, stock=5), await make.product(price=40_000, stock=2)
    order = await make.order(units={there.id: 2, gone.id: 2})
    payment = await waiting(world, order, method=method)
    await expire(world, rows, order)
    await sell_out(rows, gone, left=1)
    await approve(world, payment)
    await approve(world, payment)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    found = await rows.get(Payment, payment.id)
    assert (found.status, found.settles_order) == (PaymentStatus.APPROVED, False)
    assert [(case.kind, case.payment_id) for case in await rows.all(PaymentCase)] == [(CaseKind.LATE, payment.id)]
    (refund,) = await rows.all(Refund)
    assert (refund.cause, refund.amount, refund.package_id) == (f"late:{payment.id}", order.total_amount, None)
    assert refund.status is status
    left = {each.id: (each.stock, each.reserved) for each in await rows.all(Product)}
    assert left == {there.id: (5, 0), gone.id: (1, 0)}, "of what is not all there nothing is taken"
    assert {hold.state for hold in await rows.all(StockHold)} == {HoldState.RELEASED}
    assert await rows.count(Commission) == 0


@pytest.mark.parametrize("who", ["buyer", "admin"])
async def test_late_money_for_what_a_person_cancelled_is_owed_back(
    make: Make, rows: Rows, world: World, who: str
) -> None:
    order = await make.order()
    payment = await waiting(world, order)
    by = By(Actor.BUYER if who == "buyer" else Actor.ADMIN, order.buyer_id, "ya no")
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        await states.cancel(await states.locked(order.id), by)
    await approve(world, payment)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.LATE]
    assert [refund.cause for refund in await rows.all(Refund)] == [f"late:{payment.id}"]
    (product,) = await rows.all(Product)
    assert (product.stock, product.reserved) == (10, 0)


async def test_f56_a_second_payment_is_owed_back(make: Make, rows: Rows, world: World, drain: Drain) -> None:
    order = await make.order()
    first = await waiting(world, order, status=PaymentStatus.DECLINED)
    second = await waiting(world, order)
    await approve(world, second)
    await approve(world, first)
    await drain()
    assert (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
    assert [(case.kind, case.payment_id) for case in await rows.all(PaymentCase)] == [
        (CaseKind.SECOND_PAYMENT, first.id)
    ]
    (refund,) = await rows.all(Refund)
    assert (refund.cause, refund.payment_id, refund.amount) == (f"second:{first.id}", first.id, order.total_amount)
    assert await rows.count(Commission) == 1
    assert [payment.settles_order for payment in await rows.all(Payment)] == [False, True]


async def test_a_second_payment_of_an_order_under_review_is_owed_back(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    first = await waiting(world, order, status=PaymentStatus.EXPIRED)
    suspicious = await waiting(world, order, fraud_score=65)
    await approve(world, suspicious)
    await approve(world, first)
    assert (await rows.get(Order, order.id)).status is OrderStatus.PENDING
    assert [refund.cause for refund in await rows.all(Refund)] == [f"second:{first.id}"]
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.FRAUD_REVIEW, CaseKind.SECOND_PAYMENT]


async def test_late_money_that_looks_like_fraud_waits_for_a_person(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    payment = await waiting(world, order, fraud_score=65)
    await expire(world, rows, order)
    await approve(world, payment)
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.FRAUD_REVIEW]
    assert await rows.count(Refund) == 0


async def test_late_money_of_another_amount_is_a_case_and_takes_nothing(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    payment = await waiting(world, order)
    await expire(world, rows, order)
    await approve(world, payment, amount=Money(100))
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert [case.kind for case in await rows.all(PaymentCase)] == [CaseKind.MISMATCH]
    assert (await rows.all(Product))[0].reserved == 0


async def test_only_late_money_revives(make: Make, rows: Rows, world: World, api: Api) -> None:
    order = await make.order()
    await expire(world, rows, order)
    admin = await make.existing_user(order.buyer_id)
    answer = await api.request("PATCH", f"/api/v1/orders/{order.id}/status", json={"status": "CONFIRMED"}, by=admin)
    assert_refused(answer, 403, "not-your-move")
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        locked = await states.locked(order.id)
        with pytest.raises(IllegalMove):
            await states.confirm(locked, "paid")
    other = await make.paid_order(units={(await make.product()).id: 1, (await make.product()).id: 1})
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        locked = await states.locked(other.id)
        (package, _) = await states.packages(locked)
        await states.cancel_package(locked, package, By(Actor.VENDOR, None, "no"))
        with pytest.raises(IllegalPackageMove):
            await states.prepare(locked, package, PackageStatus.PENDING, By(Actor.VENDOR, None, "no"))
        assert not await states.revive(locked, "paid")


# Races


async def test_the_last_unit_goes_to_late_money_or_to_another_buyer(
    api: Api, make: Make, rows: Rows, world: World
) -> None:
    """A hundred times: never both, never less than nothing in stock, and money without goods is owed back."""
    product, other = await make.product(stock=1), await make.buyer()
    await api.token(other)
    wanted = {"items": [{"product_id": str(product.id), "quantity": 1}], "shipping_info": SHIPPING}
    won = {True: 0, False: 0}
    for number in range(100):
        await rows.execute("UPDATE products SET stock = reserved + 1 WHERE id = :id", id=product.id)
        order = await make.order(units={product.id: 1})
        payment = await waiting(world, order)
        await expire(world, rows, order)
        answers: list[httpx.Response] = []

        async def buy(to: list[httpx.Response] = answers) -> None:
            to.append(await api.post("/api/v1/orders", wanted, by=other))

        await at_once(partial(approve, world, payment), buy, number)
        (answer,) = answers
        revived = (await rows.get(Order, order.id)).status is OrderStatus.CONFIRMED
        assert answer.status_code == (409 if revived else 201), answer.text
        owed = await rows.execute("SELECT amount FROM refunds WHERE payment_id = :id", id=payment.id)
        assert len(owed) == (0 if revived else 1)
        left = await rows.get(Product, product.id)
        assert left.stock >= left.reserved >= 0
        won[revived] += 1
    assert all(won.values()), won


async def test_a_late_approval_told_by_many_at_once_is_taken_in_once(
    make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    product = await make.product(stock=500)
    for _ in range(20):
        order = await make.order(units={product.id: 3})
        payment = await waiting(world, order)
        await expire(world, rows, order)
        await asyncio.gather(*(approve(world, payment) for _ in range(4)))
    await drain()
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved, left.units_sold) == (440, 0, 60)
    assert await rows.count(Commission) == 20
    assert await rows.count(PaymentCase) == await rows.count(Refund) == 0


async def test_two_late_payments_of_one_order_are_one_sale_and_one_refund(make: Make, rows: Rows, world: World) -> None:
    product = await make.product(stock=100)
    for _ in range(20):
        order = await make.order(units={product.id: 1})
        first = await waiting(world, order, status=PaymentStatus.DECLINED)
        second = await waiting(world, order)
        await expire(world, rows, order)
        await asyncio.gather(approve(world, first), approve(world, second))
        settles = [each.settles_order for each in await rows.all(Payment) if each.order_id == order.id]
        assert sorted(settles) == [False, True]
    assert (await rows.get(Product, product.id)).units_sold == 20
    assert {refund.cause.split(":")[0] for refund in await rows.all(Refund)} == {"second"}
    assert await rows.count(Refund) == 20
