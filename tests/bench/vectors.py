"""A vector for each product of a database, in seconds, where `mestore search rebuild` takes minutes.

A catalogue that PostgreSQL made up has some hundred kinds of names. Only those are embedded; a product's vector is its
kind's, moved a little at random. What lies nearest means little then, but is as dear to find.
"""

import os
import random
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import httpx

from mestore.core.settings import ChromaSettings
from mestore.search.embedder import LocalEmbedder, Vector
from mestore.search.vector_index import VectorIndex

_COLLECTION = "products-bench"
_BATCH = 1_000
_NEAR = 0.01
"""How far a product's vector lies from its kind's, in each of 384 dimensions."""


async def fill(database_url: str, chroma_url: str) -> None:
    """Makes the collection that searches ask."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch("SELECT id, regexp_replace(name, ' [0-9]+$', '') AS kind FROM products")
        embedder = LocalEmbedder(os.cpu_count() or 1)
        kinds = sorted({row["kind"] for row in rows})
        vectors = dict(zip(kinds, await embedder.passages(kinds), strict=True))
        async with httpx.AsyncClient(trust_env=False) as http:
            index = VectorIndex(http, ChromaSettings(url=chroma_url, timeout_seconds=10))
            for batch in _batches([(row["id"], vectors[row["kind"]]) for row in rows]):
                await index.upsert(_COLLECTION, batch, dict.fromkeys(batch, ""))
        await connection.execute(
            "INSERT INTO search_collections (name, model, live) VALUES ($1, $2, true)", _COLLECTION, embedder.model
        )
    finally:
        await connection.close()


def _batches(kinds: list[tuple[UUID, Vector]]) -> Iterator[dict[UUID, Vector]]:
    chance = random.Random(1)  # noqa: S311 - the same vectors in each run, nothing secret
    for start in range(0, len(kinds), _BATCH):
        yield {
            product_id: [part + chance.gauss(0, _NEAR) for part in vector]
            for product_id, vector in kinds[start : start + _BATCH]
        }
