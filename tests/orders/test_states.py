"""The table of an order's states: as documented, and the same in the database."""

import pytest
from sqlalchemy.exc import IntegrityError

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.errors import IllegalMove
from mestore.orders.models import Order, OrderHistory
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import NEXT, Actor, OrderStatus
from tests.make import Make
from tests.rows import Rows


async def test_the_database_holds_the_same_edges(rows: Rows) -> None:
    stored = {(before, after) for before, after in await rows.execute("SELECT from_status, to_status FROM order_edges")}
    assert stored == {(before.value, after.value) for before, nexts in NEXT.items() for after in nexts}


@pytest.mark.parametrize("to", [OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED])
async def test_the_database_refuses_any_other_edge(make: Make, rows: Rows, to: OrderStatus) -> None:
    order = await make.order()
    with pytest.raises(IntegrityError, match=f"does not move from PENDING to {to}"):
        await rows.execute("UPDATE orders SET status = :to WHERE id = :id", to=to, id=order.id)


async def test_moving_an_order_where_it_is_changes_nothing(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    for _ in range(2):
        async with transaction(world.sessions) as session:
            states = OrderStateService(session)
            await states.cancel(await states.locked(order.id), By(Actor.SYSTEM, None, "test"))
    moves = [(row.package_id is None, row.to_status) for row in await rows.all(OrderHistory)]
    assert moves == [(True, "PENDING"), (False, "CANCELLED"), (True, "CANCELLED")]


async def test_an_illegal_move_names_both_states_and_changes_nothing(make: Make, rows: Rows, world: World) -> None:
    order = await make.order()
    await rows.execute("UPDATE orders SET status = 'CANCELLED'")
    async with transaction(world.sessions) as session:
        states = OrderStateService(session)
        locked = await states.locked(order.id)
        with pytest.raises(IllegalMove) as refused:
            await states.confirm(locked, "paid")
    assert refused.value.members() == {"from_status": OrderStatus.CANCELLED, "to_status": OrderStatus.CONFIRMED}
    assert (await rows.get(Order, order.id)).status is OrderStatus.CANCELLED
    assert await rows.count(OrderHistory) == 1


@pytest.mark.parametrize("table", ["order_history", "payment_events"])
@pytest.mark.parametrize("change", ["UPDATE {} SET at = now()", "DELETE FROM {}"])
async def test_rows_that_are_only_ever_added(make: Make, rows: Rows, table: str, change: str) -> None:
    order = await make.order()
    await rows.execute(
        """WITH paid AS (
             INSERT INTO payments (order_id, buyer_id, gateway, method, reference, amount, currency, status,
                                   settles_order, fraud_score, fraud_reasons, expires_at, asks)
             VALUES (:order_id, :buyer_id, 'wompi', 'PSE', 'r', 1, 'COP', 'PENDING', true, 0, '[]', now(), 0)
             RETURNING id)
           INSERT INTO payment_events (payment_id, source, status, amount, currency)
           SELECT id, 'start', 'PENDING', 1, 'COP' FROM paid""",
        order_id=order.id,
        buyer_id=order.buyer_id,
    )
    with pytest.raises(IntegrityError, match="only ever added"):
        await rows.execute(change.format(table))


async def test_a_hold_ends_once(make: Make, rows: Rows) -> None:
    await make.order()
    await rows.execute("UPDATE stock_holds SET state = 'SOLD'")
    with pytest.raises(IntegrityError, match="a hold that is SOLD stays so"):
        await rows.execute("UPDATE stock_holds SET state = 'OPEN'")
