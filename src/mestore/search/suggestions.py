"""What somebody who has typed a few letters may want: names, brands, categories, popular queries.

Each is a range of an index, walked no further than needed, so that it takes as long for a thousand products as for a
million.
"""

from mestore.catalog.product_json import FOR_SALE, SELLS
from mestore.core.reads import Reads
from mestore.search.spelling import folded

_LOOKED_AT = 100
_LAST = chr(0x10FFFF)

# A range by ~>=~ and ~<~ uses the index also when the statement is prepared, which LIKE with a parameter does not.
_SUGGEST = f"""
    WITH RECURSIVE brands AS (
        (SELECT fold(p.brand) AS key, p.brand FROM products p
            WHERE {FOR_SALE} AND fold(p.brand) ~>=~ $1 AND fold(p.brand) ~<~ $2
            ORDER BY fold(p.brand) USING ~<~ LIMIT 1)
        UNION ALL
        SELECT n.key, n.brand FROM brands b CROSS JOIN LATERAL (
            SELECT fold(p.brand) AS key, p.brand FROM products p
            WHERE {FOR_SALE} AND fold(p.brand) ~>~ b.key AND fold(p.brand) ~<~ $2
            ORDER BY fold(p.brand) USING ~<~ LIMIT 1) n
    ),
    names AS (
        SELECT p.name, max(p.units_sold) AS units_sold FROM (
            SELECT p.name, p.units_sold, p.vendedor_id FROM products p
            WHERE {FOR_SALE} AND p.name_key ~>=~ $1 AND p.name_key ~<~ $2
            ORDER BY p.name_key USING ~<~ LIMIT {_LOOKED_AT}
        ) p JOIN vendors v ON v.id = p.vendedor_id WHERE {SELLS} GROUP BY p.name
    )
    (SELECT 'category' AS kind, name AS text, slug FROM categories
        WHERE fold(name) ~>=~ $1 AND fold(name) ~<~ $2 ORDER BY position, name LIMIT $3)
    UNION ALL (SELECT 'brand', brand, NULL FROM brands LIMIT $3)
    UNION ALL (SELECT 'product', name, NULL FROM names ORDER BY units_sold DESC, name LIMIT $3)"""


async def beginning_with(reads: Reads, prefix: str, limit: int) -> list[tuple[str, str, str | None]]:
    """`(kind, text, slug of a category)`, of each kind at most `limit`."""
    wanted = folded(prefix)
    rows = await reads.fetch(_SUGGEST, wanted, wanted + _LAST, limit)
    return [(row["kind"], row["text"], row["slug"]) for row in rows]
