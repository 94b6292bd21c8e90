"""`mestore search rebuild` and `mestore search check`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from mestore.app.subscriptions import TASKS
from mestore.core.clock import utc_now
from mestore.core.settings import Settings
from mestore.core.world import open_world
from mestore.search.embedder import EmbedderAway
from mestore.search.indexer import Indexer
from mestore.search.vector_index import IndexAway

_SHOWN = 20
_AWAY = 2


def rebuild(settings: Settings) -> int:
    """Returns the exit code: 0, or 2 when ChromaDB or the embedder is away; the old index is as it was then."""

    async def act(indexer: Indexer) -> int:
        columns = (
            TextColumn("  products"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, disable=not sys.stdout.isatty()) as progress:
            bar = progress.add_task("", total=None)
            name = await indexer.rebuild(lambda done, total: progress.update(bar, completed=done, total=total))
        _say(f"searches ask {name} now")
        return 0

    return asyncio.run(_with_indexer(settings, act))


def check(settings: Settings, *, repair: bool) -> int:
    """Returns the exit code: 0 when nothing differs or all was repaired, 1 when something does, 2 as `rebuild`."""

    async def act(indexer: Indexer) -> int:
        wrong = await (indexer.repair() if repair else indexer.differences())
        if wrong.collection is None and wrong.missing:
            _say("there is no index yet: `mestore search rebuild` makes one")
        _list("not in the index", wrong.missing)
        _list("in the index with another text", wrong.outdated)
        _list("in the index but not for sale", wrong.left_over)
        if not wrong.any():
            _say("the index has every product for sale, and no other")
        elif repair and wrong.collection is not None:
            _say("all of it was put right")
        return 1 if wrong.any() and (not repair or wrong.collection is None) else 0

    return asyncio.run(_with_indexer(settings, act))


async def _with_indexer(settings: Settings, act: Callable[[Indexer], Awaitable[int]]) -> int:
    async with open_world(settings, utc_now, TASKS, name="search") as world:
        try:
            return await act(Indexer(world))
        except (IndexAway, EmbedderAway) as error:
            sys.stderr.write(f"mestore: the index is away ({error}); nothing was changed over\n")
            return _AWAY


def _list(what: str, product_ids: list[UUID]) -> None:
    if not product_ids:
        return
    _say(f"{len(product_ids)} products {what}:")
    for product_id in product_ids[:_SHOWN]:
        _say(f"  {product_id}")
    if len(product_ids) > _SHOWN:
        _say(f"  and {len(product_ids) - _SHOWN} more")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
