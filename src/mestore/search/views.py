"""A product's vector is the middle of several views of it: all that is said, what kind of thing it is, what it is for.

One text of everything is ruled by the name, while who tells a need or asks in another language has none of its words.
The weights were found by trying them on the relevance set (`make relevance`).
"""

import math
from collections.abc import Sequence

from mestore.search.embedder import Vector

_WEIGHTS = (2.0, 1.0, 0.5)


def views_of(whole: str, kind: str, description: str) -> list[tuple[float, str]]:
    """The views that say something, each with its weight."""
    return [(weight, text) for weight, text in zip(_WEIGHTS, (whole, kind, description), strict=True) if text]


def middle(vectors: Sequence[tuple[float, Vector]]) -> Vector:
    """The weighted sum, of length one."""
    total = [sum(weight * each for each, (weight, _) in zip(row, vectors, strict=True)) for row in _rows(vectors)]
    length = math.sqrt(sum(each * each for each in total)) or 1.0
    return [each / length for each in total]


def _rows(vectors: Sequence[tuple[float, Vector]]) -> list[tuple[float, ...]]:
    return list(zip(*(vector for _, vector in vectors), strict=True))
