"""What the worker does for carts by itself."""

from mestore.cart.repository import CartRepository
from mestore.core.database import transaction
from mestore.core.world import World

_BATCHES = 1_000
"""In one run: the next one goes on."""


async def forget_guest_carts(world: World) -> None:
    """Delete guests' carts that are over, each batch in a transaction of its own."""
    for _ in range(_BATCHES):
        async with transaction(world.sessions) as session:
            if not await CartRepository(session).forget_expired():
                return
