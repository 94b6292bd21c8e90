"""When a package comes: told before payment, in working days, and never more than thirty days from now.

A shop that promises nothing else has thirty days by law (Ley 1480 de 2011, art. 50), so a promise is never longer.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from mestore.core.ids import VendorId
from mestore.core.working_days import is_working_day, working_day_after
from mestore.shipping.models import DeliveryTime

_DAYS_OF_THE_LAW = timedelta(days=30)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Destination:
    """Where packages go, by DANE's codes; both None while the buyer has given no address."""

    department_code: str | None
    municipality_code: str | None

    @property
    def department(self) -> str | None:
        """The department, which a municipality's code begins with."""
        return self.department_code or (self.municipality_code and self.municipality_code[:2])


NOWHERE_YET = Destination(None, None)


@dataclass(frozen=True)
class DeliveryPromise:
    """`min_days` to `max_days` working days after the day of the promise, and which days of Colombia's those are."""

    min_days: int
    max_days: int
    earliest: date
    latest: date


def promise(min_days: int, max_days: int, today: date) -> DeliveryPromise:
    """What these working days come to when counted from `today`, Colombia's date.

    Twenty working days among many holidays can be more than thirty days: then the last working day of those thirty is
    the latest.
    """
    latest = min(working_day_after(today, max_days), _last_day_of_the_law(today))
    return DeliveryPromise(min_days, max_days, min(working_day_after(today, min_days), latest), latest)


def time_for(times: Iterable[DeliveryTime], vendor_id: VendorId, to: Destination) -> DeliveryTime | None:
    """The time that is told: of the shop before of all shops, then of the municipality, department, everywhere."""
    fitting = [
        each
        for each in times
        if each.vendor_id in {None, vendor_id}
        and each.department_code in {None, to.department}
        and each.municipality_code in {None, to.municipality_code}
    ]
    return min(fitting, key=_generality, default=None)


def _generality(time: DeliveryTime) -> tuple[bool, bool, bool]:
    return time.vendor_id is None, time.municipality_code is None, time.department_code is None


def _last_day_of_the_law(today: date) -> date:
    day = today + _DAYS_OF_THE_LAW
    while not is_working_day(day):
        day -= _DAY
    return day
