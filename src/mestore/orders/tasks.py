"""What the worker does for orders by itself.

Each order is looked at in a transaction of its own: a crash keeps what was done, and one that fails holds up no other.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.core.database import transaction
from mestore.core.ids import OrderId
from mestore.core.world import World
from mestore.orders.moves import end_of_retracto
from mestore.orders.repository import OrderRepository
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor

_BATCH = 500
log = structlog.get_logger(__name__)


async def expire_unpaid_orders(world: World) -> None:
    """Cancel orders whose hold is over."""

    async def expire(session: AsyncSession, order_id: OrderId) -> None:
        if (order := await OrderRepository(session).lock_expired(order_id)) is not None:
            await OrderStateService(session).cancel(order, By(Actor.SYSTEM, None, "not paid in time"))

    async with transaction(world.sessions) as session:
        expired = await OrderRepository(session).expired(_BATCH)
    await _each(world, expired, expire)


async def deliver_by_time(world: World) -> None:
    """Take packages for delivered that were shipped 15 days ago, and of which no carrier said anything else."""
    age = timedelta(days=world.settings.orders.delivered_after_days)
    by = By(Actor.SYSTEM, None, f"shipped {age.days} days ago, and nobody said that it did not arrive")

    async def deliver(session: AsyncSession, order_id: OrderId) -> None:
        orders, states = OrderRepository(session), OrderStateService(session)
        if (order := await orders.lock_free(order_id)) is None:
            return
        until = end_of_retracto(world.now(), world.settings.orders)
        for package in await orders.long_on_the_way_of(order.id, age):
            await states.deliver(order, package, by, returnable_until=until)

    async with transaction(world.sessions) as session:
        late = await OrderRepository(session).long_on_the_way(age, _BATCH)
    await _each(world, late, deliver)


async def _each(
    world: World, order_ids: Sequence[OrderId], work: Callable[[AsyncSession, OrderId], Awaitable[None]]
) -> None:
    failures: list[Exception] = []
    for order_id in order_ids:
        try:
            async with transaction(world.sessions) as session:
                await work(session, order_id)
        except Exception as error:
            log.exception("order_left_for_later", order_id=order_id)
            failures.append(error)
    if failures and len(failures) == len(order_ids):
        raise failures[0]
