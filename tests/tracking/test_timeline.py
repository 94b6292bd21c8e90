from datetime import UTC, datetime

import pytest

from mestore.orders.states import PackageStatus
from mestore.tracking.timeline import Step, timeline
from mestore.tracking.towns import town_of

PLACED, PAID, SHIPPED, OUT, DELIVERED = (datetime(2026, 11, day, 15, tzinfo=UTC) for day in range(20, 25))
WAY = {Step.PLACED: PLACED, Step.PAID: PAID, Step.SHIPPED: SHIPPED}


def done(status: PackageStatus, moments: dict[Step, datetime]) -> list[Step]:
    return [each.step for each in timeline(status, moments) if each.done]


def test_the_usual_way_shows_what_is_still_to_come() -> None:
    steps = timeline(PackageStatus.SHIPPED, WAY)
    assert [(each.step, each.at, each.done) for each in steps] == [
        (Step.PLACED, PLACED, True),
        (Step.PAID, PAID, True),
        (Step.PREPARING, None, True),
        (Step.SHIPPED, SHIPPED, True),
        (Step.OUT_FOR_DELIVERY, None, False),
        (Step.DELIVERED, None, False),
    ]


@pytest.mark.parametrize(
    ("status", "moments", "reached"),
    [
        (PackageStatus.PENDING, {Step.PLACED: PLACED}, Step.PLACED),
        (PackageStatus.PENDING, {Step.PLACED: PLACED, Step.PAID: PAID}, Step.PAID),
        (PackageStatus.READY_TO_SHIP, {Step.PLACED: PLACED, Step.PAID: PAID}, Step.PREPARING),
        (PackageStatus.SHIPPED, WAY | {Step.OUT_FOR_DELIVERY: OUT}, Step.OUT_FOR_DELIVERY),
        (PackageStatus.DELIVERED, WAY | {Step.DELIVERED: DELIVERED}, Step.DELIVERED),
    ],
)
def test_how_far_it_is(status: PackageStatus, moments: dict[Step, datetime], reached: Step) -> None:
    assert done(status, moments)[-1] is reached


def test_a_way_that_ended_shows_no_step_that_never_comes() -> None:
    ended = {Step.PLACED: PLACED, Step.PAID: PAID, Step.CANCELLED: SHIPPED}
    assert done(PackageStatus.CANCELLED, ended) == [Step.PLACED, Step.PAID, Step.CANCELLED]
    came_back = timeline(PackageStatus.RETURNED, WAY | {Step.RETURNED: OUT})
    assert [each.step for each in came_back] == [Step.PLACED, Step.PAID, Step.SHIPPED, Step.RETURNED]
    assert came_back[-1].at == OUT


@pytest.mark.parametrize(
    ("place", "town"),
    [
        ("Medellín", "Medellín"),
        ("bogota", "Bogotá, D.C."),
        ("Bodega sur, MEDELLIN (Antioquia)", "Medellín"),
        ("Cúcuta", "San José de Cúcuta"),
        ("Cra 7 # 71-21 Apto 301", None),
        ("Casa de Ana Ruiz", None),
        ("Ana Ruiz 3001234567, Cali", "Cali"),
        ("", None),
        (None, None),
    ],
)
def test_of_a_place_everybody_sees_the_town(place: str | None, town: str | None) -> None:
    assert town_of(place) == town
