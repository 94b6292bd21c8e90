"""What the worker does for orders by itself."""

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.service import OrderStateService

_BATCH = 500


async def expire_unpaid_orders(world: World) -> None:
    """Cancel orders whose hold is over, each in a transaction of its own: a crash keeps what was done."""
    for _ in range(_BATCH):
        async with transaction(world.sessions) as session:
            if not await OrderStateService(session).expire_one():
                return
