"""What PostgreSQL knows of the index: collections, documents, products that wait, and the words of the catalogue."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, Row, Text, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from mestore.catalog.product_json import FOR_SALE
from mestore.core.ids import ProductId

_IDS = bindparam("ids", type_=ARRAY(Uuid))

_TEXTS = text(f"""
    SELECT p.id, {FOR_SALE} AS for_sale, w.since, t.whole, t.kind, p.description,
        encode(sha256(convert_to(concat_ws(E'\\n', t.whole, t.kind, p.description), 'UTF8')), 'hex') AS content_hash
    FROM products p LEFT JOIN search_pending w ON w.product_id = p.id
    JOIN categories leaf ON leaf.id = p.category_id
    CROSS JOIN LATERAL (
        WITH RECURSIVE above AS (
            SELECT id, parent_id, name, 1 AS height FROM categories WHERE id = p.category_id
            UNION SELECT c.id, c.parent_id, c.name, a.height + 1 FROM categories c JOIN above a ON c.id = a.parent_id
        ) SELECT string_agg(name, ', ' ORDER BY height) AS names FROM above
    ) c CROSS JOIN LATERAL (SELECT
        concat_ws('. ', p.name, nullif(p.brand, ''), c.names, nullif(p.description, ''),
            nullif(array_to_string(p.tags, ', '), '')) AS whole,
        concat_ws(', ', leaf.name, nullif(array_to_string(p.tags, ', '), '')) AS kind) t
    WHERE p.id = ANY(:ids)
""").bindparams(_IDS)

# In order, so that two jobs that add the same words do not wait for each other in a circle.
_NOTE_WORDS = text(f"""
    INSERT INTO search_words (word, lexeme, strong)
    SELECT word, lexeme, strong FROM (
        SELECT left(word, 60) AS word, bool_or(strong) AS strong FROM (
            SELECT regexp_split_to_table(fold(concat_ws(' ', p.name, p.brand, array_to_string(p.tags, ' '), (
                WITH RECURSIVE above AS (
                    SELECT id, parent_id, name FROM categories WHERE id = p.category_id
                    UNION SELECT c.id, c.parent_id, c.name FROM categories c JOIN above a ON c.id = a.parent_id
                ) SELECT string_agg(name, ' ') FROM above))), '[^a-z0-9]+') AS word, true AS strong
            FROM products p WHERE p.id = ANY(:ids) AND {FOR_SALE}
            UNION ALL
            SELECT regexp_split_to_table(fold(p.description), '[^a-z0-9]+'), false
            FROM products p WHERE p.id = ANY(:ids) AND {FOR_SALE}
        ) written WHERE word ~ '[a-z]' GROUP BY 1
    ) w CROSS JOIN LATERAL (SELECT left((tsvector_to_array(to_tsvector('catalogue', word)))[1], 60) AS lexeme) l
    WHERE lexeme IS NOT NULL ORDER BY word
    ON CONFLICT (word) DO UPDATE SET strong = true WHERE excluded.strong AND NOT search_words.strong
""").bindparams(_IDS)

_MARK_WRITTEN = text("""
    INSERT INTO search_documents (product_id, collection, content_hash, indexed_at)
    SELECT d.id, CAST(:collection AS varchar), d.hash, now() FROM unnest(:ids, :hashes) AS d (id, hash)
    WHERE EXISTS (SELECT FROM search_collections WHERE name = :collection)
    ON CONFLICT (product_id, collection)
    DO UPDATE SET content_hash = excluded.content_hash, indexed_at = excluded.indexed_at
""").bindparams(_IDS, bindparam("hashes", type_=ARRAY(Text)))

_MARK_GONE = text("DELETE FROM search_documents WHERE collection = :collection AND product_id = ANY(:ids)").bindparams(
    _IDS
)

# What was changed once more meanwhile keeps waiting.
_NO_LONGER_PENDING = text("""
    DELETE FROM search_pending p USING unnest(:ids, :since) AS read (id, since)
    WHERE p.product_id = read.id AND p.since = read.since
""").bindparams(_IDS, bindparam("since", type_=ARRAY(DateTime(timezone=True))))

_BELOW_CATEGORY = text("""
    WITH RECURSIVE below AS (
        SELECT id FROM categories WHERE id = :category_id
        UNION SELECT c.id FROM categories c JOIN below ON c.parent_id = below.id
    )
    INSERT INTO search_pending (product_id, since)
    SELECT p.id, clock_timestamp() FROM products p WHERE p.category_id IN (SELECT id FROM below) ORDER BY p.id
    ON CONFLICT (product_id) DO UPDATE SET since = excluded.since
