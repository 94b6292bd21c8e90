"""What the worker does for returns."""

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.orders.events import RefundMade
from mestore.returns.handling import ReturnHandling


async def mark_refunded(world: World, event: RefundMade) -> None:
    async with transaction(world.sessions) as session:
        await ReturnHandling(session).refunded(event)
