"""Which rate a package has: pure choice, most specific first."""

from decimal import Decimal

import pytest

from mestore.core.money import ZERO, Money
from mestore.shipping.models import ShippingRate
from mestore.shipping.promises import NOWHERE_YET, Destination
from mestore.shipping.rates import Tariff, tariff_for

DEFAULT = Tariff(Money(15_000), Money(200_000))
BOGOTA, MEDELLIN, LETICIA = Destination("11", "11001"), Destination("05", "05001"), Destination("91", "91001")


def rate(department: str | None, up_to: str | None, cost: int, free_from: int | None = None) -> ShippingRate:
    return ShippingRate(
        department_code=department,
        up_to_kg=None if up_to is None else Decimal(up_to),
        cost=Money(cost),
        free_from=None if free_from is None else Money(free_from),
    )


RATES = [
    rate(None, None, 14_000),
    rate(None, "20", 13_000),
    rate(None, "2", 9_000),
    rate("11", None, 8_000),
    rate("11", "5", 7_000),
    rate("11", "1", 6_000),
    rate("91", "3", 40_000),
]


@pytest.mark.parametrize(
    ("to", "weight", "cost"),
    [
        (BOGOTA, "0.5", 6_000),
        (BOGOTA, "1", 6_000),  # a band holds its own weight
        (BOGOTA, "1.001", 7_000),
        (BOGOTA, "5", 7_000),
        (BOGOTA, "5.001", 8_000),  # the department's any weight before the lighter bands of all
        (MEDELLIN, "0.5", 9_000),
        (MEDELLIN, "2.001", 13_000),
        (MEDELLIN, "20.001", 14_000),
        (LETICIA, "3", 40_000),  # the department's before all, though it costs more
        (LETICIA, "3.001", 13_000),  # none of the department's holds it
        (NOWHERE_YET, "0.5", 9_000),
        (NOWHERE_YET, "300", 14_000),
        (Destination(None, "11001"), "1", 6_000),  # a municipality has its department
    ],
)
def test_the_most_specific_rate_wins(to: Destination, weight: str, cost: int) -> None:
    for rates in (RATES, RATES[::-1]):
        assert tariff_for(rates, Decimal(weight), to, DEFAULT).cost == Money(cost)


def test_without_a_rate_that_fits_the_default_holds() -> None:
    assert tariff_for([], Decimal(1), BOGOTA, DEFAULT) == DEFAULT
    assert tariff_for([rate("05", None, 1), rate(None, "0.5", 1)], Decimal(1), BOGOTA, DEFAULT) == DEFAULT


def test_a_rate_has_its_own_threshold_or_the_default_s() -> None:
    assert tariff_for([rate(None, None, 1)], Decimal(1), BOGOTA, DEFAULT).free_from == Money(200_000)
    assert tariff_for([rate(None, None, 1, 90_000)], Decimal(1), BOGOTA, DEFAULT).free_from == Money(90_000)
    assert tariff_for([rate(None, None, 1, 0)], Decimal(1), BOGOTA, DEFAULT).free_from == ZERO


@pytest.mark.parametrize(("subtotal", "cost"), [(0, 15_000), (199_999, 15_000), (200_000, 0), (5_000_000, 0)])
def test_shipping_is_free_from_the_threshold_on(subtotal: int, cost: int) -> None:
    assert DEFAULT.cost_of(Money(subtotal)) == Money(cost)
