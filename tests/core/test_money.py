"""Money: exact, whole pesos, never a float."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mestore.core.money import Money, total

pesos = some.integers(0, 10**9)


def test_a_float_is_refused() -> None:
    with pytest.raises(TypeError, match="never a float"):
        Money(0.1)  # type: ignore[arg-type]


@pytest.mark.parametrize(("amount", "rate", "rounded"), [(50, "0.05", 3), (49, "0.05", 2), (199_990, "0.19", 37_998)])
def test_a_share_is_rounded_half_up_to_the_peso(amount: int, rate: str, rounded: int) -> None:
    assert Money(amount).share(Decimal(rate)) == Money(rounded)


def test_wompi_counts_hundredths_of_a_peso() -> None:
    assert Money(150_000).cents == 15_000_000
    assert Money.of_cents(15_000_000) == Money(150_000)
    assert str(Money.of_cents(15_000_050)) == "150000.50"


def test_the_largest_remainder_gets_the_peso_too_many() -> None:
    assert Money(100).split([1, 1, 1]) == [Money(34), Money(33), Money(33)]
    assert Money(100).split([1, 5, 3]) == [Money(11), Money(56), Money(33)]
    assert Money(10).split([0, 1]) == [Money(0), Money(10)]


@given(pesos, some.lists(some.integers(0, 10**6), min_size=1, max_size=20).filter(any))
def test_a_split_adds_up_and_is_fair_to_the_peso(amount: int, weights: list[int]) -> None:
    parts = Money(amount).split(weights)
    assert total(parts) == Money(amount)
    for part, weight in zip(parts, weights, strict=True):
        exact = Decimal(amount) * weight / sum(weights)
        assert abs(part.amount - exact) < 1
