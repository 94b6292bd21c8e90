"""The two sets of queries, each query with the products that should be among the first ten.

The development set was written first, and the synonyms, the weights and the margin of the search were chosen on it. The
test set was written afterwards, and nothing is chosen on it: its figure is the one to believe.

What counts as found is what a buyer would accept: the thing itself in all its sizes and colours, or only in the one
that the buyer names; not its accessories, not what merely shares a word with it, and never more than ten products.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mestore.app.demo_catalogue import products
from mestore.app.relevance import development_set, test_set
from mestore.app.relevance.kinds import QueryKind

Rows = tuple[tuple[str, str], ...]
"""Each: the text, and what should be found, with a space between: whole SKUs, or the first parts of several.

`CAFE-01` stands for that coffee in all its bags, `CAFE-01-500-G` for one of them.
"""


@dataclass(frozen=True)
class RelevanceQuery:
    text: str
    kind: QueryKind
    skus: frozenset[str]
    """From one to ten. SKUs are unique in the whole demo catalogue, not only per vendor."""


def _queries(rows_of: Mapping[QueryKind, Rows]) -> Iterator[RelevanceQuery]:
    catalogue = [product.sku for product in products()]
    for kind, rows in rows_of.items():
        for text, found in rows:
            yield RelevanceQuery(text, kind, frozenset(_skus(found.split(), catalogue)))


def _skus(beginnings: list[str], catalogue: list[str]) -> Iterator[str]:
    """Raises ValueError for what begins no SKU of the catalogue."""
    for beginning in beginnings:
        meant = [sku for sku in catalogue if sku == beginning or sku.startswith(f"{beginning}-")]
        if not meant:
            raise ValueError(f"no SKU of the demo catalogue begins with {beginning}")
        yield from meant


DEVELOPMENT_SET: tuple[RelevanceQuery, ...] = tuple(_queries(development_set.ROWS))
TEST_SET: tuple[RelevanceQuery, ...] = tuple(_queries(test_set.ROWS))
