"""What is told of packages on their way, and what follows from it: under the order's lock, in any order, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from mestore.core.database import Session
from mestore.core.ids import OrderId, PackageId
from mestore.core.wiring import Clock, CurrentSettings
from mestore.orders.errors import OrderNotFound, PackageNotFound
from mestore.orders.models import Order, Package
from mestore.orders.moves import end_of_retracto
from mestore.orders.state_service import By, OrderStateService
from mestore.orders.states import Actor, PackageStatus
from mestore.tracking import views
from mestore.tracking.errors import (
    MomentBeforeShipment,
    MomentInTheFuture,
    NotShipped,
    NotTheVendorsToTell,
    OrderNumberUnknown,
)
from mestore.tracking.repository import NewEvent, TrackingRepository
from mestore.tracking.states import FINAL, Source, TrackingStatus
from mestore.users.current import STAFF
from mestore.users.models import User
from mestore.vendors.service import VendorService

CLOCKS_DIFFER = timedelta(minutes=5)
"""So far apart are two clocks that both are right enough."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Told:
    """`at` None: now."""

    status: TrackingStatus
    at: datetime | None
    place: str | None
    message: str | None


@dataclass(frozen=True)
class Announcement:
    """What a carrier tells, whose signature was right."""

    carrier: str
    event_id: str
    guide_number: str
    told: Told


class TrackingService:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._tracking = TrackingRepository(session)
        self._states = OrderStateService(session)
        self._vendors = VendorService(session)
        self._settings = settings.orders
        self._now = now

    async def announced(self, announcement: Announcement) -> bool:
        """Whether the carrier's guide number is known; what was announced before changes nothing.

        Raises:
            MomentInTheFuture, MomentBeforeShipment
        """
        carrier = announcement.carrier
        followed = await self._tracking.followed(carrier, announcement.guide_number)
        if followed is None:
            log.info("guide_number_unknown", carrier=carrier)
            return False
        order_id, package_id = followed
        order = await self._states.locked(order_id)
        package = await self._package(order, package_id)
        by = By(Actor.SYSTEM, None, f"{carrier}: {announcement.told.status.lower()}")
        await self._keep(order, package, announcement.told, Source.CARRIER, by, (carrier, announcement.event_id))
        return True

    async def told_by_vendor(self, user: User, order_id: OrderId, told: Told) -> views.PackageTracking:
        """A vendor tells of its own package.

        Raises:
            NotTheVendorsToTell: it would move money.
            OrderNotFound: it has no package of this vendor, or is not paid.
            NotShipped, MomentInTheFuture, MomentBeforeShipment
        """
        vendor = await self._vendors.of_user(user.id)
        order = await self._states.locked(order_id)
        part = next((each for each in await self._states.packages(order) if each.vendor_id == vendor.id), None)
        if part is None or part.confirmed_at is None:
            raise OrderNotFound
        if told.status in FINAL:
            raise NotTheVendorsToTell
        await self._keep(order, part, told, Source.VENDOR, By(Actor.VENDOR, user.id, told.status.lower()))
        return await self._one(order_id, part.id)

    async def told_by_admin(
        self, admin: User, order_id: OrderId, package_id: PackageId, told: Told
    ) -> views.PackageTracking:
        """Raises:
        OrderNotFound, PackageNotFound, NotShipped, MomentInTheFuture, MomentBeforeShipment
        """
        order = await self._states.locked(order_id)
        package = await self._package(order, package_id)
        await self._keep(order, package, told, Source.ADMIN, By(Actor.ADMIN, admin.id, told.status.lower()))
        return await self._one(order_id, package_id)

    async def of_order(self, user: User, order_id: OrderId) -> views.OrderTracking:
        """The caller's order, or, for staff, anybody's.

        Raises:
            OrderNotFound: there is no such order, or it is somebody else's.
        """
        return await self._whole(await self._tracking.order(order_id, None if user.user_type in STAFF else user.id))

    async def public(self, order_number: str) -> views.PublicTracking:
        """Raises:
        OrderNumberUnknown
        """
        order = await self._tracking.by_number(order_number.upper())
        if order is None:
            raise OrderNumberUnknown
        return views.public(order, await self._tracking.events([package.id for package in order.packages]))

    async def _keep(
        self,
        order: Order,
        package: Package,
        told: Told,
        source: Source,
        by: By,
        carriers_own: tuple[str, str] | tuple[None, None] = (None, None),
    ) -> None:
        """Keep what was told, and, if it is new and the package still on its way, do what follows from it.

        What comes late, after the package arrived or came back, is kept and moves nothing.
        """
        now = await self._tracking.now()
        if package.shipped_at is None:
            raise NotShipped(package.status)
        at = told.at or now
        if at > now + CLOCKS_DIFFER:
            raise MomentInTheFuture
        if at < package.shipped_at - CLOCKS_DIFFER:
            raise MomentBeforeShipment
        new = NewEvent(package.id, told.status, at, told.place, told.message, source, *carriers_own)
        if not await self._tracking.add(new):
            return
        if package.status is not PackageStatus.SHIPPED:
            if told.status in FINAL and told.status.value != package.status.value:
                log.warning("told_too_late", package_id=package.id, status=package.status, told=told.status)
        elif told.status is TrackingStatus.DELIVERED:
            until = end_of_retracto(self._now(), self._settings)
            await self._states.deliver(order, package, by, returnable_until=until)
        elif told.status is TrackingStatus.RETURNED:
            await self._states.take_back(order, package, by)
        else:
            failed = await self._tracking.delivery_failed(package.id)
            await self._states.note_delivery_failed(package, failed=failed)

    async def _package(self, order: Order, package_id: PackageId) -> Package:
        for package in await self._states.packages(order):
            if package.id == package_id:
                return package
        raise PackageNotFound

    async def _one(self, order_id: OrderId, package_id: PackageId) -> views.PackageTracking:
        whole = await self._whole(await self._tracking.order(order_id))
        return next(each for each in whole.packages if each.package_id == package_id)

    async def _whole(self, order: Order) -> views.OrderTracking:
        vendors = await self._vendors.by_ids({package.vendor_id for package in order.packages})
        events = await self._tracking.events([package.id for package in order.packages])
        return views.of_order(order, vendors, events)
