from datetime import UTC, date, datetime, timedelta

import pytest

from mestore.core.working_days import end_of, is_working_day, working_day_after


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 24), True),  # a Tuesday
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 11, 29), False),  # Sunday
        (date(2026, 12, 8), False),  # the Immaculate Conception stays on its day
        (date(2026, 12, 25), False),
        (date(2026, 1, 6), True),  # Epiphany is kept on the Monday after it
        (date(2026, 1, 12), False),
        (date(2026, 4, 2), False),  # Holy Thursday and Good Friday move with Easter
        (date(2026, 4, 3), False),
        (date(2026, 7, 20), False),
        (date(2026, 6, 29), False),  # Saint Peter and Saint Paul, a Monday already
        (date(2025, 7, 14), True),  # Our Lady of Chiquinquirá is kept since Ley 2578 de 2026
        (date(2026, 7, 13), False),
        (date(2027, 1, 1), False),
    ],
)
def test_days_of_work_are_monday_to_friday_without_public_holidays(day: date, works: bool) -> None:
    assert is_working_day(day) is works


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_a_year_has_the_holidays_of_the_laws(year: int) -> None:
    easter = {2026: date(2026, 4, 5), 2027: date(2027, 3, 28), 2028: date(2028, 4, 16)}[year]

    def monday(month: int, day: int) -> date:
        kept = date(year, month, day)
        return kept + timedelta(days=-kept.weekday() % 7)

    law = {date(year, month, day) for month, day in [(1, 1), (5, 1), (7, 20), (8, 7), (12, 8), (12, 25)]}
    law |= {monday(*each) for each in [(1, 6), (3, 19), (6, 29), (7, 9), (8, 15), (10, 12), (11, 1), (11, 11)]}
    law |= {easter + timedelta(days=days) for days in (-3, -2, 43, 64, 71)}
    every_day = [date(year, 1, 1) + timedelta(days=days) for days in range(366)]
    free_weekdays = {day for day in every_day if day.year == year and day.weekday() < 5 and not is_working_day(day)}
    assert free_weekdays == {day for day in law if day.weekday() < 5}


@pytest.mark.parametrize(
    ("day", "count", "then"),
    [
        (date(2026, 11, 24), 0, date(2026, 11, 24)),
        (date(2026, 11, 28), 0, date(2026, 11, 28)),
        (date(2026, 11, 24), 1, date(2026, 11, 25)),
        (date(2026, 11, 27), 1, date(2026, 11, 30)),  # over a weekend
        (date(2026, 12, 4), 2, date(2026, 12, 9)),  # over a weekend and the 8th
        (date(2026, 12, 5), 1, date(2026, 12, 7)),  # from a Saturday
        (date(2026, 12, 24), 5, date(2027, 1, 4)),  # over two holidays and the year's end
    ],
)
def test_working_days_are_counted_from_the_day_after(day: date, count: int, then: date) -> None:
    assert working_day_after(day, count) == then


def test_working_days_are_not_counted_backwards() -> None:
    with pytest.raises(ValueError, match="forwards"):
        working_day_after(date(2026, 11, 24), -1)


def test_a_day_ends_when_it_ends_in_colombia() -> None:
    assert end_of(date(2026, 11, 24)) == datetime(2026, 11, 25, 4, 59, 59, 999999, tzinfo=UTC)
    assert end_of(date(2026, 11, 24)).tzinfo is UTC
