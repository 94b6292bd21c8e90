"""The statements of a search: understand it, find by words, show what was found."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from mestore.catalog.filters import Filters, Values, below, conditions_below
from mestore.catalog.product_json import FOR_SALE, PRODUCT, SELLS
from mestore.core.reads import Reads
from mestore.search.fusion import ByWords
from mestore.search.spelling import folded, may_be_misspelt, nearest_word, words

MOST_FOUND = 1_000
"""What facets count at most, by words."""
_ENOUGH = 30
"""From so many products that have all the words, those with only some of them are of no interest."""
_MOST_LOOKED_AT = 5_000
_SKU = re.compile(r"[A-Z0-9]{4,50}")

# A word is known when the catalogue or a synonym has it in any form, or when it says nothing, as `para`.
_UNDERSTAND = """
    SELECT (SELECT json_build_array(name, model) FROM search_collections WHERE live)::text AS collection,
        t.word, k.known,
        CASE WHEN k.known OR NOT t.checked THEN '{}' ELSE ARRAY(
            SELECT s.word FROM search_words s WHERE s.word % t.word
            ORDER BY s.strong DESC, similarity(s.word, t.word) DESC, s.word LIMIT 40
        ) END AS alike
    FROM (SELECT NULL::text AS word, false AS checked
        UNION ALL SELECT * FROM unnest($1::text[], $2::bool[])) AS t (word, checked)
    CROSS JOIN LATERAL (SELECT
        t.word IS NULL
        OR numnode(plainto_tsquery('catalogue', t.word)) = 0
        OR EXISTS (SELECT FROM search_words s
            WHERE s.lexeme = ANY (tsvector_to_array(to_tsvector('catalogue', t.word))))
        OR EXISTS (SELECT FROM search_synonym_words s WHERE s.target = plainto_tsquery('catalogue', t.word))
        OR EXISTS (SELECT FROM search_synonym_words s WHERE s.word_key LIKE '%' || t.word || '%')
        AS known) k"""

_REWRITES = """(SELECT format(
        'SELECT w.target, s.alternatives FROM search_synonym_words w JOIN search_synonyms s ON s.id = w.synonym_id'
        ' WHERE w.word_key = ANY (%L) ORDER BY numnode(w.target) DESC', coalesce(array_agg(word_key), '{}'))
    FROM search_synonym_words WHERE to_tsvector('catalogue', $1) @@ target)"""
"""Of the synonyms those whose words are asked for, for a rewriting takes its time with each. The longer ones first, so
that `disco duro` is not taken for `disco`."""

_RANK = "ts_rank('{0.1, 0.4, 0.5, 1.0}', p.search_vector, (SELECT any_word FROM asked))"
_COLUMNS = "p.id, p.units_sold"
_SOURCE = "FROM products p JOIN vendors v ON v.id = p.vendedor_id"

_PRICES = (
    (0, 20_000),
    (20_000, 50_000),
    (50_000, 100_000),
    (100_000, 250_000),
    (250_000, 1_000_000),
    (1_000_000, None),
)
_BANDS = ", ".join(f"({low}, {'NULL::int' if high is None else high})" for low, high in _PRICES)


@dataclass(frozen=True)
class Understood:
    text: str
    """With misspelt words put right."""
    corrected: bool
    all_known: bool
    """Every word is one of the catalogue's or a synonym: it is no name or number of a person."""
    collection: str | None
    model: str | None


@dataclass(frozen=True)
class Found:
    items: str
    """A JSON array of products, as are the facets."""
    total: int
    facets: str


