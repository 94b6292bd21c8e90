"""When packages are told to come: pure choice and counting."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from mestore.core.ids import VendorId, new_uuid
from mestore.core.working_days import is_working_day
from mestore.shipping.models import DeliveryTime
from mestore.shipping.promises import NOWHERE_YET, DeliveryPromise, Destination, promise, time_for

SHOP, OTHER, THIRD = (VendorId(new_uuid()) for _ in range(3))
BOGOTA, SOACHA, MEDELLIN, CALI = (Destination(code[:2], code) for code in ("11001", "25754", "05001", "76001"))


def time(days: int, shop: VendorId | None, *, department: str | None = None, town: str | None = None) -> DeliveryTime:
    return DeliveryTime(
        vendor_id=shop, department_code=department, municipality_code=town, min_days=days, max_days=days
    )


TIMES = [
    time(1, None),
    time(2, None, department="05"),
    time(3, None, town="05001"),
    time(4, SHOP),
    time(5, SHOP, department="11"),
    time(6, SHOP, town="11001"),
    time(7, OTHER, department="25"),
]


@pytest.mark.parametrize(
    ("shop", "to", "days"),
    [
        (SHOP, BOGOTA, 6),
        (SHOP, Destination("11", None), 5),
        (SHOP, MEDELLIN, 4),  # a shop's word for everywhere before the marketplace's for the town
        (SHOP, NOWHERE_YET, 4),
        (OTHER, SOACHA, 7),
        (OTHER, MEDELLIN, 3),
        (OTHER, Destination("05", "05002"), 2),
        (OTHER, CALI, 1),
        (OTHER, NOWHERE_YET, 1),
        (THIRD, BOGOTA, 1),  # what other shops say is not its word
        (THIRD, Destination(None, "05001"), 3),
        (SHOP, Destination(None, "11002"), 5),  # a municipality has its department
    ],
)
def test_the_most_specific_time_wins(shop: VendorId, to: Destination, days: int) -> None:
    for times in (TIMES, TIMES[::-1]):
        found = time_for(times, shop, to)
        assert found is not None
        assert found.max_days == days


def test_where_nothing_is_said_there_is_no_time() -> None:
    assert time_for([], SHOP, BOGOTA) is None
    assert time_for([time(1, OTHER), time(2, None, town="05001")], SHOP, BOGOTA) is None


@pytest.mark.parametrize(
    ("days", "today", "earliest", "latest"),
    [
        ((2, 8), date(2026, 11, 24), date(2026, 11, 26), date(2026, 12, 4)),
        ((0, 1), date(2026, 11, 24), date(2026, 11, 24), date(2026, 11, 25)),
        ((1, 2), date(2026, 12, 4), date(2026, 12, 7), date(2026, 12, 9)),  # a weekend and a holiday
        ((20, 20), date(2026, 11, 24), date(2026, 12, 23), date(2026, 12, 23)),
        # Thirty days after 16 June 2028 are Sunday, 16 July; twenty working days would end on the 21st.
        ((2, 20), date(2028, 6, 16), date(2028, 6, 21), date(2028, 7, 14)),
        ((20, 20), date(2028, 6, 16), date(2028, 7, 14), date(2028, 7, 14)),
    ],
)
def test_days_are_working_days_and_at_most_thirty_days(
    days: tuple[int, int], today: date, earliest: date, latest: date
) -> None:
    assert promise(*days, today) == DeliveryPromise(*days, earliest, latest)


@given(some.dates(date(2026, 1, 1), date(2040, 12, 31)), some.integers(1, 20), some.integers(1, 20))
def test_whatever_is_promised_comes_on_working_days_within_the_law_s_thirty(today: date, one: int, other: int) -> None:
    told = promise(min(one, other), max(one, other), today)
    assert today < told.earliest <= told.latest <= today + timedelta(days=30)
    assert is_working_day(told.earliest)
    assert is_working_day(told.latest)
