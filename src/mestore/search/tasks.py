"""What the worker does for searches. While ChromaDB or the embedder is away, products wait; nothing else does."""

import structlog

from mestore.catalog.events import CategoryChanged, ProductChanged
from mestore.core.database import transaction
from mestore.core.world import World
from mestore.search.embedder import EmbedderAway
from mestore.search.index_repository import IndexRepository
from mestore.search.indexer import Indexer
from mestore.search.vector_index import IndexAway

log = structlog.get_logger(__name__)
_MOST_AT_ONCE = 512


async def index_product(world: World, event: ProductChanged) -> None:
    """Now, if ChromaDB is there; else `index_waiting_products` will (fault F21)."""
    if world.settings.chroma.url is None:
        return
    try:
        await Indexer(world).index([event.product_id])
    except (IndexAway, EmbedderAway) as error:
        log.warning("product_not_indexed", product_id=str(event.product_id), error=str(error))


async def index_category(world: World, event: CategoryChanged) -> None:
    """Its name is in the text of each of its products."""
    async with transaction(world.sessions) as session:
        await IndexRepository(session).await_category(event.category_id)


async def index_waiting_products(world: World) -> None:
    """What was changed while ChromaDB was away, and what came in without an event, as a demo catalogue does."""
    if world.settings.chroma.url is None:
        return
    try:
        if done := await Indexer(world).index_pending(_MOST_AT_ONCE):
            log.info("products_indexed", products=done)
    except (IndexAway, EmbedderAway) as error:
        log.warning("products_not_indexed", error=str(error))


async def repair_lost_index(world: World) -> None:
    if world.settings.chroma.url is None:
        return
    try:
        await Indexer(world).repair_if_lost()
    except (IndexAway, EmbedderAway) as error:
        log.warning("index_not_repaired", error=str(error))
