"""Searches: by words and by meaning at once, fused by rank, shown as PostgreSQL says they are now."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from mestore.catalog.errors import ProductNotFound
from mestore.catalog.filters import Filters
from mestore.catalog.product_json import products_json
from mestore.core.ids import ProductId
from mestore.core.paging import decode, encode
from mestore.core.wiring import TheWorld
from mestore.search import popular, suggestions
from mestore.search.fusion import fused, near
from mestore.search.nearest import Nearest
from mestore.search.repository import SearchRepository
from mestore.search.schemas import SearchMode, Suggestion, SuggestionKind, Suggestions

MOST_SHOWN = 200
"""So many results can be paged through; who has not found it by then asks otherwise."""
_MORE_NEIGHBOURS = 3
"""So many times as many neighbours where filters will leave few of them."""
_OF_EACH_KIND = 5


@dataclass(frozen=True)
class Ready:
    """JSON, most of it as PostgreSQL has written it."""

    body: str
    mode: SearchMode


class SearchService:
    def __init__(self, world: TheWorld) -> None:
        self._world = world
        self._settings = world.settings.search
        self._images_url = world.settings.media.public_url
        self._found = SearchRepository(world.reads)
        self._nearest = Nearest(world)

    async def search(self, text: str, filters: Filters, limit: int, cursor: str | None) -> Ready:
        """A page of what is found.

        Raises:
            BadCursor: it is not ours, or of another search.
        """
        key = hashlib.blake2b(f"{text}\n{filters.key()}".encode(), digest_size=9).hexdigest()
        offset = 0 if cursor is None else decode(cursor, _same(key), _offset)[1]
        understood = await self._found.understand(text)
        neighbours = self._settings.neighbours * (_MORE_NEIGHBOURS if filters.any() else 1)
        by_words, by_meaning = await asyncio.gather(
            self._found.by_words(understood.text, filters),
            self._nearest.to_text(understood.text, understood.collection, understood.model, neighbours),
        )
        mode = SearchMode.KEYWORD if by_meaning is None else SearchMode.HYBRID
        ranked = fused(by_words, near(by_meaning or (), self._settings.margin), self._settings)
        shown = await self._found.show(self._images_url, ranked, filters, limit, offset, MOST_SHOWN)
        if shown.total and cursor is None and understood.all_known:
            await popular.count(self._world.redis, understood.text, self._world.now())
        following = encode(key, offset + limit) if min(shown.total, MOST_SHOWN) > offset + limit else None
        rest = {"next_cursor": following, "total": shown.total, "mode": mode, "searched_for": understood.text}
        body = f'{{"items":{shown.items},{orjson.dumps(rest).decode()[1:-1]},"facets":{shown.facets}}}'
        return Ready(body, mode)

    async def suggest(self, prefix: str) -> Suggestions:
        now = self._world.now()
        queries, rows = await asyncio.gather(
            popular.beginning_with(self._world.redis, prefix, now, _OF_EACH_KIND),
            suggestions.beginning_with(self._world.reads, prefix, _OF_EACH_KIND),
        )
        items = [Suggestion(kind=SuggestionKind.QUERY, text=query) for query in queries]
        items += [Suggestion(kind=SuggestionKind(kind), text=text, slug=slug) for kind, text, slug in rows]
        return Suggestions(items=items)

    async def similar(self, product_id: ProductId, limit: int) -> Ready:
        """Products that mean about the same; while nobody knows which, the best selling of its category.

        Raises:
            ProductNotFound: the product is not for sale.
        """
        if not await self._found.is_for_sale(product_id):
            raise ProductNotFound
        mode = SearchMode.HYBRID
        items = await self._rows(await self._near_product(product_id, limit))
        if not items:
            mode = SearchMode.KEYWORD
            items = await self._rows(await self._found.same_category(product_id, limit))
        return Ready(f'{{"items":[{",".join(items[:limit])}],"mode":"{mode}"}}', mode)

    async def _near_product(self, product_id: ProductId, limit: int) -> Sequence[UUID]:
        live = await self._found.live_collection()
        if live is None:
            return []
        # Twice as many, for some may be hidden by now.
        found = await self._nearest.to_product(product_id, live[0], 2 * limit)
        return [each.id for each in found or ()]

    async def _rows(self, product_ids: Sequence[UUID]) -> list[str]:
        return await products_json(self._world.reads, self._images_url, [ProductId(each) for each in product_ids])


def _same(key: str) -> Any:
    def read(part: Any) -> str:
        if part != key:
            raise ValueError("a cursor of another search")
        return key

    return read


def _offset(part: Any) -> int:
    if not isinstance(part, int) or isinstance(part, bool) or not 0 < part < MOST_SHOWN:
        raise ValueError("no place in a ranking")
    return part
