"""ChromaDB's v2 REST API, as much of it as is needed here. Its own client costs two seconds to import.

A collection is named by us and has an id of ChromaDB's, which is another one after it was wiped; both are looked up as
needed. Whatever goes wrong is `IndexAway`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import orjson

from mestore.core.settings import ChromaSettings
from mestore.search.embedder import Vector

_DATABASE = "/api/v2/tenants/default_tenant/databases/default_database/collections"
_JSON = {"Content-Type": "application/json"}


class IndexAway(Exception):
    """ChromaDB can't be reached, does not answer in time, or answers with an error."""


class CollectionMissing(IndexAway):
    """It answers, but has no such collection: it was wiped, or is not filled yet."""


@dataclass(frozen=True)
class Neighbour:
    id: UUID
    distance: float
    """By cosine: 0 is the same direction."""


class VectorIndex:
    def __init__(self, http: httpx.AsyncClient, settings: ChromaSettings) -> None:
        self._http = http
        self._url = (settings.url or "").rstrip("/")
        self._seconds = settings.timeout_seconds
        self._ids: dict[str, str] = {}

    async def heartbeat(self) -> bool:
        await self._call("GET", "/api/v2/heartbeat")
        return True

    async def ensure(self, name: str) -> None:
        """Make the collection, if there is none by that name."""
        wish = {"name": name, "get_or_create": True, "configuration": {"hnsw": {"space": "cosine"}}}
        self._ids[name] = (await self._call("POST", _DATABASE, wish))["id"]

    async def upsert(self, name: str, vectors: Mapping[UUID, Vector], hashes: Mapping[UUID, str]) -> None:
        """The same again changes nothing (fault K18)."""
        body = {
            "ids": [str(each) for each in vectors],
            "embeddings": list(vectors.values()),
            "metadatas": [{"hash": hashes[each]} for each in vectors],
        }
        try:
            await self._of(name, "POST", "upsert", body, seconds=30 * self._seconds)
        except CollectionMissing:
            await self.ensure(name)
            await self._of(name, "POST", "upsert", body, seconds=30 * self._seconds)

    async def delete(self, name: str, ids: Sequence[UUID]) -> None:
        """What is not there is gone already."""
        try:
            await self._of(name, "POST", "delete", {"ids": [str(each) for each in ids]}, seconds=30 * self._seconds)
        except CollectionMissing:
            return

    async def nearest(self, name: str, vector: Vector, limit: int) -> list[Neighbour]:
        body = {"query_embeddings": [vector], "n_results": limit, "include": ["distances"]}
        found = await self._of(name, "POST", "query", body)
        return [
            Neighbour(UUID(each), distance)
            for each, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    async def vector_of(self, name: str, product_id: UUID) -> Vector | None:
        found = await self._of(name, "POST", "get", {"ids": [str(product_id)], "include": ["embeddings"]})
        vectors: list[Vector] = found["embeddings"]
        return vectors[0] if vectors else None

    async def page(self, name: str, limit: int, offset: int) -> dict[UUID, str]:
        """Which products lie there, and the hash of the text of each."""
        body = {"limit": limit, "offset": offset, "include": ["metadatas"]}
        found = await self._of(name, "POST", "get", body, seconds=30 * self._seconds)
        return {
            UUID(each): (metadata or {}).get("hash", "")
            for each, metadata in zip(found["ids"], found["metadatas"], strict=True)
        }

    async def count(self, name: str) -> int:
        return int(await self._of(name, "GET", "count"))

    async def drop(self, name: str) -> None:
        self._ids.pop(name, None)
        try:
            await self._call("DELETE", f"{_DATABASE}/{name}")
        except CollectionMissing:
            return

    async def _of(self, name: str, method: str, verb: str, body: Any = None, *, seconds: float | None = None) -> Any:
        """Asked once more when the id that was known is of a collection that is no more."""
        known = name in self._ids
        if not known:
            self._ids[name] = (await self._call("GET", f"{_DATABASE}/{name}"))["id"]
        try:
            return await self._call(method, f"{_DATABASE}/{self._ids[name]}/{verb}", body, seconds=seconds)
        except CollectionMissing:
            del self._ids[name]
            if not known:
                raise
        return await self._of(name, method, verb, body, seconds=seconds)

    async def _call(self, method: str, path: str, body: Any = None, *, seconds: float | None = None) -> Any:
        if not self._url:
            raise IndexAway("MESTORE_CHROMA_URL is not set")
        content = None if body is None else orjson.dumps(body)
        try:
            answer = await self._http.request(
                method, self._url + path, content=content, headers=_JSON, timeout=seconds or self._seconds
            )
        except httpx.HTTPError as error:
            raise IndexAway(type(error).__name__) from error
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise CollectionMissing(path)
        if not answer.is_success:
            raise IndexAway(f"{answer.status_code}: {answer.text[:200]}")
        try:
            return orjson.loads(answer.content) if answer.content else None
        except ValueError as error:
            raise IndexAway("an answer that is no JSON") from error
