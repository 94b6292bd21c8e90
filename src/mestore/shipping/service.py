"""Shipping: what packages cost to send, when they come, and the tables that say so."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from mestore.core.database import Session
from mestore.core.ids import VendorId, new_uuid
from mestore.core.money import Money
from mestore.core.paging import Slice
from mestore.core.wiring import Clock, CurrentSettings
from mestore.places import dane
from mestore.shipping.errors import (
    DAYS_REVERSED,
    DEPARTMENT_UNKNOWN,
    MUNICIPALITY_UNKNOWN,
    TWO_PLACES,
    DestinationUnknown,
)
from mestore.shipping.models import DeliveryTime, ShippingRate
from mestore.shipping.promises import NOWHERE_YET, DeliveryPromise, Destination
from mestore.shipping.rates import Parcel, Quote, Rates
from mestore.shipping.repository import ShippingRepository
from mestore.shipping.schemas import DeliveryTimeIn, ShippingRateChangesIn, ShippingRateIn
from mestore.shipping.table_rates import TableRates
from mestore.users.errors import DetailsRefused, FieldProblem
from mestore.users.models import User
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.models import VendorStatus
from mestore.vendors.service import VendorService

__all__ = [
    "NOWHERE_YET",
    "DeliveryPromise",
    "DeliveryTimeService",
    "Destination",
    "Parcel",
    "Quote",
    "ShippingRateService",
    "ShippingService",
]


class ShippingService:
    """What shipping costs, and when it arrives."""

    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._rates: Rates = TableRates(session, settings, now)
        self._vendors = VendorService(session)

    async def quote(self, parcels: Sequence[Parcel], destination: Destination) -> list[Quote]:
        """A quote for each parcel, in their order; one query for all of them."""
        return await self._rates.quote(parcels, destination)

    async def quote_of_shop(
        self, vendor_id: VendorId, net_subtotal: Money, weight_kg: Decimal, municipality_code: str | None
    ) -> Quote:
        """What a package of one shop would cost; without a municipality, what holds in general.

        Raises:
            DestinationUnknown: there is no such municipality.
            VendorNotFound: there is no such shop, or it does not sell now.
        """
        destination = NOWHERE_YET
        if municipality_code is not None:
            place = dane.find_municipality(municipality_code)
            if place is None:
                raise DestinationUnknown
            destination = Destination(place.department.code, place.code)
        shop = (await self._vendors.by_ids([vendor_id])).get(vendor_id)
        if shop is None or shop.deleted_at is not None or shop.status is not VendorStatus.APPROVED:
            raise VendorNotFound
        (quote,) = await self.quote([Parcel(vendor_id, net_subtotal, weight_kg)], destination)
        return quote


class ShippingRateService:
    """Staff keeps what shipping costs where it is not the settings' cost. Seen by the next quote."""

    def __init__(self, session: Session) -> None:
        self._tables = ShippingRepository(session)

    async def page(self, limit: int, cursor: str | None, *, count: bool) -> Slice[ShippingRate]:
        return await self._tables.page_of_rates(limit, cursor, count=count)

    async def add(self, wanted: ShippingRateIn) -> ShippingRate:
        """A new rate.

        Raises:
            DetailsRefused: there is no such department.
            ShippingRateExists: there is one for this department and weight.
        """
        _check_place(wanted.department_code, None)
        return await self._tables.add_rate({"id": new_uuid(), **dict(wanted)})

    async def change(self, rate_id: UUID, wanted: ShippingRateChangesIn) -> ShippingRate:
        """Another cost or threshold; for what a rate is, it stays.

        Raises:
            ShippingRateNotFound
        """
        changes = {name: getattr(wanted, name) for name in wanted.model_fields_set}
        return await (self._tables.change_rate(rate_id, changes) if changes else self._tables.rate(rate_id))

    async def remove(self, rate_id: UUID) -> None:
        """Take a rate away; what is more general holds from now on.

        Raises:
            ShippingRateNotFound
        """
        await self._tables.remove_rate(rate_id)


class DeliveryTimeService:
    """How long delivery takes, as each shop says of itself and staff of all. Seen by the next quote."""

    def __init__(self, session: Session) -> None:
        self._tables = ShippingRepository(session)
        self._vendors = VendorService(session)

    async def page(self, limit: int, cursor: str | None, *, count: bool) -> Slice[DeliveryTime]:
        """Those that hold for all shops."""
        return await self._tables.page_of_times(None, limit, cursor, count=count)

    async def page_of_vendor(self, owner: User, limit: int, cursor: str | None, *, count: bool) -> Slice[DeliveryTime]:
        """Those of the owner's shop; raises VendorNotFound where there is none."""
        shop = await self._vendors.of_user(owner.id)
        return await self._tables.page_of_times(shop.id, limit, cursor, count=count)

    async def add(self, wanted: DeliveryTimeIn) -> DeliveryTime:
        """A time of all shops.

        Raises:
            DetailsRefused: there is no such place, two are named, or the days are reversed.
            DeliveryTimeExists: there is one for this place.
        """
        return await self._add(None, wanted)

    async def add_for_vendor(self, owner: User, wanted: DeliveryTimeIn) -> DeliveryTime:
        """A time of the owner's shop; raises as `add`, and VendorNotFound where there is none."""
        return await self._add((await self._vendors.of_user(owner.id)).id, wanted)

    async def remove(self, time_id: UUID) -> None:
        """Take a time of all shops away; raises DeliveryTimeNotFound, also for one of a shop."""
        await self._tables.remove_time(None, time_id)

    async def remove_of_vendor(self, owner: User, time_id: UUID) -> None:
        """Take a time of the owner's shop away; raises DeliveryTimeNotFound, also for another's."""
        await self._tables.remove_time((await self._vendors.of_user(owner.id)).id, time_id)

    async def _add(self, vendor_id: VendorId | None, wanted: DeliveryTimeIn) -> DeliveryTime:
        _check_place(wanted.department_code, wanted.municipality_code)
        if wanted.max_days < wanted.min_days:
            raise DetailsRefused([DAYS_REVERSED])
        return await self._tables.add_time({"id": new_uuid(), "vendor_id": vendor_id, **dict(wanted)})


def _check_place(department_code: str | None, municipality_code: str | None) -> None:
    problems: list[FieldProblem] = []
    if department_code is not None and all(each.code != department_code for each in dane.departments()):
        problems.append(DEPARTMENT_UNKNOWN)
    if municipality_code is not None and dane.find_municipality(municipality_code) is None:
        problems.append(MUNICIPALITY_UNKNOWN)
    if department_code is not None and municipality_code is not None:
        problems.append(TWO_PLACES)
    if problems:
        raise DetailsRefused(problems)
