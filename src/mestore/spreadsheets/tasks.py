"""What the worker does with files of products."""

from datetime import timedelta

import structlog

from mestore.core.database import transaction
from mestore.core.world import World
from mestore.spreadsheets.events import ImportQueued
from mestore.spreadsheets.importing import Importing
from mestore.spreadsheets.repository import ImportRepository
from mestore.spreadsheets.storage import SheetStorage

log = structlog.get_logger(__name__)


async def import_products(world: World, event: ImportQueued) -> None:
    await Importing(world, event.import_id).run()


async def tidy_imports(world: World) -> None:
    """Give imports up that never ended, and remove the files that no import waits for."""
    settings, now = world.settings.spreadsheets, world.now()
    async with transaction(world.sessions) as session:
        given_up = await ImportRepository(session).give_up(now - timedelta(hours=settings.give_up_hours))
    storage = SheetStorage(world.settings)
    names = await storage.older_than(now - timedelta(hours=settings.orphan_hours))
    async with transaction(world.sessions) as session:
        awaited = await ImportRepository(session).awaited(names)
    unused = set(names) - awaited
    for name in unused:
        await storage.discard(name)
    if given_up or unused:
        log.info("imports_tidied", given_up=len(given_up), files=len(unused))
