"""Two rankings made one, by reciprocal rank: what stands high in either stands high in the sum.

Ranks, not scores, for a score by words and a distance of vectors have no common measure.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from mestore.core.settings import SearchSettings
from mestore.search.vector_index import Neighbour


@dataclass
class ByWords:
    """What PostgreSQL found, each list best first."""

    by_sku: list[UUID] = field(default_factory=list)
    all_words: list[UUID] = field(default_factory=list)
    some_words: list[UUID] = field(default_factory=list)
    """Those that have only some of the words asked for, or a name that looks alike."""


def near(neighbours: Sequence[Neighbour], margin: float) -> list[UUID]:
    """The neighbours that mean about as much as the nearest: there are always neighbours, however far."""
    if not neighbours:
        return []
    farthest = neighbours[0].distance + margin
    return [each.id for each in neighbours if each.distance <= farthest]


def fused(found: ByWords, by_meaning: Sequence[UUID], settings: SearchSettings) -> list[UUID]:
    """Everything found, best first. Whoever types a SKU wants that product: those come before any other."""
    scores: defaultdict[UUID, float] = defaultdict(float)
    for ranking, weight in (
        (found.all_words, settings.all_words_weight),
        (found.some_words, settings.some_words_weight),
        (by_meaning, settings.meaning_weight),
    ):
        for place, product_id in enumerate(ranking, 1):
            scores[product_id] += weight / (settings.rank_constant + place)
    first = dict.fromkeys(found.by_sku)
    rest = sorted((each for each in scores if each not in first), key=lambda each: -scores[each])
    return [*first, *rest]
