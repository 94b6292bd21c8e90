"""What lies near a text or a product by meaning, or nothing: a search never fails or waits for it (faults F18, F19).

A deadline around everything, and a breaker: after some failures in a row nobody waits for a few seconds. What the
breaker knows is this process's own.
"""

import asyncio
import base64
import functools
import hashlib
from array import array
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import httpx
import structlog
from purgatory import AsyncCircuitBreakerFactory
from purgatory.domain.model import OpenedState
from redis.exceptions import RedisError

from mestore.core.settings import ChromaSettings
from mestore.core.world import World
from mestore.search.embedder import Embedder, Vector, embedder_of
from mestore.search.vector_index import CollectionMissing, Neighbour, VectorIndex

log = structlog.get_logger(__name__)
T = TypeVar("T")
_CIRCUIT = "vectors"
_KEEP_SECONDS = 86_400
_REDIS_AWAY = (RedisError, OSError, TimeoutError)


@functools.cache
def _breakers(_http: httpx.AsyncClient, failures: int, seconds: float) -> AsyncCircuitBreakerFactory:
    """One for all requests that share a client."""
    return AsyncCircuitBreakerFactory(
        default_threshold=failures, default_ttl=seconds, exclude=[asyncio.CancelledError, CollectionMissing]
    )


@functools.cache
def _index(http: httpx.AsyncClient, settings: ChromaSettings) -> VectorIndex:
    """One, so that the ids of collections are looked up once."""
    return VectorIndex(http, settings)


class Nearest:
    def __init__(self, world: World) -> None:
        settings = world.settings
        self._settings = settings.search
        self._redis = world.redis
        self._has_index = settings.chroma.url is not None
        self._embedder: Embedder = embedder_of(settings.embedder, world.http)
        self._index = _index(world.http, settings.chroma)
        self._breakers = _breakers(world.http, settings.search.breaker_failures, settings.search.breaker_seconds)

    async def to_text(self, text: str, collection: str | None, model: str | None, limit: int) -> list[Neighbour] | None:
        """None: nobody knows at the moment. An index made by another model is no help either."""
        if collection is None or model != self._embedder.model:
            return None

        async def ask() -> list[Neighbour]:
            return await self._index.nearest(collection, await self._vector(text), limit)

        return await self._guarded(ask)

    async def to_product(self, product_id: UUID, collection: str, limit: int) -> list[Neighbour] | None:
        """Without itself; None when nobody knows, or it is not indexed yet."""

        async def ask() -> list[Neighbour] | None:
            vector = await self._index.vector_of(collection, product_id)
            if vector is None:
                return None
            found = await self._index.nearest(collection, vector, limit + 1)
            return [each for each in found if each.id != product_id][:limit]

        return await self._guarded(ask)

    async def _guarded(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        if not self._has_index:
            return None
        try:
            async with await self._breakers.get_breaker(_CIRCUIT):
                async with asyncio.timeout(self._settings.wait_seconds):
                    return await ask()
        except OpenedState:
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, the words answer
            log.warning("vectors_away", error=type(error).__name__, reason=str(error))
            return None

    async def _vector(self, text: str) -> Vector:
        """Of a query; the same text is embedded once, for as long as Redis keeps it."""
        wanted = " ".join(text.lower().split())
        digest = hashlib.blake2b(f"{self._embedder.model}\n{wanted}".encode(), digest_size=16).hexdigest()
        key = f"search:vector:{digest}"
        try:
            kept = await self._redis.get(key)
        except _REDIS_AWAY:
            return await self._embedder.query(wanted)
        if kept:
            return array("f", base64.b64decode(kept)).tolist()
        vector = await self._embedder.query(wanted)
        packed = base64.b64encode(array("f", vector).tobytes()).decode()
        try:
            await self._redis.set(key, packed, ex=_KEEP_SECONDS)
        except _REDIS_AWAY:
            log.info("vector_not_kept")
        return vector
