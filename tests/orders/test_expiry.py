"""Unpaid orders give their stock back when their time is over, by PostgreSQL's clock."""

import asyncio

from mestore.catalog.models import HoldState, Product, StockHold
from mestore.core.world import World
from mestore.orders.models import Order, OrderHistory
from mestore.orders.states import OrderStatus
from mestore.orders.tasks import expire_unpaid_orders
from tests.make import Make
from tests.rows import Rows


async def test_an_order_whose_hold_is_over_is_cancelled_and_others_are_not(
    make: Make, rows: Rows, world: World
) -> None:
    product = await make.product(stock=10)
    over, running = await make.order(units={product.id: 3}), await make.order(units={product.id: 2})
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second' WHERE id = :id", id=over.id)
    await expire_unpaid_orders(world)
    assert (await rows.get(Order, over.id)).status is OrderStatus.CANCELLED
    assert (await rows.get(Order, running.id)).status is OrderStatus.PENDING
    assert (await rows.get(Product, product.id)).reserved == 2
    assert {hold.order_id: hold.state for hold in await rows.all(StockHold)} == {
        over.id: HoldState.RELEASED,
        running.id: HoldState.OPEN,
    }


async def test_k14_two_sweepers_at_once_give_back_once(make: Make, rows: Rows, world: World) -> None:
    product = await make.product(stock=20)
    for _ in range(10):
        await make.order(units={product.id: 1})
    await rows.execute("UPDATE orders SET expires_at = now() - interval '1 second'")
    await asyncio.gather(*(expire_unpaid_orders(world) for _ in range(4)))
    left = await rows.get(Product, product.id)
    assert (left.stock, left.reserved) == (20, 0)
    moves = await rows.all(OrderHistory)
    cancelled = [row for row in moves if row.to_status == "CANCELLED" and row.package_id is None]
    assert len(cancelled) == 10
