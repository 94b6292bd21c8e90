"""What follows from a change of the catalogue."""

from typing import Any

from mestore.catalog.category_repository import CategoryRepository
from mestore.catalog.events import CategoryChanged, ProductChanged
from mestore.core.database import transaction
from mestore.core.ids import ProductId
from mestore.core.jobs import publish
from mestore.core.world import World

_BATCH = 200


async def refresh_products(world: World, event: CategoryChanged) -> None:
    """A category's name is among the words by which its products are found. Done twice, it comes to the same."""
    after: Any = None
    while True:
        async with transaction(world.sessions) as session:
            refreshed = await CategoryRepository(session).refresh_products(event.category_id, after, _BATCH)
            await publish(session, *(ProductChanged(ProductId(product_id)) for product_id in refreshed))
        if len(refreshed) < _BATCH:
            return
        after = refreshed[-1]
