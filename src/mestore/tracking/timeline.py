"""A package's way in the few steps that a page can draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from mestore.orders.states import PackageStatus


class Step(StrEnum):
    PLACED = "PLACED"
    PAID = "PAID"
    PREPARING = "PREPARING"
    SHIPPED = "SHIPPED"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    RETURNED = "RETURNED"


@dataclass(frozen=True)
class TimelineStep:
    step: Step
    at: datetime | None
    """None: it is still to come, or nobody said when it was."""
    done: bool


_WAY = (Step.PLACED, Step.PAID, Step.PREPARING, Step.SHIPPED, Step.OUT_FOR_DELIVERY, Step.DELIVERED)
_REACHED = {
    PackageStatus.PENDING: Step.PLACED,
    PackageStatus.PREPARING: Step.PREPARING,
    PackageStatus.READY_TO_SHIP: Step.PREPARING,
    PackageStatus.SHIPPED: Step.SHIPPED,
    PackageStatus.DELIVERED: Step.DELIVERED,
}
_ENDS = {PackageStatus.CANCELLED: Step.CANCELLED, PackageStatus.RETURNED: Step.RETURNED}


def timeline(status: PackageStatus, moments: Mapping[Step, datetime]) -> Sequence[TimelineStep]:
    """The steps of the usual way, done and to come; one that ended otherwise has those that it made, and its end.

    `moments`: when a step was made, for those of which it is known.
    """
    if (end := _ENDS.get(status)) is not None:
        made = [TimelineStep(step, moments[step], done=True) for step in _WAY if step in moments]
        return [*made, TimelineStep(end, moments.get(end), done=True)]
    reached = max(_WAY.index(step) for step in {_REACHED[status], *moments} if step in _WAY)
    return [TimelineStep(step, moments.get(step), done=index <= reached) for index, step in enumerate(_WAY)]
