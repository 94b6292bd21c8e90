"""The days on which shops, carriers and banks work, by which terms of law and promises of delivery are counted.

Monday to Friday without Colombia's public holidays (Ley 51 de 1983; one more since Ley 2578 de 2026). Terms in days
are counted in such days wherever a law does not say otherwise (Ley 4 de 1913, art. 62). Days are Colombia's.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays

from mestore.core.clock import COLOMBIA

_SATURDAY = 5
_DAY = timedelta(days=1)


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in _public_holidays(day.year)


def working_day_after(day: date, count: int) -> date:
    """The `count`-th working day after `day`, which does not count itself; with 0 it is `day`, whatever day it is.

    Raises:
        ValueError: `count` is negative.
    """
    if count < 0:
        raise ValueError("working days are counted forwards")
    while count:
        day += _DAY
        count -= is_working_day(day)
    return day


def end_of(day: date) -> datetime:
    """The last moment of this day in Colombia, as UTC."""
    return datetime.combine(day, time.max, COLOMBIA).astimezone(UTC)


@cache
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("CO", years=year))
