"""Commissions follow what goes back: in proportion, once for each cause, and to the peso."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.commissions.models import Commission, CommissionReversal, CommissionStatus
from mestore.commissions.tasks import charge_confirmed_order, reverse_refunded
from mestore.core.money import Money, total
from mestore.core.world import World
from mestore.orders.events import OrderConfirmed, RefundDue
from mestore.orders.models import Order, Package
from mestore.orders.states import PackageStatus
from tests.api import Api
from tests.make import Make
from tests.rows import Rows

Drain = Callable[[], Awaitable[None]]


@pytest.fixture(name="order")
async def _order(make: Make) -> Order:
    """Of one package: 100,010 + 19,002 IVA (19,001.9) + 15,000 shipping = 134,012."""
    return await make.paid_order(units={(await make.product(price=100_010)).id: 1})


async def reverse(world: World, order: Order, cause: str, amount: int) -> None:
    await reverse_refunded(world, RefundDue(order.id, order.packages[0].id, cause, f"{amount}.00"))


async def test_in_proportion_and_in_the_end_all_of_it(rows: Rows, world: World, order: Order, drain: Drain) -> None:
    await drain()
    (commission,) = await rows.all(Commission)
    assert (commission.base, commission.amount) == (Money(134_012), Money(6_701))
    # 5 % of 30 are 1.5, of 60 are 3, of 90 are 4.5: each part is what is missing to the rounded whole.
    parts = [(30, 2), (30, 1), (30, 2), (133_922, 6_696)]
    for number, (base, _) in enumerate(parts, start=1):
        assert (await rows.all(Commission))[0].status is CommissionStatus.PENDING
        await reverse(world, order, f"return:{number}", base)
    assert [(row.base, row.amount) for row in await rows.all(CommissionReversal)] == [
        (Money(base), Money(amount)) for base, amount in parts
    ]
    (commission,) = await rows.all(Commission)
    assert (commission.status, commission.reversed_amount) == (CommissionStatus.REVERSED, Money(6_701))


async def test_the_same_cause_many_times_at_once_is_reversed_once(
    rows: Rows, world: World, order: Order, drain: Drain
) -> None:
    await drain()
    await asyncio.gather(*(reverse(world, order, "return:1", 60_000) for _ in range(8)))
    assert await rows.count(CommissionReversal) == 1
    assert (await rows.all(Commission))[0].reversed_amount == Money(3_000)


async def test_many_causes_at_once_add_up(rows: Rows, world: World, order: Order, drain: Drain) -> None:
    await drain()
    await asyncio.gather(*(reverse(world, order, f"return:{number}", 10_030) for number in range(8)))
    (commission,) = await rows.all(Commission)
    assert commission.reversed_base == Money(80_240)
    assert commission.reversed_amount == Money(4_012)
    assert total([row.amount for row in await rows.all(CommissionReversal)]) == Money(4_012)


async def test_a_package_that_was_cancelled_before_its_commission_gets_none(
    make: Make, rows: Rows, world: World, order: Order
) -> None:
    await make.move(order, PackageStatus.CANCELLED)
    await reverse(world, order, f"package:{order.packages[0].id}:cancelled", 134_012)
    await charge_confirmed_order(world, OrderConfirmed(order.id))
    assert (await rows.count(Commission), await rows.count(CommissionReversal)) == (0, 0)


async def test_a_package_that_came_back_before_its_commission_gets_none(
    make: Make, rows: Rows, world: World, order: Order, drain: Drain
) -> None:
    await make.move(order, PackageStatus.RETURNED)
    await drain()
    assert await rows.count(Commission) == 0


async def test_a_part_that_comes_back_before_the_commission_is_reversed_all_the_same(
    rows: Rows, world: World, order: Order
) -> None:
    await reverse(world, order, "return:1", 60_000)
    await charge_confirmed_order(world, OrderConfirmed(order.id))
    (commission,) = await rows.all(Commission)
    assert (commission.amount, commission.reversed_amount) == (Money(6_701), Money(3_000))


async def test_cancelled_while_it_is_charged_nothing_is_left(
    api: Api, make: Make, rows: Rows, world: World, drain: Drain
) -> None:
    """Whichever holds the order first: there is no commission, or all of it is reversed."""
    orders = [await make.paid_order() for _ in range(6)]
    buyers = [await make.existing_user(order.buyer_id) for order in orders]
    await asyncio.gather(
        *(charge_confirmed_order(world, OrderConfirmed(order.id)) for order in orders),
        *(
            api.post(f"/api/v1/orders/{order.id}/cancel", {"reason": "no"}, by=buyer)
            for order, buyer in zip(orders, buyers, strict=True)
        ),
    )
    assert {package.status for package in await rows.all(Package)} == {PackageStatus.CANCELLED}
    await drain()
    assert {row.status for row in await rows.all(Commission)} <= {CommissionStatus.REVERSED}


async def test_one_package_s_reversal_leaves_the_other_s(make: Make, rows: Rows, drain: Drain) -> None:
    first, second = await make.vendor(), await make.vendor()
    units = {(await make.product(vendor=vendor)).id: 1 for vendor in (first, second)}
    order = await make.paid_order(units=units)
    await drain()
    await make.move(order, PackageStatus.CANCELLED, vendor=first)
    await drain()
    found = {row.vendor_id: (row.status, row.reversed_amount) for row in await rows.all(Commission)}
    (amount,) = {row.amount for row in await rows.all(Commission)}
    assert found == {
        first.id: (CommissionStatus.REVERSED, amount),
        second.id: (CommissionStatus.PENDING, Money(0)),
    }


async def test_its_vendor_sees_what_was_given_up(api: Api, make: Make, world: World, rows: Rows, drain: Drain) -> None:
    vendor = await make.vendor()
    order = await make.paid_order(units={(await make.product(vendor=vendor)).id: 1})
    await drain()
    await reverse(world, order, "return:1", 20_000)
    (seen,) = (await api.get("/api/v1/commissions", by=await make.owner(vendor))).json()["items"]
    assert (seen["status"], seen["reversed_amount"]) == ("PENDING", "1000.00")


@pytest.mark.parametrize("change", ["UPDATE commission_reversals SET at = now()", "DELETE FROM commission_reversals"])
async def test_reversals_are_only_added_to(rows: Rows, world: World, order: Order, drain: Drain, change: str) -> None:
    await drain()
    await reverse(world, order, "return:1", 20_000)
    with pytest.raises(IntegrityError, match="only ever added"):
        await rows.execute(change)


async def test_more_than_the_commission_is_never_given_up(rows: Rows, world: World, order: Order, drain: Drain) -> None:
    """An administrator paid a part of the package back before, and now all of it is owed."""
    await drain()
    await reverse(world, order, "asked:1", 20_000)
    await reverse(world, order, "package:1:cancelled", 134_012)
    (commission,) = await rows.all(Commission)
    assert (commission.status, commission.reversed_amount) == (CommissionStatus.REVERSED, commission.amount)
    assert [row.base for row in await rows.all(CommissionReversal)] == [Money(20_000), Money(114_012)]
    with pytest.raises(IntegrityError, match="ck_commissions_reversed"):
        await rows.execute("UPDATE commissions SET reversed_base = base + 1")