class SearchRepository:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def understand(self, text: str) -> Understood:
        """What is meant by the words, and which collection to ask for their meaning."""
        asked = list(dict.fromkeys(folded(word) for word in words(text)))
        checked = [may_be_misspelt(word) for word in asked]
        rows = await self._reads.fetch(_UNDERSTAND, asked, checked)
        name, model = orjson.loads(rows[0]["collection"]) if rows[0]["collection"] else (None, None)
        right = {}
        for row in rows:
            if row["alike"] and (meant := nearest_word(row["word"], row["alike"])) is not None:
                right[row["word"]] = meant
        said = text
        for word in words(text):
            if (meant := right.get(folded(word))) is not None:
                said = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", meant, said)
        known = all(row["known"] or row["word"] in right for row in rows) and bool(asked)
        return Understood(said, bool(right), known, name, model)

    async def by_words(self, text: str, filters: Filters) -> ByWords:
        statement, values = words_statement(text, filters)
        found = ByWords()
        lists = {"sku": found.by_sku, "all": found.all_words, "some": found.some_words}
        for row in await self._reads.fetch(statement, *values):
            lists[row["how"]].append(row["id"])
        return found

    async def show(
        self, images_url: str, ranked: Sequence[UUID], filters: Filters, limit: int, offset: int, most: int
    ) -> Found:
        """Of these products those that may be shown now: a page of them, in this order, and what all of them are like.

        What the index says is not believed: everything is read again here (fault F20).
        """
        statement, values = show_statement(images_url, ranked, filters, limit, offset, most)
        row = (await self._reads.fetch(statement, *values))[0]
        return Found(row["items"], row["total"], row["facets"])

    async def is_for_sale(self, product_id: UUID) -> bool:
        statement = f"SELECT 1 {_SOURCE} WHERE p.id = $1 AND {FOR_SALE} AND {SELLS}"
        return bool(await self._reads.fetch(statement, product_id))

    async def same_category(self, product_id: UUID, limit: int) -> list[UUID]:
        """What sells best beside it."""
        rows = await self._reads.fetch(
            f"""SELECT p.id {_SOURCE} WHERE p.category_id = (SELECT category_id FROM products WHERE id = $1)
            AND p.id <> $1 AND {FOR_SALE} AND {SELLS} ORDER BY p.units_sold DESC, p.id DESC LIMIT $2""",
            product_id,
            limit,
        )
        return [row["id"] for row in rows]

    async def live_collection(self) -> tuple[str, str] | None:
        """Its name, and the model that its vectors are of."""
        rows = await self._reads.fetch("SELECT name, model FROM search_collections WHERE live")
        return (rows[0]["name"], rows[0]["model"]) if rows else None


def words_statement(text: str, filters: Filters) -> tuple[str, list[Any]]:
    """Products by SKU, by all the words, by some of them, or by a name that looks alike: ids, best first."""
    squeezed = re.sub(r"[\s_./-]", "", folded(text)).upper()
    sku = squeezed if _SKU.fullmatch(squeezed) and any(each.isdigit() for each in squeezed) else None
    values = Values(text, sku, None if sku is None else _after(sku))
    start = below(filters, values)
    where = conditions_below(filters, values)
    statement = f"""{start}
    every AS MATERIALIZED (SELECT ts_rewrite(websearch_to_tsquery('catalogue', $1), {_REWRITES}) AS query),
    asked AS MATERIALIZED (SELECT query,
        CASE WHEN query::text ~ '!' THEN query ELSE replace(query::text, ' & ', ' | ')::tsquery END AS any_word
        FROM every),
    by_sku AS (SELECT {_COLUMNS} {_SOURCE} WHERE $2::text IS NOT NULL
        AND replace(p.sku::text, '-', '') ~>=~ $2 AND replace(p.sku::text, '-', '') ~<~ $3 AND {where}
        ORDER BY p.sku LIMIT 50),
    strict AS MATERIALIZED (SELECT {_COLUMNS}, {_RANK} AS rank {_SOURCE}
        WHERE p.search_vector @@ (SELECT query FROM asked) AND {where} LIMIT {_MOST_LOOKED_AT}),
    loose AS MATERIALIZED (SELECT {_COLUMNS}, {_RANK} AS rank {_SOURCE}
        WHERE (SELECT count(*) FROM strict) < {_ENOUGH}
        AND p.search_vector @@ (SELECT any_word FROM asked) AND {where}
        AND p.id NOT IN (SELECT id FROM strict) LIMIT {_MOST_LOOKED_AT}),
    alike AS MATERIALIZED (SELECT {_COLUMNS}, word_similarity(fold($1), p.name_key) AS rank {_SOURCE}
        WHERE NOT EXISTS (SELECT FROM strict) AND NOT EXISTS (SELECT FROM loose)
        AND fold($1) <% p.name_key AND {where} LIMIT {_MOST_LOOKED_AT})
    SELECT id, how FROM (
        SELECT id, 'sku' AS how, 0 AS tier, 0::real AS rank, units_sold FROM by_sku
        UNION ALL SELECT id, 'all', 1, rank, units_sold FROM strict
        UNION ALL SELECT id, 'some', 2, rank, units_sold FROM loose
        UNION ALL SELECT id, 'some', 3, rank, units_sold FROM alike
    ) found ORDER BY tier, rank DESC, units_sold DESC, id LIMIT {MOST_FOUND}"""
    return statement, values.all


