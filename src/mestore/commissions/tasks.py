"""What the worker does for commissions."""

from mestore.commissions.service import CommissionService
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.events import OrderConfirmed, RefundDue


async def charge_confirmed_order(world: World, event: OrderConfirmed) -> None:
    async with transaction(world.sessions) as session:
        await CommissionService(session, world.settings).charge_order(event.order_id)


async def reverse_refunded(world: World, event: RefundDue) -> None:
    async with transaction(world.sessions) as session:
        await CommissionService(session, world.settings).reverse(event)