""").bindparams(bindparam("category_id", type_=Uuid))


@dataclass(frozen=True)
class Collection:
    name: str
    model: str
    live: bool


class IndexRepository:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def collections(self) -> Sequence[Collection]:
        """The live one first, then the one that a rebuild fills, if any."""
        rows = await self._session.execute(
            text("SELECT name, model, live FROM search_collections ORDER BY live DESC, created_at DESC")
        )
        return [Collection(row.name, row.model, row.live) for row in rows]

    async def add_collection(self, name: str, model: str, *, live: bool) -> bool:
        """Whether it was added: two that begin at once get one live collection."""
        added = await self._session.execute(
            text(
                "INSERT INTO search_collections (name, model, live) VALUES (:name, :model, :live)"
                " ON CONFLICT DO NOTHING RETURNING name"
            ),
            {"name": name, "model": model, "live": live},
        )
        return added.first() is not None

    async def make_live(self, name: str) -> None:
        """From this commit on searches ask this one."""
        await self._session.execute(text("UPDATE search_collections SET live = false WHERE live"))
        await self._session.execute(
            text("UPDATE search_collections SET live = true WHERE name = :name"), {"name": name}
        )

    async def forget_collection(self, name: str) -> None:
        await self._session.execute(text("DELETE FROM search_collections WHERE name = :name"), {"name": name})

    async def texts(self, product_ids: Iterable[UUID]) -> Sequence[Row[Any]]:
        """Of each: whether it is for sale, the views of it that are embedded, their hash, and since when it waits."""
        return (await self._session.execute(_TEXTS, {"ids": sorted(product_ids)})).all()

    async def hashes(self, collection: str, product_ids: Iterable[UUID]) -> dict[UUID, str]:
        statement = text(
            "SELECT product_id, content_hash FROM search_documents"
            " WHERE collection = :collection AND product_id = ANY(:ids)"
        ).bindparams(_IDS)
        rows = await self._session.execute(statement, {"collection": collection, "ids": list(product_ids)})
        return {row.product_id: row.content_hash for row in rows}

    async def note_words(self, product_ids: Iterable[UUID]) -> None:
        """So that their misspelling can be told."""
        await self._session.execute(_NOTE_WORDS, {"ids": list(product_ids)})

    async def mark_written(self, collection: str, hashes: Mapping[UUID, str]) -> None:
        if hashes:
            values = {"collection": collection, "ids": list(hashes), "hashes": list(hashes.values())}
            await self._session.execute(_MARK_WRITTEN, values)

    async def mark_gone(self, collection: str, product_ids: Iterable[UUID]) -> None:
        await self._session.execute(_MARK_GONE, {"collection": collection, "ids": list(product_ids)})

    async def no_longer_pending(self, since: Mapping[UUID, datetime]) -> None:
        await self._session.execute(_NO_LONGER_PENDING, {"ids": list(since), "since": list(since.values())})

    async def await_index(self, product_ids: Iterable[UUID]) -> None:
        statement = text(
            "INSERT INTO search_pending (product_id, since) SELECT id, clock_timestamp() FROM products"
            " WHERE id = ANY(:ids) ORDER BY id ON CONFLICT (product_id) DO UPDATE SET since = excluded.since"
        ).bindparams(_IDS)
        await self._session.execute(statement, {"ids": list(product_ids)})

    async def await_category(self, category_id: UUID) -> None:
        """Everything in it and below it has another category in its text now."""
        await self._session.execute(_BELOW_CATEGORY, {"category_id": category_id})

    async def pending(self, limit: int) -> list[ProductId]:
        rows = await self._session.execute(
            text("SELECT product_id FROM search_pending ORDER BY since LIMIT :limit"), {"limit": limit}
        )
        return list(rows.scalars())

    async def for_sale_after(self, product_id: UUID | None, limit: int) -> list[UUID]:
        statement = text(
            f"SELECT p.id FROM products p WHERE {FOR_SALE} AND (CAST(:after AS uuid) IS NULL OR p.id > :after)"
            " ORDER BY p.id LIMIT :limit"
        ).bindparams(bindparam("after", type_=Uuid))
        return list((await self._session.execute(statement, {"after": product_id, "limit": limit})).scalars())

    async def count_for_sale(self) -> int:
        return (await self._session.scalar(text(f"SELECT count(*) FROM products p WHERE {FOR_SALE}"))) or 0

    async def count_documents(self, collection: str) -> int:
        statement = text("SELECT count(*) FROM search_documents WHERE collection = :collection")
        return (await self._session.scalar(statement, {"collection": collection})) or 0
