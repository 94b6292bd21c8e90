"""What people may ask of an order: its buyer, the vendors of its packages, administrators.

Each finds the order and locks it, sees whether the move is theirs to ask for, and lets `OrderStateService` make it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from mestore.core.clock import COLOMBIA
from mestore.core.database import Session
from mestore.core.ids import OrderId, PackageId
from mestore.core.market_settings import OrderSettings
from mestore.core.wiring import Clock, CurrentSettings
from mestore.core.working_days import end_of, working_day_after
from mestore.orders.errors import IllegalMove, NotYourMove, OrderNotFound, PackageNotFound
from mestore.orders.models import Order, Package
from mestore.orders.state_service import By, OrderStateService, Shipment
from mestore.orders.states import MAY, NEXT, Actor, OrderStatus, PackageStatus
from mestore.users.current import STAFF
from mestore.users.models import User
from mestore.vendors.errors import VendorNotFound
from mestore.vendors.models import Vendor
from mestore.vendors.service import VendorService


class OrderMoves:
    def __init__(self, session: Session, settings: CurrentSettings, now: Clock) -> None:
        self._states = OrderStateService(session)
        self._vendors = VendorService(session)
        self._settings = settings.orders
        self._now = now

    async def change_status(self, user: User, order_id: OrderId, to: OrderStatus, reason: str | None) -> Actor:
        """Move an order as the table of states lets this user. Where it is already, nothing changes. Tells as what the
        user did it.

        Raises:
            OrderNotFound: absent, or the user has no part in it.
            IllegalMove: it does not go there from where it is.
            NotYourMove: it may go there, but others decide that.
            SomethingShipped: it can't be cancelled any more.
        """
        order = await self._states.locked(order_id)
        packages = await self._states.packages(order)
        vendor = await self._vendor(user)
        part = next((package for package in packages if vendor and package.vendor_id == vendor.id), None)
        actor = _actor(user, order, part)
        if to is order.status:
            return actor
        if to not in NEXT[order.status]:
            raise IllegalMove(order.status, to)
        if actor not in MAY.get((order.status, to), ()):
            raise NotYourMove
        by = By(actor, user.id, reason or f"asked for by the {actor.lower()}")
        if to is OrderStatus.CANCELLED:
            await self._states.cancel(order, by)
        elif to is OrderStatus.DELIVERED:
            for package in packages:
                if package.status is PackageStatus.SHIPPED:
                    await self._deliver(order, package, by)
        else:
            assert part is not None
            await self._states.prepare(order, part, PackageStatus.PREPARING, by)
        return actor

    async def cancel(self, user: User, order_id: OrderId, reason: str) -> None:
        """The buyer's or an administrator's: see `OrderStateService.cancel`."""
        order = await self._states.locked(order_id)
        actor = _actor(user, order, None)
        await self._states.cancel(order, By(actor, user.id, reason))

    async def receive(self, buyer: User, order_id: OrderId, package_id: PackageId) -> None:
        """The buyer has a package of its order.

        Raises:
            OrderNotFound, PackageNotFound, IllegalPackageMove
        """
        order = await self._states.locked(order_id)
        if order.buyer_id != buyer.id:
            raise OrderNotFound
        found = [package for package in await self._states.packages(order) if package.id == package_id]
        if not found:
            raise PackageNotFound
        await self._deliver(order, found[0], By(Actor.BUYER, buyer.id, "received"))

    async def prepare(self, user: User, order_id: OrderId, to: PackageStatus, reason: str | None) -> None:
        """A vendor's own part: PREPARING, READY_TO_SHIP, or CANCELLED.

        Raises:
            OrderNotFound: it has no package of this vendor, or is not paid.
            OrderNotPaid, IllegalPackageMove
        """

        async def move(order: Order, package: Package) -> None:
            by = By(Actor.VENDOR, user.id, reason or to.lower().replace("_", " "))
            if to is PackageStatus.CANCELLED:
                await self._states.cancel_package(order, package, by)
            else:
                await self._states.prepare(order, package, to, by)

        await self._with_own_part(user, order_id, move)

    async def ship(self, user: User, order_id: OrderId, shipment: Shipment) -> None:
        """A vendor hands its package to a carrier.

        Raises:
            OrderNotFound, OrderNotPaid, IllegalPackageMove, GuideNumberTaken
        """
        by = By(Actor.VENDOR, user.id, f"{shipment.carrier} {shipment.guide_number}")
        await self._with_own_part(
            user, order_id, lambda order, package: self._states.ship(order, package, shipment, by)
        )

    async def _with_own_part(
        self, user: User, order_id: OrderId, move: Callable[[Order, Package], Awaitable[None]]
    ) -> None:
        vendor = await self._vendors.of_user(user.id)
        order = await self._states.locked(order_id)
        packages = await self._states.packages(order)
        part = next((package for package in packages if package.vendor_id == vendor.id), None)
        if part is None or part.confirmed_at is None:
            raise OrderNotFound
        await move(order, part)

    async def _deliver(self, order: Order, package: Package, by: By) -> None:
        await self._states.deliver(order, package, by, returnable_until=end_of_retracto(self._now(), self._settings))

    async def _vendor(self, user: User) -> Vendor | None:
        try:
            return await self._vendors.of_user(user.id)
        except VendorNotFound:
            return None


def end_of_retracto(delivered: datetime, settings: OrderSettings) -> datetime:
    """Five working days after the day of delivery, that day not counted (Ley 1480 de 2011, art. 47)."""
    return end_of(working_day_after(delivered.astimezone(COLOMBIA).date(), settings.return_working_days))


def _actor(user: User, order: Order, part: Package | None) -> Actor:
    if user.user_type in STAFF:
        return Actor.ADMIN
    if order.buyer_id == user.id:
        return Actor.BUYER
    if part is not None and part.confirmed_at is not None:
        return Actor.VENDOR
    raise OrderNotFound
