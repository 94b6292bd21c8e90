"""Keeps the vectors true to the products: after a change, after an outage, and made all anew.

PostgreSQL remembers of which text each vector was made, so a change of price or stock costs nothing, and which products
wait (a trigger writes that with the change itself, so nothing is missed). What was done twice is as if done once.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from mestore.core.database import transaction
from mestore.core.failpoints import failpoint
from mestore.core.freshness import CATALOGUE, changed
from mestore.core.ids import new_uuid
from mestore.core.world import World
from mestore.search.embedder import Vector, embedder_of
from mestore.search.index_repository import Collection, IndexRepository
from mestore.search.vector_index import CollectionMissing, VectorIndex
from mestore.search.views import middle, views_of

_BATCH = 32
_PAGE = 1_000


@dataclass
class Differences:
    """What the index has otherwise than PostgreSQL would have it."""

    collection: str | None = None
    missing: list[UUID] = field(default_factory=list)
    outdated: list[UUID] = field(default_factory=list)
    left_over: list[UUID] = field(default_factory=list)

    def any(self) -> bool:
        return bool(self.missing or self.outdated or self.left_over)


class Indexer:
    def __init__(self, world: World) -> None:
        self._sessions = world.sessions
        self._embedder = embedder_of(world.settings.embedder, world.http)
        self._index = VectorIndex(world.http, world.settings.chroma)

    async def index(self, product_ids: Iterable[UUID]) -> None:
        """Make the index say of these products what PostgreSQL says.

        Raises:
            IndexAway, EmbedderAway: the products keep waiting.
        """
        wanted = list(product_ids)
        for start in range(0, len(wanted), _BATCH):
            await self._index_batch(wanted[start : start + _BATCH])

    async def index_pending(self, most: int) -> int:
        """Those that wait, the longest first; how many that were."""
        done = 0
        while done < most:
            async with transaction(self._sessions) as session:
                waiting = await IndexRepository(session).pending(_BATCH)
            if not waiting:
                break
            await self._index_batch(waiting)
            done += len(waiting)
        return done

    async def _index_batch(self, product_ids: Sequence[UUID], only: Collection | None = None) -> None:
        async with transaction(self._sessions) as session:
            repository = IndexRepository(session)
            await repository.note_words(product_ids)
            texts = await repository.texts(product_ids)
        collections = [only] if only else await self._collections()
        hashes: dict[UUID, str] = {row.id: row.content_hash for row in texts if row.for_sale}
        gone = [row.id for row in texts if not row.for_sale]
        for collection in collections:
            async with transaction(self._sessions) as session:
                known = await IndexRepository(session).hashes(collection.name, product_ids)
            changed_texts = [row for row in texts if row.for_sale and known.get(row.id) != row.content_hash]
            if changed_texts:
                await self._index.upsert(collection.name, await self._vectors(changed_texts), hashes)
            if gone and any(each in known for each in gone):
                await self._index.delete(collection.name, gone)
            failpoint("after_index_upsert")
            async with transaction(self._sessions) as session:
                repository = IndexRepository(session)
                await repository.mark_written(collection.name, {row.id: row.content_hash for row in changed_texts})
                await repository.mark_gone(collection.name, gone)
                if changed_texts or gone:
                    changed(session, CATALOGUE)
        if only is None:
            await self._settle(texts)

    async def _vectors(self, texts: Sequence[Row[Any]]) -> dict[UUID, Vector]:
        views = {row.id: views_of(row.whole, row.kind, row.description) for row in texts}
        # Sizes and colours of one thing share most of their views.
        said = list(dict.fromkeys(text for each in views.values() for _, text in each))
        known = dict(zip(said, await self._embedder.passages(said), strict=True))
        return {
            product_id: middle([(weight, known[text]) for weight, text in each]) for product_id, each in views.items()
        }

    async def _settle(self, texts: Sequence[Row[Any]]) -> None:
        """They no longer wait, except those that were changed while their vectors were made."""
        was = {row.id: (row.for_sale, row.content_hash) for row in texts}
        async with transaction(self._sessions) as session:
            repository = IndexRepository(session)
            now = await repository.texts(was)
            await repository.no_longer_pending({row.id: row.since for row in texts if row.since is not None})
            again = [row.id for row in now if was.get(row.id) != (row.for_sale, row.content_hash)]
            if again:
                await repository.await_index(again)

    async def _collections(self) -> Sequence[Collection]:
        """The live one, made if this is the first product ever, and one that is being filled."""
        async with transaction(self._sessions) as session:
            found = await IndexRepository(session).collections()
        if any(each.live for each in found):
            return [each for each in found if each.live or each.model == self._embedder.model]
        name = self._new_name()
        async with transaction(self._sessions) as session:
            await IndexRepository(session).add_collection(name, self._embedder.model, live=True)
        return await self._collections()

    def _new_name(self) -> str:
        return f"products-{self._embedder.model[:60]}-{new_uuid().hex[:20]}"

    async def rebuild(self, tell: Callable[[int, int], None]) -> str:
        """Fill a new collection and make it the live one, without a moment in which searches find less.

        What changes meanwhile goes into both. One that was broken off is gone on with. `tell` hears how many of how
        many are done.
        """
        building = await self._building()
        async with transaction(self._sessions) as session:
            total = await IndexRepository(session).count_for_sale()
        done, after = 0, None
        while True:
            async with transaction(self._sessions) as session:
                batch = await IndexRepository(session).for_sale_after(after, _BATCH)
            if not batch:
                break
            await self._index_batch(batch, building)
            done, after = done + len(batch), batch[-1]
            tell(done, max(done, total))
        wrong = await self.differences(building.name)
        if wrong.any():  # changed at the very moment in which they were read
            await self._mend(building, wrong)
        async with transaction(self._sessions) as session:
            repository = IndexRepository(session)
            old = [each for each in await repository.collections() if each.name != building.name]
            await repository.make_live(building.name)
            changed(session, CATALOGUE)
        for each in old:
            await self._forget_unless_live(each)
        return building.name

    async def _building(self) -> Collection:
        await self._index.heartbeat()
        async with transaction(self._sessions) as session:
            found = await IndexRepository(session).collections()
        for each in found:
            if not each.live and each.model == self._embedder.model:
                await self._index.ensure(each.name)
                return each
        building = Collection(self._new_name(), self._embedder.model, live=False)
        await self._index.ensure(building.name)
        async with transaction(self._sessions) as session:
            await IndexRepository(session).add_collection(building.name, building.model, live=False)
        return building

    async def _forget_unless_live(self, collection: Collection) -> None:
        """A search that has read its name a moment ago answers by words."""
        async with transaction(self._sessions) as session:
            await IndexRepository(session).forget_collection(collection.name)
        await self._index.drop(collection.name)

    async def _mend(self, collection: Collection, wrong: Differences) -> None:
        async with transaction(self._sessions) as session:
            await IndexRepository(session).mark_gone(collection.name, [*wrong.missing, *wrong.outdated])
        if wrong.left_over:
            await self._index.delete(collection.name, wrong.left_over)
        for start in range(0, len(both := [*wrong.missing, *wrong.outdated]), _BATCH):
            await self._index_batch(both[start : start + _BATCH], collection)

    async def repair(self) -> Differences:
        """Make the live collection what `differences` would have it; what was wrong."""
        wrong = await self.differences()
        if wrong.any() and wrong.collection is not None:
            await self._mend(Collection(wrong.collection, self._embedder.model, live=True), wrong)
        return wrong

    async def repair_if_lost(self) -> None:
        """As `repair`, where ChromaDB has another number of products than it was given: it was wiped, say."""
        async with transaction(self._sessions) as session:
            repository = IndexRepository(session)
            live = next((each for each in await repository.collections() if each.live), None)
            written = await repository.count_documents(live.name) if live else 0
        if live is None or live.model != self._embedder.model:
            return
        try:
            there = await self._index.count(live.name)
        except CollectionMissing:
            there = 0
        if there != written:
            await self.repair()

    async def differences(self, name: str | None = None) -> Differences:
        """Compare every product for sale with what lies in the live collection, or in the one named.

        Raises:
            IndexAway: ChromaDB does not answer.
        """
        await self._index.heartbeat()
        if name is None:
            async with transaction(self._sessions) as session:
                found = await IndexRepository(session).collections()
            name = next((each.name for each in found if each.live), None)
        there: dict[UUID, str] = {}
        if name is not None:
            async for page in self._pages(name):
                there |= page
        wrong = Differences(name)
        async for rows in self._wanted():
            for product_id, content_hash in rows.items():
                written = there.pop(product_id, None)
                if written is None:
                    wrong.missing.append(product_id)
                elif written != content_hash:
                    wrong.outdated.append(product_id)
        wrong.left_over = sorted(there)
        return wrong

    async def _pages(self, name: str) -> AsyncIterator[dict[UUID, str]]:
        offset = 0
        try:
            while page := await self._index.page(name, _PAGE, offset):
                yield page
                offset += _PAGE
        except CollectionMissing:
            return

    async def _wanted(self) -> AsyncIterator[dict[UUID, str]]:
        after = None
        while True:
            async with transaction(self._sessions) as session:
                repository = IndexRepository(session)
                batch = await repository.for_sale_after(after, _PAGE)
                rows = {row.id: row.content_hash for row in await repository.texts(batch) if row.for_sale}
            if not batch:
                return
            yield rows
            after = batch[-1]
