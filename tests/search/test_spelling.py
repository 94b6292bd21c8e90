import pytest

from mestore.search.spelling import folded, may_be_misspelt, nearest_word


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lavdora", "lavadora"),
        ("lavaodra", "lavadora"),
        ("lavadorra", "lavadora"),
        ("nebera", "nevera"),
        ("sapato", "zapato"),
        ("uevos", "huevos"),
        ("keso", "queso"),
        ("gallina", "gallina"),
    ],
)
def test_one_slip_and_what_sounds_the_same_is_put_right(written: str, meant: str) -> None:
    assert nearest_word(written, ["colchon", "queso", "gallina", "huevos", "zapato", "nevera", "lavadora"]) == meant


@pytest.mark.parametrize("other", ["mesa", "carpa", "pantalla"])
def test_another_word_is_left_alone(other: str) -> None:
    assert nearest_word(other, ["nevera", "cortina", "plancha"]) is None


def test_the_nearer_word_wins_over_the_one_that_comes_first() -> None:
    assert nearest_word("camiseto", ["camisero", "camiseta"]) == "camisero"
    assert nearest_word("camisett", ["camisetas", "camiseta"]) == "camiseta"


def test_sizes_models_and_short_words_are_taken_as_they_are() -> None:
    assert [word for word in ("xl", "sol", "s23", "500g", "mesa") if may_be_misspelt(word)] == ["mesa"]


def test_accents_and_capitals_are_no_difference() -> None:
    assert folded("Ñandú CAFÉ") == "nandu cafe"
