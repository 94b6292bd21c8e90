from uuid import UUID

from mestore.core.settings import SearchSettings
from mestore.search.fusion import ByWords, fused, near
from mestore.search.vector_index import Neighbour

A, B, C, D = (UUID(int=number) for number in range(1, 5))
EVEN = SearchSettings(rank_constant=10, all_words_weight=1, some_words_weight=0.5, meaning_weight=1)


def test_what_both_sources_name_stands_before_what_one_names_first() -> None:
    assert fused(ByWords(all_words=[A, B]), [C, B], EVEN)[0] == B


def test_what_was_found_by_its_sku_comes_first_and_once() -> None:
    assert fused(ByWords(by_sku=[D], all_words=[A, D]), [A, D], EVEN) == [D, A]


def test_having_all_the_words_counts_more_than_having_some() -> None:
    assert fused(ByWords(all_words=[A], some_words=[B]), [], EVEN) == [A, B]


def test_without_vectors_the_order_by_words_stays() -> None:
    assert fused(ByWords(all_words=[C, A, B]), [], EVEN) == [C, A, B]


def test_neighbours_much_farther_than_the_nearest_are_none() -> None:
    found = [Neighbour(A, 0.10), Neighbour(B, 0.14), Neighbour(C, 0.30)]
    assert near(found, 0.05) == [A, B]
    assert near([], 0.05) == []
