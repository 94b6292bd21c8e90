"""Which word of the catalogue a misspelt one was meant to be."""

import re
import unicodedata
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+")
_SHORTEST = 4
_SOUNDS = (
    ("qu", "k"),
    ("ch", "x"),
    ("ll", "y"),
    ("ce", "se"),
    ("ci", "si"),
    ("ge", "je"),
    ("gi", "ji"),
    ("h", ""),
    ("v", "b"),
    ("z", "s"),
    ("c", "k"),
    ("w", "u"),
)
"""What sounds the same in Colombia, and is therefore written one for the other."""


def folded(text: str) -> str:
    """Without accents and capitals, as PostgreSQL's `fold` has it."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    return _WORD.findall(text)


def may_be_misspelt(word: str) -> bool:
    """Short words and those with digits are taken as they are: sizes, models, SKUs."""
    return len(word) >= _SHORTEST and word.isalpha()


def nearest_word(word: str, candidates: Sequence[str]) -> str | None:
    """The candidate that `word` is surely meant to be, the earlier one of two as near; None when none is near enough.

    Both are `folded`. One slip is forgiven in a word of up to seven letters, two in a longer one; what only sounds the
    same counts half.
    """
    allowed = 1.0 if len(word) < 8 else 2.0
    best, least = None, allowed
    for candidate in candidates:
        if abs(len(candidate) - len(word)) > allowed + 1:
            continue
        distance = min(_slips(word, candidate), 0.5 + _slips(_sound(word), _sound(candidate)))
        if distance < least or (distance == least and best is None):
            best, least = candidate, distance
    return best


def _sound(word: str) -> str:
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return re.sub(r"(.)\1", r"\1", word)


def _slips(one: str, other: str) -> int:
    """Letters left out, added, exchanged for another, or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before_that, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, before_that[j - 2] + 1)
            row.append(cost)
    return row[-1]
