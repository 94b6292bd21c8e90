"""The one place where an order and its packages change their states: along the tables, with history and an event.

The order's row is locked by the caller before anything here is called; its packages change under that lock only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.attributes import set_committed_value

from mestore.catalog.stock import StockService
from mestore.core.failpoints import failpoint
from mestore.core.ids import OrderId, ProductId, UserId
from mestore.core.jobs import publish
from mestore.core.money import Money
from mestore.orders.errors import (
    GuideNumberTaken,
    IllegalMove,
    IllegalPackageMove,
    OrderNotPaid,
    SomethingShipped,
)
from mestore.orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderDelivered,
    PackageCancelled,
    PackageDelivered,
    PackageShipped,
    RefundDue,
)
from mestore.orders.models import Order, Package
from mestore.orders.repository import OrderRepository
from mestore.orders.states import NEXT, OVER, PACKAGE_NEXT, UNSHIPPED, Actor, OrderStatus, PackageStatus, follow

_GOING_ON = frozenset({OrderStatus.CONFIRMED, OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED})


@dataclass(frozen=True)
class By:
    """Who asks for a move, and why: what the history keeps."""

    actor: Actor
    user_id: UserId | None
    reason: str


@dataclass(frozen=True)
class Shipment:
    """Who carries a package, and under which number it is followed there."""

    carrier: str
    guide_number: str


class OrderStateService:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._orders = OrderRepository(session)
        self._stock = StockService(session)

    async def locked(self, order_id: OrderId) -> Order:
        """The order, its row held until the transaction ends."""
        return await self._orders.locked(order_id)

    async def hold(self, order_id: OrderId) -> None:
        """Its row held until the transaction ends, for who need not read it."""
        await self._orders.hold(order_id)

    async def packages(self, order: Order) -> Sequence[Package]:
        """Its packages as they are now: its row is locked."""
        return await self._orders.packages(order.id)

    async def confirm(self, order: Order, reason: str) -> None:
        """The order was paid: its holds become a sale, and its vendors see it.

        Raises:
            IllegalMove: it is not waiting for payment.
        """
        if order.status is OrderStatus.CANCELLED:
            raise IllegalMove(order.status, OrderStatus.CONFIRMED)
        await self._confirm(order, By(Actor.SYSTEM, None, reason))

    async def revive(self, order: Order, reason: str) -> bool:
        """The order is paid after all, too late: it is CONFIRMED if all it held is still in stock. Tells whether it is.

        Only one that nobody cancelled: its hold ran out. Its prices stay, and whether its shops sell now makes no
        difference, as with every order that was placed before. Where it does not come back, nothing has changed.
        """
        if not await self.ran_out(order) or not await self._stock.hold_again(order.id):
            return False
        failpoint("applying")
        by = By(Actor.SYSTEM, None, reason)
        for package in await self.packages(order):
            package.status = PackageStatus.PENDING
            await self._tell(package, PackageStatus.CANCELLED, by)
        await self._confirm(order, by)
        return True

    async def ran_out(self, order: Order) -> bool:
        """Whether the order was cancelled because it was not paid in time, and by nobody."""
        return order.status is OrderStatus.CANCELLED and await self._orders.ran_out(order.id)

    async def _confirm(self, order: Order, by: By) -> None:
        if not await self._move(order, OrderStatus.CONFIRMED, by):
            return
        failpoint("applying")
        await self._orders.mark_confirmed(order.id)
        await self._stock.sell(order.id)
        failpoint("applying")
        await publish(self._session, OrderConfirmed(order.id))
        failpoint("applying")

    async def cancel(self, order: Order, by: By) -> None:
        """Give the stock back; of a paid order, owe the money back too: nothing of it may have been shipped yet.

        Raises:
            IllegalMove: it can no longer be cancelled.
            SomethingShipped: one of its packages is on its way.
        """
        if order.status is OrderStatus.CANCELLED:
            return
        _check(order.status, OrderStatus.CANCELLED)
        if order.status is OrderStatus.PENDING:
            await self._orders.cancel_packages(order.id, by.actor, by.user_id, by.reason)
            await self._stock.release(order.id)
            await self._move(order, OrderStatus.CANCELLED, by)
            await publish(self._session, OrderCancelled(order.id))
            return
        packages = await self.packages(order)
        if any(package.status not in UNSHIPPED | {PackageStatus.CANCELLED} for package in packages):
            raise SomethingShipped
        for package in packages:
            if package.status is not PackageStatus.CANCELLED:
                await self._call_off(order, package, by)
        await self._follow(order, packages, by)

    async def prepare(self, order: Order, package: Package, to: PackageStatus, by: By) -> None:
        """A vendor works on its package: PREPARING, then READY_TO_SHIP.

        Raises:
            OrderNotPaid, IllegalPackageMove
        """
        if await self._move_package(order, package, to, by):
            await self._follow(order, await self.packages(order), by)

    async def ship(self, order: Order, package: Package, shipment: Shipment, by: By) -> None:
        """The package leaves with a carrier. Said again while it is on its way, it corrects the guide number.

        Raises:
            OrderNotPaid, IllegalPackageMove
            GuideNumberTaken: another package has it.
        """
        moved = await self._move_package(order, package, PackageStatus.SHIPPED, by)
        package.carrier, package.guide_number = shipment.carrier, shipment.guide_number
        if moved:
            package.shipped_at = func.now()
        try:
            await self._session.flush()
        except IntegrityError as error:
            raise GuideNumberTaken from error
        if moved:
            await publish(self._session, PackageShipped(order.id, package.id))
            await self._follow(order, await self.packages(order), by)

    async def deliver(self, order: Order, package: Package, by: By, *, returnable_until: datetime) -> None:
        """It arrived: by its carrier, its buyer or the time that has passed. Retracto runs until `returnable_until`.

        Raises:
            OrderNotPaid, IllegalPackageMove
        """
        if not await self._move_package(order, package, PackageStatus.DELIVERED, by):
            return
        package.delivered_at, package.returnable_until = func.now(), returnable_until
        await publish(self._session, PackageDelivered(order.id, package.id))
        await self._follow(order, await self.packages(order), by)

    async def note_delivery_failed(self, package: Package, *, failed: bool) -> None:
        """Its carrier could not hand it over, or has said more since: time alone delivers no package that failed."""
        if failed is (package.delivery_failed_at is None):
            package.delivery_failed_at = func.now() if failed else None
            await self._session.flush()

    async def cancel_package(self, order: Order, package: Package, by: By) -> None:
        """That vendor's part is not sent, and is owed back; the other packages go on.

        Raises:
            OrderNotPaid, IllegalPackageMove
        """
        if package.status is PackageStatus.CANCELLED:
            return
        await self._call_off(order, package, by)
        await self._follow(order, await self.packages(order), by)

    async def take_back(self, order: Order, package: Package, by: By) -> None:
        """All of the package came back: returned by its buyer, or by a carrier that could not hand it over.

        What its buyer returns is owed back by the returns; what never arrived is owed back here.

        Raises:
            OrderNotPaid, IllegalPackageMove
        """
        arrived = package.status is PackageStatus.DELIVERED
        if not await self._move_package(order, package, PackageStatus.RETURNED, by):
            return
        if not arrived:
            await self._owe(order, package, f"package:{package.id}:came-back", package.total)
        await self._follow(order, await self.packages(order), by)

    async def close_refunded(self, order: Order, by: By) -> None:
        """All its money went back. An order of which something came back, and nothing is left, is REFUNDED then."""
        statuses = {package.status for package in await self.packages(order)}
        if order.status not in _GOING_ON or not statuses <= OVER or PackageStatus.RETURNED not in statuses:
            return
        way = (OrderStatus.SHIPPED, OrderStatus.DELIVERED, OrderStatus.REFUNDED)
        for step in way[way.index(order.status) + 1 if order.status in way else 0 :]:
            await self._move(order, step, by)

    async def keep_until(self, order: Order, wait: timedelta) -> None:
        """Prolong the hold of an order whose payment takes longer; it is never made shorter."""
        await self._orders.prolong(order.id, wait)

    async def keep_to(self, order: Order, moment: datetime) -> datetime:
        """The same, to a moment (UTC). Gives the one to which it is kept now."""
        expires_at = await self._orders.prolong_to(order.id, moment)
        set_committed_value(order, "expires_at", expires_at)
        return expires_at

    async def keep_payable(self, order: Order, wait: timedelta) -> bool:
        """The same, unless the time to pay has passed, by PostgreSQL's clock. Tells whether it has not."""
        expires_at = await self._orders.prolong_open(order.id, wait)
        if expires_at is None:
            return False
        set_committed_value(order, "expires_at", expires_at)
        return True

    async def hold_is_over(self, order_id: OrderId) -> bool:
        """Whether the time to pay has passed, by PostgreSQL's clock."""
        return await self._orders.hold_is_over(order_id)

    async def _call_off(self, order: Order, package: Package, by: By) -> None:
        await self._move_package(order, package, PackageStatus.CANCELLED, by)
        units: dict[ProductId, int] = defaultdict(int)
        for item in await self._orders.items_of(package.id):
            units[item.product_id] += item.quantity
        await self._stock.give_back(order.id, units, by.reason)
        await publish(self._session, PackageCancelled(order.id, package.id))
        await self._owe(order, package, f"package:{package.id}:cancelled", package.total)

    async def _owe(self, order: Order, package: Package, cause: str, amount: Money) -> None:
        await publish(self._session, RefundDue(order.id, package.id, cause, str(amount)))

    async def _follow(self, order: Order, packages: Sequence[Package], by: By) -> None:
        for step in follow(order.status, [package.status for package in packages]):
            await self._move(order, step, by)
            if step is OrderStatus.CANCELLED:
                await publish(self._session, OrderCancelled(order.id))
            elif step is OrderStatus.DELIVERED:
                await publish(self._session, OrderDelivered(order.id))

    async def _move(self, order: Order, to: OrderStatus, by: By) -> bool:
        """Moving an order where it already is changes nothing: messages repeat. Tells whether it moved."""
        before = order.status
        if before == to:
            return False
        _check(before, to)
        await self._orders.move(order, to, by.actor, by.user_id, by.reason)
        return True

    async def _move_package(self, order: Order, package: Package, to: PackageStatus, by: By) -> bool:
        before = package.status
        if before == to:
            return False
        if order.status not in _GOING_ON:
            raise OrderNotPaid(order.status)
        if to not in PACKAGE_NEXT[before] or before is PackageStatus.CANCELLED:
            raise IllegalPackageMove(before, to)
        package.status = to
        await self._tell(package, before, by)
        return True

    async def _tell(self, package: Package, before: PackageStatus, by: By) -> None:
        await self._orders.tell(package, before, by.actor, by.user_id, by.reason)


def _check(before: OrderStatus, to: OrderStatus) -> None:
    if to not in NEXT[before]:
        raise IllegalMove(before, to)