def show_statement(
    images_url: str, ranked: Sequence[UUID], filters: Filters, limit: int, offset: int, most: int
) -> tuple[str, list[Any]]:
    values = Values(images_url, list(ranked), max(0, min(limit, most - offset)), offset)
    start = below(filters, values)
    statement = f"""{start}
    matched AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY w.place) AS place, p.id, p.category_id, p.vendedor_id,
            p.precio_venta AS price, p.stock > p.reserved AS in_stock, p.rating
        FROM unnest($2::uuid[]) WITH ORDINALITY AS w (id, place) JOIN products p ON p.id = w.id
        JOIN vendors v ON v.id = p.vendedor_id WHERE {conditions_below(filters, values)})
    SELECT
        '[' || coalesce((SELECT string_agg({PRODUCT}, ',' ORDER BY m.place)
            FROM matched m JOIN products p ON p.id = m.id JOIN vendors v ON v.id = p.vendedor_id
            JOIN categories c ON c.id = p.category_id
            WHERE m.place > $4::bigint AND m.place <= $4::bigint + $3::bigint), '') || ']' AS items,
        (SELECT count(*) FROM matched) AS total,
        json_build_object(
            'categories', coalesce((SELECT json_agg(json_build_object('slug', slug, 'name', name, 'count', n)) FROM (
                SELECT c.slug, c.name, count(*) AS n FROM matched m JOIN categories c ON c.id = m.category_id
                GROUP BY c.id ORDER BY n DESC, c.slug LIMIT 30) x), '[]'),
            'vendors', coalesce((SELECT json_agg(json_build_object(
                'id', id, 'slug', slug, 'business_name', business_name, 'count', n)) FROM (
                SELECT v.id, v.slug, v.business_name, count(*) AS n
                FROM matched m JOIN vendors v ON v.id = m.vendedor_id
                GROUP BY v.id ORDER BY n DESC, v.slug LIMIT 30) x), '[]'),
            'prices', coalesce((SELECT json_agg(json_build_object(
                'min_price', low::numeric(14, 2)::text, 'max_price', high::numeric(14, 2)::text, 'count', n)) FROM (
                SELECT low, high, count(*) AS n FROM matched m JOIN (VALUES {_BANDS}) AS band (low, high)
                ON m.price >= low AND (high IS NULL OR m.price < high)
                GROUP BY low, high ORDER BY low) x), '[]'),
            'in_stock', (SELECT count(*) FROM matched WHERE in_stock),
            'ratings', coalesce((SELECT json_agg(json_build_object('at_least', stars, 'count', n)) FROM (
                SELECT stars, count(*) AS n FROM matched m JOIN generate_series(1, 4) AS stars ON m.rating >= stars
                GROUP BY stars ORDER BY stars DESC) x), '[]')
        )::text AS facets"""
    return statement, values.all


def _after(prefix: str) -> str:
    """The first text, letter by letter, that comes after everything beginning with `prefix`."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
